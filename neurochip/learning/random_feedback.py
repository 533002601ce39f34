"""Frozen random feedback: equilibrium propagation whose backward weights never change.

After feedback alignment (Lillicrap et al. 2016): only the forward weights learn, and they may come to align with the
feedback that happens to be there.
"""

from __future__ import annotations

from neurochip.errors import ConfigError
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import Network

__all__ = ["RandomFeedback"]


class RandomFeedback(EquilibriumPropagation):
    """The rule of general dynamics without its backward half."""

    feedback_learns = False

    def serve(self, network: Network) -> None:
        """Raise `ConfigError` when feedback has no weights of its own."""
        if network.tied:
            raise ConfigError(
                "network.tied",
                'must be false with learning.rule = "random-feedback", which freezes the feedback',
            )
