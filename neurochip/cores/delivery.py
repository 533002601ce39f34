"""What reaches the layers of an integrate-and-fire network in a tick: spikes listed, rows of weights added.

The frame that `lif_ticks` and `spiking_ticks` share; what their neurons do with the sum is theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import kernel
from neurochip.kernels.int_rows import add_int8_rows
from neurochip.kernels.spike_lists import add_rows, deviations, pad_list

__all__ = ["deliver", "list_spikes"]


@kernel
def list_spikes(
    layers: Any,
    senders: Any,
    bits: Any,
    words: Any,
    empty_words: Any,
    packed: Any,
    packed_words: Any,
    lists: Any,
    spare: Any,
    listed: Any,
) -> None:
    """List the spikes of one tick of the layers in i64[…] ``senders``: those that anybody hears.

    ``bits`` u8[slot] and ``words`` u64[slot / 8] are the tick; the rest as in `lif_ticks.run_lif`. Writes the number of
    spikes, and the length of the list with its padding, into ``listed`` u64[layer, 2].
    """
    for i in range(senders.shape[0]):
        k = senders[i]
        first, last = layers[k, 0], layers[k, 1]
        n, _ = deviations(first, last, bits, words, empty_words, packed, packed_words, first, lists, spare)
        listed[k, 0] = n
        listed[k, 1] = pad_list(lists, first, n, last - first - np.uint64(1))


@kernel
def deliver(
    begin: Any,
    end: Any,
    width: Any,
    layers: Any,
    blocks: Any,
    weights: Any,
    own: Any,
    lists: Any,
    listed: Any,
    sums: Any,
    total: Any,
) -> Any:
    """Write into ``total`` S[≥ width] what the listed spikes send through blocks ``begin`` … ``end`` − 1.

    Returns how many spikes arrived, u64. ``own`` and ``blocks`` as in `lif_ticks.run_lif`; ``sums`` i16[≥ width] is
    scratch where weights are int8, else `None`.
    """
    nothing = np.uint64(0)
    arrived = nothing
    for j in range(nothing, width):
        total[j] = 0
    for b in range(begin, end):
        source, start, wide = blocks[b, 0], blocks[b, 1], blocks[b, 2]
        n, at = listed[source, 0], layers[source, 0]
        arrived += n
        if sums is not None:
            if blocks[b, 3] == nothing:
                add_int8_rows(weights, start, wide, lists, at, n, sums, total)
            else:
                add_int8_rows(own, nothing, wide, lists, at, n, sums, total)
        elif blocks[b, 3] == nothing:
            add_rows(weights, start, wide, lists, at, listed[source, 1], total)
        else:
            # No row of zeros to fill the list up with: what is left of it is added row by row.
            whole = n & ~np.uint64(3)
            add_rows(own, nothing, wide, lists, at, whole, total)
            for i in range(at + whole, at + n):
                row = lists[i] * wide
                for j in range(nothing, wide):
                    total[j] += own[row + j]
    return arrived
