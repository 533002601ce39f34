"""`neurochip figures`: every chart of results as files, for every kind of folder."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from .conftest import TINY, Finished, Run, Workplace

RUN = {"bits", "chip", "confusion", "energy", "energy-baseline", "energy-populations", "learning", "raster-0"}


def names(folder: Path, suffix: str = "csv") -> set[str]:
    return {path.stem for path in folder.glob(f"*.{suffix}")}


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_of_a_run(run: Run, place: Workplace, finished: Finished) -> None:
    """The numbers are those of report.json."""
    shutil.copytree(finished.folder, "done")
    result = run("figures", "done", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert names(Path("done/figures")) == RUN
    assert sorted(result.stdout.splitlines()) == sorted(f"done/figures/{name}.csv" for name in RUN)
    report = finished.report
    curve = [row for row in table(Path("done/figures/learning.csv"))[1:] if row[0] == "test"]
    assert [(float(x), float(y)) for _, x, y in curve] == [
        (e["epoch"], pytest.approx(100 * e["test_error"])) for e in report["result"]["epochs"]
    ]
    joules = sum(float(value) for row in table(Path("done/figures/energy.csv"))[1:] for value in row[1:])
    assert joules == pytest.approx(report["energy_j"]["total"])
    matrix = [[int(n) for n in row[1:]] for row in table(Path("done/figures/confusion.csv"))[1:]]
    assert matrix == report["result"]["confusion"]


def test_as_pictures(run: Run, place: Workplace, finished: Finished) -> None:
    pytest.importorskip("matplotlib")
    result = run("figures", finished.folder, "--format", "pdf", "--out", "paper", "--width", "3")
    assert result.exit_code == 0, result.output
    assert names(Path("paper"), "pdf") == names(Path("paper")) == RUN


def test_without_matplotlib_it_says_what_is_missing(
    run: Run, place: Workplace, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("figures", finished.folder, "--out", "paper")
    assert (result.exit_code, place.files()) == (2, [])
    assert "pip install 'neurochip[plot]' brings it, 'neurochip[all]' all" in result.stderr
    assert run("figures", finished.folder, "--out", "paper", "--format", "csv").exit_code == 0


def test_of_a_sweep(run: Run, place: Workplace, swept: Path) -> None:
    result = run("figures", swept, "--format", "csv", "--out", "out")
    assert result.exit_code == 0, result.output
    assert names(Path("out")) >= {"error", "yield"}
    head, *rows = table(Path("out/error.csv"))
    assert head[:1] == ["curve"] and "Test error [%]" in head and len(rows) == 3 * 2  # modes, values


def test_of_a_replay_a_search_and_several_runs(run: Run, place: Workplace, finished: Finished) -> None:
    assert run("simulate", "--replay", finished.folder / "raster.npz", "--out", "replayed").exit_code == 0
    assert run("figures", "replayed", "--format", "csv").exit_code == 0
    assert names(Path("replayed/figures")) == {
        "bits",
        "chip",
        "energy",
        "energy-populations",
        "raster",
        "ticks",
    }
    words = ["--vary", "learning.beta=0.2:1", "--objective", "error,spikes", "--trials", "2"]
    searched = run("tune", *TINY, *words, "--out", "tuned")
    assert searched.exit_code == 0, searched.output
    assert run("figures", "tuned", "--format", "csv").exit_code == 0
    assert names(Path("tuned/figures")) == {"front", "learning-beta"}
    assert len(table(Path("tuned/figures/learning-beta.csv"))) == 1 + 2
    shutil.copytree(finished.folder, "again")
    result = run("figures", finished.folder, "again", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert names(Path("figures")) >= {"errors", "energy-per-sample"}
    assert [row[0] for row in table(Path("figures/energy-per-sample.csv"))] == ["name", "tiny", "again"]


def test_of_a_reproduction(run: Run, place: Workplace) -> None:
    assert run("reproduce", "oconnor2019-fig1", "--quick", "--out", "there", "--quiet").exit_code == 0
    result = run("figures", "there", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert names(Path("there/figures")) == {"figure-1", "figure-2", "figure-3", "figure-4"}
    assert table(Path("there/figures/figure-4.csv"))[0] == ["curve", "tick", "state s"]


@pytest.mark.parametrize(
    ("folder", "code", "sentence"),
    [
        ("nowhere", 3, "nowhere: does not exist; name a folder of results"),
        ("empty", 3, "empty/report.json: no such file"),
    ],
)
def test_no_results(run: Run, place: Workplace, folder: str, code: int, sentence: str) -> None:
    (place.folder / "empty").mkdir()
    result = run("figures", folder)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"Error: {sentence}") and result.stderr.count("\n") == 1
    assert place.files() == []
