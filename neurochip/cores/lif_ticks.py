"""The ticks of a network of integrate-and-fire neurons: rows of weights added for each spike of the tick before.

Slots number the neurons, layer after layer; a layer takes a multiple of 64 slots, of which the last is never a
neuron. Placement plays no part here: what a core does follows from bits alone, and is booked afterwards
(`cores/traffic`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.cores.delivery import deliver, list_spikes
from neurochip.elements.neurons.lif import integrate_and_fire
from neurochip.kernels._jit import entry
from neurochip.kernels.spike_lists import deviations

__all__ = ["count_spikes", "run_lif"]


# Not inlined: among the other loops of `run_lif` the compiler would not make vectors of both.
@entry
def _update_waiting(
    n_neurons: Any,
    total: Any,
    threshold: Any,
    leak: Any,
    subtracts: bool,
    reset_value: Any,
    refractory: Any,
    rounds: bool,
    resolution: Any,
    potential: Any,
    waiting: Any,
    bits: Any,
) -> None:
    """Advance a layer by one tick.

    ``total`` S[slot], ``potential`` T[slot], ``waiting`` i32[slot], ``bits`` u8[slot].
    """
    for j in range(np.uint64(0), n_neurons):
        fires, potential[j], waiting[j] = integrate_and_fire(
            potential[j],
            potential.dtype.type(total[j]),
            waiting[j],
            threshold,
            leak,
            subtracts,
            reset_value,
            refractory,
            rounds,
            resolution,
        )
        bits[j] = fires


@entry
def _update_ready(
    n_neurons: Any,
    total: Any,
    threshold: Any,
    leak: Any,
    subtracts: bool,
    reset_value: Any,
    rounds: bool,
    resolution: Any,
    potential: Any,
    bits: Any,
) -> None:
    """Advance a layer of neurons without a refractory period, which never wait: nothing is read or written for it."""
    none = np.int32(0)
    for j in range(np.uint64(0), n_neurons):
        fires, potential[j], _ = integrate_and_fire(
            potential[j],
            potential.dtype.type(total[j]),
            none,
            threshold,
            leak,
            subtracts,
            reset_value,
            none,
            rounds,
            resolution,
        )
        bits[j] = fires


@entry
def run_lif(
    layers: Any,
    blocks: Any,
    layer_blocks: Any,
    weights: Any,
    own: Any,
    constants: Any,
    refractory: Any,
    subtracts: bool,
    rounds: bool,
    raster: Any,
    raster_words: Any,
    potential: Any,
    waiting: Any,
    idle: Any,
    idle_per_tick: Any,
    total: Any,
    sums: Any,
    senders: Any,
    lists: Any,
    spare: Any,
    listed: Any,
    empty_words: Any,
    packed: Any,
    packed_words: Any,
) -> None:
    """Compute all spikes but those of layer 0, from rest.

    Parameters
    ----------
    layers
        u64[layer, 3]: first slot, slot after the last, neurons.
    blocks, layer_blocks
        u64[block, 4]: source layer, first weight, width, whether it is ``own``; the blocks of layer k are
        ``layer_blocks[k]`` …
        ``layer_blocks[k + 1]`` − 1.
    weights
        W[weight], blocks [source slot, neuron of the target] one after the other.
    own
        W[weight]: one block as the caller has it, [neuron of the source, neuron of the target], without a row
        of zeros at
        its end; may be empty.
    constants
        T[4]: threshold, leak, reset value, resolution.
    raster, raster_words
        u8[tick, slot] and the same memory as u64[tick, slot / 8]: layer 0 is given, the others are written.
    potential, waiting
        T[slot] and i32[slot]: v and refractory ticks left; 0 at first.
    idle, idle_per_tick
        i64[slot] and i64[tick]: updates of neurons at rest that no spike reached.
    senders
        i64[…]: the layers that a block begins at.
    total, sums, lists, spare, listed, empty_words, packed, packed_words
        Scratch: S[widest], i16[widest] where weights are int8 and else `None`, u64[slot + 4] twice, u64[layer, 2],
        u64[slot / 8] of zeros, u8[slot / 8] and its u64[slot / 64].
    """
    nothing = np.uint64(0)
    threshold, leak, reset_value, resolution = constants[0], constants[1], constants[2], constants[3]
    for t in range(raster.shape[0]):
        if t > 0:
            list_spikes(
                layers,
                senders,
                raster[t - 1],
                raster_words[t - 1],
                empty_words,
                packed,
                packed_words,
                lists,
                spare,
                listed,
            )
        for k in range(1, layers.shape[0]):
            first, n_neurons = layers[k, 0], layers[k, 2]
            arrived = deliver(
                layer_blocks[k],
                layer_blocks[k + 1],
                layers[k, 1] - first,
                layers,
                blocks,
                weights,
                own,
                lists,
                listed,
                sums,
                total,
            )
            here, left = potential[first:], waiting[first:]
            if arrived == nothing:
                resting = 0
                for j in range(nothing, n_neurons):
                    rests = 1 if here[j] == 0 and left[j] == 0 else 0
                    idle[first + j] += rests
                    resting += rests
                idle_per_tick[t] += resting
            bits = raster[t, first:]
            if refractory == 0:
                _update_ready(
                    n_neurons,
                    total,
                    threshold,
                    leak,
                    subtracts,
                    reset_value,
                    rounds,
                    resolution,
                    here,
                    bits,
                )
            else:
                _update_waiting(
                    n_neurons,
                    total,
                    threshold,
                    leak,
                    subtracts,
                    reset_value,
                    refractory,
                    rounds,
                    resolution,
                    here,
                    left,
                    bits,
                )


@entry
def count_spikes(
    layers: Any,
    raster: Any,
    raster_words: Any,
    piece: Any,
    costs: Any,
    by_piece: Any,
    by_layer: Any,
    crossed: Any,
    lists: Any,
    spare: Any,
    empty_words: Any,
    packed: Any,
    packed_words: Any,
) -> None:
    """Count spikes by piece and by tick, and what they cross.

    ``piece`` u32[slot] is the piece of each neuron, ``costs`` i64[piece, 3] what one spike crosses: links
    east–west, north–south, and address bits times links. Adds to ``by_piece`` i64[piece], ``by_layer``
    i64[tick, layer], ``crossed`` i64[tick, 3]. ``layers``, ``raster`` and scratch as in `run_lif`.
    """
    for k in range(layers.shape[0]):
        first, last = layers[k, 0], layers[k, 1]
        alone = piece[first]
        others = 0
        for j in range(first, first + layers[k, 2]):
            others += 1 if piece[j] != alone else 0
        for t in range(raster.shape[0]):
            bits = raster[t]
            if others == 0:  # a layer on one core: its spikes need no list
                spikes = np.int64(0)
                for j in range(first, last):
                    spikes += bits[j]
                by_layer[t, k] += spikes
                by_piece[alone] += spikes
                for at in range(3):
                    crossed[t, at] += spikes * costs[alone, at]
                continue
            n, _ = deviations(
                first, last, bits, raster_words[t], empty_words, packed, packed_words, first, lists, spare
            )
            east_west, north_south, addressed = np.int64(0), np.int64(0), np.int64(0)
            for i in range(first, first + n):
                p = piece[first + lists[i]]
                by_piece[p] += 1
                east_west += costs[p, 0]
                north_south += costs[p, 1]
                addressed += costs[p, 2]
            by_layer[t, k] += n
            crossed[t, 0] += east_west
            crossed[t, 1] += north_south
            crossed[t, 2] += addressed
