"""``neurochip reproduce`` through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurochip.papers import EXPERIMENTS, Bound, Claim, Experiment, Finding, Outcome, reproducing, table

from .conftest import Run, Workplace

pytestmark = pytest.mark.usefixtures("kept_workers")


@pytest.fixture
def quick_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(settings, tell) -> Outcome:
        tell(0.5, "measuring")
        return Outcome((Finding("c", float(settings.seed), 99.0, "seeds differ by nothing"),), ())

    claim = Claim("c", "The seed is small.", "the seed", Bound(high=3), control="a large seed")
    experiment = Experiment("one", "Someone 2000", "Fig. 1", "a test of it", (claim,), (5, 600), run)
    monkeypatch.setattr(reproducing, "find", lambda name: experiment)
    monkeypatch.setattr(table, "find", lambda name: experiment)


def test_the_list_names_every_experiment(run: Run) -> None:
    result = run("reproduce", "list")
    assert result.exit_code == 0
    assert EXPERIMENTS
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == list(EXPERIMENTS)


def test_one_says_claim_measured_tolerance_verdict(run: Run, quick_one: None, place: Workplace) -> None:
    result = run("reproduce", "one", "--out", "r", "--quick")
    assert result.exit_code == 0
    assert result.stderr == "one, quick form: takes about 5 s\n 50 %  measuring\n"
    lines = result.stdout.splitlines()
    assert lines[0] == "one – Someone 2000, Fig. 1"
    assert lines[2:8] == [
        "claim      The seed is small.",
        "measured   1: the seed",
        "           seeds differ by nothing",
        "control    99: a large seed",
        "tolerance  ≤ 3",
        "verdict    holds",
    ]
    assert lines[-2].startswith("holds (seed 1, 1 repetition, ")
    assert lines[-1] == "r"
    assert place.files() == ["r/figure.svg", "r/report.html", "r/result.json"]


def test_the_full_form_says_how_long_it_takes(run: Run, quick_one: None) -> None:
    assert "takes about 10 min" in run("reproduce", "one", "--out", "r").stderr


def test_json_is_the_file(run: Run, quick_one: None) -> None:
    result = run("reproduce", "one", "--out", "r", "--json", "--seed", "9")
    assert result.stdout == Path("r/result.json").read_text(encoding="utf-8")
    assert json.loads(result.stdout)["verdict"] == "does not hold here"


def test_all_of_them_go_into_one_folder(run: Run, quick_one: None, place: Workplace) -> None:
    result = run("reproduce", "--all", "--quick", "--out", "all", "--quiet")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [f"all/{name}" for name in EXPERIMENTS]
    assert len(place.files()) == 3 * len(EXPERIMENTS)


def test_on_workers_it_is_the_same(run: Run, place: Workplace) -> None:
    for words in (("--threads", "1", "--out", "here"), ("--workers", "1", "--out", "there")):
        result = run("reproduce", "oconnor2019-fig1", "--quick", *words, "--quiet")
        assert (result.exit_code, result.stdout) == (0, f"{words[-1]}\n"), result.output
    here, there = (json.loads(Path(f"{name}/result.json").read_text()) for name in ("here", "there"))
    for result_table in (here, there):
        del result_table["seconds"], result_table["started"]
    assert here == there and sorted(p.name for p in Path("there").iterdir()) == [
        "figure.svg",
        "report.html",
        "result.json",
    ]
    again = run("reproduce", "oconnor2019-fig1", "--quick", "--workers", "1", "--out", "there")
    assert again.exit_code == 5 and "there: exists already" in again.stderr
    refused = run("reproduce", "--resume", "there", "--workers", "2")
    assert refused.exit_code == 2 and "leave out --workers" in refused.stderr


def test_stopped_it_says_how_to_go_on(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    is_stopping = [True]

    def stop() -> float:
        if is_stopping[0]:
            raise KeyboardInterrupt
        return 2.0

    def measured(settings, tell) -> Outcome:
        return Outcome(
            (Finding("c", settings.kept("first", lambda: 1.0) + settings.kept("second", stop), 99.0),), ()
        )

    claim = Claim("c", "It is small.", "the sum", Bound(high=3), control="c")
    experiment = Experiment("one", "Someone 2000", "Fig. 1", "a test of it", (claim,), (5, 600), measured)
    monkeypatch.setattr(reproducing, "find", lambda name: experiment)
    monkeypatch.setattr(table, "find", lambda name: experiment)
    result = run("reproduce", "one", "--out", "r", "--quick", "--seed", "4")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines()[-1] == "Stopped; go on with: neurochip reproduce --resume r"
    is_stopping[0] = False
    result = run("reproduce", "--resume", "r")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-2].startswith("holds (seed 4, ")
    assert place.files() == ["r/figure.svg", "r/report.html", "r/result.json"]


@pytest.mark.parametrize(
    ("args", "last"),
    [
        (
            ("one", "--resume", "r", "--seed", "1", "--quick"),
            "Error: --resume goes on with the reproduction of its folder as it was; leave out NAME, --quick, --seed",
        ),
        (
            ("--resume", "r"),
            "Error: r: was not begun, or has gone; name the folder that a stopped reproduction would have made",
        ),
        ((), "Error: name one experiment, or say --all; `neurochip reproduce list` lists them"),
        (("x", "--all"), "Error: name one experiment, or say --all; `neurochip reproduce list` lists them"),
        (("x",), f"Error: experiment: no experiment 'x' (there are {', '.join(EXPERIMENTS)})"),
        (("bengio2017-backprop", "--seed", "-1"), "Error: seed: must be ≥ 0, got -1"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, place: Workplace, args: tuple[str, ...], last: str) -> None:
    result = run("reproduce", *args)
    assert (result.exit_code, result.stdout) == (3 if args[:1] == ("--resume",) else 2, "")
    assert result.stderr.splitlines()[-1] == last
    assert place.files() == []
