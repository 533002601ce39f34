"""Neurons that send alike: whose spikes meet as many synapses on every core, and so cost the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection, fan_out_by_part

__all__ = ["Pieces", "Ways", "same_rows", "summed", "ways_of"]

Counts = NDArray[np.int64]


class Pieces(NamedTuple):
    """What one core holds of one population is a *piece*; its neurons need not be neighbours in the population.

    Attributes
    ----------
    of
        List over populations of i64[unit]: the piece that holds each neuron.
    population, site, neurons
        Of each piece: its population, the index of its core on the chip, and how many neurons it has.
    """

    of: tuple[Counts, ...]
    population: Counts
    site: Counts
    neurons: Counts

    @property
    def placement(self) -> list[Counts]:
        """The core of each neuron, list over populations of i64[unit]."""
        return [self.site[pieces] for pieces in self.of]


class Ways(NamedTuple):
    """Neurons of one *way* share a piece, and a spike of each of them does the same.

    Where all that a population sends goes over dense projections, its pieces are its ways. Ways ascend by piece.

    Attributes
    ----------
    of
        List over populations of i64[unit]: the way of each neuron.
    pieces, rows
        Of each way: its piece, and its row in the table of operations.
    operations
        i64[row, piece]: synaptic operations of one spike, which are the synapses that it meets there.
    populations
        Of each row: the population whose spikes it is about.
    targets
        List over populations of the populations that they project to.
    """

    of: tuple[Counts, ...]
    pieces: Counts
    rows: Counts
    operations: Counts
    populations: Counts
    targets: tuple[tuple[int, ...], ...]

    @property
    def sizes(self) -> Counts:
        """Neurons of each way."""
        return self.spikes([np.ones_like(ways) for ways in self.of])

    def spikes(self, fired: Sequence[Counts]) -> Counts:
        """Return i64[way] from the spikes of each neuron, list over populations of i64[unit]."""
        total = np.zeros(self.pieces.size, dtype=np.int64)
        for ways, spikes in zip(self.of, fired, strict=True):
            np.add.at(total, ways, spikes)
        return total


def ways_of(
    sizes: Sequence[int], projections: Sequence[tuple[int, int, Connection | None]], pieces: Pieces
) -> Ways:
    """Return the ways of populations of so many neurons, in the order of their pieces.

    ``projections`` are source, target and connectivity; `None`: dense.
    """
    of: list[Counts] = []
    piece: list[Counts] = []
    rows: list[Counts] = []
    operations: list[Counts] = []
    n_ways = n_rows = 0
    for k, size in enumerate(sizes):
        sent = [(target, link) for source, target, link in projections if source == k]
        alike = all(link is None or link.kind == "dense" for _, link in sent)
        met = np.zeros((1 if alike else size, pieces.population.size), dtype=np.int64)
        for target, link in sent:
            there = np.flatnonzero(pieces.population == target)
            if link is None or link.kind == "dense":
                met[:, there] += pieces.neurons[there]
            else:
                met[:, there] += fan_out_by_part(link, pieces.of[target] - there[0], there.size)
        different, row = same_rows(met)
        if different.size == 1:  # its pieces are its ways, and are numbered one after the other
            held = np.flatnonzero(pieces.population == k)
            way = pieces.of[k] - held[0]
        else:
            held, way = np.unique(pieces.of[k] * different.size + row, return_inverse=True)
        of.append(way.reshape(size) + n_ways)
        piece.append(held // different.size)
        rows.append(held % different.size + n_rows)
        operations.append(met[different])
        n_ways, n_rows = n_ways + held.size, n_rows + different.size
    counts = [len(table) for table in operations]
    return Ways(
        tuple(of),
        np.concatenate(piece),
        np.concatenate(rows),
        np.concatenate(operations),
        np.repeat(np.arange(len(sizes)), counts),
        tuple(
            tuple(sorted({target for source, target, _ in projections if source == k}))
            for k in range(len(sizes))
        ),
    )


def same_rows(table: Counts) -> tuple[Counts, Counts]:
    """Return the first of each kind of row of a table, and the kind of each row."""
    if len(table) == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    whole = np.ascontiguousarray(table)
    rows = whole.view(np.dtype((np.void, whole.itemsize * whole.shape[1]))).reshape(-1)
    _, first, kind = np.unique(rows, return_index=True, return_inverse=True)
    return first, kind.reshape(-1)


def summed(values: Counts, at: Counts, n: int) -> Counts:
    """Add up what stands for ways, or pieces, over those that belong to each of ``n``: i64[way, …] → i64[n, …]."""
    total = np.zeros((n, *values.shape[1:]), dtype=np.int64)
    np.add.at(total, at, values)
    return total
