"""Contrastive Hebbian learning (Mesnard, Gerstner & Brea 2016, eq. 3): Δw_ij ∝ ρ(s_i^β) ρ(s_j^β) − ρ(s_i*) ρ(s_j*)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.description.network import Network
from neurochip.learning.eqprop import Presented
from neurochip.learning.needs import check_needs
from neurochip.learning.two_phases import TwoPhases
from neurochip.substrate import Observable, Substrate, WeightUpdate

__all__ = ["ContrastiveHebbian"]

Array = NDArray[Any]


@dataclass(frozen=True)
class ContrastiveHebbian:
    """The rule, for one network.

    A bias is a weight from a neuron that always fires: Δb_i ∝ ρ(s_i^β) − ρ(s_i*). The change is the same at both
    ends of a connection, so tied weights stay tied without being told, and feedback of its own takes the same one.

    Parameters
    ----------
    network
        Layers; tied or not.
    phases
        Lengths, nudge, and what it is compared with.
    rates
        η of each projection from layer k to layer k+1, and of the biases of layer k+1; with 0 they stay.
    fixed_feedback
        Feedback of its own does not learn.
    """

    network: Network
    phases: TwoPhases
    rates: tuple[float, ...]
    fixed_feedback: bool = False

    @property
    def needs(self) -> frozenset[Observable]:
        """What the rule reads of a substrate."""
        return self.phases.needs

    def check(self, substrate: Substrate) -> None:
        """Raise `CapabilityError` if the substrate lacks what the rule needs."""
        check_needs(self.needs, substrate)

    def present(self, substrate: Substrate, targets: Array, share: float = 1.0) -> Presented:
        """Run all phases on lanes that have just begun, and return what should change; ``share`` scales all rates.

        Raises
        ------
        DataError
            For targets outside [0, 1].
        """
        seen = self.phases.run(substrate, targets, len(self.network.populations))
        lanes = seen.minus[0].shape[0]
        # Both products need what stands at the far end, once in each phase.
        told = 2 * self.phases.words_per_axon
        updates, biases = [], []

        def change(source: int, target: int, rate: float) -> WeightUpdate:
            terms = (
                (seen.heard_plus[source], seen.plus[target]),
                (-seen.heard_minus[source], seen.minus[target]),
            )
            return WeightUpdate(source, target, terms, rate, told)

        for k, rate in enumerate(self.rates):
            scale = rate * share / (seen.span * lanes)
            if scale:
                updates.append(change(k, k + 1, scale))
                if k > 0 and not self.network.tied and not self.fixed_feedback:
                    updates.append(change(k + 1, k, scale))
            moved = seen.plus[k + 1] - seen.minus[k + 1]
            biases.append(moved.dtype.type(scale) * np.sum(moved, axis=0))
        return Presented(seen.minus[-1], tuple(updates), tuple(biases))
