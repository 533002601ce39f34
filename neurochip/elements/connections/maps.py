"""Kernels that slide over maps: where each position of a kernel lands, and the walk over all that a spike reaches."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels._jit import separate_kernel

__all__ = ["Landings", "MapsMemory", "Order", "accumulate", "deliver", "landings", "listed"]

Array = NDArray[Any]
Order = Literal["channels-first", "channels-last"]


class Landings(NamedTuple):
    """Along one axis of the maps: the positions of a kernel under which a source lies, and where each of them lands."""

    n: NDArray[np.int64]  # [source]
    kernel: NDArray[np.int64]  # [source, which of them]  position in the kernel
    target: NDArray[np.int64]  # [source, which of them]


class MapsMemory(NamedTuple):
    """A kernel that all positions share, and where its weights land."""

    weights: Array  # W[kernel row × kernel column × source channel × target channel of its group]
    rows: Landings  # targets are first positions of rows
    columns: Landings
    kernel_columns: np.int64
    channels: NDArray[np.int64]  # [source channel]  first target channel of its group
    per_group: np.int64  # target channels of a group
    plane: np.int64  # positions of a source map
    channels_last: np.bool_
    position_step: np.int64  # from a target position to the next, in units
    channel_step: np.int64  # from a target channel to the next
    first_source: np.int64  # of the part that is held
    first: np.int64  # target of the part
    last: np.int64  # target after it
    cut: np.bool_  # whether there are others


@separate_kernel
def _quotient(unit: Any, by: Any) -> Any:
    # Of 32 bits, which takes half the time of 64.
    return np.int64(np.uint32(unit) // np.uint32(by))


@separate_kernel
def _place(memory: Any, unit: Any) -> Any:
    """Return row, column and channel of a source unit."""
    n_columns, n_channels = memory.columns.n.shape[0], np.int64(memory.channels.shape[0])
    if memory.channels_last:
        position = _quotient(unit, n_channels)
        channel = unit - position * n_channels
    else:
        channel = _quotient(unit, memory.plane)
        position = unit - channel * memory.plane
    row = _quotient(position, n_columns)
    return row, position - row * np.int64(n_columns), channel


@separate_kernel
def _before(edge: Any, base: Any, step: Any, n: Any) -> Any:
    """Count those of the units base, base + step, …, n of them, that stand before ``edge``."""
    if edge <= base:
        return np.int64(0)
    return min(n, (edge - base + step - np.int64(1)) // step)


@separate_kernel
def _run(memory: Any, base: Any) -> Any:
    """Return first and last + 1 of the channels of a group, whose units begin at ``base``, that the part holds."""
    if not memory.cut:
        return np.int64(0), memory.per_group
    step, n = memory.channel_step, memory.per_group
    return _before(memory.first, base, step, n), _before(memory.last, base, step, n)


@separate_kernel
def deliver(memory: Any, active: Any, n_active: Any, sums: Any) -> None:
    """Add, for each active source, the kernel where it lies over the targets; beyond their edges is no synapse."""
    rows, columns, weights, step = memory.rows, memory.columns, memory.weights, memory.channel_step
    n_channels = np.int64(memory.channels.shape[0])
    for a in range(np.int64(n_active)):
        y, x, channel = _place(memory, np.int64(active[a]) + memory.first_source)
        for r in range(rows.n[y]):
            for c in range(columns.n[x]):
                position = rows.target[y, r] + columns.target[x, c]
                base = position * memory.position_step + memory.channels[channel] * step
                low, high = _run(memory, base)
                if high <= low:
                    continue
                square = rows.kernel[y, r] * memory.kernel_columns + columns.kernel[x, c]
                k = np.uint64((square * n_channels + channel) * memory.per_group + low)
                n, at = np.uint64(high - low), np.uint64(base + low * step - memory.first)
                if step == 1:
                    for o in range(np.uint64(0), n):
                        sums[at + o] += weights[k + o]
                else:
                    for o in range(np.uint64(0), n):
                        sums[at + o * np.uint64(step)] += weights[k + o]


@separate_kernel
def accumulate(memory: Any, pre: Any, post: Any, into: Any) -> None:
    """Add pre · post of each synapse to the weight that it shares; a source at 0 is passed over."""
    rows, columns, step = memory.rows, memory.columns, memory.channel_step
    n_channels = np.int64(memory.channels.shape[0])
    for i in range(np.int64(pre.shape[0])):
        value = pre[np.uint64(i)]
        if value == 0:
            continue
        y, x, channel = _place(memory, i + memory.first_source)
        for r in range(rows.n[y]):
            for c in range(columns.n[x]):
                position = rows.target[y, r] + columns.target[x, c]
                base = position * memory.position_step + memory.channels[channel] * step
                low, high = _run(memory, base)
                if high <= low:
                    continue
                square = rows.kernel[y, r] * memory.kernel_columns + columns.kernel[x, c]
                k = np.uint64((square * n_channels + channel) * memory.per_group + low)
                n, at = np.uint64(high - low), np.uint64(base + low * step - memory.first)
                for o in range(np.uint64(0), n):
                    into[k + o] += value * post[at + o * np.uint64(step)]


def listed(lands: Array, step: int = 1) -> Landings:
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
) -> Array:
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
