"""From what is known of limits to the limit of all: closed forms and counting."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neurochip.sweep.limit import Reach, fewest, rank_of, reach, share_interval
from neurochip.sweep.population import Chance, Evidence, fit, plausible
from neurochip.sweep.singly import DROP, singly
from neurochip.sweep.widening import between, centred

LEVELS = 33


def exactly(limits: np.ndarray, levels: int = LEVELS) -> Evidence:
    """Every die measured at every level, without chance."""
    dies, at = np.meshgrid(np.arange(len(limits)), np.arange(levels), indexing="ij")
    return Evidence.of(dies.ravel(), at.ravel(), (at < limits[:, None]).ravel(), (len(limits), levels))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.1, LEVELS - 1.1), min_size=20, max_size=60), st.floats(0.6, 0.9))
def test_without_chance_it_is_counting(limits: list[float], wanted: float) -> None:
    values = np.array(limits)
    found = fit(exactly(values))
    assert found.chance.is_none
    shares = [(values > k).mean() for k in range(LEVELS)]
    assert found.shares() == pytest.approx(shares, abs=0.02)
    reached = reach(found, wanted)
    assert reached.low <= reached.at <= reached.high
    assert abs(reached.at - np.quantile(values, 1 - wanted)) <= 1 + np.ptp(
        np.quantile(values, [max(1 - wanted - 2 / len(values), 0), min(1 - wanted + 2 / len(values), 1)])
    )


@pytest.mark.parametrize(("n", "wanted"), [(100, 0.95), (300, 0.95), (4000, 0.99), (30, 0.5)])
def test_ranks(n: int, wanted: float) -> None:
    """The order statistic of a whole rank lies beyond the quantile with the binomial's probability."""
    for rank in (2, 5, 9):
        chance = stats.binom.cdf(rank - 1, n, 1 - wanted)
        if 1e-6 < chance < 1 - 1e-6:
            assert rank_of(np.array([float(n)]), wanted, float(chance))[0] == pytest.approx(rank, abs=1e-3)


def test_behind_the_last_die_that_was_lost_the_next_one_is_on_its_way() -> None:
    """Of 20 dies 0.6 are lost at level 2 and 1 at level 3; the middle rank, 1.3, lies half-way between them."""
    lost = np.array([0.0, 0.2, 0.6, 1.0, 1.0, 1.4, 1.4])
    population: Any = SimpleNamespace(
        known=lambda _: np.full(len(lost), 20.0),
        shares=lambda: 1 - lost / 20,
        chance=SimpleNamespace(is_none=False),
    )
    wanted = 1 - (1.3 - 1 / 3) / (20 + 1 / 3)
    found = reach(population, wanted)
    assert found.at == pytest.approx(2.5)
    assert (found.low, found.high) == (-math.inf, math.inf)


@pytest.mark.parametrize(("wanted", "dies"), [(0.9, 36), (0.95, 72), (0.99, 368), (0.999, 3688)])
def test_the_fewest_dies_that_show_a_yield(wanted: float, dies: int) -> None:
    assert fewest(wanted) == dies
    for n, shown in ((dies, True), (dies - 1, False)):
        all_good = exactly(np.full(n, LEVELS + 5.0))
        assert (reach(fit(all_good), wanted).low == math.inf) is shown


def test_shares() -> None:
    low, high = share_interval(np.array([0.0, 95.0, 100.0]), np.full(3, 100.0))
    for k, good in enumerate((0, 95, 100)):
        expected = stats.binomtest(good, 100).proportion_ci(0.95, method="exact")
        assert (low[k], high[k]) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_chance_is_told_apart_from_dies() -> None:
    rng = np.random.default_rng(3)
    limits = rng.normal(16, 4, 400)
    dies = np.repeat(np.arange(400), 12)
    at = np.clip(np.round(limits[dies] + rng.uniform(-6, 6, len(dies))), 0, LEVELS - 1).astype(int)
    good = rng.random(len(dies)) < stats.norm.cdf((limits[dies] - at) / 2.0)
    found = fit(Evidence.of(dies, at, good, (400, LEVELS)))
    assert not found.chance.is_none and found.chance.width == pytest.approx(2, abs=1.1)
    assert reach(found, 0.95).at == pytest.approx(16 - 1.645 * 4, abs=0.9)
    # Taken for dies, chance would make them differ more than they do.
    alike = fit(Evidence.of(dies, at, good, (400, LEVELS)), chance=Chance(0.05, 0.003))
    assert reach(alike, 0.95).at < reach(found, 0.95).at


def test_what_is_not_known_of_dies_counts_less() -> None:
    limits = np.full(100, 20.0)
    known = fit(exactly(limits))
    assert known.known(0.95)[16] == pytest.approx(100, rel=0.01)
    # Half of the dies were not measured yet.
    dies, at = np.repeat(np.arange(50), LEVELS), np.tile(np.arange(LEVELS), 50)
    partly = fit(Evidence.of(dies, at, at < 20, (100, LEVELS)))
    assert partly.known(0.95)[16] == pytest.approx(50, rel=0.05)


def test_dies_that_get_better_again_are_lost_where_they_were_bad() -> None:
    dies, at = np.meshgrid(np.arange(80), np.arange(LEVELS), indexing="ij")
    bad = (dies < 20) & (at == 10)
    evidence = Evidence.of(dies.ravel(), at.ravel(), ~bad.ravel(), (80, LEVELS))
    found = fit(evidence, chance=Chance(0.05, 0.003))
    assert reach(found, 0.95).at > 20 and 9 <= reach(found, 0.95, evidence).at <= 10


def test_one_training_of_each_die_is_good_less_far_than_the_limits_of_dies() -> None:
    """P(good) with chance counted in is what is counted, and not the share of limits beyond."""
    rng = np.random.default_rng(3)
    limits, width = 18 + 2 * rng.standard_normal(400), 4.0
    dies, at = (grid.ravel() for grid in np.meshgrid(np.arange(400), np.arange(LEVELS), indexing="ij"))
    good = at < limits[dies] + width * rng.standard_normal(len(dies))
    found = fit(Evidence.of(dies, at, good, (400, LEVELS)))
    counted = np.array([good[at == level].mean() for level in range(LEVELS)])
    assert np.abs(found.once() - counted).max() < 0.05
    assert np.abs(found.shares() - counted).max() > 0.15  # the control: limits alone are another question
    without = fit(exactly(limits))
    assert without.once() == pytest.approx(without.shares(), abs=0.02)


@pytest.mark.parametrize("seed", [3, 6, 19])
def test_a_limit_lies_in_its_interval_however_little_is_known(seed: int) -> None:
    """Few levels, much chance: the dies are worth a handful of known ones."""
    rng = np.random.default_rng(seed)
    limits = 18 * np.exp(0.1 * rng.standard_normal(100))
    dies = np.repeat(np.arange(100), 9)
    at = rng.choice([0, 14, 15, 16, 17, 32, 48, 64], len(dies))
    good = at < limits[dies] * np.exp(0.25 * rng.standard_normal(len(dies)))
    weights = np.where(rng.integers(0, 8, len(dies)) == 0, 0.5, 1.0)
    seen = Evidence.of(dies, at, good, (100, 65), weights)
    found = reach(fit(seen, chance=Chance(0.25, 0.003, relative=True)), 0.95, seen)
    assert found.low <= found.at <= found.high < 20


def test_the_interval_of_one_training_follows_dies_and_not_trainings() -> None:
    """Ten trainings of each of 100 dies at each level tell of the dies no more than 100 dies can."""
    rng = np.random.default_rng(4)

    def width(dies: int, times: int) -> float:
        limits, luck = 18 + 4 * rng.standard_normal(dies), 2.0
        who, at = (grid.ravel() for grid in np.meshgrid(np.arange(dies), np.tile(np.arange(8, 24), times)))
        good = at < limits[who] + luck * rng.standard_normal(len(who))
        seen = Evidence.of(who, at, good, (dies, LEVELS))
        found = singly(plausible(seen, drop=DROP), 0.95).reach
        truth = 18 - 1.645 * math.hypot(4, luck)
        assert found.low <= found.at <= found.high and abs(found.at - truth) < 2.0
        return found.high - found.low

    once, often = width(100, 1), width(100, 10)
    assert 0.5 * once < often < 1.3 * once
    assert width(800, 1) < 0.6 * once


def test_few_dies_show_nothing_of_one_training() -> None:
    seen = exactly(np.full(20, 30.0))
    found = singly(plausible(seen, drop=DROP), 0.95).reach
    assert found.low == -math.inf and found.at > 25
    good = Evidence(np.ones((80, LEVELS)), np.zeros((80, LEVELS)))
    assert singly(plausible(good, drop=DROP), 0.95).reach[::2] == (math.inf, math.inf)


def test_an_interval_is_widened_each_way_by_what_moves_it_there() -> None:
    found = Reach(10.0, 7.0, 11.0)
    assert between(found, 6.0, 10.0) == Reach(10.0, 5.0, 11.0)
    assert between(found, 10.5, 12.0) == Reach(10.0, 7.0, pytest.approx(10 + math.hypot(1, 2)))
    assert between(found, -math.inf, math.inf) == Reach(10.0, -math.inf, math.inf)
    assert between(Reach(10.0, -math.inf, math.inf), 6.0, 14.0) == Reach(10.0, -math.inf, math.inf)
    assert between(Reach(10.0, 10.0, 10.0), 6.0, 14.0) == Reach(10.0, 6.0, 14.0)
    assert centred(found, (8.0, 9.0)) == Reach(9.0, 7.0, 11.0)
    assert centred(found, (10.0, 40.0)) == Reach(11.0, 7.0, 11.0)
    assert centred(found, (10.0, math.inf)) == found
