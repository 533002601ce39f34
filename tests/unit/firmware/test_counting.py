"""Counters of finite width, and what they are made whole from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_sim.codes import Refusal
from firmware_sim.counting import counter_arrays, counters_from, peak, times_of, with_times, wrapped
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import PhaseTime


def nudged(
    presentations: int = 0, ticks: int = 0, count: int = 0, control: tuple[int, ...] = (0, 0, 0)
) -> Counters:
    counts = np.zeros((2, len(COUNTERS)), dtype=np.int64)
    counts[1, 3] = count
    return Counters(
        ("in", "out"), (4, 7), {Phase.NUDGED: PhaseCounters(presentations, ticks, counts, control=control)}
    )


@pytest.mark.parametrize(
    ("moved", "most"),
    [
        ({"presentations": 5}, 5),
        ({"ticks": 9}, 9),
        ({"count": -8}, 8),
        ({"control": (1, 2, 6)}, 6),
        ({"presentations": 5, "ticks": 9, "count": 12, "control": (1, 2, 6)}, 12),
    ],
)
def test_the_counter_that_moved_most_is_found_wherever_it_is(moved: dict[str, int], most: int) -> None:
    nothing = Counters(("in", "out"), (4, 7), {})
    assert peak(nudged(**moved), nothing) == most
    doubled = nudged(**moved) + nudged(**moved)
    assert peak(doubled, nudged(**moved)) == most
    assert peak(doubled, doubled) == 0


@pytest.mark.parametrize("width", [4, 16, 60])
def test_a_register_shows_all_its_bits_and_no_more(width: int) -> None:
    top = (1 << width) - 1
    shown = wrapped(np.array([0, 1, top, top + 1, top + 6, -1], dtype=np.int64), width)
    assert shown.tolist() == [0, 1, top, 0, 5, top]


def test_arrays_come_back_as_the_counters_that_they_are_of() -> None:
    counters = nudged(3, 40, 12, (1, 2, 3)) + Counters(
        ("in", "out"), (4, 7), {Phase.UPDATE: nudged(1).phases[Phase.NUDGED]}
    )
    again = counters_from(Counters(("in", "out"), (4, 7), {}), *counter_arrays(counters))
    assert again.to_json() == counters.to_json()


def test_counters_of_another_chip_or_of_a_phase_twice_are_refused() -> None:
    like = Counters(("in", "out"), (4, 7), {})
    present, counts, shared = counter_arrays(nudged(1, 2, 3))
    twice = [np.concatenate([array, array]) for array in (present, counts, shared)]
    for wrong in (
        twice,
        (present, counts[:, :1], shared),
        (present, counts, shared[:, :4]),
        (present + 90, counts, shared),
    ):
        with pytest.raises(Refusal):
            counters_from(like, *wrong)
    assert counters_from(replace(like), present, counts, shared).total(COUNTERS[3]) == 3


def test_times_come_back_and_what_is_no_text_of_times_is_refused() -> None:
    counters = nudged(3, 40, 12)
    time = replace(PhaseTime.nothing(2), cycles=77)
    timed = replace(counters, phases={p: replace(found, time=time) for p, found in counters.phases.items()})
    text = times_of(timed)
    assert with_times(counters, text).to_json() == timed.to_json()
    assert with_times(counters, times_of(counters)).to_json() == counters.to_json()
    damaged = np.frombuffer(text.tobytes()[:-1], dtype=np.uint8)
    for wrong in (text.astype(np.int8), text.astype(np.uint16), text.astype(np.float64), damaged):
        with pytest.raises(Refusal, match="the times of phases"):
            with_times(counters, wrong)
