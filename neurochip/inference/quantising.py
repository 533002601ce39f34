"""A network for chips of integers: weights in whole steps, all others in parts of one; a scale for each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.cores.raster_file import load_arrays
from neurochip.data.array_names import only_inputs
from neurochip.description import ChipSpec, read_chip
from neurochip.description.precision import integer_range
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import ConfigError, DataError
from neurochip.replays.spiking import run_spiking

__all__ = [
    "MANY_SATURATED",
    "POTENTIAL_BITS",
    "Change",
    "Quantisation",
    "calibration",
    "quantised",
    "unscaled",
]

POTENTIAL_BITS = 8  # thresholds, resets, rest and biases are rounded to 1/256 of a step of weights
MANY_SATURATED = 0.01  # share of weights at an end of their range that is worth a warning
_SHRUNK = (1.0, 0.85, 0.7, 0.5, 0.35)  # of the largest magnitude, tried on calibration samples
_POTENTIALS = ("v_leak", "v_threshold", "v_reset", "threshold")
_REFERENCE = "ideal-bits"


class Change(NamedTuple):
    """What whole numbers change in a group.

    Attributes
    ----------
    group
        Its name.
    scale
        What one unit of weights, biases and potentials stands for: f64[unit], or one for all.
    saturated, vanished
        Shares of the weights that are not 0, of those that met an end of the range, and of those that became 0.
    error
        Root of the mean square by which potentials of calibration samples are off, in units of the threshold, or of
        their own largest where there is none; `None` without samples.
    spikes_differ
        Share of the group's ticks and neurons at which calibration samples fire otherwise.
    """

    group: str
    scale: NDArray[np.float64]
    saturated: float
    vanished: float
    error: float | None
    spikes_differ: float | None

    def table(self) -> dict[str, object]:
        """Return everything as JSON has it."""
        return {**self._asdict(), "scale": self.scale.tolist()}

    def words(self) -> str:
        """Return all of it as a line."""
        low, high = float(self.scale.min()), float(self.scale.max())
        scale = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
        said = [f"{self.saturated:.2%} of the weights saturated", f"{self.vanished:.2%} became 0"]
        if self.error is not None and self.spikes_differ is not None:
            said += [f"potentials off by {self.error:.4g}", f"{self.spikes_differ:.3%} of the spikes differ"]
        return f"{self.group}: steps of {scale}, {', '.join(said)}"


class Quantisation(NamedTuple):
    """A network in whole steps, and what that changed, group by group."""

    network: SpikingNetwork
    bits: int
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]

    def table(self) -> dict[str, object]:
        """Return everything but the network as JSON has it."""
        return {
            "bits": self.bits,
            "groups": [change.table() for change in self.changes],
            "warnings": list(self.warnings),
        }


def quantised(
    network: SpikingNetwork,
    bits: int,
    *,
    spikes: ArrayLike | None = None,
    sample_ticks: int | None = None,
    per_channel: bool = False,
    chip: ChipSpec | None = None,
) -> Quantisation:
    """Return a network whose weights are whole numbers of so many bits.

    What a group receives, its thresholds, resets and rest are divided by one scale, which changes no spike. Then
    weights are rounded to whole steps, all others to 1/256 of one. Leaks are ratios and stay: a chip rounds them. A
    readout is in units of its group's scale, which stands in metadata (`unscaled`).

    Parameters
    ----------
    bits
        Of a weight, 2 to 16, two's complement.
    spikes
        Calibration samples, u8[tick, unit], one after the other: for each group, the largest magnitude that keeps most
        of its spikes, or potentials, is found among fractions of the largest weight. `None`: the largest weight.
    sample_ticks
        Of each of them; `None`: it is one.
    per_channel
        A scale for each neuron, or one for each map of a convolution.
    chip
        Whose membranes calibration samples meet; `None`: as wide as there are.

    Raises
    ------
    ConfigError
        For a width that no integer format has, or neurons whose threshold becomes 0.
    """
    if isinstance(bits, bool) or not isinstance(bits, int) or not 2 <= bits <= 16:
        raise ConfigError("bits", f"must be 2 to 16, got {bits!r}")
    made, changes, warnings = network, [], []
    reference = read_chip(_REFERENCE)
    wanted = None if spikes is None else _seen(network, spikes, sample_ticks, reference)
    held = reference if chip is None else replace(reference, membranes=chip.membranes)
    behind = held.membranes.fraction
    fraction = POTENTIAL_BITS if behind is None else min(POTENTIAL_BITS, behind)
    for group in network.groups[1:]:
        largest = _largest(network, group, per_channel)
        found: tuple[float, SpikingNetwork, Change] | None = None
        for shrunk in _SHRUNK if wanted is not None else _SHRUNK[:1]:
            tried, change = _one(made, network, group, bits, largest * shrunk, fraction)
            if wanted is None:
                found = 0.0, tried, change
                continue
            change = _compared(network, group, change, wanted, _seen(tried, spikes, sample_ticks, held))
            cost = (change.spikes_differ or 0.0) if group.fires else (change.error or 0.0)
            if found is None or (cost, change.error or 0.0) < (found[0], found[2].error or 0.0):
                found = cost, tried, change
        assert found is not None
        made = found[1]
        changes.append(found[2])
        if found[2].saturated > MANY_SATURATED:
            warnings.append(
                f"{group.name}: {found[2].saturated:.1%} of its weights meet an end of their range, more than "
                f"{MANY_SATURATED:.0%}; use more bits, or a scale for each neuron"
            )
    return Quantisation(made, bits, tuple(changes), tuple(warnings))


def unscaled(network: SpikingNetwork) -> SpikingNetwork:
    """Return a network of `quantised` in the units that it had before, with the values that it was rounded to.

    Groups that are in no whole steps stay as they are.
    """
    connections, groups = list(network.connections), []
    for group in network.groups:
        said = group.metadata.get("quantised")
        if said is None:
            groups.append(group)
            continue
        scale = np.broadcast_to(np.asarray(said["scale"], np.float64), group.size)
        for k, c in enumerate(connections):
            if c.target != group.name:
                continue
            connection, steps = _held(network, c)
            weights = (steps * _of_targets(connection, scale)).astype(np.float32)
            connections[k] = replace(c, weights=weights, bias=None if c.bias is None else c.bias * scale)
        parameters = {
            key: values * scale if key in _POTENTIALS else values for key, values in group.parameters.items()
        }
        metadata = {key: value for key, value in group.metadata.items() if key != "quantised"}
        groups.append(replace(group, parameters=parameters, metadata=metadata))
    return replace(network, groups=tuple(groups), connections=tuple(connections))


def calibration(path: Path, network: SpikingNetwork) -> tuple[NDArray[np.uint8], int]:
    """Return the samples of a file, one after the other, and the ticks of each."""
    arrays = load_arrays(path)
    name = next((name for name in ("spikes", "x", "spikes.0") if name in arrays), None) or only_inputs(arrays)
    if name is None:
        raise DataError(
            str(path), f"must have spikes [sample, tick, unit], has {', '.join(arrays) or 'nothing'}"
        )
    found = arrays[name]
    samples = found[None] if found.ndim == 2 else found
    if samples.ndim != 3 or 0 in samples.shape or samples.shape[2] != network.sizes[0]:
        raise DataError(f"{path}", f"must have shape (samples, ticks, {network.sizes[0]}), got {found.shape}")
    return samples.reshape(-1, samples.shape[2]), samples.shape[1]


def _into(network: SpikingNetwork, group: NeuronGroup) -> list[Connection]:
    return [c for c in network.connections if c.target == group.name]


def _held(network: SpikingNetwork, c: Connection) -> tuple[Any, NDArray[np.number]]:
    connection, weights = c.joined(network.group(c.source).size)
    if not weights.size and connection.synapses:
        raise ConfigError(
            c.name or f"{c.source} → {c.target}",
            f"is {connection.kind} without weights, which is whole as it is; put a convolution or a matrix behind it",
        )
    return connection, weights


def _of_targets(connection: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a number of each target as weights take it: one for each weight, by the target that it leads to."""
    if connection.kind == "dense":
        return values[None, :]
    if connection.kind == "convolution":
        return values.reshape(connection.channels, -1)[:, 0][None, None, None, :]
    edges = connection.edges()
    by = np.zeros(int(np.prod(connection.shape)))
    by[edges.weight] = values[edges.target]
    return by.reshape(connection.shape)


def _largest(network: SpikingNetwork, group: NeuronGroup, per_channel: bool) -> NDArray[np.float64]:
    """Return f64[unit], the largest magnitude of the weights into a group, of each neuron or of all."""
    most = np.zeros(group.size)
    for c in _into(network, group):
        connection, weights = _held(network, c)
        edges = connection.edges()
        np.maximum.at(most, edges.target, np.abs(weights.reshape(-1)[edges.weight].astype(np.float64)))
    if per_channel and len(group.shape) > 1:
        maps = most.reshape(group.shape[0], -1)
        most = np.repeat(maps.max(axis=1), maps.shape[1])
    elif not per_channel or any(_shared(network, c) for c in _into(network, group)):
        most = np.full(group.size, most.max(initial=0.0))
    return np.where(most > 0, most, 1.0)


def _shared(network: SpikingNetwork, c: Connection) -> bool:
    return str(_held(network, c)[0].kind) == "convolution"


def _one(
    made: SpikingNetwork,
    given: SpikingNetwork,
    group: NeuronGroup,
    bits: int,
    largest: NDArray[np.float64],
    fraction: int,
) -> tuple[SpikingNetwork, Change]:
    """Return a network in which one group is in whole steps, and its potentials have so many bits behind the point."""

    def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.ldexp(np.rint(np.ldexp(values / scale, fraction)), -fraction)

    low, high = integer_range(bits)
    scale = largest / high
    connections, saturated, vanished, there = [], 0, 0, 0
    for c, before in zip(made.connections, given.connections, strict=True):
        if c.target != group.name:
            connections.append(c)
            continue
        connection, weights = _held(given, before)
        exact = weights.astype(np.float64) / _of_targets(connection, scale)
        steps = np.clip(np.rint(exact), low, high)
        there += int(np.count_nonzero(weights))
        saturated += int(np.count_nonzero((exact > high + 0.5) | (exact < low - 0.5)))
        vanished += int(np.count_nonzero((steps == 0) & (weights != 0)))
        dense = connection.kind == "dense"
        connections.append(
            replace(
                c,
                weights=steps.astype(np.int8 if bits <= 8 else np.int16),
                bias=None if before.bias is None else rounded(before.bias),
                connectivity=None if dense else connection,
            )
        )
    numbers = {
        key: rounded(values) if key in _POTENTIALS else values for key, values in group.parameters.items()
    }
    for key in ("v_threshold", "threshold"):
        gone = np.flatnonzero(
            (numbers.get(key, np.ones(1)) == 0) & (group.parameters.get(key, np.ones(1)) > 0)
        )
        if gone.size:
            raise ConfigError(
                f"{group.name}.{key}[{gone[0]}]",
                f"becomes 0 in steps of {scale[gone[0]]:g}; use more bits, or a scale for each neuron",
            )
    one = np.unique(scale)
    said = one if one.size == 1 else scale
    there_now = {"quantised": {"bits": bits, "scale": said.tolist()}}
    groups = [
        replace(g, parameters=numbers, metadata=dict(g.metadata) | there_now) if g.name == group.name else g
        for g in made.groups
    ]
    total = max(there, 1)
    change = Change(group.name, said, saturated / total, vanished / total, None, None)
    return replace(made, groups=tuple(groups), connections=tuple(connections)), change


class _Run(NamedTuple):
    """Spikes and potentials of all groups."""

    spikes: Sequence[NDArray[np.uint8]]
    potentials: dict[str, NDArray[np.number]]


def _seen(network: SpikingNetwork, spikes: Any, sample_ticks: int | None, chip: ChipSpec) -> _Run:
    seen = run_spiking(network, spikes, chip, sample_ticks=sample_ticks, potentials=True)
    return _Run(seen.replay.spikes, seen.potentials)


def _compared(given: SpikingNetwork, group: NeuronGroup, change: Change, wanted: _Run, seen: _Run) -> Change:
    k = [g.name for g in given.groups].index(group.name)
    unit = group.parameters.get("v_threshold", group.parameters.get("threshold"))
    exact = wanted.potentials[group.name].astype(np.float64)
    found = seen.potentials[group.name] * change.scale
    unit = np.maximum(np.abs(exact).max(initial=0.0), 1e-30) if unit is None else np.abs(unit) + 1e-30
    error = float(np.sqrt(np.mean(((found - exact) / unit) ** 2)))
    return change._replace(error=error, spikes_differ=float(np.mean(wanted.spikes[k] != seen.spikes[k])))
