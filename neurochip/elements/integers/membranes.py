"""Integrate-and-fire neurons whose membranes are integers: `elements.neurons.filtered` in words of a chip's width.

w and I are whole numbers of 2^−F, where 1 is a step of a weight. What a tick leaves of them, and gains, are whole
numbers of 2^−K; their products are rounded towards 0, so that what leaks ends at rest (docs/nir.md, "Integer
membranes").
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.neurons.filtered import (
    BEGINS,
    BIAS,
    CURRENT_DECAY,
    START,
    SUBTRACT,
    SUBTRACT_LATE,
    VALUE_LATE,
    Law,
    Membrane,
    law_of,
)
from neurochip.elements.neurons.neuron import DRIVE, REACHED, Dynamics, Moment, Sample
from neurochip.kernels._jit import kernel
from neurochip.kernels.random_bits import NOBODY
from neurochip.kernels.types import Flag, Index, Vector

__all__ = ["MET", "VARIABLES", "integer_membranes", "integrate_in_integers"]

# Variables; `MET` counts how often a membrane or a current did not fit.
POTENTIAL, _CURRENT, _WAITING, MET, VARIABLES = range(5)
# Columns of the constants: fraction bits of factors, the limits, and whether what does not fit wraps around.
_PLACES, _LOWEST, _HIGHEST, _WRAPS = range(4)


@kernel
def _part(x: Index, factor: Any, places: Index) -> Any:
    """Return x · factor / 2^places, rounded towards 0; i64."""
    product = x * factor
    return product >> places if product >= 0 else -((-product) >> places)


@kernel
def _held(x: Index, lowest: Index, highest: Index, wraps: Flag) -> tuple[Index, int]:
    """Return what a word keeps of x, and 1 where that is another number."""
    if lowest <= x <= highest:
        return x, 0
    if wraps:
        return ((x - lowest) & (highest - lowest)) + lowest, 1
    return (lowest if x < lowest else highest), 1


class Words(NamedTuple):
    """How the words of all neurons are cut: i64 scalars, and a boolean."""

    places: Index  # K: factors are over 2^K
    lowest: Index
    highest: Index
    wraps: Flag


@kernel
def integrate_in_integers(
    before: Membrane, drive: Index, law: Law, words: Words
) -> tuple[Flag, Index, Index, Index, Index]:
    """Return (whether it fires, I, w, refractory ticks left, words that did not fit) after one tick; i64 scalars.

    As `filter_and_fire`, with every factor over 2^places. A word is cut to its width when the tick has added up what
    it is made of: I once (where nothing of it is kept it is no word, and goes on as it is), w once, and once more where
    a spike takes something away.
    """
    potential, waiting, places = before.potential, before.waiting, words.places
    lowest, highest, wraps = words.lowest, words.highest, words.wraps
    i, met = _part(drive, law.current_gain, places), 0
    if law.current_decay != 0:
        i, met = _held(_part(before.current, law.current_decay, places) + i, lowest, highest, wraps)
    if waiting > 0:
        return False, i, potential, waiting - 1, met
    w, more = _held(_part(potential, law.decay, places) + _part(i, law.gain, places), lowest, highest, wraps)
    met += more
    late = law.reset >= SUBTRACT_LATE
    if late and potential > law.threshold:
        w, more = _held(law.reset_to if law.reset == VALUE_LATE else w - law.taken, lowest, highest, wraps)
        met += more
    fires = w > law.threshold
    left = waiting - waiting
    if fires:
        left = law.refractory
        if not late:
            w, more = _held(w - law.taken if law.reset == SUBTRACT else law.reset_to, lowest, highest, wraps)
            met += more
    return fires, i, w, left, met


@kernel
def _update(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[np.integer]) -> int:
    """One tick of a range of neurons, each with constants of its own; a target has no hold on them."""
    potential, current, left = sample.words[POTENTIAL], sample.words[_CURRENT], sample.words[_WAITING]
    met, drive, reached = sample.words[MET], sample.room[DRIVE], sample.room[REACHED]
    own, resting = sample.own, 0
    places = np.int64(c[_PLACES])
    cut = Words(places, np.int64(c[_LOWEST]), np.int64(c[_HIGHEST]), c[_WRAPS] != 0)
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
        before = Membrane(np.int64(current[j]), np.int64(potential[j]), np.int64(left[j]))
        fires, current[j], potential[j], left[j], more = integrate_in_integers(
            before, np.int64(drive[j]) + np.int64(own[BIAS, j]), law_of(own, j), cut
        )
        met[j] += more
        sample.bits[j] = fires
    return resting


def integer_membranes(
    own: NDArray[np.float64], places: int, lowest: int, highest: int, *, wraps: bool
) -> Dynamics:
    """Return such neurons; ``own`` [row, slot], whole, as in `filtered.CONSTANTS`, ``places`` the K of factors."""
    return Dynamics(_update, (float(places), float(lowest), float(highest), float(wraps)), own)
