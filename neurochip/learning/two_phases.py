"""The phases that contrastive rules share: settle freely, settle nudged, and what the two are compared with."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from neurochip.description.network import Network
from neurochip.errors import ConfigError, DataError
from neurochip.learning.eqprop import Presented
from neurochip.learning.needs import check_needs
from neurochip.substrate import Observable, Phase, Substrate, WeightUpdate

__all__ = ["Contrast", "TwoPhaseRule", "TwoPhases", "fitting_targets"]

Array = NDArray[Any]
Reference = Literal["before", "twin", "opposite"]
Presynaptic = Literal["oracle", "trace"]


class Contrast(NamedTuple):
    """What both phases came to; lists over layers of [lane, unit].

    Attributes
    ----------
    minus, plus
        Activity ρ of the neurons, as their own cores know it, at the end of both phases.
    heard_minus, heard_plus
        The same as the cores know it that hear these neurons.
    span
        β from one to the other.
    """

    minus: list[Array]
    plus: list[Array]
    heard_minus: list[Array]
    heard_plus: list[Array]
    span: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPhases:
    """Lengths of the phases, and what a nudged phase is compared with.

    Parameters
    ----------
    free, nudged
        Ticks.
    beta
        β of the nudge.
    against
        ``"before"``: the end of the free phase, as printed. ``"twin"``: a free run that goes on for as long as the
        nudged one, from the same state (elsewhere `split_stream`), so that whatever still drifts cancels.
        ``"opposite"``: a phase nudged by −β from the same state (centred).
    pre
        What a core takes for the activity at the far end of a synapse: ``"oracle"``, the neuron's own value, which
        has to be moved; or ``"trace"``, what it makes of that neuron's spikes by itself.
    """

    free: int
    nudged: int
    beta: float = 1.0
    against: Reference = "twin"
    pre: Presynaptic = "oracle"

    def __post_init__(self) -> None:
        """Check that both phases last and differ."""
        for name in ("free", "nudged"):
            if not getattr(self, name) >= 1:
                raise ConfigError(f"phases.{name}", f"must be ≥ 1 tick, got {getattr(self, name)}")
        if not math.isfinite(self.beta) or self.beta == 0:
            raise ConfigError("learning.beta", f"must be finite and not 0, got {self.beta:g}")
        for name, among in (("against", Reference), ("pre", Presynaptic)):
            if getattr(self, name) not in get_args(among):
                known = ", ".join(f'"{word}"' for word in get_args(among))
                raise ConfigError(f"learning.{name}", f"must be one of {known}, got {getattr(self, name)!r}")

    @property
    def needs(self) -> frozenset[Observable]:
        """What has to be read of a substrate."""
        heard = {Observable.TRACE} if self.pre == "trace" else set()
        return frozenset({Observable.VALUE} | heard)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases, in order."""
        last = {"before": (), "twin": (Phase.FREE,), "opposite": (Phase.NUDGED_NEGATIVE,)}[self.against]
        return (Phase.FREE, Phase.NUDGED, *last)

    @property
    def ticks(self) -> int:
        """Ticks of one presentation."""
        return self.free + self.nudged * (len(self.phases) - 1)

    @property
    def words_per_axon(self) -> int:
        """Real numbers that have to be moved for each axon and phase that is compared."""
        return int(self.pre == "oracle")

    def run(self, substrate: Substrate, targets: Array, layers: int) -> Contrast:
        """Run all phases on lanes that have just begun; ``targets`` [lane, unit] in [0, 1].

        Raises
        ------
        DataError
            For targets outside [0, 1].
        """
        targets = fitting_targets(targets)

        def known() -> tuple[list[Array], list[Array]]:
            own = [substrate.observe(Observable.VALUE, k) for k in range(layers)]
            if self.pre == "oracle":
                return own, own
            return own, [substrate.observe(Observable.TRACE, k) for k in range(layers)]

        substrate.run(Phase.FREE, self.free)
        minus, heard_minus = known() if self.against == "before" else ([], [])
        snapshot = None if self.against == "before" else substrate.snapshot()
        substrate.run(Phase.NUDGED, self.nudged, beta=self.beta, targets=targets)
        plus, heard_plus = known()
        span = self.beta
        if snapshot is not None:
            substrate.restore(snapshot)
            if self.against == "twin":
                substrate.run(Phase.FREE, self.nudged)
            else:
                substrate.run(Phase.NUDGED_NEGATIVE, self.nudged, beta=-self.beta, targets=targets)
                span = 2 * self.beta
            minus, heard_minus = known()
        return Contrast(minus, plus, heard_minus, heard_plus, span)


@dataclass(frozen=True)
class TwoPhaseRule(ABC):
    """What the rules between two phases share.

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

    @abstractmethod
    def update_of(self, seen: Contrast, source: int, target: int, rate: float) -> WeightUpdate:
        """Return the change of the weights from one layer to another, up or down: what tells the rules apart."""

    def present(self, substrate: Substrate, targets: Array, share: float = 1.0) -> Presented:
        """Run all phases on lanes that have just begun, and return what should change; ``share`` scales all rates.

        A bias is a weight from a neuron that always fires: Δb_i ∝ ρ(s_i^β) − ρ(s_i*).

        Raises
        ------
        DataError
            For targets outside [0, 1].
        """
        seen = self.phases.run(substrate, targets, len(self.network.populations))
        lanes = seen.minus[0].shape[0]
        updates, biases = [], []
        for k, rate in enumerate(self.rates):
            scale = rate * share / (seen.span * lanes)
            if scale:
                updates.append(self.update_of(seen, k, k + 1, scale))
                if k > 0 and not self.network.tied and not self.fixed_feedback:
                    updates.append(self.update_of(seen, k + 1, k, scale))
            moved = seen.plus[k + 1] - seen.minus[k + 1]
            biases.append(moved.dtype.type(scale) * np.sum(moved, axis=0))
        return Presented(seen.minus[-1], tuple(updates), tuple(biases))


def fitting_targets(targets: Array) -> Array:
    """Return targets, checked: all in [0, 1], the range of a rate.

    Raises
    ------
    DataError
        When one is not, or is NaN.
    """
    targets = np.asarray(targets)
    outside = ~((targets >= 0) & (targets <= 1))
    if outside.any():
        raise DataError(
            "targets", f"must lie in [0, 1], the range of a rate, got {targets[outside].flat[0]:g}"
        )
    return targets
