"""Frozen random feedback: equilibrium propagation whose backward weights never change.

After feedback alignment (Lillicrap et al. 2016): only the forward weights learn, and they may come to align with the
feedback that happens to be there.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.errors import ConfigError
from neurochip.learning.eqprop import Array, EquilibriumPropagation, Presented
from neurochip.substrate import Substrate

__all__ = ["RandomFeedback"]


@dataclass(frozen=True)
class RandomFeedback(EquilibriumPropagation):
    """The rule of general dynamics without its backward half."""

    def check(self, substrate: Substrate) -> None:
        """Raise when feedback has no weights of its own, or the substrate lacks what the rule needs."""
        if self.network.tied:
            raise ConfigError(
                "network.tied",
                'must be false with learning.rule = "random-feedback", which freezes the feedback',
            )
        super().check(substrate)

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run all phases and return the change of the forward weights and biases."""
        whole = super().present(substrate, targets, beta, share)
        forward = tuple(update for update in whole.updates if update.target > update.source)
        return Presented(whole.output, forward, whole.biases)
