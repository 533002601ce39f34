"""ODIN's phenomenological Izhikevich neuron: a 4-bit membrane, and counters and locks that make the 20 behaviours.

Events add to an accumulator of 11 bits; where one of its bits, which ``fan_in`` chooses, toggles, the membrane is
moved by one. All numbers of 4 bits are in two's complement and wrap around, as in the chip. Bursts are not emulated:
the chip's scheduler makes them where SPI_BURST_TIMEREF is not 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels import _jit
from neurochip.silicon.odin_lif import DOWN, EXCITED, FIRES, INHIBITED, LEAKS, UP, calcium_step

__all__ = ["izhikevich_step"]

# Columns of the parameters, in the order of `odin_words.IZHIKEVICH_PARAMETERS`.
(
    _LEAK, _LEAK_ENABLED, _FAN_IN, _BURST_SPIKES, _BURST_INTERVAL, _SHARP, _THRESHOLD, _REFRACTORY, _DELAY, _LATENCY,
    _DEPOLARISING, _STIMULATION_THRESHOLD, _PHASIC, _MIXED, _CLASS_2, _NEGATIVE, _REBOUND, _INHIBITION_INDUCED,
    _BISTABLE, _RESONANT, _VARIABLE, _ADAPTS_TO_SPIKES, _THRESHOLD_LEAK, _ACCOMMODATING, _LEARNS, _THETA_MEMBRANE,
    _THETA_1, _THETA_2, _THETA_3, _CALCIUM_LEAK, _BURST_INCREMENT, _SHARP_TIME,
) = range(32)  # fmt: skip
# Signs of a resonance.
_POSITIVE, _NEGATIVE_SIDE, _TO_POSITIVE, _TO_NEGATIVE = range(4)


class _Moves(NamedTuple):
    """What an event does to the accumulator: which of the three it overflows by, and the accumulator behind it."""

    leak: bool
    excited: bool
    inhibited: bool
    input: int


class _Stimulation(NamedTuple):
    """How strongly the neuron was stimulated in the last interval of time references, and in this one.

    Strengths of at least the threshold; spikes in an interval that others without any surround; nothing in this one.
    """

    strong: bool
    strong_now: bool
    strong_inhibition_now: bool
    lone: bool
    lone_inhibition: bool
    none: bool


@_jit.kernel
def _accumulated(p: NDArray[np.int64], total: int, event: int, weight: int) -> _Moves:
    after = total
    if event == LEAKS:
        after = total - p[_LEAK] if p[_LEAK_ENABLED] else total
    elif event == EXCITED:
        after = total + weight
    elif event == INHIBITED:
        after = total - weight
    after &= 0x7FF
    toggles = (total ^ after) >> (p[_FAN_IN] + 3) & 1 != 0
    return _Moves(
        toggles and event == LEAKS, toggles and event == EXCITED, toggles and event == INHIBITED, after
    )


@_jit.kernel
def _stimulated(p: NDArray[np.int64], state: int, reference: bool) -> _Stimulation:
    last, now = state >> 19 & 15, state >> 23 & 15
    before, signs = state >> 30 & 3, state >> 32 & 3
    threshold = p[_STIMULATION_THRESHOLD]
    none = reference and now == 0
    alone = none and before & 2 == 0
    return _Stimulation(
        last < 8 and last >= threshold,
        now < 8 and now >= threshold,
        now >= 8 and 16 - now >= threshold,
        alone and signs & 1 != 0,
        alone and signs & 2 != 0,
        none,
    )


@_jit.kernel
def _moved(
    p: NDArray[np.int64], state: int, reference: bool, moves: _Moves, stimulation: _Stimulation
) -> int:
    """Return the membrane after an event, before a spike resets it."""
    membrane, delay, sign = state >> 12 & 15, state >> 16 & 7, state >> 36 & 3
    refractory = state >> 11 & 1
    if (p[_LATENCY] and delay) or (state >> 27 & 1 and not membrane):
        return membrane
    if reference:
        if p[_RESONANT]:
            return (membrane - 1) & 15 if sign == _TO_NEGATIVE else membrane
        if refractory:
            return membrane if state >> 54 & 1 else (membrane + 1) & 15
        if p[_ACCOMMODATING]:
            return membrane if state >> 29 & 1 else (membrane - (state >> 23 & 15)) & 15
        if p[_DEPOLARISING] and delay == 1 and membrane:
            return 0
        if moves.leak and membrane:
            return (membrane + (1 if membrane & 8 else -1)) & 15
        return membrane
    if not moves.inhibited and not moves.excited:
        return membrane
    if p[_RESONANT]:
        away = (sign == _POSITIVE or sign == _TO_POSITIVE) == moves.excited
        if away:
            return membrane if membrane == 7 else (membrane + 1) & 15
        return membrane if membrane == 0 else membrane - 1
    if refractory:
        return membrane
    if moves.inhibited:
        lowest = 8 if p[_NEGATIVE] else 0
        return membrane if membrane == lowest else (membrane - 1) & 15
    if (p[_CLASS_2] and not stimulation.strong and not stimulation.strong_now) or membrane == 7:
        return membrane
    return (membrane + 1) & 15


@_jit.kernel
def _sign_after(p: NDArray[np.int64], state: int, reference: bool, moved: int) -> int:
    """Return the sign of a resonance after an event, before a spike sets it."""
    if not p[_RESONANT]:
        return _POSITIVE
    sign = state >> 36 & 3
    if not reference:
        return sign
    if not state >> 12 & 15:
        return _POSITIVE
    if sign == _POSITIVE:
        return _TO_NEGATIVE
    if sign == _NEGATIVE_SIDE:
        return _TO_POSITIVE
    if sign == _TO_POSITIVE or moved == 0:
        return _POSITIVE
    return _NEGATIVE_SIDE


@_jit.kernel
def _fires(
    p: NDArray[np.int64],
    state: int,
    reference: bool,
    moves: _Moves,
    stimulation: _Stimulation,
    moved: int,
    sign: int,
    threshold: int,
) -> bool:
    delay = state >> 16 & 7
    reaches: bool = moved == threshold
    if p[_SHARP]:
        return moves.excited and delay == p[_SHARP_TIME]
    if p[_LATENCY]:
        return reference and delay == 1
    if p[_REBOUND]:
        return stimulation.lone_inhibition or reaches
    if p[_BISTABLE]:
        if state >> 34 & 1:
            return moved == 0 or reaches
        return stimulation.lone or reaches
    if state >> 35 & 1:
        return moved == 0
    if p[_RESONANT]:
        return sign == _POSITIVE and reaches
    return reaches


@_jit.kernel
def _threshold_after(
    p: NDArray[np.int64], state: int, reference: bool, moves: _Moves, fires: bool, increment: int
) -> int:
    """Return the change of the threshold, 4 bits, and above it the counter of its leak, 4 bits."""
    change, count, now = state >> 38 & 15, state >> 42 & 15, state >> 23 & 15
    effective = (p[_THRESHOLD] + change) & 15
    leaks = False
    if p[_VARIABLE] and p[_THRESHOLD_LEAK] and reference:
        leaks = count == p[_THRESHOLD_LEAK] - 1
        count = 0 if leaks else (count + 1) & 15
    if p[_ACCOMMODATING]:
        if reference:
            change = now
            if (now + p[_THRESHOLD]) & 8:
                change = ((1 if now & 8 else 7) - p[_THRESHOLD]) & 15
    elif p[_VARIABLE]:
        if fires if p[_ADAPTS_TO_SPIKES] else moves.excited:
            if p[_BURST_INCREMENT]:
                change = 7 if (7 - effective) & 15 < increment else (change + increment) & 15
            elif effective != 7:
                change = (change + 1) & 15
        elif not p[_ADAPTS_TO_SPIKES] and moves.inhibited:
            if effective != 1:
                change = (change - 1) & 15
        elif leaks and change:
            change = (change + (1 if change & 8 else -1)) & 15
    return count << 4 | change


@_jit.kernel
def _delay_after(
    p: NDArray[np.int64], state: int, reference: bool, moves: _Moves, fires: bool, meets: bool
) -> int:
    """Return the counter of delays; ``meets`` where the membrane has just reached the threshold."""
    delay: int = state >> 16 & 7
    if p[_SHARP]:
        if reference and delay != 7:
            return delay + 1
        return 0 if moves.excited else delay
    if (p[_DEPOLARISING] and fires) or (p[_LATENCY] and meets):
        delay = p[_DELAY]
        return delay
    return delay - 1 if reference and delay else delay


@_jit.kernel
def _history_after(state: int, reference: bool, moves: _Moves, stimulation: _Stimulation) -> int:
    """Return the bits of stimulation: of the last interval, of this one, and which of those before had any."""
    last, now = state >> 19 & 15, state >> 23 & 15
    before, signs = state >> 30 & 3, state >> 32 & 3
    if reference:
        before = (before & 1) << 1 | (1 if now else 0)
        signs = (2 if stimulation.strong_inhibition_now else 0) | (1 if stimulation.strong_now else 0)
        last, now = now, 0
    elif moves.excited and now != 7:
        now = (now + 1) & 15
    elif moves.inhibited and now != 9:
        now = (now - 1) & 15
    return last << 19 | now << 23 | before << 30 | signs << 32


@_jit.kernel
def _locks_after(
    p: NDArray[np.int64], state: int, reference: bool, stimulation: _Stimulation, fires: bool, threshold: int
) -> int:
    """Return the locks of phasic, mixed, bistable and inhibition-induced firing, and whether a spike was sent."""
    membrane, refractory, sent = state >> 12 & 15, state >> 11 & 1, state >> 29 & 1
    phasic, mixed, bistable, induced = state >> 27 & 1, state >> 28 & 1, state >> 34 & 1, state >> 35 & 1
    late = reference and sent and (not membrane or refractory) and stimulation.strong_now
    if (fires and (stimulation.strong_now or stimulation.strong)) or late:
        phasic, mixed = p[_PHASIC], p[_MIXED]
    elif not stimulation.strong:
        phasic, mixed = 0, 0
    if reference and p[_BISTABLE] and stimulation.lone:
        bistable = 1 - bistable
    if p[_INHIBITION_INDUCED] and not refractory and (16 - membrane) & 15 == threshold:
        induced = 1
    elif reference and induced and stimulation.none:
        induced = 0
    if reference:
        sent = 0
    elif fires:
        sent = 1
    return phasic << 27 | mixed << 28 | sent << 29 | bistable << 34 | induced << 35


@_jit.kernel
def izhikevich_step(p: NDArray[np.int64], state: int, event: int, weight: int) -> int:
    """Return the state of a neuron after an event, with DOWN, UP and FIRES above it.

    The state has the fields of `odin_words.IZHIKEVICH_STATE`, 70 bits further down.
    """
    reference = event == LEAKS
    moves = _accumulated(p, state & 0x7FF, event, weight)
    stimulation = _stimulated(p, state, reference)
    threshold = (p[_THRESHOLD] + (state >> 38 & 15)) & 15
    before = state >> 12 & 15
    moved = _moved(p, state, reference, moves, stimulation)
    sign = _sign_after(p, state, reference, moved)
    fires = _fires(p, state, reference, moves, stimulation, moved, sign, threshold)
    spikes = 0 if state >> 28 & 1 else p[_BURST_SPIKES]  # of a burst, beyond the first
    increment = spikes + (1 if spikes < 7 else 0)

    locks = _locks_after(p, state, reference, stimulation, fires, threshold)
    membrane, refractory = moved, state >> 11 & 1 if moved else 0
    if fires or locks >> 35 & 1:
        refractory = 1 if p[_REFRACTORY] and not p[_DEPOLARISING] and not p[_RESONANT] else 0
    if fires:
        membrane = p[_REFRACTORY] if p[_DEPOLARISING] or p[_RESONANT] else (16 - p[_REFRACTORY]) & 15
        if p[_RESONANT]:
            sign = _NEGATIVE_SIDE
    delay = _delay_after(p, state, reference, moves, fires, moved == threshold and before != threshold)
    thresholds = _threshold_after(p, state, reference, moves, fires, increment)
    gained = 0
    if fires:
        gained = increment if p[_BURST_INCREMENT] else 1
    both = calcium_step(state >> 46 & 7, state >> 49 & 31, p[_LEARNS], p[_CALCIUM_LEAK], reference, gained)
    burst = 1 if fires and spikes else state >> 54 & 1
    result = moves.input | refractory << 11 | membrane << 12 | delay << 16 | sign << 36
    result |= _history_after(state, reference, moves, stimulation) | locks
    result |= thresholds << 38 | both << 46 | burst << 54
    if fires:
        result |= FIRES
    calcium = both & 7
    if p[_LEARNS] and membrane < 8 and p[_THETA_1] <= calcium:
        if membrane >= p[_THETA_MEMBRANE]:
            if calcium < p[_THETA_3]:
                result |= UP
        elif calcium < p[_THETA_2]:
            result |= DOWN
    return result
