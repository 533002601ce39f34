"""The convolutional network of Table 2: its shapes, where it starts, that it goes on, and the experiment in small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurochip.errors import Interrupted
from neurochip.papers import scellier2018_conv
from neurochip.papers.convolutional_networks import Plan, agreement, started, table2, train
from neurochip.papers.experiment import Settings
from neurochip.papers.scellier2018_conv import EXPERIMENT, plans, rectifying
from neurochip.papers.side_by_side import Turn
from neurochip.papers.table import find


def small(plan: Plan, epochs: int = 2) -> Plan:
    """Return a plan for 12 digits."""
    network = plan.network if plan.network.projections[0].convolution is None else table2((2, 3))
    words = (
        *plan.words,
        f"learning.epochs={epochs}",
        "data.set=mnist-small",
        "data.train=12",
        "data.test=10",
    )
    return replace(plan, network=network, words=words)


def test_it_is_the_network_of_the_table() -> None:
    conv, dense = plans(quick=False)
    first, second, last = (p.convolution for p in conv.network.projections[:3])
    assert (first.kernel, first.maps, second.kernel, second.maps, last) == (5, 32, 5, 64, None)
    assert conv.network.sizes == (784, 24 * 24 * 32, 8 * 8 * 64, 10)
    assert not conv.network.tied and conv.network.weights_shape(1) == (5 * 5 * 32, 64)
    assert (conv.bound, rectifying().bound) == (1.0, float("inf"))
    assert dense.network.sizes == (784, 512, 512, 10)
    for plan in (*plans(quick=True), rectifying(), conv, dense):
        assert plan.run(3).seed == 3  # and passes all checks of a run


def test_where_it_starts() -> None:
    network = table2((4, 6))
    a, b, other = started(network, 1), started(network, 1), started(network, 2)
    for family in ("weights", "feedback"):
        for k, drawn in enumerate(getattr(a, family)):
            np.testing.assert_array_equal(drawn, getattr(b, family)[k])
            assert not np.array_equal(drawn, getattr(other, family)[k])
    assert [np.abs(w).max() for w in a.weights] == pytest.approx(
        [(6 / 25) ** 0.5, (6 / 100) ** 0.5, (6 / 384) ** 0.5], rel=0.1
    )


def test_training_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    plan = small(plans(quick=True)[0], epochs=3)
    shares: list[float] = []
    expected = train(plan, 1, Turn(1, shares.append, lambda: False), whole)
    assert shares[-1] == 1.0 and shares == sorted(shares)
    asked = iter([False] * 2 + [True] * 9)
    with pytest.raises(Interrupted):  # in the middle of the first epoch
        train(plan, 1, Turn(1, lambda _: None, lambda: next(asked)), parts)
    on = Turn(1, lambda _: None, lambda: False)
    train(small(plan, epochs=2), 1, on, parts)
    found = train(plan, 1, on, parts)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a, b)
    assert found.online.shape == found.test.shape == (3,) and found.alignment.shape == (4, 2)
    assert not np.array_equal(found.alignment[0], found.alignment[-1])


def test_a_small_nudge_gives_the_gradient_and_a_large_one_less() -> None:
    small_nudge, large = agreement(1, (1e-3, 0.5), weights=4)
    assert small_nudge.min() > 0.99
    assert large.min() < small_nudge.min()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_experiment_in_small(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    quick = plans(quick=True)
    monkeypatch.setattr(scellier2018_conv, "plans", lambda _: tuple(small(plan) for plan in quick))
    monkeypatch.setattr(scellier2018_conv, "agreement", lambda seed, betas: np.full((len(betas), 3), 0.5))
    told: list[float] = []
    outcome = EXPERIMENT.run(Settings(quick=True, threads=threads), lambda share, _: told.append(share))
    assert find("scellier2018-conv") is EXPERIMENT
    assert [f.claim for f in outcome.findings] == [c.key for c in EXPERIMENT.claims]
    assert all(np.isfinite(f.value) for f in outcome.findings)
    assert outcome.seeds == 3 and told[-1] == 1.0
    series = outcome.series["convolutional"]
    assert [len(series[key]) for key in ("online", "test", "alignment")] == [3, 3, 3]
    by_claim = {f.claim: f.value for f in outcome.findings}
    test = {name: 100 * np.mean([t[-1] for t in s["test"]]) for name, s in outcome.series.items()}
    assert by_claim["generalises"] == pytest.approx(test["convolutional"])
    assert by_claim["gains"] == pytest.approx(test["convolutional"] - test["dense"])
    assert by_claim["gradient"] == 0.5
    aligned = np.array(series["alignment"]).mean(axis=0)
    assert by_claim["aligns"] == pytest.approx(aligned[-1].min())
