"""The contract that all substrates keep: one class of tests, run for each."""

from __future__ import annotations

import numpy as np

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description import CodingSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.elements import Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import layered
from neurochip.substrate import Observable, Substrate
from neurochip.testing.networks import draw_net, fast_chip, small_chip
from neurochip.testing.substrates import BATCH, SubstrateContract


class TestDigital(SubstrateContract):
    """One core per population."""

    lacks = {
        Observable.ACTIVITY: "activity: is the state itself on the digital substrate; observe value",
        Observable.TRACE: "trace: is not kept on this chip; make it with traced=True",
        Observable.ADJOINT: "adjoint: needs the Jacobian, which the digital substrate does not give",
    }

    def make(self) -> Substrate:
        net = draw_net(5, (6, 9, 4, 3), batch=BATCH, tied=self.tied)
        return fast_chip(net, CodingSpec(), precision="float32")


class TestDigitalSplit(SubstrateContract):
    """Populations split over cores, weights of their own in both directions, traces kept, two threads."""

    tied = False
    lacks = {
        Observable.ACTIVITY: "activity: is the state itself on the digital substrate; observe value",
        Observable.ADJOINT: "adjoint: needs the Jacobian, which the digital substrate does not give",
    }

    def make(self) -> Substrate:
        net = draw_net(5, (6, 9, 4, 3), batch=BATCH, tied=self.tied)
        return fast_chip(net, CodingSpec(), precision="float32", chip=small_chip(2), traced=True, threads=2)


class TestIdeal(SubstrateContract):
    """Real numbers."""

    lacks = {
        what: f"{what.value}: does not exist on the ideal substrate, which sends no bits"
        for what in (Observable.TRACE, Observable.RATE, Observable.SPIKES)
    } | {
        Observable.ACTIVITY: "activity: is the state itself on the ideal substrate; observe value",
        Observable.ADJOINT: "adjoint: needs the Jacobian, which the ideal substrate does not give",
    }

    def make(self) -> Substrate:
        return IdealSubstrate(layered((6, 9, 4, 3), tied=self.tied), Constant(0.5), dtype=np.float32)


class TestIdealUntied(TestIdeal):
    """Real numbers, weights of their own in both directions."""

    tied = False


class TestAnalog(SubstrateContract):
    """Currents, on an ideal die."""

    lacks = {
        what: f"{what.value}: does not exist on the analog substrate, which sends currents"
        for what in (Observable.TRACE, Observable.RATE, Observable.SPIKES)
    }
    spec = AnalogSpec()

    def make(self) -> Substrate:
        return AnalogSubstrate(layered((6, 9, 4, 3), tied=self.tied), self.spec, dtype=np.float32)


class TestAnalogDie(TestAnalog):
    """Currents, on a die whose devices all differ but for their rails, weights of their own in both directions."""

    tied = False
    spec = AnalogSpec(mismatch=MismatchSpec(sigma=0.3, saturation=0.0))
