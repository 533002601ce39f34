"""The emulator against the slow chip: every spike equal and states to 1e-12, whatever the coding."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.description import CodingSpec
from neurochip.elements import (
    OSA,
    Constant,
    Identity,
    Kesten,
    PowerLaw,
    Predictive,
    SecondOrderSigmaDelta,
    SigmaDelta,
    Stochastic,
    Threshold,
)
from neurochip.substrate import Observable, Phase
from neurochip.testing.networks import draw_net, fast_chip, small_chip
from tests.oracle.learning import trace
from tests.oracle.settle import settle
from tests.property.networks import checked, layer_sizes, seeds, slow_chip

ENCODERS = (SigmaDelta, SecondOrderSigmaDelta, Stochastic, Threshold)
LAMBDAS = (None, Constant(0.275), PowerLaw(0.67, 0.578))
DECODERS = (Identity(), Predictive(0.3), Predictive(PowerLaw(0.9, 0.4)))
ANNEALERS = (Constant(0.5), PowerLaw(0.775, 0.313), Kesten(4.02, 5.28), OSA(0.0346, 1e-9))
CODINGS = [
    CodingSpec(encoder=encoder(lam), decoder=decoder, annealer=annealer)
    for encoder, lam, decoder, annealer in product(ENCODERS, LAMBDAS, DECODERS, ANNEALERS)
]


def in_words(coding: Any) -> str:
    def lam(element: Any) -> str:
        value = getattr(element, "lam", None)
        return "" if value is None else f"({getattr(value, 'kind', value)})"

    e, d = coding.encoder, coding.decoder
    return f"{e.kind}{lam(e)}-{d.kind}{lam(d)}-{coding.annealer.kind}"


@pytest.mark.parametrize("coding", CODINGS, ids=in_words)
@given(
    seed=seeds,
    sizes=layer_sizes,
    tied=st.booleans(),
    batch=st.integers(1, 2),
    neurons=st.integers(4, 12),
    n_free=st.integers(1, 25),
    n_nudged=st.integers(1, 12),
    beta=st.sampled_from([-0.7, 0.5]),
)
@checked(6)
def test_every_coding(
    coding: CodingSpec,
    seed: int,
    sizes: tuple[int, ...],
    tied: bool,
    batch: int,
    neurons: int,
    n_free: int,
    n_nudged: int,
    beta: float,
) -> None:
    net = draw_net(seed, sizes, batch=batch, tied=tied)
    presentations = np.array([5, 2**40 + 1][:batch], dtype=np.uint64)
    fast = fast_chip(net, coding, chip=small_chip(neurons, mesh=(9, 9, 2)), seed=seed)
    fast.begin(net.x, presentations)
    record = ("spikes", "states", "step_sizes")
    phases = [
        fast.run(Phase.FREE, n_free, record=record),
        fast.run(Phase.NUDGED, n_nudged, beta=beta, targets=net.y, record=record),
    ]
    slow = slow_chip(net, coding, seed=seed, presentations=presentations)
    expected = settle(slow, net.x.tolist(), net.y.tolist(), n_free=n_free, n_nudged=n_nudged, beta=beta)
    for layer in range(len(sizes)):
        spikes = np.concatenate([phase.spikes[layer] for phase in phases])
        np.testing.assert_array_equal(spikes, np.swapaxes(expected.spikes[layer], 0, 1))
        states = np.concatenate([phase.states[layer] for phase in phases])
        np.testing.assert_allclose(states, np.swapaxes(expected.states[layer], 0, 1), rtol=0, atol=1e-12)
        if layer and coding.annealer.kind != "osa":  # OSA's ratio of two small numbers loses digits
            steps = np.concatenate([phase.step_sizes[layer] for phase in phases])
            np.testing.assert_allclose(steps, np.swapaxes(expected.epsilons[layer], 0, 1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda d: str(d.kind))
@given(seed=seeds, sizes=layer_sizes, ticks=st.integers(1, 20))
@checked(10)
def test_traces_of_the_axons(decoder: Any, seed: int, sizes: tuple[int, ...], ticks: int) -> None:
    """What a receiving core keeps of an axon is what its decoder makes of the bits that came through."""
    coding = CodingSpec(decoder=decoder, annealer=OSA(0.0346, 1e-9))
    net = draw_net(seed, sizes)
    fast = fast_chip(net, coding, traced=True)
    fast.begin(net.x, np.arange(2, dtype=np.uint64))
    fast.run(Phase.FREE, ticks)
    slow = slow_chip(net, coding)
    received = settle(slow, net.x.tolist(), n_free=ticks).received
    behind = slow.coding.decoder_lam
    for sample, cores in enumerate(received):
        for axons in cores.values():
            for (layer, unit), bits in axons.items():
                expected = float(bits[-1]) if behind is None else trace(bits, behind)
                found = fast.observe(Observable.TRACE, layer)[sample, unit]
                assert found == pytest.approx(expected, abs=1e-12)


@given(seed=seeds, sizes=layer_sizes, bits=st.integers(2, 12), tied=st.booleans())
@checked(25)
def test_integer_weights(seed: int, sizes: tuple[int, ...], bits: int, tied: bool) -> None:
    """Integers and their scale are the same network as the values that they stand for, to float32."""
    coding = CodingSpec(annealer=PowerLaw(0.775, 0.313))
    net = draw_net(seed, sizes, tied=tied)
    fast = fast_chip(net, coding, precision=f"int{bits}")
    held = fast.parameters()
    fast.begin(net.x, np.arange(2, dtype=np.uint64))
    settled = fast.run(Phase.FREE, 6, record=("states",))
    same = type(net)(held, np.float32(net.x), net.y)
    expected = settle(slow_chip(same, coding), same.x.tolist(), n_free=6)
    for layer in range(len(sizes)):
        # Few ticks and a schedule: float32 rounding has no time to move a spike.
        states = np.swapaxes(expected.states[layer], 0, 1)
        np.testing.assert_allclose(settled.states[layer], states, rtol=0, atol=2e-5)
