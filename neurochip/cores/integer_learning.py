"""How integer cores learn: products of integers, a shift, and one random word for each weight (docs/fixed-point.md)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.plasticity import Rounding, change_fixed
from neurochip.description.fixed_point import LFSR_BITS, exponent_of
from neurochip.description.precision import Precision, integer_bits, integer_range
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.elements.integers.formats import FixedPoint
from neurochip.errors import CapabilityError, ConfigError, NumericError
from neurochip.kernels.random_bits import mix
from neurochip.substrate.optimising import Optimising

__all__ = [
    "Change",
    "IntegerLearning",
    "check_rates",
    "check_shift",
    "core_key",
    "refuse_optimiser",
    "rounding_key",
]

_WORD, _ROUNDING_STREAM = np.uint64(0xFFFFFFFF), np.uint64(2)


class Change(NamedTuple):
    """Both sides of an update as integers, and what their products are shifted by: to the right, or below 0 left."""

    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    shift: int
    sign: int


class IntegerLearning:
    """Turns the updates of a rule into those that an integer core makes.

    Parameters
    ----------
    numbers, precision
        Formats of state and weights.
    traced
        Whether activity before synapses is a trace, and has its format.
    stochastic
        Whether weights are rounded by random words, or to nearest.
    """

    def __init__(self, numbers: FixedPoint, precision: Precision, *, traced: bool, stochastic: bool) -> None:
        bits = integer_bits(precision)
        self.numbers, self.stochastic = numbers, stochastic
        self._range = integer_range(2 if bits is None else bits)
        self._activity = numbers.trace.fraction if traced else numbers.state.fraction

    def change(
        self, projection: int, pre: NDArray[np.integer], post: NDArray[np.integer], rate: float, place: str
    ) -> Change:
        """Return integers for what stood at both ends, [term, neuron] of values."""
        exponent = exponent_of(abs(rate))
        if exponent is None:
            raise NumericError(
                place,
                f"is to change at a rate of {rate:.6g}, which is no power of two: an integer core shifts",
            )
        fraction = self.numbers.state.fraction
        shift = self._activity + fraction - self.numbers.weight_fractions[projection] - exponent
        check_shift(shift, self.stochastic, place)
        return Change(
            np.rint(np.ldexp(pre, self._activity)).astype(np.int32),
            np.rint(np.ldexp(post, fraction)).astype(np.int32),
            shift,
            1 if rate > 0 else -1,
        )

    def add(
        self,
        weights: NDArray[np.integer],
        at: tuple[np.uint64, np.uint64],
        rows: NDArray[np.uint64],
        change: Change,
        columns: NDArray[np.int32],
        key: np.uint64,
        out: NDArray[np.int64],
    ) -> None:
        """Add a change to some rows of a block of weights; ``at`` is its first weight, and from row to row."""
        largest = (int(np.abs(change.pre).max(initial=0)) or 1) * (int(np.abs(columns).max(initial=0)) or 1)
        narrow = largest * len(columns) < 2**30
        room: NDArray[np.integer] = np.zeros(columns.shape[1], np.int32 if narrow else np.int64)
        right, left = max(change.shift, 0), max(-change.shift, 0)
        signed = columns if change.sign > 0 else -columns
        rounding = Rounding(*self._range, int(self.stochastic), key)
        change_fixed(weights, *at, rows, change.pre, signed, left, right, room, rounding, out)

    def bias(
        self, held: NDArray[np.integer], moved: NDArray[np.number], rate_exponent: int, key: np.uint64
    ) -> None:
        """Add the change of the biases of a core, values that are whole multiples of 2^(rate_exponent − fraction)."""
        form, fraction = self.numbers.bias, self.numbers.state.fraction
        shift = fraction - rate_exponent - form.fraction
        check_shift(shift, self.stochastic, "biases")
        whole = np.rint(np.ldexp(moved, fraction - rate_exponent)).astype(np.int64)
        change_fixed(
            held,
            np.uint64(0),
            np.uint64(len(held)),
            np.array([0, 1], np.uint64),
            np.ones((1, 1), np.int32),
            whole[None],
            max(-shift, 0),
            max(shift, 0),
            np.zeros(len(held), np.int64),
            Rounding(-form.top, form.top, int(self.stochastic), key),
            np.zeros(3, np.int64),
        )


def check_rates(image: ChipImage, learning: LearningSpec, phases: PhasesSpec, *, stochastic: bool) -> None:
    """Refuse, before a run, rates whose shift is wider than a random word.

    Raises
    ------
    ConfigError
        Naming the format that makes it so wide, both widths, and what helps.
    """
    numbers = image.numbers
    if numbers is None or not stochastic:
        return
    activity = numbers.trace if learning.pre == "trace" else numbers.state
    span = abs(learning.beta) * (2 if phases.reference == "opposite" else 1) * learning.minibatch
    lowered = round((learning.epochs - 1) * math.log2(learning.decay))
    for k, rate in zip(image.network.forward, learning.rates, strict=True):
        exponent = exponent_of(rate / span)
        if exponent is None:
            continue
        exponent += lowered
        shift = activity.fraction + numbers.state.fraction - numbers.weight_fractions[k] - exponent
        if shift > LFSR_BITS:
            raise ConfigError("numbers.state", _too_wide(shift))


def refuse_optimiser(image: ChipImage, optimiser: Optimising | None) -> None:
    """Refuse an optimiser on cores that compute in integers alone.

    Raises
    ------
    CapabilityError
        Naming what they lack.
    """
    if optimiser is not None and image.numbers is not None:
        raise CapabilityError(
            "learning.optimiser",
            "keeps floating-point moments, and these cores compute in integers alone; use plain, without weight_decay",
        )


def rounding_key(seed: np.uint64, updates: int, projection: int) -> np.uint64:
    """Return the key of rounding in an update of a projection; biases count as projections behind the others."""
    key = seed
    # A compiled function hands back Python integers, and takes them for signed ones.
    for word in (_ROUNDING_STREAM, np.uint64(updates), np.uint64(projection)):
        key = np.uint64(mix(key, word))
    return key


def core_key(key: np.uint64, core: int) -> np.uint64:
    """Return the word that the generator of a core is loaded with before an update."""
    return np.uint64(mix(key, np.uint64(core))) & _WORD


def check_shift(shift: int, stochastic: bool, place: str) -> None:
    """Refuse a shift that is wider than a random word: every update would be biased.

    Raises
    ------
    NumericError
        With both widths.
    """
    if shift > 62 or (stochastic and shift > LFSR_BITS):
        raise NumericError(
            place,
            _too_wide(shift),
        )


def _too_wide(shift: int) -> str:
    return (
        f"makes learning shift products by {shift} bits, and a random word has {LFSR_BITS}: every change would be too "
        "small by a bias; use fewer fraction bits, higher learning.rates, a learning.decay nearer to 1, or "
        'network.rounding = "nearest"'
    )
