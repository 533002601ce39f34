"""Kernels that slide over maps: where each position of a kernel lands, and the walk over all that a spike reaches."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections.connection import Memory
from neurochip.kernels._jit import separate_kernel
from neurochip.kernels.types import Float, Index, Number, Vector

__all__ = ["Landings", "Order", "accumulate", "deliver", "landings", "listed", "table_of"]

Array = NDArray[Number]
Order = Literal["channels-first", "channels-last"]


class Landings(NamedTuple):
    """Along one axis of the maps: the positions of a kernel under which a source lies, and where each of them lands."""

    n: NDArray[np.int64]  # [source]
    kernel: NDArray[np.int64]  # [source, which of them]  position in the kernel
    target: NDArray[np.int64]  # [source, which of them]


# The table of a kernel that all positions share. First these numbers; then, for rows and for columns, `Landings` one
# array after the other; then, for each source channel, the first target channel of its group.
(
    _KERNEL_COLUMNS,
    _CHANNELS,  # source channels
    _PER_GROUP,  # target channels of a group
    _PLANE,  # positions of a source map
    _CHANNELS_LAST,
    _POSITION_STEP,  # from a target position to the next, in units
    _CHANNEL_STEP,  # from a target channel to the next
    _FIRST_SOURCE,  # of the part that is held
    _FIRST,  # target of the part
    _LAST,  # target after it
    _CUT,  # whether there are others
    _ROWS,  # of a source map
    _ROW_MOST,  # positions of the kernel that one of them lies under
    _COLUMNS,
    _COLUMN_MOST,
    _NUMBERS,
) = range(16)


def table_of(
    rows: Landings,
    columns: Landings,
    channels: NDArray[np.int64],
    *,
    kernel_columns: int,
    per_group: int,
    channels_last: bool,
    steps: tuple[int, int],
    first_source: int,
    targets: tuple[int, int],
    cut: bool,
) -> NDArray[np.int64]:
    """Return the table; ``rows`` land on first positions of rows, ``steps`` are those of position and channel."""
    numbers = (
        kernel_columns, len(channels), per_group, len(rows.n) * len(columns.n), int(channels_last),
        *steps, first_source, *targets, int(cut),
        *rows.kernel.shape, *columns.kernel.shape,
    )  # fmt: skip
    return np.concatenate([numbers, *(part.reshape(-1) for part in (*rows, *columns)), channels])


@separate_kernel
def _quotient(unit: Index, by: Index) -> Index:
    # Of 32 bits, which takes half the time of 64.
    return np.int64(np.uint32(unit) // np.uint32(by))


@separate_kernel
def _place(table: Vector[np.int64], unit: Index) -> tuple[Index, ...]:
    """Return row, column and channel of a source unit."""
    n_columns, n_channels = table[_COLUMNS], table[_CHANNELS]
    if table[_CHANNELS_LAST] != 0:
        position = _quotient(unit, n_channels)
        channel = unit - position * n_channels
    else:
        channel = _quotient(unit, table[_PLANE])
        position = unit - channel * table[_PLANE]
    row = _quotient(position, n_columns)
    return row, position - row * n_columns, channel


@separate_kernel
def _before(edge: Index, base: Index, step: Index, n: Index) -> Index:
    """Count those of the units base, base + step, …, n of them, that stand before ``edge``."""
    if edge <= base:
        return np.int64(0)
    return min(n, (edge - base + step - np.int64(1)) // step)


@separate_kernel
def _run(table: Vector[np.int64], base: Index) -> tuple[Index, ...]:
    """Return first and last + 1 of the channels of a group, whose units begin at ``base``, that the part holds."""
    if table[_CUT] == 0:
        return np.int64(0), table[_PER_GROUP]
    step, n = table[_CHANNEL_STEP], table[_PER_GROUP]
    return _before(table[_FIRST], base, step, n), _before(table[_LAST], base, step, n)


@separate_kernel
def _tables(table: Vector[np.int64]) -> tuple[Index, ...]:
    """Return where the tables of rows, of columns and of channels begin."""
    rows = np.int64(_NUMBERS)
    columns = rows + table[_ROWS] * (1 + 2 * table[_ROW_MOST])
    return rows, columns, columns + table[_COLUMNS] * (1 + 2 * table[_COLUMN_MOST])


@separate_kernel
def _landing(
    table: Vector[np.int64], at: Index, n: Index, most: Index, position: Index, which: Index
) -> tuple[Index, ...]:
    """Return position in the kernel, and target, of one landing."""
    k = np.uint64(at + n + position * most + which)
    return table[k], table[k + np.uint64(n * most)]


@separate_kernel
def deliver(memory: Memory, active: Vector[np.uint64], n_active: Index, sums: Vector[Number]) -> None:
    """Add, for each active source, the kernel where it lies over the targets; beyond their edges is no synapse."""
    table, weights = memory.table, memory.weights
    rows, columns, channels = _tables(table)
    n_rows, row_most, n_columns, column_most = (
        table[_ROWS], table[_ROW_MOST], table[_COLUMNS], table[_COLUMN_MOST]
    )  # fmt: skip
    step, first, n_channels, per_group = (
        table[_CHANNEL_STEP], table[_FIRST], table[_CHANNELS], table[_PER_GROUP]
    )  # fmt: skip
    position_step, kernel_columns, first_source = (
        table[_POSITION_STEP], table[_KERNEL_COLUMNS], table[_FIRST_SOURCE]
    )  # fmt: skip
    for a in range(np.int64(n_active)):
        y, x, channel = _place(table, np.int64(active[a]) + first_source)
        group = table[np.uint64(channels + channel)] * step
        for r in range(table[np.uint64(rows + y)]):
            kernel_row, target_row = _landing(table, rows, n_rows, row_most, y, r)
            for c in range(table[np.uint64(columns + x)]):
                kernel_column, target_column = _landing(table, columns, n_columns, column_most, x, c)
                base = (target_row + target_column) * position_step + group
                low, high = _run(table, base)
                if high <= low:
                    continue
                square = kernel_row * kernel_columns + kernel_column
                k = np.uint64((square * n_channels + channel) * per_group + low)
                n, at = np.uint64(high - low), np.uint64(base + low * step - first)
                if step == 1:
                    for o in range(np.uint64(0), n):
                        sums[at + o] += weights[k + o]
                else:
                    for o in range(np.uint64(0), n):
                        sums[at + o * np.uint64(step)] += weights[k + o]


@separate_kernel
def accumulate(memory: Memory, pre: Vector[Float], post: Vector[Float], into: Vector[Float]) -> None:
    """Add pre · post of each synapse to the weight that it shares; a source at 0 is passed over."""
    table = memory.table
    rows, columns, channels = _tables(table)
    step = table[_CHANNEL_STEP]
    for i in range(np.int64(pre.shape[0])):
        value = pre[np.uint64(i)]
        if value == 0:
            continue
        y, x, channel = _place(table, i + table[_FIRST_SOURCE])
        group = table[np.uint64(channels + channel)] * step
        for r in range(table[np.uint64(rows + y)]):
            kernel_row, target_row = _landing(table, rows, table[_ROWS], table[_ROW_MOST], y, r)
            for c in range(table[np.uint64(columns + x)]):
                kernel_column, target_column = _landing(
                    table, columns, table[_COLUMNS], table[_COLUMN_MOST], x, c
                )
                base = (target_row + target_column) * table[_POSITION_STEP] + group
                low, high = _run(table, base)
                if high <= low:
                    continue
                square = kernel_row * table[_KERNEL_COLUMNS] + kernel_column
                k = np.uint64((square * table[_CHANNELS] + channel) * table[_PER_GROUP] + low)
                n, at = np.uint64(high - low), np.uint64(base + low * step - table[_FIRST])
                for o in range(np.uint64(0), n):
                    into[k + o] += value * post[at + o * np.uint64(step)]


def listed(lands: NDArray[np.int64], step: int = 1) -> Landings:
    """Return a table of `landings` without its −1, targets times ``step``."""
    there = lands >= 0
    n = there.sum(axis=1)
    # Those that are there first, in their order.
    order = np.argsort(~there, axis=1, kind="stable")[:, : max(1, int(n.max(initial=0)))]
    return Landings(
        n.astype(np.int64), order.astype(np.int64), np.take_along_axis(lands, order, axis=1) * step
    )


def landings(
    inputs: int, outputs: int, kernel: int, stride: int, padding: int, dilation: int, back: bool
) -> NDArray[np.int64]:
    """Return, along one axis of a map, where each position of a kernel lands.

    Output o sees inputs o · stride − padding + k · dilation. i64[input, k] is the output that sees an input with k;
    with ``back`` i64[output, k] is the input that an output sees; −1 where there is none.
    """
    k = np.arange(kernel, dtype=np.int64) * dilation
    if back:
        seen = np.arange(outputs, dtype=np.int64)[:, None] * stride - padding + k
        return np.where((seen >= 0) & (seen < inputs), seen, -1)
    reached, rest = np.divmod(np.arange(inputs, dtype=np.int64)[:, None] + padding - k, stride)
    return np.where((rest == 0) & (reached >= 0) & (reached < outputs), reached, -1)
