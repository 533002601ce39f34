"""Equilibrium propagation with the sign of each presynaptic factor: one bit per axon (after Bernstein et al. 2018).

signSGD takes the sign of a gradient. Here the activity before a synapse becomes 0 or 1, [s > θ], so that the core that
changes its weights needs one bit of every axon instead of a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurochip import ConfigError, EquilibriumPropagation, Presented, Substrate, WeightUpdate

__all__ = ["SignEqProp"]


@dataclass(frozen=True)
class SignEqProp(EquilibriumPropagation):
    """The rule of general dynamics, [s_pre⁻ > θ] × (s_post⁺ − s_post⁻), in each direction on its own."""

    @dataclass(frozen=True)
    class Keys:
        """What a run says in ``learning.own``: θ, from which on an activity counts as 1."""

        threshold: float = 0.5

        def __post_init__(self) -> None:
            """Check θ."""
            if not 0 < self.threshold < 1:
                raise ConfigError("threshold", f"must lie in (0, 1), got {self.threshold:g}")

    def present(self, substrate: Substrate, targets: Any, beta: float, share: float = 1.0) -> Presented:
        """Run all phases and return what should change."""
        whole = super().present(substrate, targets, beta, share)
        updates = []
        for update in whole.updates:
            [(pre, post), *_] = update.terms
            bit = (pre > self.learning.own.threshold).astype(pre.dtype)
            updates.append(
                WeightUpdate(update.source, update.target, ((bit, post),), update.rate, update.words_per_axon)
            )
        return Presented(whole.output, tuple(updates), whole.biases)
