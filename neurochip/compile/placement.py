"""A network laid out by hand: any neuron on any core, and what its spikes then cross."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import Demand
from neurochip.compile.partition import excess
from neurochip.description.chip import ChipSpec
from neurochip.elements.connections import Connection, Dense, fan_out_by_part
from neurochip.errors import MappingError

__all__ = ["PlacedNetwork", "place"]

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class PlacedNetwork:
    """Which neurons share a core, and what one spike of each of them crosses.

    A *piece* is what one core holds of one layer; its neurons need not be neighbours in the layer.

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
    piece_of
        List over layers of i64[unit]: the piece that holds each neuron.
    layers, sites, neurons
        Of each piece: its layer, the index of its core on the chip, and how many neurons it has.
    way_of
        List over layers of i64[unit]: the way of each neuron. Neurons of one *way* share a piece, and a spike of each
        of them does the same. Where all that a layer sends goes over dense projections, its pieces are its ways.
    way_pieces, way_rows
        Of each way: its piece, and its row in the tables that follow.
    operations
        i64[row, piece]: synaptic operations of one spike, which are the synapses that it meets there.
    delivered
        i64[row, piece]: whether one spike brings a packet to the core of the piece; it is counted on the first
        piece of that core which its layer projects to.
    received_bits
        i64[row, piece]: bits of that packet as it is taken in.
    packets
        Of each way: packets of one spike, one for each core on which it meets a synapse.
    links
        i64[way, 2]: links east–west and north–south that one spike crosses.
    aer, aer_hops
        Of each way: bits of all packets of one spike, plain and times the links they cross.
    frames
        i64[piece, piece]: whether a frame with all neurons of the one reaches the core of the other, counted as
        ``delivered``.
    frame_links
        Of each piece: links that its frame crosses.
    cores
        The cores that hold neurons, ascending.
    needs
        What each of them needs, i64[core], by the names of `compile.image.Demand`.
    """

    chip: ChipSpec
    sizes: tuple[int, ...]
    projections: tuple[tuple[int, int], ...]
    connections: tuple[Connection, ...]
    piece_of: tuple[Counts, ...]
    layers: Counts
    sites: Counts
    neurons: Counts
    way_of: tuple[Counts, ...]
    way_pieces: Counts
    way_rows: Counts
    operations: Counts
    delivered: Counts
    received_bits: Counts
    packets: Counts
    links: Counts
    aer: Counts
    aer_hops: Counts
    frames: Counts
    frame_links: Counts
    cores: Counts
    needs: Mapping[str, Counts]

    @property
    def way_layers(self) -> Counts:
        """The layer of each way."""
        return self.layers[self.way_pieces]

    def targets(self, layer: int) -> tuple[int, ...]:
        """Return the layers that receive from a layer."""
        return tuple(target for source, target in self.projections if source == layer)

    def sources(self, layer: int) -> tuple[int, ...]:
        """Return the layers that a layer receives from."""
        return tuple(source for source, target in self.projections if target == layer)


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
    layer, site, size = np.concatenate(layers), np.concatenate(sites), np.concatenate(neurons)
    used, core = np.unique(site, return_inverse=True)

    ways = _ways(tuple(sizes), projections, linked, piece_of, layer, size)
    receives = np.zeros((len(ways.operations), used.size), dtype=np.int64)  # [row, core]
    np.add.at(receives.T, core, ways.operations.T)
    np.minimum(receives, 1, out=receives)
    delivered = np.zeros((len(ways.operations), n_pieces), dtype=np.int64)
    for source in range(len(sizes)):
        listening = np.flatnonzero(np.isin(layer, [t for s, t in projections if s == source]))
        listeners, first = np.unique(core[listening], return_index=True)
        rows = np.flatnonzero(ways.layers == source)
        delivered[np.ix_(rows, listening[first])] = receives[np.ix_(rows, listeners)]
    way_sizes = np.zeros(ways.pieces.size, dtype=np.int64)
    for units in ways.of:
        way_sizes += np.bincount(units, minlength=way_sizes.size)
    by_row = np.zeros(len(receives), dtype=np.int64)
    np.add.at(by_row, ways.rows, way_sizes)
    axons = by_row @ receives
    packets = receives.sum(axis=1)[ways.rows]

    def per_core(values: Counts, at: Counts = core) -> Counts:
        total = np.zeros(used.size, dtype=np.int64)
        np.add.at(total, at, values)
        return total

    needs = {
        "neurons": per_core(size),
        "synapse_memory": per_core(_memory_bits(projections, linked, piece_of, layer, weight_bits)),
        "input_axons": axons,
        "output_axons": per_core(way_sizes * packets, core[ways.pieces]),
        "neuron_state_memory": per_core(np.where(layer > 0, size * state_bits, 0)),
    }
    _check_capacity(chip, used, needs)

    address = {a: max(1, math.ceil(math.log2(max(a, 1)))) for a in set(axons.tolist())}
    word = np.array([chip.packet.header_bits + address[a] for a in axons.tolist()], dtype=np.int64)
    received_bits = delivered * word[core]
    if chip.packet.routing == "multicast":
        # One packet that forks, with the longest address that any receiver needs.
        received_bits = delivered * (receives * word).max(axis=1, initial=0)[:, None]
    links, aer, aer_hops = _routes(chip, used, core[ways.pieces], receives[ways.rows], word)
    if ways.pieces.size == n_pieces:  # all neurons of a piece send alike
        frames, frame_links = delivered[ways.rows], links
    else:
        frames = np.zeros((n_pieces, n_pieces), dtype=np.int64)
        np.maximum.at(frames, ways.pieces, delivered[ways.rows])
        framed = np.zeros((n_pieces, used.size), dtype=np.int64)
        np.maximum.at(framed, ways.pieces, receives[ways.rows])
        frame_links, _, _ = _routes(chip, used, core, framed, word)
    return PlacedNetwork(
        chip=chip,
        sizes=tuple(sizes),
        projections=tuple(projections),
        connections=linked,
        piece_of=tuple(piece_of),
        layers=layer,
        sites=site,
        neurons=size,
        way_of=ways.of,
        way_pieces=ways.pieces,
        way_rows=ways.rows,
        operations=ways.operations,
        delivered=delivered,
        received_bits=received_bits,
        packets=packets,
        links=links,
        aer=aer,
        aer_hops=aer_hops,
        frames=frames,
        frame_links=frame_links.sum(axis=1),
        cores=used,
        needs=needs,
    )


def _routes(
    chip: ChipSpec, used: Counts, senders: Counts, receives: Counts, word: Counts
) -> tuple[Counts, Counts, Counts]:
    """Return what one packet to each receiver crosses, or one that forks: links, bits, bits times links.

    ``senders`` and ``receives`` [sender, core] are about the cores ``used``, to which a packet has ``word`` bits.
    """
    x, y = np.divmod(used // chip.mesh.cores_per_tile, chip.mesh.height)
    links = np.zeros((senders.size, 2), dtype=np.int64)
    aer, aer_hops = np.zeros(senders.size, dtype=np.int64), np.zeros(senders.size, dtype=np.int64)
    audiences, audience = _same_rows(receives)
    for a, sender in enumerate(audiences):
        receiving, here = receives[sender] > 0, np.flatnonzero(audience == a)
        if not receiving.any():
            continue
        at, to, bits = senders[here], (x[receiving], y[receiving]), word[receiving]
        if chip.packet.routing == "multicast":
            links[here] = np.column_stack(_tree(x[at], y[at], *to))
            aer[here] = bits.max()
            aer_hops[here] = aer[here] * links[here].sum(axis=1)
        else:
            links[here] = np.column_stack([_distance(x[at], to[0]), _distance(y[at], to[1])])
            aer[here] = bits.sum()
            aer_hops[here] = _distance(x[at], to[0], bits) + _distance(y[at], to[1], bits)
    return links, aer, aer_hops


class _Ways(NamedTuple):
    """Ways as in `PlacedNetwork`; ``layers`` i64[row] is the layer whose spikes a row is about."""

    of: tuple[Counts, ...]
    pieces: Counts
    rows: Counts
    operations: Counts
    layers: Counts


def _ways(
    sizes: tuple[int, ...],
    projections: Sequence[tuple[int, int]],
    connections: Sequence[Connection],
    piece_of: Sequence[Counts],
    layer: Counts,
    neurons: Counts,
) -> _Ways:
    of: list[Counts] = []
    pieces: list[Counts] = []
    rows: list[Counts] = []
    operations: list[Counts] = []
    n_ways = n_rows = 0
    for k, size in enumerate(sizes):
        sent = [(t, c) for (s, t), c in zip(projections, connections, strict=True) if s == k]
        met = np.zeros((1 if all(c.kind == "dense" for _, c in sent) else size, layer.size), dtype=np.int64)
        for target, connection in sent:
            there = np.flatnonzero(layer == target)
            if connection.kind == "dense":
                met[:, there] += neurons[there]
            else:
                met[:, there] += fan_out_by_part(connection, piece_of[target] - there[0], there.size)
        different, row = _same_rows(met)
        if different.size == 1:  # its pieces are its ways, and are numbered one after the other
            held = np.flatnonzero(layer == k)
            way = piece_of[k] - held[0]
        else:
            held, way = np.unique(piece_of[k] * different.size + row, return_inverse=True)
        of.append(way.reshape(size) + n_ways)
        pieces.append(held // different.size)
        rows.append(held % different.size + n_rows)
        operations.append(met[different])
        n_ways, n_rows = n_ways + held.size, n_rows + different.size
    counts = [len(table) for table in operations]
    return _Ways(
        tuple(of),
        np.concatenate(pieces),
        np.concatenate(rows),
        np.concatenate(operations),
        np.repeat(np.arange(len(sizes)), counts),
    )


def _same_rows(table: Counts) -> tuple[Counts, Counts]:
    """Return the first of each kind of row of a table, and the kind of each row."""
    if len(table) == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    whole = np.ascontiguousarray(table)
    rows = whole.view(np.dtype((np.void, whole.itemsize * whole.shape[1]))).reshape(-1)
    _, first, kind = np.unique(rows, return_index=True, return_inverse=True)
    return first, kind.reshape(-1)


def _memory_bits(
    projections: Sequence[tuple[int, int]],
    connections: Sequence[Connection],
    piece_of: Sequence[Counts],
    layer: Counts,
    weight_bits: int,
) -> Counts:
    """Return i64[piece]: what the synapses of its neurons take, a shared kernel once."""
    bits = np.zeros(layer.size, dtype=np.int64)
    held: dict[int, list[Counts]] = {}
    for (_, target), connection in zip(projections, connections, strict=True):
        pieces = np.flatnonzero(layer == target)
        if target not in held:
            order = np.argsort(piece_of[target], kind="stable")
            held[target] = np.split(order, np.searchsorted(piece_of[target][order], pieces[1:]))
        if pieces.size == 1:
            bits[pieces[0]] += connection.memory_bits(weight_bits)
            continue
        for piece, units in zip(pieces.tolist(), held[target], strict=True):
            bits[piece] += connection.memory_bits(weight_bits, units)
    return bits


def _distance(start: Counts, end: Counts, weights: Counts | None = None) -> Counts:
    """Return Σ_end weight · |end − start| along one axis, i64[start]; weights are 1 if not given."""
    places, which = np.unique(end, return_inverse=True)
    heap = np.zeros(places.size, dtype=np.int64)
    np.add.at(heap, which, 1 if weights is None else weights)
    total: Counts = np.abs(start[:, None] - places) @ heap
    return total


def _tree(x: Counts, y: Counts, to_x: Counts, to_y: Counts) -> tuple[Counts, Counts]:
    """Return the links east–west and north–south of the tree of XY routes to all receivers, from each (x, y)."""
    east_west = np.maximum(to_x.max() - x, 0) + np.maximum(x - to_x.min(), 0)
    columns, which = np.unique(to_x, return_inverse=True)
    south, north = np.full(columns.size, -1), np.full(columns.size, np.iinfo(np.int64).max)
    np.maximum.at(south, which, to_y)
    np.minimum.at(north, which, to_y)
    down = np.maximum(south - y[:, None], 0).sum(axis=1)
    up = np.maximum(y[:, None] - north, 0).sum(axis=1)
    return east_west, down + up


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
