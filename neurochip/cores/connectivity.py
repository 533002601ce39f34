"""Connectivities as the loop over ticks takes them: memories side by side, and functions that deliver.

Who builds a `Wiring` lists its blocks in their order, `add` for each; what `add` returns of the weights goes into
``Wiring.weights``, and `tables` makes the `Synapses` for `run_ticks`:

    packed = Connectivities(weights.dtype, sums.dtype)
    packed.add_dense()                                   # a block that `Wiring.blocks` describes alone
    own = packed.add(convolution.part(sources, targets), first_weight, weights)   # into Wiring.weights[first_weight …]
    run_ticks(…, wiring, packed.tables(), …)

A network in which all blocks are dense may keep reference patterns (`kernels/spike_lists`); with any other, neurons are
run without (``Neurons.patterned`` 0). What spikes meet, hence synaptic operations, packets and memory on cores, is
counted afterwards from `elements.connections.parts`, never in the loop.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import Function, Synapses, aligned_zeros
from neurochip.elements.connections import Connection, Memory
from neurochip.elements.connections.connection import memory_of
from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.types import Index, Number, Vector

__all__ = ["Connectivities"]

Array = NDArray[Number]
_FILL = 4  # of u16 in a whole word


@kernel
def _nothing(memory: Memory, active: Vector[np.uint64], n_active: Index, sums: Vector[Number]) -> None:
    """Stand where there is no other connectivity."""


def _ones(n: int, dtype: np.dtype[Number]) -> Array:
    """Return ones that all stand in one place; two at least, or numba would take them for an array like others."""
    return np.lib.stride_tricks.as_strided(np.ones(1, dtype), (max(2, n),), (0,))


@functools.cache
def _values(
    deliver: Kernel[..., object], weight_dtype: np.dtype[Number], sum_dtype: np.dtype[Number]
) -> tuple[Vector[Function], Vector[Function]]:
    """Return a connectivity's kernel as functions that deliver weights, and ones."""
    active, none, sums = np.zeros(0, np.uint64), np.uint64(0), np.zeros(0, sum_dtype)
    memory = memory_of(np.zeros(0, weight_dtype), [])
    counting = memory._replace(weights=_ones(0, weight_dtype))
    return deliver.value(memory, active, none, sums), deliver.value(counting, active, none, sums)


class Connectivities:
    """Collects the connectivity of each block of a wiring.

    Parameters
    ----------
    weight_dtype, sum_dtype
        Formats W of the weights that the loop reads, and S of sums.
    """

    def __init__(self, weight_dtype: np.dtype[Number], sum_dtype: np.dtype[Number]) -> None:
        self._dtypes = np.dtype(weight_dtype), np.dtype(sum_dtype)
        self._kernels: list[Kernel[..., object]] = []
        self._rows: list[tuple[int, tuple[int, ...]]] = []
        self._held: tuple[list[Array], ...] = ([], [], [])  # near, far, table
        self._lengths = [0, 0, 0]
        self._most = 0

    def add_dense(self) -> None:
        """Note a block whose rows are added where they stand."""
        self._rows.append((0, (0,) * 8))

    def add(self, connection: Connection, first: int, weights: Array | None) -> Array:
        """Note a block of any connectivity; return what belongs into the weights of the wiring from ``first`` on.

        Parameters
        ----------
        weights
            Of the shape of the connection; `None` where it has none.
        """
        memory = connection.memory(weights, self._dtypes[0])
        if connection.deliver not in self._kernels:
            self._kernels.append(connection.deliver)
        spans = [first, first + len(memory.weights)]
        for k, array in enumerate((memory.near, memory.far, memory.table)):
            spans += [self._lengths[k], self._lengths[k] + len(array)]
            if len(array):
                self._held[k].append(array)
                self._lengths[k] += len(array)
        if len(memory.near) % _FILL:
            raise ValueError(f"{connection.kind}: near must be filled up to whole words")
        self._rows.append((self._kernels.index(connection.deliver) + 1, tuple(spans)))
        self._most = max(self._most, len(memory.weights))
        return memory.weights

    def again(self, number: int) -> None:
        """Note one more block of the weights of an earlier one, for other neurons of its target."""
        self._rows.append(self._rows[number])

    def tables(self) -> Synapses:
        """Return all blocks that were noted."""
        values = [_values(deliver, *self._dtypes) for deliver in self._kernels or [_nothing]]
        near, far, table = (
            _joined(held, dtype)
            for held, dtype in zip(self._held, (np.uint16, np.uint32, np.int64), strict=True)
        )
        return Synapses(
            np.array([number for number, _ in self._rows], dtype=np.uint64),
            np.array([spans for _, spans in self._rows], dtype=np.uint64).reshape(-1, 8),
            near,
            far,
            table,
            _ones(self._most, self._dtypes[0]),
            np.array([deliver for deliver, _ in values]),
            np.array([reach for _, reach in values]),
        )


def _joined(held: Sequence[Array], dtype: Any) -> Any:
    """Return arrays one after the other; a single one as it is, without a copy."""
    if len(held) == 1 and held[0].flags.c_contiguous and held[0].flags.writeable:
        return held[0]
    joined = aligned_zeros(sum(len(array) for array in held), dtype)
    at = 0
    for array in held:
        joined[at : at + len(array)] = array
        at += len(array)
    return joined
