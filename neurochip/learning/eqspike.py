"""Spike-driven equilibrium propagation (EqSpike; Martin et al. 2021).

While the output is nudged, a weight changes when a spike arrives, by the rate at which the activity of the postsynaptic
neuron changes in that moment: ΔW_ij ∝ q_j ṡ_i. Nothing is stored of the free phase, and nothing but spikes crosses.
Where activity before the synapse is steady, the sum over the phase is that of vector-field equilibrium propagation,
ρ(s_j)(s_i⁺ − s_i⁻).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from neurochip.description.rule_keys import EqSpikeKeys
from neurochip.errors import ConfigError
from neurochip.learning.readings import Array, Reading, Readings
from neurochip.learning.rule import LearningRule
from neurochip.learning.schedule import Moment
from neurochip.network import Projection
from neurochip.substrate import Observable, Substrate, WeightUpdate

__all__ = ["EqSpike"]


class EqSpike(LearningRule):
    """The rule; each core uses the spikes that arrive, and how the values of its own neurons change.

    Of neurons that fire, the value is a low-pass filter of their own spikes. Its change in ``learning.own.window``
    ticks is what all spikes of these ticks are multiplied by; in windows of one tick a spike is one addition to each
    weight of its row. ``learning.own.filter`` smooths the change over earlier windows.

    The sums are written at the end of a minibatch, as with all rules; the paper's synapses change at once.

    Tied weights take both directions, q_j ṡ_i + ṡ_j q_i, as in the paper, where one device is the synapse of both. On
    cores each end holds a copy, and has to be told the ṡ of the other. With a reference, what the neurons do in it is
    taken away again, spike by spike.

    Raises
    ------
    ConfigError
        When windows do not fit into the nudged phase, or spikes are to be filtered first.
    """

    def __post_init__(self) -> None:
        """Check that windows fit into the nudged phase, and that spikes are taken as they come."""
        super().__post_init__()
        if self.phases.nudged % self._own.window:
            raise ConfigError(
                "learning.own.window",
                f"must divide the {self.phases.nudged} nudged ticks, got {self._own.window}",
            )
        if self.learning.pre == "trace" and self.learning.trace != "count":
            raise ConfigError(
                "learning.trace",
                'must be "count" with learning.rule = "eqspike", which takes spikes as they come',
            )

    @property
    def _own(self) -> EqSpikeKeys:
        own: EqSpikeKeys = self.learning.own
        return own

    @property
    def parts(self) -> int:
        """Windows of the nudged phase."""
        return self.phases.nudged // self._own.window

    @property
    def reads_pre(self) -> frozenset[Moment]:
        """Spikes count while the output is nudged, and in what that is compared with."""
        return frozenset({"nudged", "reference"})

    @property
    def needs(self) -> frozenset[Observable]:
        """The values of neurons, and the spikes of each window."""
        return frozenset({Observable.VALUE, Observable.RATE})

    def activity(self, substrate: Substrate) -> Observable:
        """Return what stands before a synapse: spikes of the last window, in units of the value."""
        return Observable.RATE

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection."""
        source, target = projection.source, projection.target
        tied = self.has_tied_feedback(projection)
        paths = [(1, [seen.free, *seen.nudged])]
        if self.schedule.branches:
            paths.append((-1, [seen.free, *seen.reference]))
        terms: list[tuple[Array, Array]] = []
        for sign, path in paths:
            terms += [(spikes, sign * speed) for spikes, speed in self._met(path, source, target)]
            if tied:
                terms += [(sign * speed, spikes) for spikes, speed in self._met(path, target, source)]
        told = self.parts * len(paths) * max(self.words_per_axon, int(tied))
        return WeightUpdate(projection.index, tuple(terms), seen.scale(rate), told)

    def _met(self, path: list[Reading], before: int, after: int) -> Iterator[tuple[Array, Array]]:
        """Give the spikes of a population in each window, and the filtered change of another's values in it."""
        keep = math.exp(-self._own.window / self._own.filter) if self._own.filter else 0.0
        speed = np.zeros_like(path[0].value[after])
        for then, now in zip(path[:-1], path[1:], strict=True):
            moved = now.value[after] - then.value[after]
            speed = moved + moved.dtype.type(keep) * (speed - moved)
            yield now.pre[before], speed
