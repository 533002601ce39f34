"""The ticks of a phase, lane by lane, core by core (docs/cycle.md). Cores read only bits of tick t−1."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.coding.decoders.table import decode
from neurochip.digital.arrays import Coder, LaneState, Recorder, Schedules, Scratch, Wiring
from neurochip.digital.update import code_clamped, update_neurons
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.random_bits import tick_key
from neurochip.kernels.spike_lists import add_rows, deviations, new_frame, pad_list, subtract_rows

__all__ = ["FRAME_TICKS", "clear", "count_per_core", "record", "run_ticks"]

# A new reference frame is taken before these ticks, from the ticks since the last one: the predictive
# encoder sends a burst at first, then settles to the rate. Later frames cost more than they save.
FRAME_TICKS = (2, 9)
_FIRST_FRAME, _SECOND_FRAME = FRAME_TICKS


@kernel
def clear(first: Any, last: Any, row: Any) -> None:
    """Set row[first … last − 1] to 0."""
    for j in range(first, last):
        row[j] = 0


@kernel
def _add_bits(first: Any, last: Any, bits: Any, counts: Any) -> None:
    for j in range(first, last):
        counts[j] += bits[j]


@kernel
def record(first: Any, last: Any, source: Any, tick: Any, row: Any, out: Any) -> None:
    """Write source[first … last − 1] into out[tick, row]."""
    for j in range(first, last):
        out[tick, row, j] = source[j]


@kernel
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
    drive, pressed, sizes, total = scratch.drive, scratch.pressed, scratch.sizes, scratch.total
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
        bit_words, frame_words = bits.view(np.uint64), frame.view(np.uint64)
        counts, wanted = state.counts[lane], target[lane]
        slots = np.uint64(bits.shape[0])
        if first_tick == 1:
            # From rest. Done here, each thread clears what it is about to use.
            for p in range(n_populations):
                if populations[p, 2] == 0:
                    clear(populations[p, 0], populations[p, 1], value)
            for row in (decoded, previous, residue, second, z0, z1, z2, z3, trace):
                clear(nothing, np.uint64(row.shape[0]), row)
            clear(nothing, slots, bits)
            clear(nothing, slots, frame)
            clear(nothing, slots, window)
            clear(nothing, np.uint64(frame_sum.shape[0]), frame_sum)
        clear(nothing, slots, counts)
        for t in range(n_ticks):
            tick = first_tick + t

            # What follows from the bits of the last tick alone, the same on every core that gets them.
            if tick <= _SECOND_FRAME:
                _add_bits(nothing, slots, bits, window)
            if tick == _FIRST_FRAME or tick == _SECOND_FRAME:
                seen = 1 if tick == _FIRST_FRAME else _SECOND_FRAME - _FIRST_FRAME
                for p in range(n_populations):
                    first, last = populations[p, 0], populations[p, 1]
                    n_rows = new_frame(first, last, window, seen, frame, first, plus)
                    listed[p, 0] = pad_list(plus, first, n_rows, last - first - one)
                for k in range(n_blocks):
                    source, start, width, sums = blocks[k, 1], blocks[k, 2], blocks[k, 3], blocks[k, 4]
                    for j in range(nothing, width):
                        total[j] = 0
                    axons = populations[source, 0]
                    add_rows(weights, start, width, plus, axons, listed[source, 0], total)
                    for j in range(nothing, width):
                        frame_sum[sums + j] = total[j]
            for p in range(n_populations):
                first, last = populations[p, 0], populations[p, 1]
                n_plus, n_minus = deviations(
                    first, last, bits, bit_words, frame_words, packed, packed_words, first, plus, minus
                )
                listed[p, 0] = pad_list(plus, first, n_plus, last - first - one)
                listed[p, 1] = pad_list(minus, first, n_minus, last - first - one)
            if traced:
                decode(decoder, nothing, np.uint64(trace.shape[0]), bits, decoder_lambda[t], trace)
            key = tick_key(seed, presentation[lane], np.uint64(tick))

            # Each core for itself.
            for c in range(n_cores):
                p, first, last = cores[c, 0], cores[c, 1], cores[c, 2]
                if populations[p, 2] != 0:
                    # A clamped value does not change: with a steady λ its code is the same from tick 2 on.
                    fresh = tick <= 2 or (front != 0 and front_steady == 0)
                    code_clamped(
                        encoder,
                        front,
                        fresh,
                        first,
                        last,
                        value,
                        encoder_lambda[t],
                        previous,
                        coded,
                        residue,
                        second,
                        neuron,
                        key,
                        bits,
                    )
                    continue
                for k in range(core_blocks[c], core_blocks[c + 1]):
                    source, start, width, sums = blocks[k, 1], blocks[k, 2], blocks[k, 3], blocks[k, 4]
                    axons = populations[source, 0]
                    for j in range(nothing, width):
                        total[j] = frame_sum[sums + j]
                    add_rows(weights, start, width, plus, axons, listed[source, 0], total)
                    subtract_rows(weights, start, width, minus, axons, listed[source, 1], total)
                    scale = scales[blocks[k, 5]]
                    if k == core_blocks[c]:
                        for j in range(nothing, width):
                            drive[first + j] = scale * drive.dtype.type(total[j])
                    else:
                        for j in range(nothing, width):
                            drive[first + j] += scale * drive.dtype.type(total[j])
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
                    nudge if p == n_populations - 1 else none,
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

            _add_bits(nothing, slots, bits, counts)
            if keep_per_core:
                count_per_core(cores, bits, t, kept_at, per_core)
            if keep_spikes:
                record(nothing, slots, bits, t, kept_at, recorded_spikes)
            if keep_states:
                record(nothing, slots, value, t, kept_at, recorded_states)
            if keep_sizes:
                record(nothing, slots, sizes, t, kept_at, recorded_sizes)
