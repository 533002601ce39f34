"""The loop over ticks: for every network, every kind of neuron, every chip (docs/cycle.md).

In tick t the spikes of earlier ticks become lists of axons, the lists become sums at the neurons, the neurons are
updated, and what they fire goes out. Nothing else is ever read of another core than its bits. The loop is compiled once
for each format of weights and state: neurons and channels are handed to it as functions.
"""

from __future__ import annotations

import numpy as np

from neurochip.cores.arrays import (
    HELD,
    PLAYED,
    SHOWN,
    UPDATED,
    Channel,
    Chip,
    Compacted,
    Neurons,
    Pull,
    Reception,
    Recorder,
    Samples,
    Scratch,
    Span,
    State,
    Wiring,
)
from neurochip.cores.axons import (
    LAST_PATTERN,
    Inbox,
    add_bits,
    list_axons,
    mark_received,
    row_acting,
    row_of,
)
from neurochip.cores.compaction import compact, show_bits, spread
from neurochip.cores.delivery import clear, deliver_range, quiet_range
from neurochip.elements.neurons.neuron import STEP, Moment, Sample
from neurochip.kernels._jit import entry, kernel, separate_kernel
from neurochip.kernels.calls import invoke, invoke_counting
from neurochip.kernels.random_bits import tick_key
from neurochip.kernels.types import Cube, Flag, Index, Matrix, Number, Vector

__all__ = ["run_ticks", "update_range"]

_NOTHING, _ONE = np.uint64(0), np.uint64(1)


@separate_kernel
def _record(
    first: Index, last: Index, source: Vector[Number], tick: Index, row: Index, out: Cube[Number]
) -> None:
    for j in range(first, last):
        out[tick, row, j] = source[j]


@separate_kernel
def _count_per_core(
    cores: Matrix[np.uint64], bits: Vector[np.uint8], tick: Index, row: Index, out: Cube[np.int32]
) -> None:
    for c in range(cores.shape[0]):
        total = np.int32(0)
        for j in range(cores[c, 0], cores[c, 1]):
            total += bits[j]
        out[tick, row, c] = total


@entry
def _rest(wiring: Wiring, state: State, reception: Reception, b: int) -> None:
    """Put a sample to rest: all is 0 but what inputs present."""
    words, populations = state.words[b], wiring.populations
    for p in range(populations.shape[0]):
        first, last = populations[p, 0], populations[p, 1]
        if populations[p, 3] == UPDATED:
            clear(first, last, words[0])
        for v in range(1, words.shape[0]):
            clear(first, last, words[v])
    for d in range(state.bits.shape[1]):
        clear(_NOTHING, np.uint64(state.bits.shape[2]), state.bits[b, d])
    n = np.uint64(reception.reference.shape[1])
    clear(_NOTHING, n, reception.reference[b])
    clear(_NOTHING, n, reception.window[b])
    clear(_NOTHING, np.uint64(reception.sums.shape[1]), reception.sums[b])
    clear(_NOTHING, np.uint64(reception.trace.shape[1]), reception.trace[b])
    for d in range(reception.arrived.shape[1]):
        clear(_NOTHING, np.uint64(reception.arrived.shape[2]), reception.arrived[b, d])
    clear(_NOTHING, np.uint64(reception.late.shape[1]), reception.late[b])


@separate_kernel
def _add_played(first: Index, played: Vector[np.uint8], bits: Vector[np.uint8]) -> None:
    for j in range(_NOTHING, np.uint64(played.shape[0])):
        bits[first + j] = played[j]


@separate_kernel
def _show(
    first: Index, last: Index, begins: Index, ends: Index, shown: Vector[np.uint64], bits: Vector[np.uint8]
) -> None:
    """Let the inputs at slots ``first`` … ``last`` − 1 fire that are listed among ``shown``, and no others."""
    for j in range(first, last):
        bits[j] = 0
    for k in range(begins, ends):
        if shown[k] >= first and shown[k] < last:
            bits[shown[k]] = 1


@kernel
def _lives(r: Index, wiring: Wiring, channel: Channel, c: Compacted) -> bool:
    """Whether the neurons of a range are to be updated, here and by themselves."""
    p = wiring.ranges[r, 0]
    if wiring.populations[p, 3] >= PLAYED or c.n[p] != _NOTHING:
        return False
    return channel.direct != 0 or channel.dead[wiring.ranges[r, 3]] == 0


@kernel
def update_range(
    neurons: Neurons, kind: Index, first: Index, last: Index, moment: Moment, sample: Sample
) -> Index:
    """Advance a range of neurons of one kind by a tick; returns how many updates were idle."""
    constants = neurons.constants[kind]
    updates: int = invoke_counting(neurons.updates[kind], first, last, moment, sample, constants)
    return updates


@entry
def run_ticks(
    batch: Vector[np.int64],
    span: Span,
    chip: Chip,
    samples: Samples,
    scratch: Scratch,
    pull: Pull,
    recorder: Recorder,
) -> None:
    """Run the samples in i64[…] ``batch`` through the ticks of ``span``, each for itself.

    Tick 1 begins from rest, but for what inputs present. Changes ``samples``, ``scratch`` and ``recorder`` in place,
    and the structures of the channel.
    """
    wiring, neurons, channel = chip.wiring, chip.neurons, chip.channel
    state, reception, synapses = samples.state, samples.reception, chip.synapses
    populations, ranges, c = wiring.populations, wiring.ranges, scratch.compacted
    n_populations, n_ranges = populations.shape[0], np.uint64(ranges.shape[0])
    depth, n_ticks, slots = state.bits.shape[1], span.schedule.shape[0], np.uint64(state.bits.shape[2])
    direct, patterned, traced = channel.direct != 0, neurons.patterned != 0, neurons.traced != 0
    has_late = reception.late.shape[1] > 0
    shown = not direct or traced or recorder.spikes.shape[0] > 0 or recorder.per_core.shape[0] > 0
    none = pull.nudge[0] - pull.nudge[0]
    counts_idle = recorder.idle_per_tick.shape[0] > 0
    for i in range(batch.shape[0]):
        b = batch[i]
        kept_at = recorder.row[b]
        words, counts, target = state.words[b], state.counts[b], pull.target[b]
        reference, window, sums = reception.reference[b], reception.window[b], reception.sums[b]
        trace, arrived = reception.trace[b], reception.arrived[b]
        late, got = reception.late[b], reception.counts[b]
        inbox = Inbox(wiring, direct, has_late, state.bits[b], reference, window, arrived)
        at_rest = span.first_tick == 1
        if at_rest:
            _rest(wiring, state, reception, b)
        clear(_NOTHING, np.uint64(counts.shape[0]), counts)
        clear(_NOTHING, np.uint64(got.shape[0]), got)
        start_key = tick_key(span.seed, span.presentation[b], _NOTHING)
        for p in range(n_populations):
            c.n[p] = 0
            if populations[p, 3] == HELD and depth == 1 and neurons.compacts[populations[p, 2]] != 0:
                first, last = populations[p, 0], populations[p, 1]
                axon = _axons_of(p, wiring.sources, direct and patterned)
                pattern, recent = reference[axon[0] : axon[1]], window[axon[0] : axon[1]]
                c.n[p] = compact(
                    first, last, at_rest, wiring.neuron, words, state.bits[b, 0], pattern, recent, c
                )
        for t in range(n_ticks):
            tick = span.first_tick + t
            bits, schedule = state.bits[b, row_of(tick, depth)], span.schedule[t]

            # What follows from earlier bits alone.
            if has_late:
                mark_received(wiring.sources, tick, arrived, scratch.received)
            if patterned and tick <= LAST_PATTERN:
                invoke(chip.patterns, tick, inbox, sums, scratch)
            list_axons(tick, patterned, inbox, scratch)
            if traced:
                for s in range(wiring.sources.shape[0]):
                    p, first, last = wiring.sources[s, 0], wiring.sources[s, 2], wiring.sources[s, 3]
                    if direct:
                        at = populations[p, 0]
                        came = state.bits[b, row_of(tick - np.int64(wiring.sources[s, 1]), depth)]
                    else:
                        at = wiring.sources[s, 4]
                        came = arrived[row_acting(wiring.sources, s, tick, arrived.shape[0])]
                    n = last - first
                    constants, row = neurons.constants[0], trace[first:last]
                    invoke(neurons.trace, _NOTHING, n, came[at : at + n], schedule, constants, row)

            # Inputs that were compacted, are played back, or are shown spikes.
            key = tick_key(span.seed, span.presentation[b], np.uint64(tick))
            own, room, idle = neurons.own, scratch.room, recorder.idle
            sample = Sample(words, bits, target, wiring.bias, wiring.neuron, own, room, idle)
            for p in range(n_populations):
                first, last, kind = populations[p, 0], populations[p, 1], populations[p, 2]
                moment = Moment(tick, key, start_key, schedule[neurons.columns[kind] :], none, False)
                if c.n[p] != _NOTHING:
                    few = Sample(c.words, c.bits, target, wiring.bias, c.neuron, own, room, idle)
                    update_range(neurons, kind, first, first + c.n[p], moment, few)
                    if shown:
                        clear(first, last, bits)
                        show_bits(first, c.n[p], c.axon, c.bits, bits)
                elif populations[p, 3] == PLAYED:
                    _add_played(first, pull.played[b, t], bits)
                elif populations[p, 3] == SHOWN:
                    window_tick = (tick - 1) % (pull.shown_from.shape[1] - 1)
                    begins, ends = pull.shown_from[b, window_tick], pull.shown_from[b, window_tick + 1]
                    _show(first, last, begins, ends, pull.shown, bits)
                    update_range(neurons, kind, first, last, moment, sample)

            # All others. Neighbours do the same, each for itself: one call for those that lie side by side.
            r = _NOTHING
            while r < n_ranges:
                p, first, until = ranges[r, 0], ranges[r, 1], ranges[r, 2]
                if not _lives(r, wiring, channel, c):
                    r += _ONE
                    continue
                nudge, kind = pull.nudge[p] if populations[p, 4] != 0 else none, populations[p, 2]
                quiet, begin = False, r
                together: Flag = True
                while together:  # one call in the source: it is inlined where it stands
                    arrivals = deliver_range(r, wiring, synapses, neurons, schedule, sums, scratch)
                    if counts_idle:
                        quiet = quiet_range(r, arrivals, wiring, synapses, words, scratch)
                    elif r == begin:
                        quiet = arrivals == _NOTHING
                    until = ranges[r, 2]
                    r += _ONE
                    together = r < n_ranges and not counts_idle and ranges[r, 1] == until
                    if together:
                        q = ranges[r, 0]
                        other = pull.nudge[q] if populations[q, 4] != 0 else none
                        together = populations[q, 2] == kind and other == nudge
                        together = together and _lives(r, wiring, channel, c)
                now = Moment(tick, key, start_key, schedule[neurons.columns[kind] :], nudge, quiet)
                resting = update_range(neurons, kind, first, until, now, sample)
                if counts_idle:
                    recorder.idle_per_tick[t] += resting

            # What they fired goes out.
            if not direct:
                presentation, number = span.presentation[b], np.uint64(tick)
                invoke(channel.send, channel.faults, wiring, bits, arrived, late, got, presentation, number)
            for p in range(n_populations):
                first = populations[p, 0]
                if direct and c.n[p] != _NOTHING:
                    add_bits(first, c.n[p], c.bits, first, c.counts)
                else:
                    add_bits(first, populations[p, 1] - first, bits, first, counts)
            if recorder.per_core.shape[0] > 0:
                _count_per_core(wiring.cores, bits, t, kept_at, recorder.per_core)
            if recorder.spikes.shape[0] > 0:
                _record(_NOTHING, slots, bits, t, kept_at, recorder.spikes)
            if recorder.states.shape[0] > 0:
                for p in range(n_populations):
                    seen = words[recorder.variables[p]]
                    _record(populations[p, 0], populations[p, 1], seen, t, kept_at, recorder.states)
            if recorder.steps.shape[0] > 0:
                _record(_NOTHING, slots, scratch.room[STEP], t, kept_at, recorder.steps)
        for p in range(n_populations):
            if c.n[p] != _NOTHING:
                axon = _axons_of(p, wiring.sources, direct and patterned)
                pattern, recent = reference[axon[0] : axon[1]], window[axon[0] : axon[1]]
                first, bits = populations[p, 0], state.bits[b, 0]
                spread(first, c.n[p], direct, c, words, bits, pattern, recent, counts)


@kernel
def _axons_of(p: Index, sources: Matrix[np.uint64], wanted: bool) -> tuple[Index, Index]:
    """Return the axon slots of a population that sends, first and after the last; nothing where it does not."""
    for s in range(sources.shape[0]):
        if wanted and sources[s, 0] == p:
            return sources[s, 2], sources[s, 3]
    return _NOTHING, _NOTHING
