"""The ticks of a phase, lane by lane, core by core (docs/cycle.md). Cores read only bits of tick t−1."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.cores.arrays import Coder, LaneState, Recorder, Schedules, Scratch, Wiring
from neurochip.cores.few import fill_up, gather, rename, scatter, show_bits
from neurochip.cores.update import code_clamped, update_neurons
from neurochip.elements.decoders.table import decode
from neurochip.kernels._jit import entry, separate_kernel
from neurochip.kernels.random_bits import tick_key
from neurochip.kernels.row_sums import deliver, sum_frame
from neurochip.kernels.spike_lists import deviations, new_frame, pad_list

__all__ = ["FRAME_TICKS", "clear", "count_per_core", "record", "run_ticks"]

# A new reference frame is taken before these ticks, from the ticks since the last one: the predictive
# encoder sends a burst at first, then settles to the rate. Later frames cost more than they save.
FRAME_TICKS = (2, 9)
_FIRST_FRAME, _SECOND_FRAME = FRAME_TICKS


@separate_kernel
def clear(first: Any, last: Any, row: Any) -> None:
    """Set row[first … last − 1] to 0."""
    for j in range(first, last):
        row[j] = 0


@separate_kernel
def _add_bits(first: Any, last: Any, bits: Any, counts: Any) -> None:
    for j in range(first, last):
        counts[j] += bits[j]


@separate_kernel
def record(first: Any, last: Any, source: Any, tick: Any, row: Any, out: Any) -> None:
    """Write source[first … last − 1] into out[tick, row]."""
    for j in range(first, last):
        out[tick, row, j] = source[j]


@separate_kernel
def count_per_core(cores: Any, bits: Any, tick: Any, row: Any, out: Any) -> None:
    """Write the spikes of each core into out[tick, row]."""
    for c in range(cores.shape[0]):
        total = np.int32(0)
        for j in range(cores[c, 1], cores[c, 2]):
            total += bits[j]
        out[tick, row, c] = total


@entry
def run_ticks(
    lanes: Any,
    presentation: Any,
    first_tick: int,
    n_ticks: int,
    wiring: Wiring,
    state: LaneState,
    scratch: Scratch,
    coder: Coder,
    schedules: Schedules,
    nudge: Any,
    target: Any,
    recorder: Recorder,
) -> None:
    """Run ticks ``first_tick … first_tick + n_ticks − 1`` (from 1) of the lanes in i64[…] ``lanes``.

    ``presentation`` u64[lane] names what each lane presents (for random bits); ``nudge`` is 2β, a T scalar,
    0 in a free phase; ``target`` T[lane, slot] is y, used in the last population. Tick 1 begins from rest, but
    for the values of clamped neurons. Changes ``state``, ``scratch`` and ``recorder`` in place, nothing else.
    """
    populations, cores, blocks = wiring.populations, wiring.cores, wiring.blocks
    core_blocks, weights, scales, bias = wiring.core_blocks, wiring.weights, wiring.scales, wiring.bias
    neuron = wiring.neuron
    packed, packed_words = scratch.packed, scratch.packed.view(np.uint64)
    plus, minus, listed = scratch.plus, scratch.minus, scratch.listed
    drive, pressed, sizes = scratch.drive, scratch.pressed, scratch.sizes
    total, part = scratch.total, scratch.part
    n_few, axon, few_neuron = scratch.few.n, scratch.few.names[0], scratch.few.names[1]
    few_value, few_previous = scratch.few.reals[0], scratch.few.reals[1]
    few_coded, few_residue, few_second = (
        scratch.few.reals[2],
        scratch.few.reals[3],
        scratch.few.reals[4],
    )
    few_bits, few_frame, few_window = scratch.few.bytes[0], scratch.few.bytes[1], scratch.few.bytes[2]
    few_counts = scratch.few.counts
    encoder, decoder, annealer = coder.encoder, coder.decoder, coder.annealer
    front, front_steady, traced = coder.front, coder.front_steady, coder.traced
    const_a, const_b, seed = coder.a, coder.b, coder.seed
    encoder_lambda, decoder_lambda, rates = (
        schedules.encoder_lambda,
        schedules.decoder_lambda,
        schedules.rate,
    )
    recorded_spikes, recorded_states, recorded_sizes = recorder.spikes, recorder.states, recorder.sizes
    keep_spikes = recorded_spikes.shape[0] > 0
    keep_states = recorded_states.shape[0] > 0
    keep_sizes = recorded_sizes.shape[0] > 0
    per_core = recorder.per_core
    keep_per_core = per_core.shape[0] > 0
    # Somebody looks at the bits of all slots in every tick.
    shown = traced != 0 or keep_spikes or keep_per_core
    fires_at_zero = coder.silent_at_zero == 0
    n_populations, n_cores, n_blocks = populations.shape[0], cores.shape[0], blocks.shape[0]
    none = nudge * 0
    nothing = np.uint64(0)
    one = np.uint64(1)

    for which in range(lanes.shape[0]):
        lane = lanes[which]
        kept_at = recorder.row[lane]
        value, decoded = state.value[lane], state.decoded[lane]
        previous, coded = state.previous[lane], state.coded[lane]
        residue, second = state.residue[lane], state.second[lane]
        z0, z1 = state.anneal[lane, 0], state.anneal[lane, 1]
        z2, z3 = state.anneal[lane, 2], state.anneal[lane, 3]
        bits, trace = state.bits[lane], state.trace[lane]
        frame, window, frame_sum = state.frame[lane], state.window[lane], state.frame_sum[lane]
        counts, wanted = state.counts[lane], target[lane]
        slots = np.uint64(bits.shape[0])
        if first_tick == 1:
            # From rest. Done here, each thread clears what it is about to use.
            for p in range(n_populations):
                if populations[p, 2] == 0:
                    clear(populations[p, 0], populations[p, 1], value)
            for row in (decoded, previous, coded, residue, second, z0, z1, z2, z3, trace):
                clear(nothing, np.uint64(row.shape[0]), row)
            clear(nothing, slots, bits)
            clear(nothing, slots, frame)
            clear(nothing, slots, window)
            clear(nothing, np.uint64(frame_sum.shape[0]), frame_sum)
        clear(nothing, slots, counts)
        for p in range(n_populations):
            n_few[p, 0] = 0
            n_few[p, 1] = 0
        for c in range(n_cores):
            p = cores[c, 0]
            if populations[p, 2] != 0:
                n_few[p, 0] = gather(
                    cores[c, 1],
                    cores[c, 2],
                    populations[p, 0],
                    n_few[p, 0],
                    fires_at_zero,
                    first_tick == 1,
                    neuron,
                    value,
                    previous,
                    coded,
                    residue,
                    second,
                    bits,
                    frame,
                    window,
                    axon,
                    few_neuron,
                    few_value,
                    few_previous,
                    few_coded,
                    few_residue,
                    few_second,
                    few_bits,
                    few_frame,
                    few_window,
                    few_counts,
                )
                n_few[p, 1] = 1
        for p in range(n_populations):
            if n_few[p, 1] != 0:
                first, last = populations[p, 0], populations[p, 1]
                n_few[p, 1] = fill_up(
                    first,
                    n_few[p, 0],
                    last - first - one,
                    axon,
                    few_neuron,
                    few_value,
                    few_previous,
                    few_coded,
                    few_residue,
                    few_second,
                    few_bits,
                    few_frame,
                    few_window,
                    few_counts,
                )
        for t in range(n_ticks):
            tick = first_tick + t

            # What follows from the bits of the last tick alone, the same on every core that gets them.
            if tick <= _SECOND_FRAME:
                for p in range(n_populations):
                    if n_few[p, 1] != 0:
                        first = populations[p, 0]
                        _add_bits(first, first + n_few[p, 1], few_bits, few_window)
                    else:
                        _add_bits(populations[p, 0], populations[p, 1], bits, window)
            if tick == _FIRST_FRAME or tick == _SECOND_FRAME:
                seen = 1 if tick == _FIRST_FRAME else _SECOND_FRAME - _FIRST_FRAME
                for p in range(n_populations):
                    first, last = populations[p, 0], populations[p, 1]
                    if n_few[p, 1] != 0:
                        end = first + n_few[p, 1]
                        n_rows = new_frame(first, end, few_window, seen, few_frame, first, plus)
                        rename(plus, first, n_rows, axon)
                    else:
                        n_rows = new_frame(first, last, window, seen, frame, first, plus)
                    listed[p, 0] = pad_list(plus, first, n_rows, last - first - one)
                for k in range(n_blocks):
                    source, start, width, sums = blocks[k, 1], blocks[k, 2], blocks[k, 3], blocks[k, 4]
                    axons, n_rows = populations[source, 0], listed[source, 0]
                    sum_frame(weights, start, width, plus, axons, n_rows, part, total, frame_sum, sums)
            for p in range(n_populations):
                first, last = populations[p, 0], populations[p, 1]
                if n_few[p, 1] != 0:
                    end, sent, framed = first + n_few[p, 1], few_bits, few_frame
                else:
                    end, sent, framed = last, bits, frame
                n_plus, n_minus = deviations(
                    first,
                    end,
                    sent,
                    sent.view(np.uint64),
                    framed.view(np.uint64),
                    packed,
                    packed_words,
                    first,
                    plus,
                    minus,
                )
                if n_few[p, 1] != 0:
                    rename(plus, first, n_plus, axon)
                    rename(minus, first, n_minus, axon)
                listed[p, 0] = pad_list(plus, first, n_plus, last - first - one)
                listed[p, 1] = pad_list(minus, first, n_minus, last - first - one)
            if traced:
                decode(decoder, nothing, np.uint64(trace.shape[0]), bits, decoder_lambda[t], trace)
            key = tick_key(seed, presentation[lane], np.uint64(tick))

            # Clamped neurons. A value does not change: with a steady λ its code is the same from tick 2 on.
            for p in range(n_populations):
                if n_few[p, 1] == 0:
                    continue
                first = populations[p, 0]
                code_clamped(
                    encoder,
                    front,
                    tick <= 2 or (front != 0 and front_steady == 0),
                    first,
                    first + n_few[p, 1],
                    few_value,
                    encoder_lambda[t],
                    few_previous,
                    few_coded,
                    few_residue,
                    few_second,
                    few_neuron,
                    key,
                    few_bits,
                )
                _add_bits(first, first + n_few[p, 1], few_bits, few_counts)
                if shown:
                    show_bits(first, n_few[p, 0], axon, few_bits, bits)

            # Each other core for itself.
            for c in range(n_cores):
                first = cores[c, 1]
                if populations[cores[c, 0], 2] != 0:
                    continue
                for k in range(core_blocks[c], core_blocks[c + 1]):
                    source, start, width, sums = blocks[k, 1], blocks[k, 2], blocks[k, 3], blocks[k, 4]
                    deliver(
                        weights,
                        start,
                        width,
                        plus,
                        minus,
                        populations[source, 0],
                        listed[source, 0],
                        listed[source, 1],
                        frame_sum,
                        sums,
                        part,
                        total,
                        scales[blocks[k, 5]],
                        k > core_blocks[c],
                        drive,
                        first,
                    )

            # Neurons of neighbouring cores do the same, each for itself: one call for all of them.
            c = 0
            while c < n_cores:
                p, first, last = cores[c, 0], cores[c, 1], cores[c, 2]
                c += 1
                if populations[p, 2] != 0:
                    continue
                nudged = p == n_populations - 1 and nudge != none
                while c < n_cores and cores[c, 1] == last and populations[cores[c, 0], 2] == 0:
                    if (cores[c, 0] == n_populations - 1 and nudge != none) != nudged:
                        break
                    last = cores[c, 2]
                    c += 1
                update_neurons(
                    encoder,
                    front,
                    decoder,
                    annealer,
                    tick,
                    first,
                    last,
                    drive,
                    decoder_lambda[t],
                    encoder_lambda[t],
                    rates[t],
                    const_a,
                    const_b,
                    nudge if nudged else none,
                    bias,
                    wanted,
                    key,
                    neuron,
                    decoded,
                    value,
                    coded,
                    residue,
                    second,
                    z0,
                    z1,
                    z2,
                    z3,
                    pressed,
                    sizes,
                    bits,
                )

            for p in range(n_populations):
                if n_few[p, 1] == 0:
                    _add_bits(populations[p, 0], populations[p, 1], bits, counts)
            if keep_per_core:
                count_per_core(cores, bits, t, kept_at, per_core)
            if keep_spikes:
                record(nothing, slots, bits, t, kept_at, recorded_spikes)
            if keep_states:
                record(nothing, slots, value, t, kept_at, recorded_states)
            if keep_sizes:
                record(nothing, slots, sizes, t, kept_at, recorded_sizes)

        for p in range(n_populations):
            if n_few[p, 1] != 0:
                scatter(
                    populations[p, 0],
                    n_few[p, 0],
                    axon,
                    few_previous,
                    few_coded,
                    few_residue,
                    few_second,
                    few_bits,
                    few_frame,
                    few_window,
                    few_counts,
                    previous,
                    coded,
                    residue,
                    second,
                    bits,
                    frame,
                    window,
                    counts,
                )
