"""A whole settle, small enough to be run without compilation too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.description import CodingSpec
from neurochip.elements import OSA, Identity, Kesten, PowerLaw, Predictive, Stochastic
from neurochip.substrate import Phase
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.golden.recorded_runs import BINARY
from tests.golden.test_settle_goldens import settle_as_recorded
from tests.oracle.settle import settle as settle_slowly
from tests.property.networks import slow_chip

pytestmark = [
    pytest.mark.interp,
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
CODINGS = {
    "osa, predictive": CodingSpec(decoder=Predictive(0.275), annealer=OSA(0.0346, 1e-9)),
    "power law, scheduled": CodingSpec(
        decoder=Predictive(PowerLaw(0.67, 0.578)), annealer=PowerLaw(0.775, 0.313)
    ),
    "kesten, plain, random": CodingSpec(encoder=Stochastic(None), decoder=Identity(), annealer=Kesten()),
}


@pytest.mark.parametrize("name", CODINGS)
def test_against_the_slow_chip(name: str) -> None:
    net, coding = draw_net(11, (9, 8, 4), batch=2), CODINGS[name]
    fast = fast_chip(net, coding, chip=small_chip(5), traced=True, seed=4)
    fast.begin(net.x, np.arange(2, dtype=np.uint64))
    record = ("spikes", "states")
    phases = [
        fast.run(Phase.FREE, 12, record=record),
        fast.run(Phase.NUDGED, 6, beta=0.5, targets=net.y, record=record),
    ]
    expected = settle_slowly(
        slow_chip(net, coding, seed=4), net.x.tolist(), net.y.tolist(), n_free=12, n_nudged=6, beta=0.5
    )
    for layer in range(3):
        spikes = np.concatenate([phase.spikes[layer] for phase in phases])
        np.testing.assert_array_equal(spikes, np.swapaxes(expected.spikes[layer], 0, 1))
        states = np.concatenate([phase.states[layer] for phase in phases])
        np.testing.assert_allclose(states, np.swapaxes(expected.states[layer], 0, 1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("precision", ["float32", "int4", "int12"])
def test_other_formats(precision: Any) -> None:
    """Integers so narrow that eight of them fit their type; wider int8 sums need compiled code, which widens."""
    net = draw_net(12, (9, 8, 4), batch=2)
    coding = CODINGS["power law, scheduled"]
    fast = fast_chip(net, coding, precision=precision)
    same = Net(fast.parameters(), np.float32(net.x), net.y)
    fast.begin(net.x, np.arange(2, dtype=np.uint64))
    states = fast.run(Phase.FREE, 6, record=("states",)).states
    expected = settle_slowly(slow_chip(same, coding), same.x.tolist(), n_free=6).states
    for layer in range(3):
        np.testing.assert_allclose(states[layer], np.swapaxes(expected[layer], 0, 1), rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", BINARY)
def test_recorded_runs(name: str) -> None:
    run, settled = settle_as_recorded(name, "float64")
    for k, spikes in run.spikes.items():
        np.testing.assert_array_equal(settled.spikes[k], spikes)
    for k, states in run.states.items():
        np.testing.assert_allclose(settled.states[k][run.state_ticks - 1], states, rtol=0, atol=1e-12)


def test_each_word_of_the_host_is_written_once() -> None:
    """Inputs with the presentation, targets with the first nudge, and nothing when a phase goes on."""
    net = draw_net(11, (9, 8, 4), batch=2)
    fast = fast_chip(net, CODINGS["power law, scheduled"], chip=small_chip(5))
    for times in (1, 2):
        fast.begin(net.x, np.arange(2, dtype=np.uint64))
        for ticks in (2, 1):
            fast.run(Phase.FREE, ticks)
        for ticks in (1, 1):
            fast.run(Phase.NUDGED, ticks, beta=0.5, targets=net.y)
        counters = fast.counters()
        for phase, words, ticks in ((Phase.FREE, 9, 3), (Phase.NUDGED, 4, 2)):
            counted = counters.phases[phase]
            assert counted.total("host_words_in") == times * 2 * words
            assert (counted.presentations, counted.ticks) == (times * 2, times * 2 * ticks)
            assert counted.total("symbols") == times * 2 * ticks * (9 + 8 + 4)
