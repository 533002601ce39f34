"""What all learning rules share: what they read and when, which projections they change, and how to say no in time.

A rule is a subclass of `LearningRule` with one method, `LearningRule.update_of`: the change of one projection, from
what stood at its two ends. It knows populations and projections, not layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.learning.readings import Presented, Reading, Readings
from neurochip.learning.schedule import Moment, Schedule
from neurochip.network import Network, Projection
from neurochip.substrate import Observable, Substrate, WeightUpdate

__all__ = ["LearningRule", "Rule", "check_needs", "fitting_targets"]

Array = NDArray[np.floating]


class Rule(Protocol):
    """What the training loop asks of a rule; `LearningRule` answers all of it."""

    @property
    def needs(self) -> frozenset[Observable]:
        """What it reads of a substrate, but for `Observable.ACTIVITY`, which stands in for the value where kept."""
        ...

    def check(self, substrate: Substrate) -> None:
        """Raise if the substrate lacks what the rule needs, or the network is none that it can serve."""
        ...

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run all phases on samples that have just begun, and return what should change.

        Parameters
        ----------
        targets
            y, [sample, unit] of the output.
        beta
            Strength of the nudge, signed.
        share
            Scales all rates.
        """
        ...


@dataclass(frozen=True)
class LearningRule(ABC):
    """A rule, for one network.

    Parameters
    ----------
    network
        Populations and projections; feedback tied or with weights of its own.
    learning, phases
        Constants of the rule, and lengths of its phases and what they are compared with.

    Attributes
    ----------
    nudges
        Whether it pulls the output to its target; if not, it settles once.
    feedback_learns
        Whether feedback that has weights of its own learns, too.

    Raises
    ------
    ConfigError
        When there is not one rate for each forward projection.
    """

    nudges: ClassVar[bool] = True
    feedback_learns: ClassVar[bool] = True

    network: Network
    learning: LearningSpec
    phases: PhasesSpec

    def __post_init__(self) -> None:
        """Check that each forward projection has its rate."""
        needed = len(self.network.forward)
        if len(self.learning.rates) != needed:
            raise ConfigError(
                "learning.rates",
                f"must be {needed}, one for each projection, got {len(self.learning.rates)}",
            )

    @property
    def parts(self) -> int:
        """Equal parts of the nudged phase after which it reads."""
        return 1

    @property
    def reads_pre(self) -> frozenset[Moment]:
        """When it reads the activity before synapses."""
        return frozenset({"free", "nudged", "reference"})

    @property
    def schedule(self) -> Schedule:
        """The phases of a presentation."""
        return Schedule(
            free=self.phases.free,
            nudged=self.phases.nudged if self.nudges else 0,
            reference=self.phases.reference,
            parts=self.parts,
            counts=self.learning.pre == "trace" and self.learning.trace == "count",
            aimed=Observable.ADJOINT in self.needs,
        )

    @property
    def needs(self) -> frozenset[Observable]:
        """What it reads of a substrate."""
        if self.learning.pre == "oracle":
            return frozenset({Observable.VALUE})
        return frozenset({Observable.VALUE, self._trace})

    @property
    def words_per_axon(self) -> int:
        """Real numbers that have to be moved for each axon and sample whenever the activity before it is used."""
        return int(self.learning.pre == "oracle")

    def check(self, substrate: Substrate) -> None:
        """Raise if it cannot serve its network, or the substrate lacks what it needs.

        Raises
        ------
        ConfigError
            For a network that is none for this rule.
        CapabilityError
            With the names of the observables that are missing.
        """
        self.serve(self.network)
        check_needs(self.needs, substrate)

    def serve(self, network: Network) -> None:  # noqa: B027 (most rules serve any network)
        """Raise `ConfigError` for a network that the rule cannot serve, with the reason."""

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run all phases on samples that have just begun, and return what should change; see `Rule.present`.

        Raises
        ------
        DataError
            For targets outside [0, 1].
        """
        targets = fitting_targets(targets)
        seen = self.schedule.run(substrate, targets, beta, lambda moment: self.read(substrate, moment))
        said = [seen.free.value[k] for k in self.network.outputs]
        output = said[0] if len(said) == 1 else np.concatenate(said, axis=1)
        return Presented(output, *self.changes(seen, share))

    def read(self, substrate: Substrate, moment: Moment) -> Reading:
        """Return what the rule reads of all populations at a moment of a presentation."""
        populations = range(len(self.network.populations))
        value = [substrate.observe(Observable.VALUE, k) for k in populations]
        pre: list[Array] = []
        if moment in self.reads_pre:
            what = self.activity(substrate)
            pre = value if what is Observable.VALUE else [substrate.observe(what, k) for k in populations]
        adjoint: list[Array] = []
        if Observable.ADJOINT in self.needs:
            adjoint = [substrate.observe(Observable.ADJOINT, k) for k in populations]
        return Reading(value, pre, adjoint)

    def activity(self, substrate: Substrate) -> Observable:
        """Return what is read for the activity before a synapse."""
        if self.learning.pre == "trace":
            return self._trace
        # Where there is no activity of its own, a neuron sends its state.
        kept = Observable.ACTIVITY in substrate.capabilities.observables
        return Observable.ACTIVITY if kept else Observable.VALUE

    @property
    def _trace(self) -> Observable:
        return Observable.TRACE if self.learning.trace == "decoder" else Observable.RATE

    def changes(
        self, seen: Readings, share: float = 1.0
    ) -> tuple[tuple[WeightUpdate, ...], tuple[Array, ...]]:
        """Return what should change, of weights and of biases; ``share`` scales all rates."""
        updates, biases = [], []
        for projection, rate in self.plastic():
            if rate * share:
                updates.append(self.update_of(seen, projection, rate * share))
        for population in self.network.updated:
            biases.append(self.bias_of(seen, population, self.bias_rate(population) * share))
        return tuple(updates), tuple(biases)

    def plastic(self) -> Iterator[tuple[Projection, float]]:
        """Give the projections that learn, each with its rate η; feedback has that of its forward partner."""
        rates = dict(zip(self.network.forward, self.learning.rates, strict=True))
        for p in self.network.projections:
            if p.feedback_of is None:
                yield p, rates[p.index]
            elif not p.tied and self.feedback_learns:
                yield p, rates[p.feedback_of]

    def bias_rate(self, population: int) -> float:
        """Return η of the biases of a population: that of the first projection that leads forward to it."""
        rates = dict(zip(self.network.forward, self.learning.rates, strict=True))
        into = [rates[k] for k in self.network.into(population) if k in rates]
        return into[0] if into else 0.0

    def has_tied_feedback(self, projection: Projection) -> bool:
        """Whether some other projection is the transpose of this one."""
        return bool(self.network.tied_to(projection.index))

    @abstractmethod
    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection, forward or backward; ``rate`` is its η."""

    def bias_of(self, seen: Readings, population: int, rate: float) -> Array:
        """Return the change of the biases of a population, [unit].

        A bias is a weight from a neuron that always fires: Δb ∝ s⁺ − s⁻, the mean over samples.
        """
        moved = seen.moved(population)
        return np.asarray(moved.dtype.type(rate / seen.span) * np.mean(moved, axis=0))


def check_needs(needs: Set[Observable], substrate: Substrate) -> None:
    """Say before the run that a substrate lacks what a rule needs.

    Parameters
    ----------
    needs
        What the rule reads.
    substrate
        What it is to learn on.

    Raises
    ------
    CapabilityError
        With the names of what is missing.
    """
    missing = needs - substrate.capabilities.observables
    if missing:
        names = ", ".join(sorted(what.value for what in missing))
        raise CapabilityError(
            "learning", f"needs {names}, which the {substrate.capabilities.name} substrate does not keep"
        )


def fitting_targets(targets: Array) -> Array:
    """Return targets, or raise `DataError` where one is not in [0, 1], the range of a rate."""
    targets = np.asarray(targets)
    outside = ~((targets >= 0) & (targets <= 1))
    if outside.any():
        raise DataError(
            "targets", f"must lie in [0, 1], the range of a rate, got {targets[outside].flat[0]:g}"
        )
    return targets
