"""The keys that built-in learning rules have of their own: ``learning.own`` of a run."""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.errors import ConfigError

__all__ = ["RULES", "SETTLE_ONCE", "AssociativeKeys", "RateOfChangeKeys"]


@dataclass(frozen=True)
class RateOfChangeKeys:
    """Of ``rate-of-change``.

    Attributes
    ----------
    steps
        The nudged phase is watched in so many equal parts.
    """

    steps: int = 5

    def __post_init__(self) -> None:
        """Check the count."""
        if not self.steps >= 1:
            raise ConfigError("steps", f"must be ≥ 1, got {self.steps}")


@dataclass(frozen=True)
class AssociativeKeys:
    """Of ``associative``.

    Attributes
    ----------
    epsilon
        ε of the denominator; the paper has 1e-9, with which the pole at x = 2p throws weights far away.
    limit
        One sample's change of one weight is cut at ± this; `None` does not cut, as in the paper.
    draw
        Seed of the associations of hidden neurons.
    """

    epsilon: float = 0.1
    limit: float | None = None
    draw: int = 1

    def __post_init__(self) -> None:
        """Check that both are positive."""
        if not self.epsilon > 0:
            raise ConfigError("epsilon", f"must be positive, got {self.epsilon:g}")
        if self.limit is not None and not self.limit > 0:
            raise ConfigError("limit", f"must be positive, got {self.limit:g}")
        if not self.draw >= 0:
            raise ConfigError("draw", f"must be ≥ 0, got {self.draw}")


# Name → the class of its keys; `None` where it has none of its own.
RULES: dict[str, type | None] = {
    "eqprop": None,
    "contrastive-hebbian": None,
    "delta": None,
    "rate-of-change": RateOfChangeKeys,
    "associative": AssociativeKeys,
    "random-feedback": None,
    "recurrent-backprop": None,
}
SETTLE_ONCE = frozenset({"associative", "recurrent-backprop"})  # rules without a nudged phase
