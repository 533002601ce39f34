"""Recurrent backpropagation (Almeida 1987; Pineda 1987): the gradient itself, by the exact Jacobian of the circuit.

A yardstick, not a proposal: it takes the Jacobian, transposed, which nothing on a chip could measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from neurochip.description.network import Network
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.errors import CapabilityError
from neurochip.learning.eqprop import Array, Presented
from neurochip.learning.needs import check_needs
from neurochip.substrate import Observable, Phase, Substrate, WeightUpdate

__all__ = ["RecurrentBackpropagation"]


@runtime_checkable
class _Differentiable(Protocol):
    def adjoint(self, targets: Array) -> list[Array]: ...


@dataclass(frozen=True)
class RecurrentBackpropagation:
    """The rule, for one network; of the phases it uses the free one alone."""

    network: Network
    learning: LearningSpec
    phases: PhasesSpec

    @property
    def needs(self) -> frozenset[Observable]:
        """What the rule reads of a substrate, besides its Jacobian."""
        return frozenset({Observable.VALUE})

    def check(self, substrate: Substrate) -> None:
        """Raise `CapabilityError` if the substrate does not give its Jacobian away, or keeps no values."""
        if not isinstance(substrate, _Differentiable):
            raise CapabilityError(
                "learning",
                f"needs the Jacobian, which the {substrate.capabilities.name} substrate does not give; "
                'learning.rule = "recurrent-backprop" runs on analog',
            )
        check_needs(self.needs, substrate)

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run the free phase and return −η dC/dW; ``beta`` plays no part."""
        if not isinstance(substrate, _Differentiable):
            raise CapabilityError("learning", "needs the Jacobian of the substrate")
        layers = range(len(self.network.populations))
        substrate.run(Phase.FREE, self.phases.free)
        values = [substrate.observe(Observable.VALUE, k) for k in layers]
        sent = values
        if Observable.ACTIVITY in substrate.capabilities.observables:
            sent = [substrate.observe(Observable.ACTIVITY, k) for k in layers]
        wanted: list[Any] = [None, *substrate.adjoint(targets)]
        lanes = values[0].shape[0]
        updates, biases = [], []
        for k, rate in enumerate(self.learning.rates):
            scale = rate * share / lanes
            forward = (sent[k], wanted[k + 1])
            if k == 0:
                updates.append(WeightUpdate(k, k + 1, (forward,), scale, 1))
            elif self.network.tied:
                updates.append(WeightUpdate(k, k + 1, (forward, (wanted[k], sent[k + 1])), scale, 2))
            else:
                updates.append(WeightUpdate(k, k + 1, (forward,), scale, 1))
                updates.append(WeightUpdate(k + 1, k, ((sent[k + 1], wanted[k]),), scale, 1))
            biases.append(wanted[k + 1].dtype.type(rate * share) * np.mean(wanted[k + 1], axis=0))
        return Presented(values[-1], tuple(updates), tuple(biases))
