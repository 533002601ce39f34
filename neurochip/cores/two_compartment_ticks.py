"""The ticks of two-compartment neurons, lane by lane, core by core: a row of weights for each spike received."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurochip.cores.arrays import Scratch, Wiring
from neurochip.elements.neurons.two_compartment import fire, nudged_drive
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.random_bits import tick_key, uniform
from neurochip.kernels.spike_lists import add_rows, deviations, pad_list

__all__ = ["Constants", "MembraneState", "run_membranes"]

Array = np.ndarray[Any, Any]


class MembraneState(NamedTuple):
    """Everything a presentation remembers, per lane."""

    potential: Array  # T[lane, slot]  u − θ
    current: Array  # T[lane, slot]  Σ w s; of clamped neurons the constant current of their input
    synapse: Array  # T[lane, slot]  s, the filter of the neuron's own spikes
    rate: Array  # T[lane, slot]  r, the filter of s
    waiting: Array  # i32[lane, slot]  refractory ticks left
    bits: Array  # u8[lane, slot]  spikes of the last tick
    counts: Array  # i32[lane, slot]  spikes since the beginning of the phase


class Constants(NamedTuple):
    """Constants of the neuron in the format T, but for the last three"""

    rest: Any  # u0 − θ
    reset: Any  # u_r − θ
    keep: Any  # e^{−1/τ}
    decay: Any  # e^{−1/τ_s}
    step: Any  # what a spike adds to s
    bias_step: Any  # what a spike of the always-firing neuron adds to its s
    refractory: Any  # i32
    carries: Any  # bool
    spread: Any  # bool: u is drawn at the beginning


@kernel
def _membranes(
    first: Any, last: Any, c: Constants, drive: Any, zero: Any, potential: Any, waiting: Any, bits: Any
) -> None:
    for j in range(first, last):
        fires, potential[j], waiting[j] = fire(
            potential[j],
            c.rest + drive[j],
            waiting[j],
            c.keep,
            c.reset,
            c.refractory,
            c.carries,
            zero,
        )
        bits[j] = fires


@entry
def run_membranes(
    lanes: Any,
    presentation: Any,
    seed: Any,
    first_tick: int,
    n_ticks: int,
    wiring: Wiring,
    state: MembraneState,
    scratch: Scratch,
    silence: Any,
    c: Constants,
    shares: Any,
    beta: Any,
    target: Any,
    spikes: Any,
    rates: Any,
) -> None:
    """Run ticks ``first_tick … first_tick + n_ticks − 1`` (from 1) of the lanes in i64[…] ``lanes``.

    Parameters
    ----------
    presentation, seed
        u64[lane] and u64: what names the draws of the first potentials.
    silence
        u8[slot] of zeros.
    shares
        T[tick]: the share of s that r takes up in each tick.
    beta, target
        β, a T scalar, 0 in a free phase; T[lane, slot] R I, used in the last population.
    spikes, rates
        u8[tick | 0, lane, slot] and T[tick | 0, lane, slot]: recorded if they have ticks.
    """
    populations, cores, blocks = wiring.populations, wiring.cores, wiring.blocks
    core_blocks, weights, scales, bias = wiring.core_blocks, wiring.weights, wiring.scales, wiring.bias
    neuron = wiring.neuron
    packed, packed_words = scratch.packed, scratch.packed.view(np.uint64)
    lists, spare, listed = scratch.plus, scratch.minus, scratch.listed
    drive, total, empty = scratch.drive, scratch.total, silence.view(np.uint64)
    keep_spikes, keep_rates = spikes.shape[0] > 0, rates.shape[0] > 0
    n_populations, n_cores = populations.shape[0], cores.shape[0]
    nothing, one = np.uint64(0), np.uint64(1)
    zero = beta * 0
    unit = zero + 1

    for which in range(lanes.shape[0]):
        lane = lanes[which]
        potential, current = state.potential[lane], state.current[lane]
        synapse, rate, waiting = state.synapse[lane], state.rate[lane], state.waiting[lane]
        bits, counts, wanted = state.bits[lane], state.counts[lane], target[lane]
        words = bits.view(np.uint64)
        slots = np.uint64(bits.shape[0])
        if first_tick == 1:
            key = tick_key(seed, presentation[lane], np.uint64(0))
            for k in range(n_cores):
                clamped = populations[cores[k, 0], 2] != 0
                for j in range(cores[k, 1], cores[k, 2]):
                    share = uniform(key, neuron[j]) if c.spread else 0.0
                    potential[j] = c.reset * potential.dtype.type(1.0 - share)
                    if not clamped:
                        current[j] = 0
            for j in range(nothing, slots):
                synapse[j] = 0
                rate[j] = 0
                waiting[j] = 0
                bits[j] = 0
        for j in range(nothing, slots):
            counts[j] = 0
        for t in range(n_ticks):
            for p in range(n_populations):
                first, last = populations[p, 0], populations[p, 1]
                n, _ = deviations(first, last, bits, words, empty, packed, packed_words, first, lists, spare)
                listed[p, 0] = pad_list(lists, first, n, last - first - one)
            # On every core stands one neuron that fires in every tick; s of its spikes is 1 in the end.
            bias_step = c.bias_step if first_tick + t > 1 else zero
            for k in range(n_cores):
                p, first, last = cores[k, 0], cores[k, 1], cores[k, 2]
                if populations[p, 2] != 0:
                    for j in range(first, last):
                        drive[j] = current[j]
                else:
                    for j in range(first, last):
                        drive[j] = bias_step * bias[j]
                    for b in range(core_blocks[k], core_blocks[k + 1]):
                        source, start, width = blocks[b, 1], blocks[b, 2], blocks[b, 3]
                        for j in range(nothing, width):
                            total[j] = 0
                        add_rows(
                            weights, start, width, lists, populations[source, 0], listed[source, 0], total
                        )
                        scale = scales[blocks[b, 5]] * c.step
                        for j in range(nothing, width):
                            drive[first + j] += scale * drive.dtype.type(total[j])
                    for j in range(first, last):
                        current[j] = c.decay * current[j] + drive[j]
                        drive[j] = current[j]
                    if p == n_populations - 1 and beta != zero:
                        for j in range(first, last):
                            drive[j] = nudged_drive(current[j], wanted[j], beta, zero, unit)
                _membranes(first, last, c, drive, zero, potential, waiting, bits)
            share_now = shares[t]
            for j in range(nothing, slots):
                synapse[j] = c.decay * synapse[j] + c.step * bits[j]
                rate[j] += share_now * (synapse[j] - rate[j])
                counts[j] += bits[j]
            if keep_spikes:
                for j in range(nothing, slots):
                    spikes[t, lane, j] = bits[j]
            if keep_rates:
                for j in range(nothing, slots):
                    rates[t, lane, j] = rate[j]
