"""Whole numbers that never wrap, and the times that are kept in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.substrate import exact
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime

whole = st.integers(-(2**80), 2**80) | st.integers(-5, 5) | st.sampled_from([2**63 - 1, -(2**63) + 1, 2**62])
lists = st.lists(st.tuples(whole, whole), min_size=1, max_size=6)


@given(lists)
def test_sums_and_products_are_those_of_python(pairs: list[tuple[int, int]]) -> None:
    first, second = exact.integers([a for a, _ in pairs]), exact.integers([b for _, b in pairs])
    assert exact.plus(first, second).tolist() == [a + b for a, b in pairs]
    assert exact.times(first, second).tolist() == [a * b for a, b in pairs]
    assert exact.total(first) == sum(a for a, _ in pairs)
    assert exact.sums(np.stack([first, second])).tolist() == [a + b for a, b in pairs]
    fits = all(abs(a + b) < 2**63 for a, b in pairs) and all(abs(n) < 2**63 for pair in pairs for n in pair)
    if fits:
        assert exact.plus(first, second).dtype == np.int64


@pytest.mark.parametrize("cycles", [1000, 1 << 44, 1 << 70])
def test_time_of_any_length(cycles: int) -> None:
    """More than 8.8e12 cycles are more than 2⁶³ of the fractions in which busy times are kept."""
    busy = exact.integers([cycles * FRACTIONS // 2, 7])
    one = replace(PhaseTime.nothing(2), cycles=cycles, busy=busy)
    assert one.idle.tolist() == [cycles * FRACTIONS - cycles * FRACTIONS // 2, cycles * FRACTIONS - 7]
    four = one + one + one + one
    assert four.cycles == 4 * cycles
    assert four.busy.tolist() == [4 * (cycles * FRACTIONS // 2), 28]
    again = PhaseTime.from_json(four.to_json(), 2)
    assert again.to_json() == four.to_json()
    assert again.idle.tolist() == four.idle.tolist()


def test_counts_of_any_size_are_added() -> None:
    counts = np.full((2, len(COUNTERS)), 2**62, dtype=np.int64)
    counters = Counters(("a", "b"), (0, 1), {Phase.FREE: PhaseCounters(1, 1, counts)})
    four = counters + counters + counters + counters
    assert four.total("sops") == 8 * 2**62
    table = four.to_json()
    assert table["free"]["sops"] == table["free"]["populations"]["a"]["sops"] * 2 == 2**65
