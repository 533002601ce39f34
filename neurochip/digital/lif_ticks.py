"""The ticks of a network of integrate-and-fire neurons: rows of weights added for each spike of the tick before.

Slots number the neurons, layer after layer; a layer takes a multiple of 64 slots, of which the last is never a
neuron. Placement plays no part here: what a core does follows from bits alone, and is booked afterwards
(`digital/traffic`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.spike_lists import add_rows, deviations, pad_list
from neurochip.neurons.lif import integrate_and_fire

__all__ = ["count_spikes", "run_lif"]


@kernel
def _update(
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
    total, lists, spare, listed, empty_words, packed, packed_words
        Scratch: S[widest], u64[slot + 4] twice, u64[layer, 2], u64[slot / 8] of zeros, u8[slot / 8] and its
        u64[slot / 64].
    """
    nothing, one = np.uint64(0), np.uint64(1)
    threshold, leak, reset_value, resolution = constants[0], constants[1], constants[2], constants[3]
    n_layers = layers.shape[0]
    for t in range(raster.shape[0]):
        if t > 0:
            before, words = raster[t - 1], raster_words[t - 1]
            for k in range(n_layers):
                first, last = layers[k, 0], layers[k, 1]
                n, _ = deviations(
                    first, last, before, words, empty_words, packed, packed_words, first, lists, spare
                )
                listed[k, 0] = n
                listed[k, 1] = pad_list(lists, first, n, last - first - one)
        for k in range(1, n_layers):
            first, n_neurons = layers[k, 0], layers[k, 2]
            arrived = nothing
            for j in range(nothing, layers[k, 1] - first):
                total[j] = 0
            for b in range(layer_blocks[k], layer_blocks[k + 1]):
                source = blocks[b, 0]
                arrived += listed[source, 0]
                at = layers[source, 0]
                if blocks[b, 3] == nothing:
                    add_rows(weights, blocks[b, 1], blocks[b, 2], lists, at, listed[source, 1], total)
                else:
                    whole = listed[source, 0] & ~np.uint64(3)
                    add_rows(own, nothing, blocks[b, 2], lists, at, whole, total)
                    for i in range(at + whole, at + listed[source, 0]):
                        row = lists[i] * blocks[b, 2]
                        for j in range(nothing, blocks[b, 2]):
                            total[j] += own[row + j]
            here, left = potential[first:], waiting[first:]
            if arrived == nothing:
                resting = 0
                for j in range(nothing, n_neurons):
                    rests = 1 if here[j] == 0 and left[j] == 0 else 0
                    idle[first + j] += rests
                    resting += rests
                idle_per_tick[t] += resting
            _update(
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
                raster[t, first:],
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
    for t in range(raster.shape[0]):
        bits, words = raster[t], raster_words[t]
        for k in range(layers.shape[0]):
            first, last = layers[k, 0], layers[k, 1]
            n, _ = deviations(
                first, last, bits, words, empty_words, packed, packed_words, first, lists, spare
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
