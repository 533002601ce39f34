"""A network laid out by hand: any neuron on any core, and what its spikes then cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import ChipImage, Demand
from neurochip.compile.partition import excess
from neurochip.compile.sending import Sending
from neurochip.compile.ways import Pieces, Ways, summed, ways_of
from neurochip.description.chip import ChipSpec
from neurochip.elements.connections import Connection, Dense
from neurochip.errors import MappingError

__all__ = ["PlacedNetwork", "place"]

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class PlacedNetwork:
    """Which neurons share a core, and what one spike of each of them crosses.

    Attributes
    ----------
    chip
        Where everything stands.
    sizes
        Neurons of each layer.
    projections
        (source layer, target layer) of each.
    connections
        The connectivity of each projection.
    sending
        Neurons that share a core, those that send alike, and what their spikes do.
    needs
        What each core in use needs, i64[core], by the names of `compile.image.Demand`.
    """

    chip: ChipSpec
    sizes: tuple[int, ...]
    projections: tuple[tuple[int, int], ...]
    connections: tuple[Connection, ...]
    sending: Sending
    needs: Mapping[str, Counts]

    @classmethod
    def of(cls, image: ChipImage) -> PlacedNetwork:
        """Return a compiled network as one that was laid out by hand."""
        network, used = image.network, sorted((core.site, asdict(core.used)) for core in image.cores)
        return cls(
            image.chip,
            network.sizes,
            tuple((p.source, p.target) for p in network.projections),
            tuple(
                Dense(network.sizes[p.source], network.sizes[p.target])
                if p.connection is None
                else p.connection
                for p in network.projections
            ),
            image.sending,
            {what.name: np.array([each[what.name] for _, each in used]) for what in fields(Demand)},
        )

    @property
    def pieces(self) -> Pieces:
        """What each core holds of each layer."""
        return self.sending.pieces

    @property
    def ways(self) -> Ways:
        """Neurons that send alike."""
        return self.sending.ways

    @property
    def cores(self) -> Counts:
        """The cores that hold neurons, ascending."""
        return self.sending.cores


def place(
    sizes: Sequence[int],
    projections: Sequence[tuple[int, int]],
    cores: Sequence[Counts],
    chip: ChipSpec,
    *,
    weight_bits: int,
    state_bits: int,
    connections: Sequence[Connection] | None = None,
) -> PlacedNetwork:
    """Lay a network out as told.

    Parameters
    ----------
    sizes, projections
        Neurons of each layer; (source, target) layers of each projection.
    cores
        List over layers of core indices, i64[unit], all of them on the chip.
    weight_bits, state_bits
        Of one synapse; of one neuron that is not in layer 0.
    connections
        Of each projection; `None`: all are dense.

    Raises
    ------
    MappingError
        When a core gets more than it can hold.
    """
    linked = tuple(
        [Dense(sizes[s], sizes[t]) for s, t in projections] if connections is None else connections
    )
    layers: list[Counts] = []
    sites: list[Counts] = []
    neurons: list[Counts] = []
    piece_of: list[Counts] = []
    n_pieces = 0
    for k, on in enumerate(cores):
        held, within, count = np.unique(on, return_inverse=True, return_counts=True)
        piece_of.append(np.asarray(within, dtype=np.int64).reshape(on.shape) + n_pieces)
        layers.append(np.full(held.size, k, dtype=np.int64))
        sites.append(held.astype(np.int64))
        neurons.append(count.astype(np.int64))
        n_pieces += held.size
    pieces = Pieces(tuple(piece_of), np.concatenate(layers), np.concatenate(sites), np.concatenate(neurons))
    ways = ways_of(sizes, [(*ends, c) for ends, c in zip(projections, linked, strict=True)], pieces)
    sending = Sending(chip, pieces, ways)

    def per_core(of_pieces: Counts) -> Counts:
        return summed(of_pieces, sending.core, sending.cores.size)

    memory = _memory_bits(projections, linked, pieces, weight_bits)
    needs = {
        "neurons": per_core(pieces.neurons),
        "synapse_memory": per_core(memory),
        "input_axons": sending.axons,
        "output_axons": per_core(summed(ways.sizes * sending.packets, ways.pieces, n_pieces)),
        "neuron_state_memory": per_core(np.where(pieces.population > 0, pieces.neurons * state_bits, 0)),
    }
    _check_capacity(chip, sending.cores, needs)
    return PlacedNetwork(chip, tuple(sizes), tuple(projections), linked, sending, needs)


def _memory_bits(
    projections: Sequence[tuple[int, int]],
    connections: Sequence[Connection],
    pieces: Pieces,
    weight_bits: int,
) -> Counts:
    """Return i64[piece]: what the synapses of its neurons take, a shared kernel once."""
    bits = np.zeros(pieces.neurons.size, dtype=np.int64)
    held: dict[int, list[Counts]] = {}
    for (_, target), connection in zip(projections, connections, strict=True):
        there, on = np.flatnonzero(pieces.population == target), pieces.of[target]
        if target not in held:
            order = np.argsort(on, kind="stable")
            held[target] = np.split(order, np.searchsorted(on[order], there[1:]))
        if there.size == 1:
            bits[there[0]] += connection.memory_bits(weight_bits)
            continue
        for piece, units in zip(there.tolist(), held[target], strict=True):
            bits[piece] += connection.memory_bits(weight_bits, units)
    return bits


def _check_capacity(chip: ChipSpec, used: Counts, needs: dict[str, Counts]) -> None:
    limits = {name: getattr(chip.core, name) for name in needs}
    short = [needs[name] > limit for name, limit in limits.items() if limit is not None]
    if not np.any(short):
        return
    c = int(np.flatnonzero(np.any(short, axis=0))[0])
    what = excess(Demand(**{name: int(values[c]) for name, values in needs.items()}), chip.core)
    raise MappingError(
        f"core {used[c]}", f"{what} on {chip.name}; put fewer neurons there, or use narrower weights"
    )
