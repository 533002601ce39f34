"""A network laid out by hand: any neuron on any core, and what its spikes then cross."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import Demand
from neurochip.compile.partition import excess
from neurochip.description.chip import ChipSpec
from neurochip.elements.connections import Connection, Dense
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
    packets
        Of each layer: packets of one spike, one for each core that hears it.
    delivered
        i64[layer, piece]: whether one spike of the layer brings a packet to the core of the piece; it is booked on
        the first piece of that core which hears it.
    received_bits
        i64[layer, piece]: bits of that packet as it is taken in.
    links
        i64[piece, 2]: links east–west and north–south that one spike crosses.
    aer, aer_hops
        Of each piece: bits of all packets of one spike, plain and times the links they cross.
    """

    chip: ChipSpec
    sizes: tuple[int, ...]
    projections: tuple[tuple[int, int], ...]
    connections: tuple[Connection, ...]
    piece_of: tuple[Counts, ...]
    layers: Counts
    sites: Counts
    neurons: Counts
    packets: Counts
    delivered: Counts
    received_bits: Counts
    links: Counts
    aer: Counts
    aer_hops: Counts

    def targets(self, layer: int) -> tuple[int, ...]:
        """Return the layers that hear a layer."""
        return tuple(target for source, target in self.projections if source == layer)

    def sources(self, layer: int) -> tuple[int, ...]:
        """Return the layers that a layer hears."""
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

    Raises
    ------
    MappingError
        When a core gets more than it can hold.
    """
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

    hears = np.zeros((len(sizes), used.size), dtype=np.int64)  # [source layer, core]
    delivered = np.zeros((len(sizes), n_pieces), dtype=np.int64)
    for source in range(len(sizes)):
        listening = np.flatnonzero(np.isin(layer, [t for s, t in projections if s == source]))
        listeners, first = np.unique(core[listening], return_index=True)
        hears[source, listeners] = 1
        delivered[source, listening[first]] = 1
    axons = np.asarray(sizes, dtype=np.int64) @ hears
    fan_in = np.array([sum(sizes[s] for s, t in projections if t == k) for k in range(len(sizes))])

    def per_core(values: Counts) -> Counts:
        total = np.zeros(used.size, dtype=np.int64)
        np.add.at(total, core, values)
        return total

    needs = {
        "neurons": per_core(size),
        "synapse_memory": per_core(size * fan_in[layer] * weight_bits),
        "input_axons": axons,
        "output_axons": per_core(size * hears.sum(axis=1)[layer]),
        "neuron_state_memory": per_core(np.where(layer > 0, size * state_bits, 0)),
    }
    _check_capacity(chip, used, needs)

    x, y = np.divmod(used // chip.mesh.cores_per_tile, chip.mesh.height)
    address = {a: max(1, math.ceil(math.log2(max(a, 1)))) for a in set(axons.tolist())}
    word = np.array([chip.packet.header_bits + address[a] for a in axons.tolist()], dtype=np.int64)
    links = np.zeros((n_pieces, 2), dtype=np.int64)
    received_bits = delivered * word[core]
    aer, aer_hops = np.zeros(n_pieces, dtype=np.int64), np.zeros(n_pieces, dtype=np.int64)
    for k in range(len(sizes)):
        here, heard = layer == k, hears[k] > 0
        if not heard.any():
            continue
        at, to = core[here], (x[heard], y[heard])
        if chip.packet.routing == "multicast":
            # One packet that forks, with the longest address that any receiver needs.
            links[here] = np.column_stack(_tree(x[at], y[at], *to))
            aer[here] = word[heard].max()
            received_bits[k] = delivered[k] * word[heard].max()
            aer_hops[here] = aer[here] * links[here].sum(axis=1)
        else:
            links[here] = np.column_stack([_distance(x[at], to[0]), _distance(y[at], to[1])])
            aer[here] = word[heard].sum()
            bits = word[heard]
            aer_hops[here] = _distance(x[at], to[0], bits) + _distance(y[at], to[1], bits)
    return PlacedNetwork(
        chip=chip,
        sizes=tuple(sizes),
        projections=tuple(projections),
        connections=tuple(
            [Dense(sizes[s], sizes[t]) for s, t in projections] if connections is None else connections
        ),
        piece_of=tuple(piece_of),
        layers=layer,
        sites=site,
        neurons=size,
        packets=hears.sum(axis=1),
        delivered=delivered,
        received_bits=received_bits,
        links=links,
        aer=aer,
        aer_hops=aer_hops,
    )


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
