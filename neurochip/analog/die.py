"""The die: every device's own deviation, frozen when it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError
from neurochip.network import Network

__all__ = ["DEAD", "DIE_FAMILIES", "LATER_FAMILIES", "STUCK", "WORKING", "Die", "glorot_deviation"]

Array = NDArray[np.floating]
Arrays = tuple[Array | None, ...]
States = tuple[NDArray[np.int8] | None, ...]

WORKING, DEAD, STUCK = 0, 1, 2
LATER_FAMILIES = ("pair_offset", "leak_offset")  # that a file may lack


def glorot_deviation(network: Network, projection: int) -> float:
    """Return the standard deviation of Glorot's uniform weights, √(2/(n_in + n_out)): the unit of weight errors."""
    p = network.projections[projection]
    return float(np.sqrt(2.0 / (network.sizes[p.source] + network.sizes[p.target])))


@dataclass(frozen=True, slots=True, eq=False)
class Die:
    """Deviations of one die, float64; `None` stands for devices that are all nominal.

    Attributes
    ----------
    sizes
        Neurons of each layer of the network that it holds.
    origin
        Where it comes from, e.g. ``seed 3``.
    synapse_gain, synapse_offset
        Of each projection, [pre, post]: a programmed weight w carries (gain · w + offset).
    synapse_state
        Of each projection, i8[pre, post]: working, dead (no current), or stuck (keeps ``stuck_weight``).
    stuck_weight
        Of each projection, [pre, post]; means something only where a synapse is stuck.
    neuron_gain, neuron_offset
        Of layers 1 …, [neuron]: a neuron integrates gain · (Σ I + b) + offset.
    rate
        Of layers 1 …, [neuron]: τ_nominal / τ.
    saturation
        Of layers 1 …, [neuron]: the upper rail (hard-sigmoid), or the pair's largest current (tanh).
    neuron_state
        Of layers 1 …, i8[neuron]: working, dead or stuck at full scale.
    phase_offset
        Of layers 1 …, [neuron]: error of a reading in nudged phases.
    pair_offset, leak_offset
        Of layers 1 …, [neuron]: offsets at the inputs of the pair that a neuron steers, and of its leak's amplifier.
        Files of before they were there have none.
    """

    sizes: tuple[int, ...]
    origin: str
    synapse_gain: Arrays
    synapse_offset: Arrays
    synapse_state: States
    stuck_weight: Arrays
    neuron_gain: Arrays
    neuron_offset: Arrays
    rate: Arrays
    saturation: Arrays
    neuron_state: States
    phase_offset: Arrays
    pair_offset: Arrays = ()
    leak_offset: Arrays = ()

    def __post_init__(self) -> None:
        for name in LATER_FAMILIES:
            if not getattr(self, name):
                object.__setattr__(self, name, (None,) * (len(self.sizes) - 1))

    def families(self) -> Iterator[tuple[str, Arrays | States]]:
        """Return name and arrays of every kind of deviation."""
        for name in DIE_FAMILIES:
            yield name, getattr(self, name)

    @property
    def digest(self) -> str:
        """What tells this die from any other, 16 hexadecimal digits."""
        digest = hashlib.blake2b(repr(self.sizes).encode(), digest_size=8)
        for name, arrays in self.families():
            for k, array in enumerate(arrays):
                if array is not None:
                    digest.update(f"{name}.{k}".encode())
                    digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def check(self, network: Network) -> None:
        """Raise `ConfigError` unless every array has the shape that the network needs."""
        if self.sizes != network.sizes:
            here, there = "-".join(map(str, self.sizes)), "-".join(map(str, network.sizes))
            raise ConfigError("analog.die_file", f"holds a die for [{here}], the network is [{there}]")
        pairs = [(network.sizes[p.source], network.sizes[p.target]) for p in network.projections]
        units = [(size,) for size in network.sizes[1:]]
        for name, arrays in self.families():
            shapes = pairs if name.startswith(("synapse_", "stuck_")) else units
            if len(arrays) != len(shapes):
                raise ConfigError(
                    f"analog.die_file: {name}", f"must have {len(shapes)} arrays, got {len(arrays)}"
                )
            for k, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
                if array is not None and array.shape != shape:
                    raise ConfigError(
                        f"analog.die_file: {name}[{k}]", f"must have shape {shape}, got {array.shape}"
                    )
                if array is not None and not np.all(np.isfinite(array)):
                    raise ConfigError(f"analog.die_file: {name}[{k}]", "must be finite, got NaN or infinity")


DIE_FAMILIES = tuple(field.name for field in fields(Die) if field.name not in ("sizes", "origin"))
