"""How far one die goes, and how far enough of them do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurochip.sweep.statistics import wilson
from neurochip.sweep.verdict import Crossing, Limit, crossing, limit, ratio


@pytest.mark.parametrize(
    ("trace", "found"),
    [
        # From 0 at 0.2 to four points at 0.4: one point is a quarter of the way.
        ([(0.0, 0.0), (0.2, 0.0), (0.4, 0.04)], Crossing(0.25)),
        ([(0.0, 0.0), (0.2, -0.01), (0.4, 0.03)], Crossing(0.3)),
        ([(0.0, 0.0), (0.2, 0.01), (0.4, 0.01)], Crossing(0.4, beyond=True)),
        ([(0.1, 0.02), (0.2, 0.0)], Crossing(None)),
        # The first time counts, even when it gets better afterwards.
        ([(0.0, 0.0), (0.2, 0.02), (0.4, 0.0)], Crossing(0.1)),
        ([(0.0, 0.0), (0.2, 0.0), (0.4, None), (0.6, 0.0)], Crossing(0.2)),
        ([(0.0, None), (0.2, 0.0)], Crossing(None)),
        ([], Crossing(None)),
    ],
)
def test_one_die(trace: list[tuple[float, float | None]], found: Crossing) -> None:
    reached = crossing(trace, 0.01)
    assert reached.beyond == found.beyond
    assert reached.value == (None if found.value is None else pytest.approx(found.value))


def test_thirty_dies() -> None:
    """29 of 30 are the fewest that make 95 %, 27 the fewest whose interval reaches it; even 30 do not show it."""
    found = limit([Crossing(k / 100) for k in range(1, 31)], 0.95)
    assert (found.at, found.low, found.high) == (Crossing(0.02), None, Crossing(0.04))
    assert wilson(27, 30)[1] >= 0.95 > wilson(26, 30)[1] and wilson(30, 30)[0] < 0.95


def test_a_hundred_dies() -> None:
    found = limit([Crossing(k / 100) for k in range(1, 101)], 0.95)
    assert (found.at, found.low) == (Crossing(0.06), Crossing(0.01))
    assert found.high.value == pytest.approx(0.1)  # 91 good ones: (84 %, 95 %)


def test_dies_beyond_the_grid_and_dies_that_never_are() -> None:
    beyond = limit([Crossing(0.5, beyond=True)] * 100, 0.95)
    assert beyond == Limit(*[Crossing(0.5, beyond=True)] * 3)
    nowhere = limit([Crossing(None)] * 2 + [Crossing(0.5, beyond=True)] * 28, 0.95)
    assert nowhere.at == Crossing(None)
    assert nowhere.high == Crossing(0.5, beyond=True)  # 28 of 30 may still be 95 %
    with pytest.raises(ValueError):
        limit([], 0.95)


def test_downwards() -> None:
    """A way to smaller values: the die that stops first is the one with the largest."""
    found = limit([Crossing(k / 100) for k in range(1, 31)], 0.95, down=True)
    assert (found.at, found.high) == (Crossing(0.29), Crossing(0.27))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=120), st.floats(0.5, 0.99))
def test_it_is_what_counting_says(values: list[float], wanted: float) -> None:
    found = limit([Crossing(value) for value in values], wanted)
    at = found.at.value
    assert at is not None
    assert sum(value >= at for value in values) / len(values) >= wanted - 1e-9
    assert sum(value > at for value in values) / len(values) < wanted
    if found.low is not None:
        assert found.low.value is not None and found.low.value <= at
        assert wilson(sum(value >= found.low.value for value in values), len(values))[0] >= wanted
    assert found.high.value is not None and found.high.value >= at
    if not found.high.beyond:
        assert wilson(sum(value > found.high.value for value in values), len(values))[1] < wanted


def test_the_interval_covers_the_truth() -> None:
    """Of dies whose own limits are drawn from a law, the true 5 % quantile lies in most intervals."""
    rng = np.random.default_rng(1)
    truth = stats.gamma.ppf(0.05, 4)
    hits = []
    for _ in range(500):
        found = limit([Crossing(float(x)) for x in rng.gamma(4, size=200)], 0.95)
        assert found.low is not None and found.low.value is not None and found.high.value is not None
        hits.append(found.low.value <= truth <= found.high.value)
    assert 0.92 <= np.mean(hits) <= 0.99


def test_ratio() -> None:
    def reach(value: float | None, beyond: bool = False) -> Limit:
        return limit([Crossing(value, beyond)] * 30, 0.95)

    both = ratio(reach(0.4), reach(0.1))
    assert both is not None and math.isclose(both.value, 4) and not both.more
    more = ratio(reach(0.5, beyond=True), reach(0.1))
    assert more is not None and math.isclose(more.value, 5) and more.more
    for other in (reach(0.5, beyond=True), reach(None), reach(0.0)):
        assert ratio(reach(0.4), other) is None
    assert ratio(reach(None), reach(0.1)) is None
