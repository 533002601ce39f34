"""Contrastive Hebbian learning and the delta rule: their products, their phases, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import LearningSpec, PhasesSpec
from neurochip.elements import Constant
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.contrastive_hebbian import ContrastiveHebbian
from neurochip.learning.delta_rule import DeltaRule
from neurochip.learning.readings import Reading, Readings
from neurochip.learning.recurrent_backprop import RecurrentBackpropagation
from neurochip.learning.rule import LearningRule
from neurochip.network import Network, layered
from neurochip.substrate import Observable, Parameters, Phase, Substrate
from neurochip.testing.networks import small_chip

SIZES = (3, 5, 2)
X = np.array([[0.2, 0.9, 0.5], [0.7, 0.1, 0.6]])
Y = np.array([[0.3, 0.6], [0.9, 0.2]])
NUMBERS = np.arange(2, dtype=np.uint64)
RULES: dict[str, type[LearningRule]] = {"contrastive": ContrastiveHebbian, "delta": DeltaRule}


def made(
    kind: type[LearningRule],
    network: Network,
    phases: PhasesSpec,
    rates: tuple[float, ...] = (0.1, 0.1),
    **learning: Any,
) -> LearningRule:
    return kind(network, LearningSpec(rates=rates, epochs=1, **learning), phases)


def parameters(tied: bool) -> Parameters:
    random = np.random.default_rng(11)
    weights = [random.uniform(-0.3, 0.5, shape) for shape in ((3, 5), (5, 2), (2, 5))]
    biases = (random.uniform(0.1, 0.4, 5), random.uniform(-0.1, 0.1, 2))
    return Parameters(tuple(weights[:2]), () if tied else (weights[2],), biases)


def ideal(network: Network, held: Parameters | None = None) -> IdealSubstrate:
    substrate = IdealSubstrate(network, Constant(0.5), dtype=np.float64)
    substrate.load(held or parameters(network.tied))
    return substrate


def settled(substrate: Substrate, plan: list[tuple[Phase, int, float]]) -> list[Any]:
    substrate.begin(X, NUMBERS)
    for phase, ticks, beta in plan:
        substrate.run(phase, ticks, beta=beta, targets=Y if beta else None)
    return [substrate.observe(Observable.VALUE, k) for k in range(3)]


def change_of(update: Any) -> Any:
    return update.rate * sum(pre.T @ post for pre, post in update.terms)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("reference", ["before", "parallel", "opposite"])
def test_products_are_those_of_the_phases(tied: bool, reference: Any) -> None:
    network = layered(SIZES, tied=tied)
    phases = PhasesSpec(free=12, nudged=5, reference=reference)
    last = {
        "before": [],
        "parallel": [(Phase.FREE, 5, 0.0)],
        "opposite": [(Phase.NUDGED_NEGATIVE, 5, -0.4)],
    }[reference]
    minus = settled(ideal(network), [(Phase.FREE, 12, 0.0), *last])
    plus = settled(ideal(network), [(Phase.FREE, 12, 0.0), (Phase.NUDGED, 5, 0.4)])
    assert not np.allclose(minus[1], plus[1])
    span = 0.8 if reference == "opposite" else 0.4
    pairs = [(0, 1, 0.1), (1, 2, 0.02)] + ([] if tied else [(2, 1, 0.02)])
    for name, rule_of in RULES.items():
        substrate = ideal(network)
        substrate.begin(X, NUMBERS)
        found = made(rule_of, network, phases, (0.1, 0.02)).present(substrate, Y, 0.4, share=0.5)
        assert [u.projection for u in found.updates] == list(range(len(pairs)))
        for update, (a, b, rate) in zip(found.updates, pairs, strict=True):
            if name == "contrastive":
                expected = plus[a].T @ plus[b] - minus[a].T @ minus[b]
            else:
                pre = (minus[a] + plus[a]) / 2 if reference == "opposite" else minus[a]
                expected = pre.T @ (plus[b] - minus[b])
            np.testing.assert_allclose(change_of(update), 0.5 * rate * expected / (2 * span), atol=1e-15)
        for layer, rate in ((1, 0.1), (2, 0.02)):
            moved = (plus[layer] - minus[layer]).sum(axis=0)
            np.testing.assert_allclose(found.biases[layer - 1], 0.5 * rate * moved / (2 * span), atol=1e-15)
        free = settled(ideal(network), [(Phase.FREE, 12, 0.0)])
        np.testing.assert_array_equal(found.output, free[2])


def test_contrastive_hebbian_follows_the_gradient_when_centred() -> None:
    """On tied weights, Δw = −½ η ∂C/∂w of C = ½ ‖y − ŷ‖² · 2 as β → 0, against finite differences."""
    network = layered(SIZES, tied=True)
    held = parameters(True)

    def cost(held: Parameters) -> float:
        output = settled(ideal(network, held), [(Phase.FREE, 400, 0.0)])[2]
        assert output.min() > 0 and output.max() < 1
        return float(np.sum((output - Y) ** 2))

    phases = PhasesSpec(free=400, nudged=400, reference="opposite")
    substrate = ideal(network)
    substrate.begin(X, NUMBERS)
    found = made(ContrastiveHebbian, network, phases, (1.0, 1.0)).present(substrate, Y, 1e-4)
    step, checked = 1e-5, 0
    for k, update in enumerate(found.updates):
        change = change_of(update)
        for i, j in np.ndindex(change.shape):
            ends = []
            for sign in (1, -1):
                weights = [w.copy() for w in held.weights]
                weights[k][i, j] += sign * step
                ends.append(cost(Parameters(tuple(weights), (), held.biases)))
            gradient = (ends[0] - ends[1]) / (2 * step)
            # Two samples are averaged; the nudge 2β(y − s) is that of C = ‖y − s‖², hence one half of two.
            assert change[i, j] == pytest.approx(-gradient / 2, rel=1e-3, abs=1e-6)
            checked += 1
    assert checked == 25


@pytest.mark.parametrize("name", RULES)
def test_nothing_changes_where_the_phases_agree(name: str) -> None:
    network = layered(SIZES, tied=False)
    substrate = ideal(network)
    output = settled(substrate, [(Phase.FREE, 500, 0.0)])[2]
    substrate.begin(X, NUMBERS)
    found = made(RULES[name], network, PhasesSpec(free=500, nudged=20), (1.0, 1.0)).present(
        substrate, output, 1.0
    )
    for update in found.updates:
        np.testing.assert_allclose(change_of(update), 0, atol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_a_rate_of_0_and_fixed_feedback_leave_weights_alone(name: str) -> None:
    network = layered(SIZES, tied=False)
    for rates, fixed, expected in (
        ((0.0, 0.1), False, [1, 2]),
        ((0.1, 0.1), True, [0, 1]),
    ):
        substrate = ideal(network)
        substrate.begin(X, NUMBERS)
        kind = type("Fixed", (RULES[name],), {"feedback_learns": False}) if fixed else RULES[name]
        found = made(kind, network, PhasesSpec(free=9, nudged=4), rates).present(substrate, Y, 1.0)
        assert [u.projection for u in found.updates] == expected
        assert np.any(found.biases[0]) == (rates[0] > 0)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("pre", ["oracle", "trace"])
def test_a_tied_copy_is_told_by_the_delta_rule_what_it_cannot_work_out(tied: bool, pre: Any) -> None:
    values = [np.ones((2, size)) for size in SIZES]
    same = Reading(values, values, [])
    seen = Readings(same, (same,), (same,), 1.0, Y)
    network = layered(SIZES, tied=tied)
    rule = made(DeltaRule, network, PhasesSpec(free=9, nudged=4), pre=pre)
    words = [rule.update_of(seen, p, 0.1).words_per_axon for p in network.projections[:2]]
    # The first projection has no copy; the second one's is told the postsynaptic change, trace or not.
    assert words == [int(pre == "oracle"), int(pre == "oracle" or tied)]


@pytest.mark.parametrize(("pre", "words"), [("oracle", 2), ("trace", 0)])
def test_a_product_of_each_phase_is_told_its_own_word(pre: Any, words: int) -> None:
    values = [np.ones((2, size)) for size in SIZES]
    same = Reading(values, values, [])
    seen = Readings(same, (same,), (same,), 1.0, Y)
    network = layered(SIZES, tied=False)
    rule = made(ContrastiveHebbian, network, PhasesSpec(free=9, nudged=4), pre=pre)
    told = {rule.update_of(seen, p, 0.1).words_per_axon for p in network.projections}
    assert told == {words}


def test_a_rule_that_nudges_nothing_settles_once() -> None:
    network, phases = layered(SIZES, tied=False), PhasesSpec(free=9, nudged=4, reference="opposite")
    schedules = {
        kind.nudges: made(kind, network, phases).schedule for kind in (RecurrentBackpropagation, DeltaRule)
    }
    assert {nudges: (found.ticks, found.lived, found.branches) for nudges, found in schedules.items()} == {
        False: (9, 9, False),
        True: (9 + 4 + 4, 9 + 4, True),
    }


@pytest.mark.parametrize("name", RULES)
def test_with_traces_no_word_is_moved_between_spiking_cores(name: str) -> None:
    neuron = TwoCompartmentLIF()
    words = {}
    for pre in ("oracle", "trace"):
        network = layered(SIZES, tied=False)
        image = compile_network(
            network,
            small_chip(),
            precision="float32",
            state_words=neuron.state_words,
            trace_words=neuron.trace_words,
        )
        substrate = DigitalSubstrate(image, neuron, traced=pre == "trace")
        substrate.load(parameters(False))
        rule = made(RULES[name], network, PhasesSpec(free=60, nudged=40, reference="parallel"), pre=pre)
        rule.check(substrate)
        substrate.begin(X, NUMBERS)
        found = rule.present(substrate, Y, 1.0)
        substrate.write_weights(found.updates, found.biases)
        words[pre] = (substrate.counters().total("readout_words"), substrate.parameters().weights[0])
    assert words["oracle"][0] > 0
    assert words["trace"][0] == 0
    # And nothing is lost: the trace is the rate.
    np.testing.assert_array_equal(words["oracle"][1], words["trace"][1])


@pytest.mark.parametrize("name", RULES)
def test_a_substrate_without_traces_is_refused(name: str) -> None:
    network = layered(SIZES, tied=True)
    rule = made(RULES[name], network, PhasesSpec(free=9, nudged=4), pre="trace")
    with pytest.raises(CapabilityError) as caught:
        rule.check(ideal(network))
    assert str(caught.value) == "learning: needs trace, which the ideal substrate does not keep"


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("wrong", "shown"), [(1.25, "1.25"), (-0.5, "-0.5"), (float("nan"), "nan")])
def test_targets_outside_0_to_1_are_refused(name: str, wrong: float, shown: str) -> None:
    network = layered(SIZES, tied=True)
    substrate = ideal(network)
    substrate.begin(X, NUMBERS)
    targets = Y.copy()
    targets[1, 0] = wrong
    with pytest.raises(DataError) as caught:
        made(RULES[name], network, PhasesSpec(free=9, nudged=4)).present(substrate, targets, 1.0)
    assert str(caught.value) == f"targets: must lie in [0, 1], the range of a rate, got {shown}"


def test_a_rate_is_needed_for_each_projection() -> None:
    with pytest.raises(ConfigError) as caught:
        made(DeltaRule, layered(SIZES), PhasesSpec(), (0.1,))
    assert str(caught.value) == "learning.rates: must be 2, one for each projection, got 1"
