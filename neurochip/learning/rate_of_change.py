"""Presynaptic rate × rate of change of the postsynaptic state, while the output is nudged (Bengio et al. 2017, eq.
3.18).

ΔW_ij ∝ Σ_t ρ(s_j(t)) (s_i(t + δ) − s_i(t)) over the nudged phase in steps of δ ticks: nothing is compared with a
stored phase, each synapse watches its two neurons move. Where the presynaptic side hardly moves the sum is that of
vector-field equilibrium propagation, ρ(s_j⁻)(s_i⁺ − s_i⁻).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.description.network import Network
from neurochip.errors import ConfigError
from neurochip.learning.eqprop import Presented
from neurochip.learning.needs import check_needs
from neurochip.learning.two_phases import fitting_targets
from neurochip.substrate import Observable, Phase, Substrate, WeightUpdate

__all__ = ["RateOfChange"]

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class RateOfChange:
    """The rule, for one network.

    Tied weights take both directions, ṡ_i ρ(s_j) + ρ(s_i) ṡ_j; untied ones each its own.

    Parameters
    ----------
    network
        Layers; tied or not.
    rates
        η of each projection, input side first.
    free, nudged, steps
        Ticks of both phases; the nudged one is watched in ``steps`` equal parts.
    beta
        Strength of the nudge.
    pre
        What stands for ρ(s_j): ``oracle``, the real state read out of its core, or ``trace``, what the receiving core
        makes of the bits it got.
    """

    network: Network
    rates: tuple[float, ...]
    free: int = 100
    nudged: int = 50
    steps: int = 5
    beta: float = 0.5
    pre: Literal["oracle", "trace"] = "oracle"

    def __post_init__(self) -> None:
        """Check the lengths, β and the rates."""
        if not 1 <= self.steps <= self.nudged:
            raise ConfigError(
                "learning.steps", f"must be 1 to {self.nudged}, the nudged ticks, got {self.steps}"
            )
        if self.nudged % self.steps:
            raise ConfigError(
                "learning.steps", f"must divide the {self.nudged} nudged ticks, got {self.steps}"
            )
        if self.beta == 0:
            raise ConfigError("learning.beta", "must be non-zero, got 0")
        needed = len(self.network.populations) - 1
        if len(self.rates) != needed:
            raise ConfigError(
                "learning.rates", f"must be {needed}, one for each projection, got {len(self.rates)}"
            )

    @property
    def needs(self) -> frozenset[Observable]:
        """What the rule reads of a substrate."""
        return frozenset({Observable.VALUE} | ({Observable.TRACE} if self.pre == "trace" else set()))

    def check(self, substrate: Substrate) -> None:
        """Raise `CapabilityError` if the substrate lacks what the rule needs."""
        check_needs(self.needs, substrate)

    def present(self, substrate: Substrate, targets: Array) -> Presented:
        """Run both phases on lanes that have just begun, and return what should change.

        Raises
        ------
        DataError
            For targets outside [0, 1].
        """
        targets = fitting_targets(targets)
        layers = range(len(self.network.populations))

        def seen(what: Observable) -> list[Array]:
            return [substrate.observe(what, k) for k in layers]

        source = Observable.VALUE if self.pre == "oracle" else Observable.TRACE
        substrate.run(Phase.FREE, self.free)
        now, output = seen(Observable.VALUE), substrate.observe(Observable.VALUE, -1)
        heard, moved = [], []
        start = now
        for _ in range(self.steps):
            heard.append(seen(source))
            substrate.run(Phase.NUDGED, self.nudged // self.steps, beta=self.beta, targets=targets)
            following = seen(Observable.VALUE)
            moved.append([b - a for a, b in zip(now, following, strict=True)])
            now = following
        lanes = len(targets)
        told = self.steps if self.pre == "oracle" else 0
        updates, biases = [], []
        for k, rate in enumerate(self.rates):
            scale = rate / (self.beta * lanes)
            up = tuple((h[k], m[k + 1]) for h, m in zip(heard, moved, strict=True))
            down = tuple((h[k + 1], m[k]) for h, m in zip(heard, moved, strict=True))
            if k and self.network.tied:
                up += tuple((m, h) for h, m in down)
            updates.append(WeightUpdate(k, k + 1, up, scale, told))
            if k and not self.network.tied:
                updates.append(WeightUpdate(k + 1, k, down, scale, told))
            whole = now[k + 1] - start[k + 1]
            biases.append(whole.dtype.type(rate / self.beta) * np.mean(whole, axis=0))
        return Presented(output, tuple(updates), tuple(biases))
