"""Whether the interval of a limit covers the truth as often as it says, on dies whose truth is known.

In full, as in docs/results.md: ``pytest -m slow -s tests/unit/sweep/test_calibration.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest

from neurochip.sweep.limits import Trials
from neurochip.sweep.singly import singly
from neurochip.sweep.statistics import wilson

from .known_dies import LEVELS, VALUES, WANTED, WITHIN, Known, known, measured, value, verdict

KINDS = ("smooth", "jumping", "noisy", "not monotone", "networks", "good", "bad")
DIFFER = ("lucky", "lapsing", "noisy")  # two trainings of a die
DIES = 100


class Score(NamedTuple):
    """Of many sweeps: coverage, misses on either side, relative bias of the mean, mean width, trainings per die."""

    coverage: float
    below: float  # the interval ends below the truth
    above: float
    bias: float
    width: float
    trainings: float


def score(kind: str, trials: range, dies: int = DIES) -> Score:
    rows = []
    for trial in trials:
        rng = np.random.default_rng([trial, dies, 20])
        of = known(kind, dies, rng)
        seen, compared = measured(of, dies, rng)
        at, low, high = (value(level) for level in verdict(seen, compared).reach)
        rows.append((at, low, high, of.truth, len(seen.dies) / dies))
    return scored(rows)


def score_once(kind: str, trials: range, dies: int = DIES) -> tuple[Score, Score, Score]:
    """Return what is found of one training of each die, of dies trained as often as it takes, and of a control.

    The control is the same interval of one training as though it were known what chance does, and the reference, too.
    """
    once, often, control = [], [], []
    for trial in trials:
        rng = np.random.default_rng([trial, dies, 22])
        of = known(kind, dies, rng)
        seen, compared = measured(of, dies, rng)
        found, cost = verdict(seen, compared), len(seen.dies) / dies
        assert found.once is not None and of.once is not None
        once.append((*map(value, found.once.reach), of.once, cost))
        often.append((*map(value, found.reach), of.truth, cost))
        control.append((*map(value, singly([found.population], WANTED).reach), of.once, cost))
    return scored(once), scored(often), scored(control)


def scored(rows: Sequence[tuple[float, ...]]) -> Score:
    at, low, high, truth, cost = np.array(rows).T
    inside = np.isfinite(low) & np.isfinite(high)
    bias = np.nan if not np.isfinite(truth).all() else float(np.mean(at[np.isfinite(at)] / truth[0]) - 1)
    return Score(
        float(np.mean((low <= truth) & (truth <= high))),
        float(np.mean(high < truth)),
        float(np.mean(low > truth)),
        bias,
        float(np.mean(high[inside] - low[inside])) if inside.any() else math.nan,
        float(np.mean(cost)),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_intervals_cover_the_truth(kind: str) -> None:
    """Few sweeps, enough to see that something is wrong with an interval or an estimate; in full it is slow."""
    found = score(kind, range(6), dies=80)
    assert found.coverage >= 4 / 6
    if math.isfinite(found.bias):
        assert abs(found.bias) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_intervals_cover_the_truth_in_full(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = score(kind, range(1000))
    with capsys.disabled():
        print(f"\n{kind}: {found}", flush=True)
    if kind in ("good", "bad"):
        assert found.coverage >= 0.92  # there is nothing on one side of the truth that could be missed
        return
    assert 0.92 <= found.coverage <= 0.98 and abs(found.bias) < 0.02


@pytest.mark.parametrize("kind", DIFFER)
def test_intervals_of_one_training_cover_the_truth(kind: str) -> None:
    """Few sweeps of dies that have luck, enough to see that something is wrong; in full it is slow."""
    once, often, _ = score_once(kind, range(12))
    assert once.coverage >= 9 / 12 and abs(once.bias) < 0.1
    assert often.coverage >= 8 / 12


def test_an_interval_by_dies_alone_does_not_cover_it() -> None:
    """The control: as though it were known what chance does, and what the ideal chip does."""
    once, _, control = score_once("noisy", range(12))
    assert control.coverage < 0.75 < once.coverage
    assert control.width < 0.6 * once.width


@pytest.mark.slow
@pytest.mark.parametrize("kind", DIFFER)
def test_intervals_of_one_training_cover_the_truth_in_full(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    once, often, control = score_once(kind, range(1000))
    with capsys.disabled():
        print(f"\n{kind}, once: {once}\nas often as it takes: {often}\ncontrol: {control}", flush=True)
    assert 0.92 <= once.coverage <= 0.98 and abs(once.bias) < 0.02
    assert control.coverage < (0.75 if kind == "noisy" else 0.92)


@pytest.mark.slow
@pytest.mark.parametrize("dies", [30, 300])
def test_intervals_of_few_and_of_many(dies: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = score("noisy", range(300), dies)
    with capsys.disabled():
        print(f"\nnoisy, {dies} dies: {found}", flush=True)
    assert 0.92 <= found.coverage <= 0.99 and abs(found.bias) < 0.03


def crossing_lines(of: Known, dies: int, levels: Sequence[int]) -> tuple[float, float, float]:
    """A control: each die followed to where the line between two values first crosses what is allowed.

    The limit is the order statistic of these crossings, its interval that of Wilson for their share.
    """
    ends = np.full(dies, math.inf)
    who = np.arange(dies)
    before = np.zeros(dies)
    for k, level in enumerate(levels):
        above = of.errors(who, np.full(dies, VALUES[level]))
        x = VALUES[level]
        crossed = (above > WITHIN) & np.isinf(ends)
        if k:
            last = VALUES[levels[k - 1]]
            ends[crossed] = last + (x - last) * (WITHIN - before[crossed]) / (
                above[crossed] - before[crossed]
            )
        before = above
    ordered = np.sort(ends)
    surely = next((good for good in range(1, dies + 1) if wilson(good, dies)[0] >= WANTED), None)
    possibly = next(good for good in range(dies + 1) if wilson(good, dies)[1] >= WANTED)
    enough = math.ceil(WANTED * dies)
    low = -math.inf if surely is None else float(ordered[dies - surely])
    return float(ordered[dies - enough]), low, float(ordered[dies - possibly])


def test_a_line_between_values_does_not_cover_it() -> None:
    """The same dies, the same noise: an interval from first crossings covers the truth hardly ever."""
    rows = []
    for trial in range(60):
        rng = np.random.default_rng([trial, DIES, 20])
        of = known("noisy", DIES, rng)
        rows.append((*crossing_lines(of, DIES, range(0, LEVELS, 4)), of.truth, LEVELS / 4))
    found = scored(rows)
    assert found.coverage < 0.3 and found.bias < -0.15


def test_networks_that_differ_are_not_taken_for_dies() -> None:
    """Eight networks that differ more than dies do: an interval that knows of dies alone is too narrow.

    The control: the same sweeps, judged as though each die had come by a network by chance.
    """
    covered, alone, wider = [], [], []
    for trial in range(24):
        rng = np.random.default_rng([trial, 100, 21])
        of = known("networks", 100, rng, networks=0.3)
        seen, compared = measured(of, 100, rng)
        by_chance = Trials(seen.dies, np.arange(len(seen.dies)), *seen[2:])
        (_, low, high), (_, first, last) = (verdict(one, compared).reach for one in (seen, by_chance))
        covered.append(value(low) <= of.truth <= value(high))
        alone.append(value(first) <= of.truth <= value(last))
        wider.append(high - low > last - first or math.isinf(high - low))
    assert np.mean(covered) >= 0.8 > np.mean(alone)
    assert np.mean(wider) > 0.5


def test_one_training_as_reference_is_not_enough() -> None:
    """Sweeps that are each compared with another single ideal training exclude one another."""
    rows = []
    for trial in range(12):
        rng = np.random.default_rng([trial, 60, 20])
        of = known("jumping", 60, rng)
        seen, _ = measured(of, 60, rng)
        moved = Trials(*seen[:3], seen.above + 0.015 * rng.standard_normal(), seen.names)
        rows.append((*map(value, verdict(moved, (None, 1)).reach), of.truth, 0.0))
    assert scored(rows).coverage < 0.9
