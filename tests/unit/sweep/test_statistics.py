"""Against SciPy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurochip.sweep.statistics import mean_band, mean_of_dies, quantile, share_of_dies, t_quantile, wilson


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 10, 29, 30, 99, 1000])
@pytest.mark.parametrize("share", [0.5, 0.75, 0.95, 0.975, 0.9995])
def test_student(share: float, degrees: int) -> None:
    assert math.isclose(t_quantile(share, degrees), stats.t.ppf(share, degrees), rel_tol=1e-9, abs_tol=1e-12)


def test_student_by_hand() -> None:
    # One degree of freedom is Cauchy's distribution, two have a square root.
    assert math.isclose(t_quantile(0.75, 1), 1.0, rel_tol=1e-12)
    assert math.isclose(t_quantile(0.9, 2), 0.8 / math.sqrt(2 * 0.9 * 0.1), rel_tol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_band_of_a_mean(values: list[float]) -> None:
    band = mean_band(values)
    spread = np.std(values, ddof=1)
    assert band.low is not None and band.high is not None
    assert math.isclose(band.mean, np.mean(values), abs_tol=1e-12)
    if spread < 1e-9:
        assert math.isclose(band.low, band.high, abs_tol=1e-6)
        return
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), spread / math.sqrt(len(values)))
    assert (band.low, band.high) == pytest.approx((low, high), abs=1e-9)


def test_pairs_are_the_paired_test() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.random(12), rng.random(12)
    expected = stats.ttest_rel(one, other).confidence_interval(0.95)
    band = mean_band(list(one - other))
    assert (band.low, band.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_one_value_has_no_band() -> None:
    assert mean_band([0.3]) == (0.3, None, None, 1)
    with pytest.raises(ValueError):
        mean_band([])


@given(st.integers(1, 500), st.data())
def test_wilson(n: int, data: st.DataObject) -> None:
    good = data.draw(st.integers(0, n))
    expected = stats.binomtest(good, n).proportion_ci(0.95, method="wilson")
    assert wilson(good, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_ends_where_shares_end() -> None:
    for n in range(1, 100):
        assert wilson(0, n)[0] == 0.0 and wilson(n, n)[1] == 1.0
        assert n == 1 or (wilson(1, n)[0] > 0.0 and wilson(n - 1, n)[1] < 1.0)


def test_dies_and_seeds_cross() -> None:
    """The interval over both covers the mean of all dies and trainings; the one over points does not."""
    rng = np.random.default_rng(2)
    hits, naive = 0, 0
    for _ in range(600):
        dies, seeds = rng.normal(0, 1, 8), rng.normal(0, 0.5, 4)
        values = {(d, s): float(dies[d] + seeds[s] + rng.normal(0, 0.3)) for d in range(8) for s in range(4)}
        band, other = mean_of_dies(values), mean_band(list(values.values()))
        assert band.low is not None and band.high is not None
        assert other.low is not None and other.high is not None
        hits += band.low <= 0 <= band.high
        naive += other.low <= 0 <= other.high
    assert 0.92 <= hits / 600 <= 0.985 and naive / 600 < 0.75


@pytest.mark.parametrize("alike", [True, False])
def test_the_share_of_dies(alike: bool) -> None:
    """Trainings that do as their die does count once; those that differ count each."""
    good = {(d, s): (d < 12 if alike else (d + s) % 4 > 0) for d in range(16) for s in range(4)}
    expected = wilson(12, 16) if alike else wilson(48, 64)
    assert share_of_dies(good) == pytest.approx(expected, abs=0.01)


@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(2, 7))
def test_dies_and_seeds_by_the_table_of_analysis_of_variance(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    table = (
        rng.normal(0, rng.uniform(0, 2), (n, 1))
        + rng.normal(0, rng.uniform(0, 2), m)
        + rng.normal(0, 1, (n, m))
    )
    band = mean_of_dies({(d, s): float(table[d, s]) for d in range(n) for s in range(m)})
    rows, columns = table.mean(1), table.mean(0)
    squares = [m * rows.var(ddof=1), n * columns.var(ddof=1)]
    left = table - rows[:, None] - columns + table.mean()
    squares.append((left**2).sum() / ((n - 1) * (m - 1)))
    variance = max(squares[0] + squares[1] - squares[2], squares[0], squares[1])
    freedom = np.array([n - 1, m - 1, (n - 1) * (m - 1)])
    # Satterthwaite's, as far as the table has any.
    degrees = variance**2 / (np.square(squares) / freedom).sum()
    degrees = np.clip(degrees, min(n, m) - 1, n * m - 1)
    expected = stats.t.interval(0.95, degrees, table.mean(), math.sqrt(variance / (n * m)))
    assert (band.low, band.high) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert (band.mean, band.n) == (pytest.approx(table.mean()), n * m)


@pytest.mark.parametrize("is_good", [True, False])
def test_dies_that_are_all_alike_are_as_many_as_there_are(is_good: bool) -> None:
    """That no die differs from another says nothing of how trainings of a die differ."""
    assert share_of_dies({(d, s): is_good for d in range(16) for s in range(4)}) == wilson(16 * is_good, 16)
    assert share_of_dies({(0, s): s < 2 for s in range(4)}) == pytest.approx(wilson(0.5, 1))


def test_wilson_refuses_what_is_no_share() -> None:
    for good, n in ((1, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError):
            wilson(good, n)


def test_the_band_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        band = mean_band(list(rng.normal(5, 2, 6)))
        assert band.low is not None and band.high is not None
        hits += band.low <= 5 <= band.high
    assert 0.935 <= hits / 2000 <= 0.965  # three standard errors


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.floats(0, 1))
def test_quantile(values: list[float], share: float) -> None:
    assert math.isclose(
        quantile(values, share), float(np.quantile(values, share)), rel_tol=1e-9, abs_tol=1e-9
    )
