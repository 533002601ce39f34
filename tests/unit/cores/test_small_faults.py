"""Faults of a few cores against the slow chip, and what is broken on it: small enough to be run without compilation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.compile import ChipImage
from neurochip.compile.route import route
from neurochip.cores.channel import LOST
from neurochip.cores.faults import FaultPlan, fault_key, plan_faults
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
from neurochip.elements import Constant, Predictive
from neurochip.errors import ConfigError
from neurochip.kernels.random_bits import mix, uniform
from neurochip.testing.networks import draw_net, fast_chip, small_chip
from tests.property.test_faults_equal_oracle import check_every_fault

pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning"
)  # where it is not compiled
CODING = CodingSpec(decoder=Predictive(0.3), annealer=Constant(0.5))
NET = draw_net(6, (9, 5, 3), batch=2)
LOST_AND_LATE: dict[str, Any] = {
    "spike_drop": SpikeDrop(rate=0.3, seed=3),
    "spike_delay": SpikeDelay(rate=0.4, ticks=3, seed=4),
}
BROKEN: dict[str, Any] = {
    "dead_core": DeadCore(rate=0.1, cores=(2,)),
    "link_down": LinkDown(links=("1,0>1,1",), rate=0.05),
    "stuck_neuron": StuckNeuron(neurons=("input:1", "hidden:4"), at=1, rate=0.1),
}
CASES = {
    "lost and late": FaultsSpec(**LOST_AND_LATE),
    "broken": FaultsSpec(**BROKEN),
    "silenced": FaultsSpec(
        stuck_neuron=StuckNeuron(rate=0.4, at=0), spike_delay=SpikeDelay(rate=0.5, ticks=1)
    ),
    "all at once": FaultsSpec(**LOST_AND_LATE, **BROKEN, spike_spurious=SpikeSpurious(rate=0.3)),
}


@pytest.mark.parametrize("name", CASES)
def test_against_the_slow_chip(name: str) -> None:
    routing: Any = "multicast" if name == "broken" else "unicast"
    check_every_fault(NET, small_chip(3, mesh=(3, 3, 1), routing=routing), CODING, CASES[name], 8, ticks=7)


def broken(faults: FaultsSpec, seed: int = 5, testing: bool = False) -> tuple[FaultPlan, ChipImage]:
    """Return the plan of faults of three layers on a mesh of 3 × 3 tiles, three neurons on a core at most."""
    made = fast_chip(NET, CODING, chip=small_chip(3, mesh=(3, 3, 1)), seed=seed)
    plan = plan_faults(faults, made._layout, seed, testing=testing)
    assert plan is not None
    return plan, made.image


def drawn(fault: Any, numbers: Any, seed: int = 5) -> list[int]:
    """Return which of some things a fault with a rate breaks."""
    key = fault_key(fault, seed)
    return [n for n in numbers if uniform(key, np.uint64(n)) < fault.rate]


def test_cores_that_are_dead() -> None:
    plan, image = broken(FaultsSpec(dead_core=DeadCore(cores=(0, 8), rate=0.5)))
    expected = sorted({0, 8, *drawn(DeadCore(rate=0.5), range(9))})
    sites = [core.site for core in image.cores]
    assert 2 < len(expected) < 9 and 8 not in sites
    assert plan.dead.tolist() == [site in expected for site in sites]
    assert plan.found == {"dead_core": {"cores": expected, "in_use": len(set(expected) & set(sites))}}
    for sender, receivers in enumerate(image.receivers):
        for c, site in enumerate(sites):
            why = "dead_core" if c in receivers and site in expected else ""
            assert LOST[plan.wiring.cut[sender, c]] == why
    assert plan.wiring.cuts == np.count_nonzero(plan.wiring.cut) > 0
    assert plan.on_the_way and plan.flips is None and not plan.down


def test_links_that_are_down() -> None:
    fault = LinkDown(links=("0,0>0,1",), rate=0.2)
    plan, image = broken(FaultsSpec(link_down=fault, dead_core=DeadCore(cores=(1, 4))))
    places = [(x, y) for x in range(3) for y in range(3)]
    links = [(a, b) for a in places for b in places if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
    key = fault_key(fault, 5)
    down = {
        (a, b)
        for a, b in links
        if uniform(np.uint64(mix(key, np.uint64(3 * a[0] + a[1]))), np.uint64(3 * b[0] + b[1])) < 0.2
    } | {((0, 0), (0, 1))}
    assert 1 < len(down) < len(links) == 24 and plan.down == down
    used = set()
    cores = image.cores
    for sender, receivers in enumerate(image.receivers):
        for r in receivers:
            way = route(image.chip.mesh, cores[sender].site, cores[r].site)
            used |= set(way)
            why = "link_down" if set(way) & down else "dead_core" if cores[r].site in (1, 4) else ""
            assert LOST[plan.wiring.cut[sender, r]] == why
    assert {LOST[c] for c in plan.wiring.cut.ravel()} == set(LOST)
    names = [f"{a[0]},{a[1]}>{b[0]},{b[1]}" for a, b in sorted(down)]
    assert plan.found["link_down"] == {"links": names, "in_use": len(down & used)}
    assert 0 < len(down & used) < len(down)


@pytest.mark.parametrize("at", [0, 1])
def test_neurons_that_are_stuck(at: int) -> None:
    fault = StuckNeuron(neurons=("input:8", "output:0"), rate=0.2, at=at)
    plan, image = broken(FaultsSpec(stuck_neuron=fault))
    layout = plan.layout
    slots = [slot for of in layout.slots_of for slot in range(of.start, of.stop)]  # neurons in their order
    expected = {slots[8], slots[9 + 5], *(slots[n] for n in drawn(fault, range(9 + 5 + 3)))}
    assert 2 < len(expected) < 17
    assert plan.wiring.stuck.tolist() == sorted(expected)
    assert plan.wiring.stuck_at.tolist() == [at] * len(expected)
    assert np.flatnonzero(plan.wiring.is_stuck).tolist() == sorted(expected)
    assert plan.found == {"stuck_neuron": {"neurons": len(expected), "at": at, "of": 17}}
    for c, (first, last) in enumerate(layout.core_slots):
        assert (plan.wiring.core_of[first:last] == c).all()


def test_what_comes_by_chance() -> None:
    plan, _ = broken(FaultsSpec(spike_spurious=SpikeSpurious(rate=0.25), **LOST_AND_LATE))
    rates = plan.rates
    assert (rates.drop, rates.spurious, rates.delay, rates.delay_ticks) == (0.3, 0.25, 0.4, 3)
    keys = [rates.drop_seed, rates.spurious_seed, rates.delay_seed]
    assert keys == [
        fault_key(LOST_AND_LATE["spike_drop"], 5),
        fault_key(SpikeSpurious(rate=0.25), 5),
        fault_key(LOST_AND_LATE["spike_delay"], 5),
    ]
    assert len(set(keys)) == 3
    assert plan.found == {"spike_delay": {"ticks": 3}} and not plan.wiring.cuts


def test_seeds() -> None:
    """A fault with a seed of its own draws the same in every run, and no two kinds draw alike."""
    own, other = SpikeDrop(rate=0.1, seed=3), SpikeDelay(rate=0.1, ticks=1, seed=3)
    assert fault_key(own, 1) == fault_key(own, 2) != fault_key(other, 1)
    assert fault_key(SpikeDrop(rate=0.1), 3) == fault_key(own, 1) != fault_key(SpikeDrop(rate=0.1), 4)


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (
            FaultsSpec(dead_core=DeadCore(cores=(8, 9))),
            "faults.dead_core.cores[1]: there is no core 9; the chip has cores 0 to 8",
        ),
        (
            FaultsSpec(stuck_neuron=StuckNeuron(neurons=("hidden:5",))),
            "faults.stuck_neuron.neurons[0]: there is no neuron 5 in hidden, which has 0 to 4",
        ),
        (
            FaultsSpec(stuck_neuron=StuckNeuron(neurons=("input:0", "third:1"))),
            'faults.stuck_neuron.neurons[1]: there is no population "third"; there are input, hidden, output',
        ),
        (
            FaultsSpec(link_down=LinkDown(links=("0,0>0,1", "0,2>0,3"))),
            "faults.link_down.links[1]: there is no link 0,2>0,3; links join neighbouring tiles of the 3 × 3 mesh",
        ),
    ],
)
def test_names_that_no_chip_has(faults: FaultsSpec, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        broken(faults)
    assert str(caught.value) == sentence
