"""Medians, ratios within rounds, and what a row says of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.bench.document import row_table
from neurochip.bench.machine import Usage, busy, cores, machine, others_share, too_busy, usage
from neurochip.bench.rounds import in_turn
from neurochip.bench.row import Effort, Figure, Missing, Row, spread, within_rounds
from neurochip.bench.words import spread_words
from neurochip.errors import NumericError

seconds = st.floats(1e-6, 1e3)


def test_spread() -> None:
    assert spread([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)
    assert spread([4.0, 1.0, 2.0, 3.0]) == (2.5, 1.0, 4.0)
    assert spread([5.0]) == (5.0, 5.0, 5.0)


def test_a_ratio_is_taken_within_its_round() -> None:
    assert within_rounds([2.0, 40.0], [1.0, 10.0]) == (2.0, 4.0)
    with pytest.raises(ValueError):
        within_rounds([1.0, 2.0], [1.0])


@given(st.lists(st.tuples(seconds, seconds, st.floats(0.1, 10)), min_size=1, max_size=9))
def test_a_machine_that_changes_between_rounds_changes_no_ratio(
    rounds: list[tuple[float, float, float]],
) -> None:
    steady = within_rounds([a for a, _, _ in rounds], [b for _, b, _ in rounds])
    slowed = within_rounds([a * s for a, _, s in rounds], [b * s for _, b, s in rounds])
    assert slowed == pytest.approx(steady)


def test_variants_are_timed_in_turn() -> None:
    said: list[str] = []
    found = in_turn({"a": lambda: said.append("a"), "b": lambda: said.append("b")}, 2, calls={"a": 1, "b": 2})
    assert "".join(said) == "ab" + "abb" * 2
    assert [len(times.cpu) for times in found.values()] == [2, 2]
    said.clear()
    in_turn({"a": lambda: said.append("a")}, 1, calls=3, warm=True)
    assert len(said) == 1 + 1 + 3


def test_the_clock_counts_what_is_done() -> None:
    found = in_turn({"short": lambda: sum(range(1000)), "long": lambda: sum(range(1_000_000))}, 3)
    for clock in ("cpu", "wall"):
        assert spread(within_rounds(found["long"].of(clock), found["short"].of(clock))).median > 20  # type: ignore[arg-type]


def row(**changes: Any) -> Row:
    return Row(**({"name": "x", "about": "it", "unit": "1/s", "against": "NumPy"} | changes))


def test_what_a_row_says() -> None:
    table = row_table("f", row(), Figure("x", (1200.0, 1000.0, 1400.0), (4.0, 3.5, 5.0)))
    assert spread_words(table) == ("1200 (1000–1400) 1/s", "4 (3.5–5) × NumPy")
    valued = row_table("f", row(against=""), Figure("x", (10.0,)))
    assert spread_words(valued) == ("10 1/s", "")
    missing = row_table("f", row(), Missing("x", "needs a moon"))
    assert (missing["missing"], missing["value"], spread_words(missing)) == ("needs a moon", None, ("", ""))


@pytest.mark.parametrize("bad", [(), (0.0,), (-1.0,), (float("nan"),), (1.0, float("inf"))])
def test_a_figure_that_is_none_is_refused(bad: tuple[float, ...]) -> None:
    with pytest.raises(NumericError, match="x: "):
        row_table("f", row(), Figure("x", bad))


def test_effort() -> None:
    assert [Effort(form).times(3, 5) for form in ("tiny", "quick", "full")] == [2, 3, 5]
    assert Effort("quick", rounds=9).times(3, 5) == 9


def test_what_others_used() -> None:
    before, after = Usage(100, 50, 10), Usage(200, 100, 40)  # 50 used of 100, 30 of them ours
    assert others_share(before, after) == pytest.approx(0.2)
    assert others_share(before, before) is None and others_share(None, after) is None
    assert others_share(before, Usage(200, 150, 40)) == 0  # clocks differ a little
    assert too_busy(0.2) is not None and "20 %" in str(too_busy(0.2))
    assert too_busy(0.01) is None and too_busy(None) is None


def test_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    found = machine()
    assert found["processor"] and found["cores"] == cores() >= 1 and found["memory_bytes"] > 1 << 20
    assert all(cache["bytes"] > 0 for cache in found["caches"])
    assert busy(found | {"load": 0.0}) == []
    assert "load 3.0" in busy(found | {"load": 3.0})[0]
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert any("OPENBLAS_CORETYPE=Haswell" in word for word in busy(machine() | {"load": 0.0}))
    now = usage()
    assert now is None or now.all > now.idle > 0
