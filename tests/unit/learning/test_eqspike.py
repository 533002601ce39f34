"""ΔW ∝ q_j ṡ_i, spike by spike: the rule beside plain Python that looks at one spike after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from neurochip.description import CodingSpec, LearningSpec, PhasesSpec
from neurochip.description.faults import FaultsSpec
from neurochip.elements.neurons.leaky import LeakyIF
from neurochip.errors import CapabilityError, ConfigError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.eqspike import EqSpike
from neurochip.network import layered
from neurochip.substrate import Phase
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip

SIZES = (4, 5, 3)
ENDS = ((0, 1), (1, 2), (2, 1))  # of the projections
SEED = 9
RATES = (0.1, 0.02, 0.02)
FREE, NUDGED, BETA, BATCH = 30, 12, 0.4, 2
NEURONS: dict[str, Any] = {"settling": CodingSpec(), "lif": LeakyIF(period=3.0, filter=9.0, membrane=8.0)}


def net_of(tied: bool) -> Net:
    return draw_net(SEED, SIZES, batch=BATCH, tied=tied)


def begun(net: Net, neuron: Any, **how: Any) -> Any:
    chip = fast_chip(net, neuron, **how)
    chip.begin(net.x, np.arange(BATCH, dtype=np.uint64))
    return chip


def made(tied: bool = False, reference: Any = "before", nudged: int = NUDGED, **how: Any) -> EqSpike:
    own = {key: how.pop(key) for key in ("window", "filter") if key in how}
    learning = LearningSpec(rule="eqspike", rates=how.pop("rates", RATES[:2]), epochs=1, own=own, **how)
    phases = PhasesSpec(free=FREE, nudged=nudged, reference=reference)
    return EqSpike(layered(SIZES, tied=tied), learning, phases)


def change_of(update: Any) -> Any:
    return update.rate * sum(pre.T @ post for pre, post in update.terms)


def slowly(spikes: Any, values: Any, source: int, target: int, window: int, tau: float, period: float) -> Any:
    """Add up what each spike of a source does to each of its synapses, one after the other."""
    keep = math.exp(-window / tau) if tau else 0.0
    change = np.zeros((SIZES[source], SIZES[target]))
    for sample in range(BATCH):
        for j in range(SIZES[target]):
            speed, of_tick = 0.0, []
            for start in range(0, NUDGED, window):
                moved = values[target][start + window, sample, j] - values[target][start, sample, j]
                speed = keep * speed + (1 - keep) * moved
                of_tick += [speed] * window
            for i in range(SIZES[source]):
                for tick in range(NUDGED):
                    if spikes[source][tick, sample, i]:
                        change[i, j] += period * of_tick[tick] / window
    return change


def path(net: Net, neuron: Any, beta: float) -> tuple[Any, Any]:
    """Return the spikes of the nudged phase, and all values from the end of the free one on."""
    chip = begun(net, neuron)
    before = chip.run(Phase.FREE, FREE, record=("states",)).states
    run = chip.run(Phase.NUDGED, NUDGED, beta=beta, targets=net.y, record=("spikes", "states"))
    values = [np.concatenate([a[-1:], b]) for a, b in zip(before, run.states, strict=True)]
    return run.spikes, values


@pytest.mark.parametrize(("window", "tau"), [(1, 0.0), (1, 5.0), (4, 0.0), (6, 8.0)])
@pytest.mark.parametrize("reference", ["before", "parallel", "opposite"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", NEURONS)
def test_each_spike_brings_the_change_of_its_moment(
    kind: str, tied: bool, reference: str, window: int, tau: float
) -> None:
    net, neuron = net_of(tied), NEURONS[kind]
    period = getattr(neuron, "period", 1.0)
    found = made(tied, reference, window=window, filter=tau).present(begun(net, neuron), net.y, BETA)
    runs = [(1, path(net, neuron, BETA))]
    if reference != "before":
        runs.append((-1, path(net, neuron, 0.0 if reference == "parallel" else -BETA)))
    span = 2 * BETA if reference == "opposite" else BETA
    assert [u.projection for u in found.updates] == [0, 1] + ([] if tied else [2])
    learnt = []
    for update in found.updates:
        source, target = ENDS[update.projection]
        wanted = np.zeros((SIZES[source], SIZES[target]))
        for sign, (spikes, values) in runs:
            wanted += sign * slowly(spikes, values, source, target, window, tau, period)
            if tied and update.projection == 1:
                wanted += sign * slowly(spikes, values, target, source, window, tau, period).T
        scale = RATES[update.projection] / (span * BATCH)
        learnt.append(bool(np.any(wanted)))
        np.testing.assert_allclose(change_of(update), scale * wanted, atol=1e-13)
    assert any(learnt)


def test_a_steady_sender_gives_vector_field_equilibrium_propagation() -> None:
    """An input that fires in every tick: Σ ṡ is how far the neuron has moved."""
    net = net_of(tied=False)
    net.x[:] = 1.0
    found = made().present(begun(net, CodingSpec()), net.y, BETA)
    _, values = path(net, CodingSpec(), BETA)
    moved = (values[1][-1] - values[1][0]).sum(axis=0)
    wanted = RATES[0] / (BETA * BATCH) * moved
    np.testing.assert_allclose(change_of(found.updates[0]), np.tile(wanted, (SIZES[0], 1)), atol=1e-14)


@pytest.mark.parametrize("tied", [True, False])
def test_a_spike_is_one_addition_for_each_weight_of_its_row(tied: bool) -> None:
    """What the cores count of learning is the spikes of the nudged phase times their synapses."""
    net = net_of(tied)
    chip = begun(net, CodingSpec())
    found = made(tied, rates=(0.1, 0.0)).present(chip, net.y, BETA)
    chip.write_weights(found.updates, found.biases)
    spikes, _ = path(net, CodingSpec(), BETA)
    assert chip.counters().total("weight_accumulations") == int(spikes[0].sum()) * SIZES[1]


def test_only_spikes_cross_where_weights_are_not_tied() -> None:
    words = {}
    for pre, tied in (("trace", False), ("oracle", False), ("oracle", True)):
        net = net_of(tied)
        rule = made(tied, pre=pre, trace="count")
        chip = begun(net, CodingSpec(), counting=pre == "trace")
        rule.check(chip)
        found = rule.present(chip, net.y, BETA)
        words[pre, tied] = [update.words_per_axon for update in found.updates]
        chip.write_weights(found.updates, found.biases)
        assert (chip.counters().total("readout_words") == 0) == (pre == "trace")
    assert words == {
        ("trace", False): [0] * 3,
        ("oracle", False): [NUDGED] * 3,
        ("oracle", True): [NUDGED] * 2,
    }


def test_of_lost_packets_nothing_is_learnt() -> None:
    """Every core uses the spikes that reached it, and no others."""
    net = net_of(tied=False)
    changes = []
    for dropped in (0.0, 1.0):
        how = {"counting": True, "faults": FaultsSpec(spike_drop=dropped)}
        chip = begun(net, CodingSpec(), chip=small_chip(2), **how)
        rule = made(pre="trace", trace="count")
        found = rule.present(chip, net.y, BETA)
        before = chip.parameters().weights
        chip.write_weights(found.updates, found.biases)
        after = chip.parameters().weights
        changes.append(max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True)))
    assert changes[0] > 0 == changes[1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"window": 0}, "learning.own.window: must be at least 1 tick, got 0"),
        ({"window": 5}, "learning.own.window: must divide the 12 nudged ticks, got 5"),
        ({"filter": -1.0}, "learning.own.filter: must be ≥ 0 ticks, got -1"),
        ({"rates": (0.1,)}, "learning.rates: must be 2, one for each projection, got 1"),
        (
            {"pre": "trace"},
            'learning.trace: must be "count" with learning.rule = "eqspike", which takes spikes as they come',
        ),
    ],
)
def test_constants_that_cannot_be(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        made(**changes)
    assert str(error.value) == sentence


def test_it_needs_spikes() -> None:
    with pytest.raises(CapabilityError, match="needs rate, which the ideal substrate does not keep"):
        made().check(
            IdealSubstrate(layered(SIZES, tied=False), CodingSpec.ideal().annealer, dtype=np.float64)
        )
