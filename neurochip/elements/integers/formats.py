"""Fixed-point formats, and the formats of all that an integer core keeps (docs/fixed-point.md, "Formats")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from neurochip.errors import ConfigError

__all__ = [
    "EPSILON_BITS",
    "GUARD_BIAS",
    "GUARD_ESTIMATE",
    "FixedPoint",
    "QFormat",
    "Rounding",
    "parse_format",
]

Rounding = Literal["floor", "nearest", "stochastic"]

EPSILON_BITS = 12  # fraction bits of step sizes, and of Λ
GUARD_BIAS = 5  # more fraction bits of B and D than of the error
GUARD_ESTIMATE = 8  # more fraction bits of θ
_FORMAT = re.compile(r"Q([0-9]{1,2})\.([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class QFormat:
    """Two's complement with a sign, ``whole`` bits before the point and ``fraction`` bits behind it: Q3.12.

    What exceeds ±(2^whole − 2^−fraction) is held there: the range is symmetric.
    """

    whole: int
    fraction: int

    @property
    def bits(self) -> int:
        """Bits of a word, its sign included."""
        return 1 + self.whole + self.fraction

    @property
    def top(self) -> int:
        """The largest integer; the smallest is its negative."""
        return (1 << (self.whole + self.fraction)) - 1

    @property
    def one(self) -> int:
        """The integer that stands for 1."""
        return 1 << self.fraction

    def __str__(self) -> str:
        """As it stands in a file."""
        return f"Q{self.whole}.{self.fraction}"


def parse_format(text: str, place: str) -> QFormat:
    """Return the format that a text names.

    Raises
    ------
    ConfigError
        For a text that names none.
    """
    found = _FORMAT.fullmatch(text)
    if found is None:
        raise ConfigError(
            place, f'must have the form "Q3.12", bits before and behind the point, got "{text}"'
        )
    return QFormat(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Formats and shifts of an integer core.

    Attributes
    ----------
    state
        Of net input and target; the value s has its fraction bits and lies in [0, 1].
    membrane, residue, annealer, trace, bias
        Of the decoder's sum, the encoder's residue, the error that OSA sees, the traces of axons, and biases.
    rounding
        Of the step of the value, and of what goes to the residue; everything else is rounded to nearest.
    decay
        −log₂ λ of encoder and decoder.
    annealing
        ``constant``, ``shift`` or ``osa``.
    forgetting
        The largest shift of the annealer's schedule.
    weight_fractions
        k_p: fraction bits of the weights of each projection; empty until the network is known.
    """

    state: QFormat
    membrane: QFormat
    residue: QFormat
    annealer: QFormat
    trace: QFormat
    bias: QFormat
    rounding: Rounding
    decay: int
    annealing: Literal["constant", "shift", "osa"]
    forgetting: int
    weight_fractions: tuple[int, ...] = ()

    @property
    def sum_fraction(self) -> int:
        """K: a weighted sum has so many fraction bits; sums of projection p are shifted left by K − k_p first."""
        return max(self.weight_fractions, default=0)

    def to_json(self) -> dict[str, object]:
        """Return JSON values, for the digest of an image and for reports."""
        formats = ("state", "membrane", "residue", "annealer", "trace", "bias")
        return {
            **{name: str(getattr(self, name)) for name in formats},
            "rounding": self.rounding,
            "decay": self.decay,
            "annealing": self.annealing,
            "forgetting": self.forgetting,
            "weight_fractions": list(self.weight_fractions),
        }

    @property
    def words(self) -> dict[str, int]:
        """Name → bits of each word of state that a neuron keeps; its bias is kept with them."""
        found = {
            "value": self.state.fraction + 1,
            "membrane": self.membrane.bits,
            "residue": self.residue.bits,
            "bias": self.bias.bits,
        }
        if self.annealing == "osa":
            whole, fraction = self.annealer.whole, self.annealer.fraction
            found["estimate"] = 1 + self.state.whole + fraction + GUARD_ESTIMATE
            found["drift"] = 1 + whole + fraction + GUARD_BIAS
            found["noise"] = 2 * whole + fraction + GUARD_BIAS
            found["share"] = EPSILON_BITS + 1
        return found

    @property
    def state_bits(self) -> int:
        """Bits that a neuron keeps."""
        return sum(self.words.values())
