"""Integrate-and-fire neurons whose membranes are integers: `elements.neurons.filtered` in words of a chip's width.

w and I are whole numbers of 2^−F, where 1 is a step of a weight. What a tick leaves of them, and gains, are whole
numbers of 2^−K; their products are rounded towards 0, so that what leaks ends at rest (docs/nir.md, "Integer
membranes").
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.elements.neurons.filtered import (
    BEGINS,
    BIAS,
    CURRENT_DECAY,
    CURRENT_GAIN,
    DECAY,
    GAIN,
    REFRACTORY,
    RESET,
    RESET_TO,
    START,
    SUBTRACT,
    SUBTRACT_LATE,
    TAKEN,
    THRESHOLD,
    VALUE_LATE,
)
from neurochip.elements.neurons.neuron import DRIVE, REACHED, Dynamics, Moment, Sample
from neurochip.kernels._jit import kernel
from neurochip.kernels.random_bits import NOBODY

__all__ = ["MET", "VARIABLES", "integer_membranes", "integrate_in_integers"]

# Variables; `MET` counts how often a membrane or a current did not fit.
POTENTIAL, _CURRENT, _WAITING, MET, VARIABLES = range(5)
# Columns of the constants: fraction bits of factors, the limits, and whether what does not fit wraps around.
_PLACES, _LOWEST, _HIGHEST, _WRAPS = range(4)


@kernel
def _part(x: Any, factor: Any, places: Any) -> Any:
    """Return x · factor / 2^places, rounded towards 0; i64."""
    product = x * factor
    return product >> places if product >= 0 else -((-product) >> places)


@kernel
def _held(x: Any, lowest: Any, highest: Any, wraps: bool) -> Any:
    """Return what a word keeps of x, and 1 where that is another number."""
    if lowest <= x <= highest:
        return x, 0
    if wraps:
        return ((x - lowest) & (highest - lowest)) + lowest, 1
    return (lowest if x < lowest else highest), 1


@kernel
def integrate_in_integers(
    current: Any,
    potential: Any,
    waiting: Any,
    drive: Any,
    current_decay: Any,
    current_gain: Any,
    decay: Any,
    gain: Any,
    threshold: Any,
    reset_to: Any,
    taken: Any,
    reset: Any,
    refractory: Any,
    places: Any,
    lowest: Any,
    highest: Any,
    wraps: bool,
) -> Any:
    """Return (whether it fires, I, w, refractory ticks left, words that did not fit) after one tick; i64 scalars.

    As `filter_and_fire`, with every factor over 2^places. A word is cut to its width when the tick has added up what
    it is made of: I once (where nothing of it is kept it is no word, and goes on as it is), w once, and once more where
    a spike takes something away.
    """
    i, met = _part(drive, current_gain, places), 0
    if current_decay != 0:
        i, met = _held(_part(current, current_decay, places) + i, lowest, highest, wraps)
    if waiting > 0:
        return False, i, potential, waiting - 1, met
    w, more = _held(_part(potential, decay, places) + _part(i, gain, places), lowest, highest, wraps)
    met += more
    late = reset >= SUBTRACT_LATE
    if late and potential > threshold:
        w, more = _held(reset_to if reset == VALUE_LATE else w - taken, lowest, highest, wraps)
        met += more
    fires = w > threshold
    left = waiting - waiting
    if fires:
        left = refractory
        if not late:
            w, more = _held(w - taken if reset == SUBTRACT else reset_to, lowest, highest, wraps)
            met += more
    return fires, i, w, left, met


@kernel
def _update(
    first: Any, last: Any, moment: Moment, sample: Sample, room: Any, nudge: Any, c: Any, own: Any
) -> int:
    """One tick of a range of neurons, each with constants of its own; a target has no hold on them."""
    potential, current, left = sample.words[POTENTIAL], sample.words[_CURRENT], sample.words[_WAITING]
    met, drive, reached, resting = sample.words[MET], room[DRIVE], room[REACHED], 0
    places, lowest, highest = np.int64(c[_PLACES]), np.int64(c[_LOWEST]), np.int64(c[_HIGHEST])
    wraps = c[_WRAPS] != 0
    if moment.tick == 1:
        for j in range(first, last):
            potential[j] = own[START, j]
    counts = moment.quiet and sample.idle.shape[0] > 0
    for j in range(first, last):
        if counts:
            still = (
                potential[j] == 0
                and _part(np.int64(current[j]), np.int64(own[CURRENT_DECAY, j]), places) == 0
                and left[j] == 0
                and reached[j] == 0
                and own[BIAS, j] == 0
                and sample.neuron[j] != NOBODY
            )
            rests = 1 if still else 0
            sample.idle[j] += rests
            resting += rests
        if moment.tick <= own[BEGINS, j]:
            sample.bits[j] = 0
            continue
        fires, current[j], potential[j], left[j], more = integrate_in_integers(
            np.int64(current[j]),
            np.int64(potential[j]),
            np.int64(left[j]),
            np.int64(drive[j]) + np.int64(own[BIAS, j]),
            np.int64(own[CURRENT_DECAY, j]),
            np.int64(own[CURRENT_GAIN, j]),
            np.int64(own[DECAY, j]),
            np.int64(own[GAIN, j]),
            np.int64(own[THRESHOLD, j]),
            np.int64(own[RESET_TO, j]),
            np.int64(own[TAKEN, j]),
            np.int64(own[RESET, j]),
            np.int64(own[REFRACTORY, j]),
            places,
            lowest,
            highest,
            wraps,
        )
        met[j] += more
        sample.bits[j] = fires
    return resting


def integer_membranes(own: Any, places: int, lowest: int, highest: int, *, wraps: bool) -> Dynamics:
    """Return such neurons; ``own`` i64[row, slot] as in `filtered.CONSTANTS`, ``places`` the K of factors."""
    return Dynamics(_update, (float(places), float(lowest), float(highest), float(wraps)), own)
