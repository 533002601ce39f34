"""Equilibrium propagation: the phases it asks for, and its weight changes against the slow ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.description import CodingSpec, LearningSpec, PhasesSpec
from neurochip.elements import OSA
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.learning.readings import Presented
from neurochip.network import layered
from neurochip.substrate import Capabilities, Observable, Phase, Snapshot
from neurochip.testing.networks import Net, draw_net, fast_chip
from tests.oracle.learning import bias_change, count, tied_change, trace, untied_change
from tests.oracle.settle import settle
from tests.property.networks import slow_chip

SIZES, RATES, BATCH, FREE, NUDGED, BETA = (6, 7, 5, 4), (0.3, 0.2, 0.1), 3, 14, 9, 0.5
CODING = CodingSpec(annealer=OSA(0.0346, 1e-9))


def spec(**how: Any) -> LearningSpec:
    return LearningSpec(rates=RATES, epochs=1, **how)


def changes(presented: Presented, source: int, target: int) -> Any:
    """Add up the terms of one update, as a core would."""
    # Forward projections are numbered from the input, feedback from the first hidden layer on after them.
    k = source if source < target else len(SIZES) - 2 + source - 1
    (update,) = [u for u in presented.updates if u.projection == k]
    return update.rate * sum(pre.T @ post for pre, post in update.terms)


class Script:
    """A substrate that notes what it is asked for; its values tell the order of the calls."""

    def __init__(self, observables: set[Observable]) -> None:
        self.capabilities = Capabilities("script", frozenset(observables), sends_bits_only=True)
        self.calls: list[Any] = []

    def run(self, phase: Phase, ticks: int, *, beta: float = 0.0, targets: Any = None) -> None:
        self.calls.append((phase.value, ticks, beta, targets is not None))

    def observe(self, what: Observable, layer: int) -> Any:
        if layer == 0:
            self.calls.append(what.value)
        return np.zeros((2, SIZES[layer]), np.float32)

    def snapshot(self) -> Snapshot:
        self.calls.append("snapshot")
        return Snapshot(0, 0, {})

    def restore(self, snapshot: Snapshot) -> None:
        self.calls.append("restore")


def asked_for(phases: PhasesSpec, beta: float = 0.5, **how: Any) -> list[Any]:
    script = Script(set(Observable) - {Observable.ACTIVITY})  # a neuron sends its state
    rule = EquilibriumPropagation(layered(SIZES), spec(**how), phases)
    rule.check(script)  # type: ignore[arg-type]
    rule.present(script, np.zeros((2, 4)), beta)  # type: ignore[arg-type]
    return script.calls


def test_before() -> None:
    assert asked_for(PhasesSpec(free=100, nudged=50), -0.5) == [
        ("free", 100, 0.0, False),
        "value",
        ("nudged", 50, -0.5, True),
        "value",
    ]


def test_opposite() -> None:
    assert asked_for(PhasesSpec(free=100, nudged=50, reference="opposite")) == [
        ("free", 100, 0.0, False),
        "value",
        "snapshot",
        ("nudged", 50, 0.5, True),
        "value",
        "restore",
        ("nudged_negative", 50, -0.5, True),
        "value",
    ]


def test_parallel() -> None:
    assert asked_for(PhasesSpec(free=100, nudged=50, reference="parallel")) == [
        ("free", 100, 0.0, False),
        "value",
        "snapshot",
        ("nudged", 50, 0.5, True),
        "value",
        "restore",
        ("free", 50, 0.0, False),
        "value",
    ]


@pytest.mark.parametrize(("free", "runs"), [(100, [50, 50]), (7, [3, 4]), (1, [1])])
def test_spikes_are_counted_over_the_second_half(free: int, runs: list[int]) -> None:
    calls = asked_for(PhasesSpec(free=free, nudged=5), pre="trace", trace="count")
    assert [call[1] for call in calls if call[0] == "free"] == runs
    assert calls[len(runs) : len(runs) + 2] == ["value", "rate"]


def test_what_it_needs() -> None:
    def needs(**how: Any) -> frozenset[Observable]:
        return EquilibriumPropagation(layered(SIZES), spec(**how), PhasesSpec()).needs

    assert needs() == {Observable.VALUE}
    assert needs(pre="trace") == {Observable.VALUE, Observable.TRACE}
    assert needs(pre="trace", trace="count") == {Observable.VALUE, Observable.RATE}


OPTIONS: dict[str, dict[str, Any]] = {
    "linear": {},
    "full": {"product": "full"},
    "opposite": {"reference": "opposite"},
    "opposite full": {"reference": "opposite", "product": "full"},
    "parallel": {"reference": "parallel"},
    "traces": {"pre": "trace"},
    "counts": {"pre": "trace", "trace": "count"},
    "traces, opposite": {"pre": "trace", "reference": "opposite"},
}


def both(net: Net, tied: bool, **how: Any) -> tuple[Presented, Any]:
    """Present once on the emulator and once on the slow chip."""
    how = dict(how)
    reference = how.pop("reference", "before")
    learning = spec(**how)
    fast = fast_chip(net, CODING, traced=True)
    fast.begin(net.x, np.arange(BATCH, dtype=np.uint64))
    phases = PhasesSpec(free=FREE, nudged=NUDGED, reference=reference)
    rule = EquilibriumPropagation(layered(SIZES, tied=tied), learning, phases)
    presented = rule.present(fast, net.y, BETA)
    settled = settle(
        slow_chip(net, CODING),
        net.x.tolist(),
        net.y.tolist(),
        n_free=FREE,
        n_nudged=NUDGED,
        beta=BETA,
        reference=reference,
    )
    return presented, settled


def received(settled: Any, layer: int, kind: str) -> list[list[float]]:
    """Return [sample][unit] of a layer as those who receive it make it out, at the end of the free phase."""
    out = []
    for sample, spikes in enumerate(settled.spikes[layer]):
        sent = [[tick[unit] for tick in spikes] for unit in range(SIZES[layer])]
        if kind == "count":
            out.append([count(bits[:FREE], FREE // 2 + 1) for bits in sent])
            continue
        lam = slow_chip(draw_net(1, SIZES), CODING).coding.decoder_lam
        assert lam is not None
        axons = next(core for core in settled.received[sample].values() if (layer, 0) in core)
        out.append([trace(axons[layer, unit][:FREE], lam) for unit in range(SIZES[layer])])
    return out


@pytest.mark.parametrize("name", [name for name in OPTIONS if not name.startswith(("traces", "counts"))])
def test_tied(name: str) -> None:
    """With a centred nudge the linear product takes the free state for what stays (ρ⁻ of design §3)."""
    net = draw_net(3, SIZES, batch=BATCH)
    presented, settled = both(net, True, **OPTIONS[name])
    product = OPTIONS[name].get("product", "linear")
    assert len(presented.updates) == 3
    for k, rate in enumerate(RATES):
        if name == "opposite":
            expected = centred_change(settled, k, rate)
        else:
            # From the clamped input both products are the same: pre⁺ = pre⁻.
            expected = tied_change(
                settled.minus, settled.plus, k, rate=rate, span=settled.span, product=product
            )
        np.testing.assert_allclose(changes(presented, k, k + 1), expected, rtol=0, atol=1e-12)
        shift = bias_change(settled.minus[k + 1], settled.plus[k + 1], rate=rate, span=settled.span)
        np.testing.assert_allclose(presented.biases[k], shift, rtol=0, atol=1e-12)
    np.testing.assert_allclose(presented.output, settled.free[-1], rtol=0, atol=1e-12)


def centred_change(settled: Any, k: int, rate: float) -> Any:
    free, minus, plus = (
        [np.array(layer) for layer in states] for states in (settled.free, settled.minus, settled.plus)
    )
    change = free[k].T @ (plus[k + 1] - minus[k + 1])
    if k > 0:
        change = change + (plus[k] - minus[k]).T @ free[k + 1]
    return rate / (settled.span * BATCH) * change


@pytest.mark.parametrize("name", [name for name in OPTIONS if "full" not in name])
def test_untied(name: str) -> None:
    net = draw_net(3, SIZES, batch=BATCH, tied=False)
    presented, settled = both(net, False, **OPTIONS[name])
    how = OPTIONS[name]
    assert len(presented.updates) == 5
    for k, rate in enumerate(RATES):
        for source, target in ((k, k + 1), (k + 1, k)):
            if target == 0:
                continue
            pre = settled.minus[source]
            if how.get("pre") == "trace":
                pre = received(settled, source, how.get("trace", "decoder"))
            elif name == "opposite":
                pre = settled.free[source]
            expected = untied_change(
                pre, settled.minus[target], settled.plus[target], rate=rate, span=settled.span
            )
            np.testing.assert_allclose(changes(presented, source, target), expected, rtol=0, atol=1e-12)


def test_traces_on_tied_weights() -> None:
    net = draw_net(3, SIZES, batch=BATCH)
    presented, settled = both(net, True, pre="trace")
    traces = [np.array(received(settled, k, "decoder")) for k in range(3)]
    moved = [np.array(p) - np.array(m) for p, m in zip(settled.plus, settled.minus, strict=True)]
    expected = traces[1].T @ moved[2] + moved[1].T @ traces[2]
    np.testing.assert_allclose(
        changes(presented, 1, 2), RATES[1] / (BETA * BATCH) * expected, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(("pre", "words"), [("oracle", 1), ("trace", 0)])
def test_only_traces_tell_nothing(pre: Any, words: int) -> None:
    net = draw_net(3, SIZES, batch=BATCH, tied=False)
    presented, _ = both(net, False, pre=pre)
    assert {update.words_per_axon for update in presented.updates} == {words}


def test_what_the_oracle_costs_is_counted() -> None:
    """Tied weights: both ends need the other's values of both phases; of the input, one word is enough."""
    net = draw_net(3, SIZES, batch=BATCH)
    fast = fast_chip(net, CODING)
    fast.begin(net.x, np.arange(BATCH, dtype=np.uint64))
    rule = EquilibriumPropagation(layered(SIZES), spec(), PhasesSpec(free=5, nudged=5))
    presented = rule.present(fast, net.y, BETA)
    fast.write_weights(presented.updates, presented.biases)
    populations = fast.counters().to_json()["update"]["populations"]
    words = {name: table["readout_words"] for name, table in populations.items()}
    assert words == {
        "input": 1 * BATCH * 6,
        "hidden1": 2 * BATCH * 7,
        "hidden2": (2 + 2) * BATCH * 5,
        "output": 2 * BATCH * 4,
    }
