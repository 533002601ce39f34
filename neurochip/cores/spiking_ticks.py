"""The ticks of a network of neurons with numbers of their own: what `lif_ticks` does, neuron by neuron different."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.cores.delivery import deliver, list_spikes
from neurochip.elements.neurons.filtered import filter_and_fire
from neurochip.kernels._jit import entry

__all__ = ["run_spiking"]


@entry
def run_spiking(
    begin: int,
    end: int,
    layers: Any,
    blocks: Any,
    layer_blocks: Any,
    weights: Any,
    constants: Any,
    subtracts: Any,
    refractory: Any,
    raster: Any,
    raster_words: Any,
    current: Any,
    potential: Any,
    waiting: Any,
    recorded: Any,
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
    """Compute the spikes of ticks ``begin`` … ``end`` − 1, all but those of layer 0.

    Parameters
    ----------
    layers, blocks, layer_blocks, weights, raster, raster_words
        As in `run_lif`.
    constants
        T[8, slot]: current decay and gain, decay, gain, threshold, reset, what a spike takes away, bias.
    subtracts, refractory
        u8[slot] and i32[slot].
    current, potential, waiting
        T[slot], T[slot], i32[slot]: the state; 0 at first.
    recorded
        T[end − begin | 0, slot]: w of each tick.
    idle, idle_per_tick
        i64[slot] and i64[tick]: updates of neurons at rest that no spike reached and no bias drives.
    senders, and scratch from total on
        As in `run_lif`.
    """
    nothing = np.uint64(0)
    records = recorded.shape[0] > 0
    for t in range(begin, end):
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
                weights,
                lists,
                listed,
                sums,
                total,
            )
            if arrived == nothing:
                resting = 0
                for j in range(first, first + n_neurons):
                    still = (
                        potential[j] == 0
                        and constants[0, j] * current[j] == 0
                        and waiting[j] == 0
                        and constants[7, j] == 0
                    )
                    rests = 1 if still else 0
                    idle[j] += rests
                    resting += rests
                idle_per_tick[t] += resting
            for j in range(nothing, n_neurons):
                s = first + j
                fires, current[s], potential[s], waiting[s] = filter_and_fire(
                    current[s],
                    potential[s],
                    waiting[s],
                    potential.dtype.type(total[j]) + constants[7, s],
                    constants[0, s],
                    constants[1, s],
                    constants[2, s],
                    constants[3, s],
                    constants[4, s],
                    constants[5, s],
                    constants[6, s],
                    subtracts[s] != 0,
                    refractory[s],
                )
                raster[t, s] = fires
                if records:
                    recorded[t - begin, s] = potential[s]
