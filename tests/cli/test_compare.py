"""`neurochip compare`: finished runs side by side."""

from __future__ import annotations

import json
import shutil

import pytest

from neurochip.report.quantities import quantity

from .conftest import Finished, Run, Workplace


@pytest.fixture(autouse=True)
def two_runs(place: Workplace, finished: Finished) -> None:
    for name in ("one", "two"):
        shutil.copytree(finished.folder, name)


def test_side_by_side(run: Run, finished: Finished) -> None:
    result = run("compare", "one", "two/")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["one", "two"]
    (energy,) = [line for line in lines if line.startswith("energy a sample ")]
    words = quantity(finished.report["energy_j"]["per_sample"], "J")
    assert energy.split()[3:] == f"{words} {words} the same".split()


def test_page_and_values(run: Run, place: Workplace, finished: Finished) -> None:
    before = set(place.files())
    result = run("compare", "one", "two", "--html", "pair.html", "--json")
    assert result.exit_code == 0, result.output
    assert set(place.files()) - before == {"pair.html"}
    stored = json.loads(result.stdout)
    values = {row["key"]: row["values"] for row in stored["rows"]}
    assert values["test_error"] == [finished.report["result"]["test_error"]] * 2
    page = (place.folder / "pair.html").read_text(encoding="utf-8")
    assert "Side by side" in page and "src=" not in page
    assert run("compare", "one", "two", "--html", "pair.html").stdout.splitlines()[-1] == "pair.html"


def test_refused(run: Run) -> None:
    for arguments, code, words in (
        (("one",), 2, "Error: compare: needs at least two runs, got 1; name another folder\n"),
        (("one", "none"), 3, "Error: none: no such file; name the folder of a finished run\n"),
    ):
        result = run("compare", *arguments)
        assert (result.exit_code, result.stderr) == (code, words)


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ("sweep.json", "is a sweep, not a run; `neurochip report` shows it"),
        (
            "points.sqlite",
            "is a sweep that is not finished, not a run; go on with `neurochip sweep --resume`",
        ),
        ("tune.json", "is a search, not a run; tune.html shows it"),
        (
            "tune-settings.json",
            "is a search that is not finished, not a run; go on with `neurochip tune --resume`",
        ),
        ("result.json", "is a reproduced experiment, not a run; report.html shows it"),
    ],
)
def test_a_folder_that_holds_no_run(run: Run, place: Workplace, holds: str, words: str) -> None:
    (place.folder / "other").mkdir()
    place.write(f"other/{holds}", "{}")
    result = run("compare", "one", "other")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"Error: other: {words}")
    assert result.stderr.count("\n") == 1


def test_a_replay_is_no_run(run: Run, place: Workplace) -> None:
    assert run("simulate", "--replay", "one/raster.npz", "--out", "replayed", "--quiet").exit_code == 0
    result = run("compare", "one", "replayed")
    assert (result.exit_code, result.stderr) == (
        3,
        "Error: replayed: is a replay, not a run that learns; `neurochip report` shows it\n",
    )
