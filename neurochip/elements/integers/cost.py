"""What one step of each part of an integer neuron costs: operations and words of the widths that are there.

A shift by a fixed number of places is wires; one by a variable number counts as an addition, the place of a leading bit
as a comparison, a limit as two. Constants that are added to round count as additions.
"""

from __future__ import annotations

from typing import NamedTuple

from neurochip.elements.cost import HardwareCost
from neurochip.elements.integers.formats import EPSILON_BITS, FixedPoint

__all__ = ["IntegerPart", "integer_parts", "trace_part"]

_FACTOR = EPSILON_BITS + 1  # bits of ε, 1 − ε and Λ, and of the entries of both tables


class IntegerPart(NamedTuple):
    """One width of one part of a neuron: its role, its name, and what it does with numbers of so many bits."""

    role: str
    kind: str
    cost: HardwareCost
    bits: int


def _word(role: str, name: str, bits: int, *, written: bool = True, kept: bool = True) -> IntegerPart:
    cost = HardwareCost(state_words_read=1, state_words_written=int(written), state_words_kept=int(kept))
    return IntegerPart(role, name, cost, bits)


def integer_parts(numbers: FixedPoint) -> tuple[IntegerPart, ...]:
    """Return what a neuron does in a tick, width by width."""
    words, state = numbers.words, numbers.state.bits
    by_step = numbers.annealing == "osa"
    random_bits = EPSILON_BITS if numbers.rounding == "stochastic" else 0
    return (
        IntegerPart(
            "encoder",
            "integer sigma-delta",
            HardwareCost(additions=2 * int(numbers.decay > 0) + 2, comparisons=3),
            max(state, words["residue"]),
        ),
        _word("encoder", "residue", words["residue"]),
        IntegerPart(
            "decoder",
            "integer predictive",
            HardwareCost(additions=4, comparisons=4),
            words["membrane"],
        ),
        _word("decoder", "membrane", words["membrane"]),
        *(_osa(numbers) if by_step else ()),
        IntegerPart(
            "neuron",
            "integer step",
            HardwareCost(
                additions=5 + int(not by_step),
                multiplications=int(by_step),
                comparisons=4,
                random_bits=random_bits,
            ),
            state,
        ),
        _word("neuron", "value", words["value"]),
        _word("neuron", "bias", words["bias"], written=False),
        IntegerPart("nudge", "squared error", HardwareCost(additions=2, state_words_read=1), state),
    )


def _osa(numbers: FixedPoint) -> tuple[IntegerPart, ...]:
    words, error = numbers.words, numbers.annealer.bits
    return (
        IntegerPart(
            "annealer",
            "integer osa: error",
            HardwareCost(additions=1, multiplications=1, comparisons=2),
            error,
        ),
        IntegerPart(
            "annealer",
            "integer osa: drift",
            HardwareCost(additions=3, multiplications=1),
            words["drift"],
        ),
        # The product of drift² with 1/D stands here, too.
        IntegerPart(
            "annealer",
            "integer osa: noise",
            HardwareCost(additions=3, multiplications=1, comparisons=2),
            words["noise"],
        ),
        IntegerPart(
            "annealer",
            "integer osa: step",
            HardwareCost(additions=5, multiplications=4, comparisons=1),
            _FACTOR,
        ),
        IntegerPart(
            "annealer",
            "integer osa: estimate",
            HardwareCost(additions=4, multiplications=1),
            words["estimate"],
        ),
        *(_word("annealer", name, words[name]) for name in ("estimate", "drift", "noise", "share")),
        IntegerPart("annealer", "tables", HardwareCost(state_words_read=2), _FACTOR),
    )


def trace_part(numbers: FixedPoint) -> IntegerPart:
    """Return what a receiving core does for an axon in a tick."""
    cost = HardwareCost(additions=3, comparisons=1).keeping(1)
    return IntegerPart("trace", "integer decoder", cost, numbers.trace.bits)
