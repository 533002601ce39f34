"""The frame of the experiments: verdicts, the table, the folder."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from neurochip.errors import ConfigError, OutputError
from neurochip.papers import (
    EXPERIMENTS,
    Bound,
    Claim,
    Experiment,
    Finding,
    Outcome,
    find,
    reproduce,
    reproducing,
)
from neurochip.papers.experiment import judge, verdict_of
from neurochip.papers.pages import shown
from neurochip.report.figures import Chart, Curve

CLAIMS = (
    Claim("near", "It comes near <1>.", "distance", Bound(high=0.1), Bound(high=0.5), control="without <it>"),
    Claim("fast", "It is fast.", "steps", Bound(low=2, high=4), control="asleep", quick=Bound(low=2, high=9)),
)


def made(near: float, fast: float) -> Experiment:
    def run(settings: Any, tell: Any) -> Outcome:
        tell(0.5, "half")
        chart = Chart("t", "x", "y", [Curve("c", [0, 1], [near, fast])])
        return Outcome(
            (Finding("fast", fast, 99.0), Finding("near", near, 0.7, "a note")),
            (chart,),
            seeds=3,
            settings={"ε": 0.5},
            series={"y": [near, fast]},
        )

    return Experiment("made", "Someone 2000", "Fig. 1", "about it", CLAIMS, (1, 100), run)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(experiment: Experiment) -> None:
        monkeypatch.setattr(reproducing, "find", lambda name: experiment)

    return put


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.1, "holds"), (0.11, "holds in part"), (0.6, "does not hold here"), (math.nan, "does not hold here")],
)
def test_a_claim_is_judged_by_its_number(value: float, verdict: str) -> None:
    assert judge(CLAIMS[0], Finding("near", value, 0.7)) == verdict


NOT_SHOWN = "not shown (its control passes)"


@pytest.mark.parametrize(
    ("value", "control", "verdict"),
    [
        (0.05, 0.7, "holds"),
        (0.05, 0.3, "holds"),  # holds, where the control holds in part
        (0.05, 0.1, NOT_SHOWN),
        (0.05, math.nan, NOT_SHOWN),
        (0.05, math.inf, "holds"),
        (0.3, 0.7, "holds in part"),
        (0.3, 0.4, NOT_SHOWN),
        (0.3, 0.05, NOT_SHOWN),
        (0.9, 0.05, "does not hold here"),
    ],
)
def test_a_claim_is_not_shown_by_a_number_that_its_control_has_too(
    value: float, control: float, verdict: str
) -> None:
    assert judge(CLAIMS[0], Finding("near", value, control)) == verdict


def test_the_quick_form_may_have_a_tolerance_of_its_own() -> None:
    assert judge(CLAIMS[1], Finding("fast", 8, 99)) == "does not hold here"
    assert judge(CLAIMS[1], Finding("fast", 8, 99), quick=True) == "holds"
    assert CLAIMS[0].bounds(quick=True) == (Bound(high=0.1), Bound(high=0.5))


def test_the_whole_is_judged_by_its_claims() -> None:
    assert verdict_of(["holds", "holds"]) == "holds"
    assert verdict_of(["holds", "does not hold here"]) == "holds in part"
    assert verdict_of(["does not hold here"] * 2) == "does not hold here"
    assert verdict_of(["holds in part"]) == "holds in part"
    assert verdict_of([NOT_SHOWN, NOT_SHOWN]) == NOT_SHOWN
    assert verdict_of([NOT_SHOWN, "holds"]) == "holds in part"
    assert verdict_of([NOT_SHOWN, "does not hold here"]) == "does not hold here"


def test_a_folder_holds_numbers_picture_and_page(tmp_path: Path, stand_in: Any) -> None:
    stand_in(made(0.2, 9.0))
    told: list[tuple[float, str]] = []
    done = reproduce(
        "made", out=tmp_path / "deep" / "r", seed=5, on_progress=lambda s, w: told.append((s, w))
    )
    assert told == [(0.5, "half")]
    assert done.verdict == "holds in part"
    assert sorted(p.name for p in (tmp_path / "deep").rglob("*") if p.is_file()) == [
        "figure.svg",
        "report.html",
        "result.json",
    ]
    document = json.loads((tmp_path / "deep" / "r" / "result.json").read_text())
    assert [
        (c["key"], c["measured"], c["control_measured"], c["tolerance"], c["verdict"])
        for c in document["claims"]
    ] == [
        ("near", 0.2, 0.7, "≤ 0.1", "holds in part"),
        ("fast", 9.0, 99.0, "2 to 4", "does not hold here"),
    ]
    assert (document["seed"], document["seeds"], document["series"]) == (5, 3, {"y": [0.2, 9.0]})
    page = (tmp_path / "deep" / "r" / "report.html").read_text()
    assert "It comes near &lt;1&gt;." in page and "without &lt;it&gt;" in page
    assert page.count("<script") == 1  # its own


def test_a_number_that_is_none_is_null(tmp_path: Path, stand_in: Any) -> None:
    stand_in(made(math.nan, 3.0))
    reproduce("made", out=tmp_path / "r")
    document = json.loads((tmp_path / "r" / "result.json").read_text())
    assert document["claims"][0]["measured"] is None
    assert document["verdict"] == "holds in part"


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, stand_in: Any) -> None:
    stand_in(made(0, 3))
    with pytest.raises(OutputError) as error:
        reproduce("made", out=tmp_path)
    assert str(error.value) == f"{tmp_path}: exists already; choose another folder with --out or remove it"


def test_nothing_is_left_of_a_run_that_fails(
    tmp_path: Path, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(made(0, 3))

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reproducing, "write_synced", full)
    with pytest.raises(OutputError, match="cannot be made: No space left on device"):
        reproduce("made", out=tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_an_experiment_must_find_what_it_claims(stand_in: Any) -> None:
    lacking = made(0, 3)
    claims = (*CLAIMS, Claim("more", "More.", "m", Bound(high=1), control="less"))
    stand_in(Experiment("made", "p", "f", "a", claims, (1, 1), lacking.run))
    with pytest.raises(RuntimeError, match="made must find"):
        reproduce("made", write=False)


def test_every_row_of_the_table_is_an_experiment() -> None:
    assert EXPERIMENTS
    for name in EXPERIMENTS:
        experiment = find(name)
        assert experiment.name == name
        assert experiment.seconds[0] < 120, "the quick form takes less than two minutes"


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(ConfigError) as error:
        find("bengio2017-backprob")
    there = ", ".join(EXPERIMENTS)
    assert str(error.value) == (
        f"experiment: no experiment 'bengio2017-backprob' (there are {there}); did you mean 'bengio2017-backprop'?"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "1"), (1 + 1e-14, "1"), (0.9999994, "0.9999994"), (0.12345, "0.1235"), (math.nan, "none")],
)
def test_a_measured_number_is_short_but_does_not_become_1(value: float, words: str) -> None:
    assert shown(value) == words


def test_a_bound_says_what_it_is() -> None:
    assert [str(b) for b in (Bound(high=1), Bound(low=2), Bound(1, 2))] == ["≤ 1", "≥ 2", "1 to 2"]
    with pytest.raises(ConfigError, match="bound: must have low ≤ high, got 2 and 1"):
        Bound(2, 1)
