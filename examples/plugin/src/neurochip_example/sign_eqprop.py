"""Equilibrium propagation with the sign of each presynaptic factor: one bit per axon (after Bernstein et al. 2018).

signSGD takes the sign of a gradient. Here the activity before a synapse becomes 0 or 1, [s > θ], so that the core that
changes its weights needs one bit of every axon instead of a word.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurochip import ConfigError, EquilibriumPropagation, Projection, Readings, WeightUpdate

__all__ = ["SignEqProp"]


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

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection."""
        whole = super().update_of(seen, projection, rate)
        [(pre, post), *_] = whole.terms
        bit = (pre > self.learning.own.threshold).astype(pre.dtype)
        return WeightUpdate(whole.projection, ((bit, post),), whole.rate, whole.words_per_axon)
