"""The ticks of a phase on a chip with faults (docs/faults.md): the same stages as `run_ticks`, and the network's.

A kernel of its own, so that a chip without faults pays nothing for them. Here each core sees its own axons, since a
packet may reach one core and not another. With no fault at work it gives the same numbers, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.cores.arrays import Coder, LaneState, Recorder, Schedules, Scratch, Wiring
from neurochip.cores.fault_arrays import FaultRates, FaultScratch, FaultState, FaultWiring
from neurochip.cores.tick import FRAME_TICKS, clear, count_per_core, record
from neurochip.cores.update import code_clamped, update_neurons
from neurochip.elements.decoders.table import decode
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.random_bits import mix, tick_key, uniform
from neurochip.kernels.spike_lists import add_rows, deviations, new_frame, pad_list, subtract_rows

__all__ = ["run_faulty_ticks"]

_FIRST_FRAME, _SECOND_FRAME = FRAME_TICKS
# Columns of the tally, in the order of `fault_arrays.TALLY`.
_DELIVERED, _ON_LINK, _AT_DEAD, _DROPPED, _DELAYED, _SPURIOUS, _FORCED, _SILENCED, _RECEIVED = range(9)


@kernel
def _take_in(first: Any, last: Any, heard: Any, arrived: Any) -> Any:
    """Set ``arrived`` where a packet came; returns how many packets did, i64."""
    total = 0
    for j in range(first, last):
        n = heard[j]
        total += n
        arrived[j] = 1 if n > 0 else 0
    return total


@kernel
def _list_twice(first: Any, last: Any, heard: Any, twice: Any) -> Any:
    """List axons, counted from the block's first, that two packets came through; returns how many, u64."""
    end = np.uint64(0)
    for j in range(first, last):
        twice[end] = j - first
        end += np.uint64(1) if heard[j] > 1 else np.uint64(0)
    return end


@kernel
def _misfire(
    faulty: FaultWiring, rates: FaultRates, key: Any, cores: Any, neuron: Any, bits: Any, tally: Any
) -> None:
    """Spurious spikes, then outputs that are stuck, in u8[slot] ``bits``."""
    if rates.spurious > 0:
        for c in range(cores.shape[0]):
            if faulty.dead[c] != 0:
                continue
            first = cores[c, 1]
            for j in range(first, first + faulty.size[c]):
                if bits[j] == 0 and faulty.is_stuck[j] == 0 and uniform(key, neuron[j]) < rates.spurious:
                    bits[j] = 1
                    tally[c, _SPURIOUS] += 1
    for k in range(faulty.stuck.shape[0]):
        j = faulty.stuck[k]
        c = faulty.core_of[j]
        if faulty.dead[c] != 0 or bits[j] == faulty.stuck_at[k]:
            continue
        bits[j] = faulty.stuck_at[k]
        if faulty.stuck_at[k] != 0:
            tally[c, _FORCED] += 1
        else:
            tally[c, _SILENCED] += 1


@kernel
def _carry(
    faulty: FaultWiring,
    rates: FaultRates,
    drop_key: Any,
    delay_key: Any,
    receiver: Any,
    origin: Any,
    first: Any,
    last: Any,
    fired: Any,
    n_fired: Any,
    neuron: Any,
    heard: Any,
    late: Any,
    counts: Any,
    tally: Any,
) -> None:
    """Carry one population's packets to one core's axons ``first`` … ``last`` − 1; ``origin`` is its first slot."""
    one = np.uint64(1)
    if late.shape[0] > 0:
        for j in range(first, last):
            heard[j] = late[j] & one
            late[j] = late[j] >> one
    else:
        for j in range(first, last):
            heard[j] = 0
    for k in range(origin, origin + n_fired):
        slot = fired[k]
        sender = faulty.core_of[slot]
        why = faulty.cut[sender, receiver]
        if why != 0:
            tally[sender, _ON_LINK + why - 1] += 1
            continue
        axon = first + slot - origin
        if rates.drop > 0 and uniform(mix(drop_key, neuron[slot]), faulty.sites[receiver]) < rates.drop:
            tally[sender, _DROPPED] += 1
        elif rates.delay > 0 and uniform(mix(delay_key, neuron[slot]), faulty.sites[receiver]) < rates.delay:
            tally[sender, _DELAYED] += 1
            late[axon] = late[axon] | (one << (rates.delay_ticks - one))
        else:
            heard[axon] += 1
    for j in range(first, last):
        counts[j] += heard[j]


@entry
def run_faulty_ticks(
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
    faulty: FaultWiring,
    rates: FaultRates,
    faults: FaultState,
    room: FaultScratch,
) -> None:
    """Run ticks as `run_ticks` does, on a chip with faults; adds to ``room.tally`` what they did."""
    populations, cores, blocks = wiring.populations, wiring.cores, wiring.blocks
    core_blocks, weights, scales, bias = wiring.core_blocks, wiring.weights, wiring.scales, wiring.bias
    neuron = wiring.neuron
    drive, pressed, sizes, total = scratch.drive, scratch.pressed, scratch.sizes, scratch.total
    arrived, arrived_words = room.arrived, room.arrived.view(np.uint64)
    packed, packed_words = room.packed, room.packed.view(np.uint64)
    plus, minus, twice, fired, n_fired = room.plus, room.minus, room.twice, room.fired, room.n_fired
    tally = room.tally
    axons = faulty.axons
    keep_spikes = recorder.spikes.shape[0] > 0
    keep_states = recorder.states.shape[0] > 0
    keep_sizes = recorder.sizes.shape[0] > 0
    keep_per_core = recorder.per_core.shape[0] > 0
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
        bits, frame_sum = state.bits[lane], state.frame_sum[lane]
        counts, wanted = state.counts[lane], target[lane]
        heard, late = faults.heard[lane], faults.late[lane]
        frame, window = faults.frame[lane], faults.window[lane]
        frame_words = frame.view(np.uint64)
        trace, got = faults.trace[lane], faults.counts[lane]
        slots, n_axons = np.uint64(bits.shape[0]), np.uint64(heard.shape[0])
        if first_tick == 1:
            for p in range(n_populations):
                if populations[p, 2] == 0:
                    clear(populations[p, 0], populations[p, 1], value)
            for row in (decoded, previous, residue, second, z0, z1, z2, z3, trace):
                clear(nothing, np.uint64(row.shape[0]), row)
            clear(nothing, slots, bits)
            clear(nothing, n_axons, heard)
            clear(nothing, np.uint64(late.shape[0]), late)
            clear(nothing, n_axons, frame)
            clear(nothing, n_axons, window)
            clear(nothing, np.uint64(frame_sum.shape[0]), frame_sum)
        clear(nothing, slots, counts)
        clear(nothing, n_axons, got)
        for t in range(n_ticks):
            tick = first_tick + t
            for k in range(n_blocks):
                taken = _take_in(axons[k, 0], axons[k, 1], heard, arrived)
                tally[blocks[k, 0], _DELIVERED] += taken
                tally[blocks[k, 0], _RECEIVED] += taken * faulty.packet_bits[k]
            if tick <= _SECOND_FRAME:
                for j in range(nothing, n_axons):
                    window[j] += arrived[j]
            if tick == _FIRST_FRAME or tick == _SECOND_FRAME:
                seen = 1 if tick == _FIRST_FRAME else _SECOND_FRAME - _FIRST_FRAME
                for k in range(n_blocks):
                    start, width, sums = blocks[k, 2], blocks[k, 3], blocks[k, 4]
                    first, last = axons[k, 0], axons[k, 1]
                    n_rows = new_frame(first, last, window, seen, frame, nothing, plus)
                    n_rows = pad_list(plus, nothing, n_rows, last - first - one)
                    for j in range(nothing, width):
                        total[j] = 0
                    add_rows(weights, start, width, plus, nothing, n_rows, total)
                    for j in range(nothing, width):
                        frame_sum[sums + j] = total[j]
            if coder.traced:
                decode(
                    coder.decoder,
                    nothing,
                    np.uint64(trace.shape[0]),
                    heard,
                    schedules.decoder_lambda[t],
                    trace,
                )
            key = tick_key(coder.seed, presentation[lane], np.uint64(tick))

            for c in range(n_cores):
                if faulty.dead[c] != 0:
                    continue
                p, first, last = cores[c, 0], cores[c, 1], cores[c, 2]
                if populations[p, 2] != 0:
                    fresh = tick <= 2 or (coder.front != 0 and coder.front_steady == 0)
                    code_clamped(
                        coder.encoder,
                        coder.front,
                        fresh,
                        first,
                        last,
                        value,
                        schedules.encoder_lambda[t],
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
                    start, width, sums = blocks[k, 2], blocks[k, 3], blocks[k, 4]
                    begin, end = axons[k, 0], axons[k, 1]
                    n_plus, n_minus = deviations(
                        begin,
                        end,
                        arrived,
                        arrived_words,
                        frame_words,
                        packed,
                        packed_words,
                        nothing,
                        plus,
                        minus,
                    )
                    n_plus = pad_list(plus, nothing, n_plus, end - begin - one)
                    n_minus = pad_list(minus, nothing, n_minus, end - begin - one)
                    for j in range(nothing, width):
                        total[j] = frame_sum[sums + j]
                    add_rows(weights, start, width, plus, nothing, n_plus, total)
                    subtract_rows(weights, start, width, minus, nothing, n_minus, total)
                    if late.shape[0] > 0:
                        n_twice = _list_twice(begin, end, heard, twice)
                        n_twice = pad_list(twice, nothing, n_twice, end - begin - one)
                        add_rows(weights, start, width, twice, nothing, n_twice, total)
                    scale = scales[blocks[k, 5]]
                    if k == core_blocks[c]:
                        for j in range(nothing, width):
                            drive[first + j] = scale * drive.dtype.type(total[j])
                    else:
                        for j in range(nothing, width):
                            drive[first + j] += scale * drive.dtype.type(total[j])
                update_neurons(
                    coder.encoder,
                    coder.front,
                    coder.decoder,
                    coder.annealer,
                    tick,
                    first,
                    last,
                    drive,
                    schedules.decoder_lambda[t],
                    schedules.encoder_lambda[t],
                    schedules.rate[t],
                    coder.a,
                    coder.b,
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

            _misfire(
                faulty,
                rates,
                tick_key(rates.spurious_seed, presentation[lane], np.uint64(tick)),
                cores,
                neuron,
                bits,
                tally,
            )
            for j in range(nothing, slots):
                counts[j] += bits[j]
            for p in range(n_populations):
                end = populations[p, 0]
                for j in range(populations[p, 0], populations[p, 1]):
                    fired[end] = j
                    end += np.uint64(bits[j])
                n_fired[p] = end - populations[p, 0]
            drop_key = tick_key(rates.drop_seed, presentation[lane], np.uint64(tick))
            delay_key = tick_key(rates.delay_seed, presentation[lane], np.uint64(tick))
            for k in range(n_blocks):
                source = blocks[k, 1]
                _carry(
                    faulty,
                    rates,
                    drop_key,
                    delay_key,
                    blocks[k, 0],
                    populations[source, 0],
                    axons[k, 0],
                    axons[k, 1],
                    fired,
                    n_fired[source],
                    neuron,
                    heard,
                    late,
                    got,
                    tally,
                )
            if keep_per_core:
                count_per_core(cores, bits, t, kept_at, recorder.per_core)
            if keep_spikes:
                record(nothing, slots, bits, t, kept_at, recorder.spikes)
            if keep_states:
                record(nothing, slots, value, t, kept_at, recorder.states)
            if keep_sizes:
                record(nothing, slots, sizes, t, kept_at, recorder.sizes)
