"""The neuron of equilibrium propagation in integers: a shift for a division, a table for the rest of one.

It does what `elements.neurons.settling` does, tick by tick, with the same loop over ticks around it. Every formula,
width and rounding stands in docs/fixed-point.md, from which another person could build the core.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.integers.annealers import anneal_by_shift, anneal_by_variance
from neurochip.elements.integers.arithmetic import first_word, next_word, shifted
from neurochip.elements.integers.columns import (
    BIAS_LEFT,
    BIAS_RIGHT,
    CODED,
    DECAY,
    ESTIMATE,
    FLOOR,
    MEMBRANE,
    MEMBRANE_GUARD,
    MET,
    NET_INPUT,
    ONE,
    ONE_RESIDUE,
    REMAINDER,
    RESIDUE,
    RESIDUE_LEFT,
    RESIDUE_RIGHT,
    ROUNDING,
    STOCHASTIC,
    TOP_RESIDUE,
    TOP_STATE,
    VALUE,
    constants_of,
    hold,
)
from neurochip.elements.integers.decoder import decode
from neurochip.elements.integers.formats import EPSILON_BITS, FixedPoint
from neurochip.elements.neurons.neuron import DRIVE, NET, STEP, Dynamics, Moment, Sample
from neurochip.elements.stages import specialised
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.random_bits import mix
from neurochip.kernels.types import Index, Matrix, Vector

__all__ = ["NUDGE_BITS", "integer_inputs", "integer_settling"]

NUDGE_BITS = 8  # fraction bits of 2β, which is a power of two
_NUDGE, _EPSILON = np.int64(NUDGE_BITS), np.int64(EPSILON_BITS)
_LOW = np.int64((1 << EPSILON_BITS) - 1)
_WORD, _POSITIVE = np.uint64(0xFFFFFFFF), np.uint64(0x7FFFFFFF)


@kernel
def _anneal(
    first: Index,
    last: Index,
    tick: Index,
    shift: Index,
    c: Vector[np.int32],
    net: Vector[np.int32],
    error: Vector[np.int32],
    words: Vector[np.int32],
    met: Vector[np.int32],
    sizes: Vector[np.int32],
) -> None:
    """Stand where an annealer is called."""


@separate_kernel
def _net(
    first: Index,
    last: Index,
    c: Vector[np.int32],
    nudge: Index,
    membrane: Vector[np.int32],
    bias: Vector[np.int32],
    value: Vector[np.int32],
    target: Vector[np.int32],
    net: Vector[np.int32],
) -> tuple[Index, Index]:
    guard, left, right = np.int64(c[MEMBRANE_GUARD]), np.int64(c[BIAS_LEFT]), np.int64(c[BIAS_RIGHT])
    least: Index = np.int64(0)
    most: Index = np.int64(0)
    pull = np.int64(nudge)
    for j in range(first, last):
        p = shifted(np.int64(membrane[j]), guard) + shifted(np.int64(bias[j]) << left, right)
        if nudge != 0:
            p += shifted(pull * (np.int64(target[j]) - np.int64(value[j])), _NUDGE)
        net[j] = p
        least, most = min(least, p), max(most, p)
    return least, most


@kernel
def _draw(
    first: Index, last: Index, start_key: Index, tick: Index, core: Vector[np.int32], words: Vector[np.int32]
) -> None:
    """Draw 31 bits for each neuron; row i32[slot] ``core`` names the core of its first neuron, and is −1 elsewhere."""
    x: Index = np.uint64(1)
    for j in range(first, last):
        if core[j] >= 0:
            x = first_word(mix(start_key, np.uint64(core[j])) & _WORD, np.uint64(tick))
        x = next_word(x)
        words[j] = np.int32(x & _POSITIVE)


@separate_kernel
def _move(
    first: Index,
    last: Index,
    rounding: Index,
    c: Vector[np.int32],
    words: Vector[np.int32],
    net: Vector[np.int32],
    sizes: Vector[np.int32],
    value: Vector[np.int32],
    coded: Vector[np.int32],
) -> None:
    """s ← s + ⌊ε (p − s)⌉ within [0, 1]; a = s₋ + (s − s₋) 2^g."""
    one, decay = np.int64(c[ONE]), np.int64(c[DECAY])
    half = np.int64(0) if rounding == FLOOR else np.int64(1 << (EPSILON_BITS - 1))
    for j in range(first, last):
        before = np.int64(value[j])
        product = np.int64(sizes[j]) * (np.int64(net[j]) - before)
        chance = np.int64(words[j]) & _LOW if rounding == STOCHASTIC else half
        after = min(max(before + ((product + chance) >> _EPSILON), np.int64(0)), one)
        value[j] = after
        coded[j] = before + ((after - before) << decay)


@separate_kernel
def _carry(
    first: Index,
    last: Index,
    rounding: Index,
    c: Vector[np.int32],
    words: Vector[np.int32],
    coded: Vector[np.int32],
    residue: Vector[np.int32],
) -> tuple[Index, Index]:
    left, right = np.int64(c[RESIDUE_LEFT]), np.int64(c[RESIDUE_RIGHT])
    least: Index = np.int64(0)
    most: Index = np.int64(0)
    mask = (np.int64(1) << right) - np.int64(1)
    half = np.int64(0) if rounding == FLOOR else (np.int64(1) << right) >> np.int64(1)
    for j in range(first, last):
        chance = (np.int64(words[j]) >> _EPSILON) & mask if rounding == STOCHASTIC else half
        phi = np.int64(residue[j]) + (((np.int64(coded[j]) << left) + chance) >> right)
        residue[j] = phi
        least, most = min(least, phi), max(most, phi)
    return least, most


@separate_kernel
def _fire(first: Index, last: Index, one: Index, residue: Vector[np.int32], bits: Vector[np.uint8]) -> None:
    half = one >> np.int64(1)
    for j in range(first, last):
        fires = np.int64(residue[j]) > half
        bits[j] = fires
        residue[j] -= np.int32(one) if fires else np.int32(0)


@kernel
def _encode(
    first: Index,
    last: Index,
    rounding: Index,
    c: Vector[np.int32],
    words: Vector[np.int32],
    coded: Vector[np.int32],
    residue: Vector[np.int32],
    bits: Vector[np.uint8],
    met: Matrix[np.int32],
) -> None:
    """φ ← φ + a; q = [φ > ½]; φ ← φ − q."""
    least, most = _carry(first, last, rounding, c, words, coded, residue)
    hold(first, last, np.int64(c[TOP_RESIDUE]), least, most, residue, met[REMAINDER])
    _fire(first, last, np.int64(c[ONE_RESIDUE]), residue, bits)


@kernel
def _update(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[np.int32]) -> int:
    """One tick of neurons that settle."""
    words = sample.words
    value, membrane, coded, residue = words[VALUE], words[MEMBRANE], words[CODED], words[RESIDUE]
    room, met = sample.room, words[MET:]
    drive, net, step = room[DRIVE], room[NET], room[STEP]
    decode(first, last, c, drive, membrane, met)
    least, most = _net(first, last, c, moment.nudge, membrane, sample.bias, value, sample.target, net)
    hold(first, last, np.int64(c[TOP_STATE]), least, most, net, met[NET_INPUT])
    _anneal(first, last, moment.tick, moment.schedule[0], c, net, drive, words[ESTIMATE:], met, step)
    rounding = c[ROUNDING]
    if rounding == STOCHASTIC:
        _draw(first, last, moment.start_key, moment.tick, sample.own[0], drive)
    _move(first, last, rounding, c, drive, net, step, value, coded)
    _encode(first, last, rounding, c, drive, coded, residue, sample.bits, met)
    return 0


@separate_kernel
def _present(
    first: Index, last: Index, opening: bool, decay: Index, value: Vector[np.int32], coded: Vector[np.int32]
) -> None:
    for j in range(first, last):
        coded[j] = np.int64(value[j]) << decay if opening else value[j]


@kernel
def _clamped(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[np.int32]) -> int:
    """One tick of inputs, which hold their value; what goes to their residue is rounded to nearest."""
    words = sample.words
    if moment.tick <= 2:
        _present(first, last, moment.tick == 1, np.int64(c[DECAY]), words[VALUE], words[CODED])
    rounding = min(c[ROUNDING], c.dtype.type(1))
    _encode(first, last, rounding, c, words[VALUE], words[CODED], words[RESIDUE], sample.bits, words[MET:])
    return 0


def integer_settling(
    numbers: FixedPoint, sum_fraction: int, core_slots: list[tuple[int, int]], slots: int
) -> Dynamics:
    """Return neurons that settle, in integers.

    Parameters
    ----------
    numbers
        Their formats and shifts.
    sum_fraction
        Fraction bits of the weighted sums that reach them.
    core_slots, slots
        First slot, and slot after the last, of each core, and slots of the network.
    """
    core = np.full((1, slots), -1.0)
    for number, (first, _) in enumerate(core_slots):
        core[0, first] = number
    own: NDArray[np.float64] | None = core if numbers.rounding == "stochastic" else None
    anneal = anneal_by_variance if numbers.annealing == "osa" else anneal_by_shift
    return Dynamics(specialised(_update, {_anneal: anneal}), constants_of(numbers, sum_fraction), own=own)


def integer_inputs(numbers: FixedPoint, sum_fraction: int) -> Dynamics:
    """Return inputs that hold a value and send its code, in integers."""
    return Dynamics(_clamped, constants_of(numbers, sum_fraction), silent_at_zero=True)
