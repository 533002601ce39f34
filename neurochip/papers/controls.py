"""Negative controls of learning: the same rule with the updates of its hidden layers spoilt.

What an output layer learns by itself says nothing about a rule. A rule that assigns credit does better than the
same network with its hidden layer *frozen*. It no longer does so when the changes of its hidden neurons are
*shuffled*: dealt to other samples of the minibatch than those that they are for; nor, with tied weights, when
they are *reversed*. With feedback of its own a reversed update is no control: it is the rule with feedback of
the other sign, and forward weights come to align with whatever feedback there is (Lillicrap et al. 2016).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from neurochip.learning.readings import Array, Presented
from neurochip.learning.rule import Rule
from neurochip.network import Network
from neurochip.substrate import Observable, Substrate

__all__ = ["Control", "HiddenUpdates", "beats", "standard_error"]

Control = Literal["frozen", "shuffled", "reversed"]
ENOUGH = 3.0  # standard errors


@dataclass(frozen=True)
class HiddenUpdates:
    """A rule whose changes of the forward weights and biases of hidden populations are spoilt.

    Parameters
    ----------
    rule
        The rule.
    network
        Its network.
    control
        How.
    """

    rule: Rule
    network: Network
    control: Control

    @property
    def needs(self) -> frozenset[Observable]:
        """What the rule reads of a substrate."""
        return self.rule.needs

    def check(self, substrate: Substrate) -> None:
        """Raise if the substrate lacks what the rule needs."""
        self.rule.check(substrate)

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run all phases, and return what should change, with the hidden part spoilt."""
        whole = self.rule.present(substrate, targets, beta, share)
        outputs = self.network.outputs
        updates = []
        for update in whole.updates:
            changed = self.network.projections[update.projection]
            if changed.backward or changed.target in outputs:
                updates.append(update)
            elif self.control == "reversed":
                updates.append(replace(update, rate=-update.rate))
            elif self.control == "shuffled":
                terms = tuple((pre, np.roll(post, 1, axis=0)) for pre, post in update.terms)
                updates.append(replace(update, terms=terms))
        factor = {"frozen": 0, "shuffled": 1, "reversed": -1}[self.control]
        biases = [
            bias if population in outputs else bias.dtype.type(factor) * bias
            for population, bias in zip(self.network.updated, whole.biases, strict=True)
        ]
        return whole._replace(updates=tuple(updates), biases=tuple(biases))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rule, name)


def standard_error(differences: tuple[float, ...] | list[float]) -> float:
    """Return the standard error of a mean."""
    return float(np.std(differences, ddof=1) / np.sqrt(len(differences)))


def beats(accuracy: tuple[float, ...], frozen: tuple[float, ...]) -> bool:
    """Whether a network does better than the same one with a frozen hidden layer, seed by seed.

    The mean of the differences has to be more than three standard errors above 0, over five seeds at least.
    """
    if len(accuracy) < 5 or len(accuracy) != len(frozen):
        raise ValueError(f"needs as many of both, five at least; got {len(accuracy)} and {len(frozen)}")
    differences = [a - b for a, b in zip(accuracy, frozen, strict=True)]
    return float(np.mean(differences)) > max(ENOUGH * standard_error(differences), 0.0)
