"""Equilibrium propagation (Scellier & Bengio 2017; with bits, O'Connor, Gavves & Welling 2019, eq. 4).

Tied weights take the contrast of both phases, untied ones the general-dynamics form (Scellier et al. 2018):
each direction learns from presynaptic activity × change of postsynaptic state. With ``pre = "trace"`` a core uses
the trace that it keeps of each axon, and nothing but bits ever crosses between cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.description.network import Network
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.learning.needs import check_needs
from neurochip.substrate import Observable, Phase, Substrate, WeightUpdate

__all__ = ["EquilibriumPropagation", "Presented"]

Array = NDArray[Any]


class Presented(NamedTuple):
    """What one minibatch came to.

    Attributes
    ----------
    output
        [lane, unit], the output at the end of the free phase: the network's answer.
    updates, biases
        The change of weights, and of biases of layers 1 … .
    made
        Whether the substrate has made the change already, as a chip does whose controller was told to.
    """

    output: Array
    updates: tuple[WeightUpdate, ...]
    biases: tuple[Array, ...]
    made: bool = False


@dataclass(frozen=True)
class EquilibriumPropagation:
    """The rule, for one network (Scellier & Bengio 2017; with bits, O'Connor, Gavves & Welling 2019, eq. 4).

    Parameters
    ----------
    network
        Layers; tied or not.
    learning, phases
        Constants of the rule and lengths of its phases.
    """

    network: Network
    learning: LearningSpec
    phases: PhasesSpec

    @property
    def needs(self) -> frozenset[Observable]:
        """What the rule reads of a substrate."""
        wanted = {Observable.VALUE}
        if self.learning.pre == "trace":
            wanted.add(Observable.TRACE if self.learning.trace == "decoder" else Observable.RATE)
        return frozenset(wanted)

    def check(self, substrate: Substrate) -> None:
        """Raise `CapabilityError` if the substrate lacks what the rule needs."""
        check_needs(self.needs, substrate)

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run all phases on lanes that have just begun, and return what should change.

        ``targets`` [lane, unit] are y; ``beta`` is signed; ``share`` scales all rates.
        """
        layers = range(len(self.network.populations))
        free_ticks, nudged_ticks = self.phases.free, self.phases.nudged
        if self.learning.trace == "count" and self.learning.pre == "trace":
            # Spikes are counted over the second half, when the network has nearly settled.
            substrate.run(Phase.FREE, max(1, free_ticks // 2))
            free_ticks -= max(1, free_ticks // 2)
        if free_ticks:
            substrate.run(Phase.FREE, free_ticks)
        free = [substrate.observe(Observable.VALUE, k) for k in layers]
        pre = self._presynaptic(substrate, free)
        output = free[-1]
        centred = self.learning.nudging == "centred"
        snapshot = substrate.snapshot() if centred or self.phases.split_stream else None
        substrate.run(Phase.NUDGED, nudged_ticks, beta=beta, targets=targets)
        plus = [substrate.observe(Observable.VALUE, k) for k in layers]
        minus, span = free, beta
        if snapshot is not None:
            substrate.restore(snapshot)
            if centred:
                substrate.run(Phase.NUDGED_NEGATIVE, nudged_ticks, beta=-beta, targets=targets)
                span = 2 * beta
            else:
                substrate.run(Phase.FREE, nudged_ticks)
            minus = [substrate.observe(Observable.VALUE, k) for k in layers]
            if not centred and self.learning.pre == "oracle":
                pre = self._presynaptic(substrate, minus)
        return Presented(output, *self.contrast(pre, minus, plus, span, share))

    def activity(self, substrate: Substrate) -> Observable:
        """Return what is read for the activity before a synapse."""
        if self.learning.pre == "oracle":
            # Where there is no activity of its own, a neuron sends its state.
            kept = Observable.ACTIVITY in substrate.capabilities.observables
            return Observable.ACTIVITY if kept else Observable.VALUE
        return Observable.TRACE if self.learning.trace == "decoder" else Observable.RATE

    def _presynaptic(self, substrate: Substrate, free: list[Array]) -> list[Array]:
        """Return what each core takes for the activity of its axons."""
        return free if self.activity(substrate) is Observable.VALUE else self._activities(substrate)

    def _activities(self, substrate: Substrate) -> list[Array]:
        what = self.activity(substrate)
        return [substrate.observe(what, k) for k in range(len(self.network.populations))]

    def contrast(
        self, pre: Sequence[Array], minus: Sequence[Array], plus: Sequence[Array], span: float, share: float
    ) -> tuple[tuple[WeightUpdate, ...], tuple[Array, ...]]:
        """Return what should change, of weights and of biases, by what stood on every layer.

        Parameters
        ----------
        pre, minus, plus
            [lane, unit] of each layer: presynaptic activity, states before and after.
        span
            What β was between the two.
        share
            Scales all rates.
        """
        lanes = minus[0].shape[0]
        moved = [p - m for p, m in zip(plus, minus, strict=True)]
        told = 0 if self.learning.pre == "trace" else 1
        updates = []
        rates = [rate * share for rate in self.learning.rates]
        for k, rate in enumerate(rates):
            scale = rate / (span * lanes)
            if k == 0 or not self.network.tied:
                updates.append(WeightUpdate(k, k + 1, ((pre[k], moved[k + 1]),), scale, told))
            elif self.learning.product == "full":
                terms = ((plus[k], plus[k + 1]), (-minus[k], minus[k + 1]))
                updates.append(WeightUpdate(k, k + 1, terms, scale, 2))
            else:
                terms = ((pre[k], moved[k + 1]), (moved[k], pre[k + 1]))
                updates.append(WeightUpdate(k, k + 1, terms, scale, 2))
            if k > 0 and not self.network.tied:
                updates.append(WeightUpdate(k + 1, k, ((pre[k + 1], moved[k]),), scale, told))
        biases = tuple(
            moved[k + 1].dtype.type(rate / span) * np.mean(moved[k + 1], axis=0)
            for k, rate in enumerate(rates)
        )
        return tuple(updates), biases
