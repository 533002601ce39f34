"""The keys that built-in learning rules have of their own: ``learning.own`` of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from neurochip.keys.key import Count, Key, Natural, Nonnegative, Positive
from neurochip.keys.section import Section, described

__all__ = ["RULES", "SETTLE_ONCE", "AssociativeKeys", "EqSpikeKeys", "RateOfChangeKeys"]


@described
@dataclass(frozen=True)
class RateOfChangeKeys(Section):
    """Of ``rate-of-change``."""

    place: ClassVar[str] = "learning.own"
    steps: Annotated[Count, Key("The nudged phase is watched in so many equal parts.")] = 5


@described
@dataclass(frozen=True)
class EqSpikeKeys(Section):
    """Of ``eqspike``."""

    place: ClassVar[str] = "learning.own"
    window: Annotated[
        Count,
        Key("All spikes of so many ticks are multiplied by the change of the values in them.", unit="ticks"),
    ] = 1
    filter: Annotated[
        Nonnegative,
        Key("Time constant of the low-pass filter of that change; 0 for none.", unit="ticks"),
    ] = 0.0


@described
@dataclass(frozen=True)
class AssociativeKeys(Section):
    """Of ``associative``."""

    place: ClassVar[str] = "learning.own"
    epsilon: Annotated[
        Positive,
        Key(
            "ε of the denominator; the paper has 1e-9, with which the pole at x = 2p throws weights far away."
        ),
    ] = 0.1
    limit: Annotated[
        Positive | None,
        Key("One sample's change of one weight is cut at ± this; left out, it is not, as in the paper."),
    ] = None
    draw: Annotated[Natural, Key("Seed of the associations of hidden neurons.")] = 1


# Name → the class of its keys; `None` where it has none of its own.
RULES: dict[str, type | None] = {
    "eqprop": None,
    "contrastive-hebbian": None,
    "delta": None,
    "rate-of-change": RateOfChangeKeys,
    "eqspike": EqSpikeKeys,
    "associative": AssociativeKeys,
    "random-feedback": None,
    "recurrent-backprop": None,
}
SETTLE_ONCE = frozenset({"associative", "recurrent-backprop"})  # rules without a nudged phase
