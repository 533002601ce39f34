"""A settle with faults, small enough to be run without compilation too; and learning from each core's own trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.description import CodingSpec
from neurochip.description.faults import (
    DeadCore,
    FaultsSpec,
    LinkDown,
    SpikeDelay,
    SpikeDrop,
    SpikeSpurious,
    StuckNeuron,
)
from neurochip.elements import OSA, Predictive
from neurochip.substrate import Observable, Phase, WeightUpdate
from neurochip.testing.networks import draw_net, fast_chip, small_chip
from tests.oracle.learning import untied_change
from tests.property.faulty_networks import slow_faulty_chip

CODING = CodingSpec(decoder=Predictive(0.275), annealer=OSA(0.0346, 1e-9))
NUMBERS = np.array([4, 9], dtype=np.uint64)
FAULTS = {
    "lost and late": FaultsSpec(
        spike_drop=SpikeDrop(rate=0.1, seed=3), spike_delay=SpikeDelay(rate=0.2, ticks=2, seed=4)
    ),
    "broken": FaultsSpec(
        dead_core=DeadCore(cores=(4,)),
        link_down=LinkDown(links=("0,0>1,0",)),
        stuck_neuron=StuckNeuron(neurons=("input:1", "hidden:0"), at=1),
        spike_spurious=SpikeSpurious(rate=0.1),
    ),
}

BUSY = {
    "lost and late": ["lost_to_drop", "packets_delayed"],
    "broken": ["lost_to_dead_core", "lost_on_link", "spikes_spurious", "spikes_forced"],
}


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("name", FAULTS)
def test_against_the_slow_chip(name: str) -> None:
    net = draw_net(11, (9, 8, 4), batch=2)
    chip = small_chip(3, mesh=(3, 3, 1))
    fast = fast_chip(net, CODING, chip=chip, seed=4, faults=FAULTS[name])
    fast.begin(net.x, NUMBERS)
    settled = fast.run(Phase.FREE, 12, record=("spikes", "states"))
    slow = slow_faulty_chip(net, CODING, fast, FAULTS[name], seed=4, presentations=NUMBERS)
    for sample in range(2):
        slow.begin(net.x[sample].tolist(), sample)
        slow.run("free", 12)
        for layer in range(3):
            np.testing.assert_array_equal(settled.spikes[layer][:, sample], slow.spikes[layer])
            np.testing.assert_allclose(
                settled.states[layer][:, sample], slow.states[layer], rtol=0, atol=1e-12
            )
    events, counters = slow.fault_counters["free"], fast.counters()
    expected: dict[str, Any] = {
        "lost_to_drop": events.lost["drop"],
        "lost_to_dead_core": events.lost["dead"],
        "lost_on_link": events.lost["link"],
        "packets_delayed": events.delayed,
        "spikes_spurious": events.spurious,
        "spikes_forced": events.forced,
    }
    counts = {counter: sum(counted.values()) for counter, counted in expected.items()}
    assert {counter: counters.total(counter) for counter in counts} == counts
    busy = [counter for counter, n in counts.items() if n > 0]
    assert busy == BUSY[name]


@pytest.mark.parametrize("observable", [Observable.TRACE, Observable.RATE])
def test_each_core_learns_from_what_reached_it(observable: Observable) -> None:
    net = draw_net(5, (9, 8, 4), batch=2, tied=False)
    made = fast_chip(
        net,
        CODING,
        chip=small_chip(3),
        faults=FaultsSpec(spike_drop=SpikeDrop(rate=0.3)),
        traced=observable is Observable.TRACE,
        counting=observable is Observable.RATE,
    )
    made.begin(net.x, NUMBERS)
    made.run(Phase.FREE, 20)
    kept = made.observe(observable, 0)
    receivers = made.image.cores_of(1)
    assert kept.shape == (2, len(receivers), 9)
    assert np.any(kept[:, 0] != kept[:, 1])
    rng = np.random.default_rng(0)
    minus, plus = rng.random((2, 8)), rng.random((2, 8))
    before = made.parameters().weights[0]
    made.write_weights([WeightUpdate(0, ((kept, plus - minus),), 0.2 / (0.5 * 2), 0)], [None, None])
    after = made.parameters().weights[0]
    for place, c in enumerate(receivers):
        own = slice(made.image.cores[c].first, made.image.cores[c].last)
        expected = untied_change(
            kept[:, place].tolist(), minus[:, own].tolist(), plus[:, own].tolist(), rate=0.2, span=0.5
        )
        np.testing.assert_allclose(after[:, own] - before[:, own], expected, rtol=0, atol=1e-12)
