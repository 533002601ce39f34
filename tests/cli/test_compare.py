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
    (energy,) = [line for line in lines if line.startswith("energy a sample")]
    words = quantity(finished.report["energy_j"]["per_sample"], "J")
    assert energy.split()[3:] == f"{words} {words} the same".split()


def test_page_and_values(run: Run, place: Workplace, finished: Finished) -> None:
    before = set(place.files())
    result = run("compare", "one", "two", "--html", "pair.html", "--json", "pair.json")
    assert result.exit_code == 0, result.output
    assert set(place.files()) - before == {"pair.html", "pair.json"}
    stored = json.loads((place.folder / "pair.json").read_text(encoding="utf-8"))
    values = {row["key"]: row["values"] for row in stored["rows"]}
    assert values["test_error"] == [finished.report["result"]["test_error"]] * 2
    page = (place.folder / "pair.html").read_text(encoding="utf-8")
    assert "Side by side" in page and "src=" not in page


def test_refused(run: Run) -> None:
    for arguments, words in (
        (("one",), "Error: compare: needs at least two runs, got 1; name another folder\n"),
        (("one", "none"), "Error: none: no such file; name the folder of a finished run\n"),
    ):
        result = run("compare", *arguments)
        assert (result.exit_code, result.stderr) == (2, words)
