"""The contract of substrates, kept by cores of two-compartment integrate-and-fire neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.network import layered
from neurochip.substrate import Observable, Phase, Substrate
from neurochip.testing.networks import small_chip
from neurochip.testing.substrates import SubstrateContract

NEURON = TwoCompartmentLIF(rate=60.0)


class TestLIF(SubstrateContract):
    """Populations split over cores. Inputs and values are rates, so both show only in the long run."""

    lacks = {
        Observable.ADJOINT: "adjoint: needs the Jacobian, which the digital substrate does not give",
        Observable.ACTIVITY: "activity: is the state itself on the digital substrate; observe value",
    }

    def make(self) -> Substrate:
        image = compile_network(
            layered((6, 9, 4, 3), tied=self.tied),
            small_chip(4),
            precision="float32",
            state_words=NEURON.state_words,
            trace_words=NEURON.trace_words,
        )
        return DigitalSubstrate(image, NEURON, traced=True)

    def test_the_clamped_layer_shows_the_input(self, begun: Substrate, net: Any) -> None:
        begun.run(Phase.FREE, 600)
        begun.run(Phase.FREE, 2000)
        rate = begun.observe(Observable.RATE, 0)
        # One spike in 2000 ticks is a rate of 0.003.
        np.testing.assert_allclose(rate, net.x, rtol=0, atol=0.012)
        np.testing.assert_allclose(begun.observe(Observable.VALUE, 0), net.x, rtol=0, atol=0.08)

    def test_values_stay_in_range(self, begun: Substrate, net: Any) -> None:
        """A rate may exceed 1, but not that of a neuron that fires as soon as it is allowed to."""
        settled = begun.run(Phase.FREE, 800, record=("states",))
        assert [s.shape for s in settled.states] == [(800, 3, size) for size in net.sizes]
        most = NEURON.period / (NEURON.refractory + 1)
        assert all(np.all((s >= 0) & (s <= most)) for s in settled.states)


class TestLIFUntied(TestLIF):
    """The same with weights of their own in both directions."""

    tied = False
