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
    (energy,) = [line for line in lines if line.startswith("energy per sample ")]
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
        ("tune.json", "is a search, not a run; tune.html shows it\n"),  # of chips: no trial is a run
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
    assert result.exit_code == 2
    assert (
        result.stderr == "Error: compare: puts runs beside runs, and replays beside replays; name one kind\n"
    )


def replayed(run: Run, name: str, *more: str) -> None:
    result = run("simulate", "--replay", "one/raster.npz", "--out", name, "--quiet", *more)
    assert result.exit_code == 0, result.stderr


def rows(run: Run, *names: str) -> tuple[dict[str, list[str]], str]:
    result = run("compare", *names)
    assert result.exit_code == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    return {line.split("  ")[0].strip(): line.split("  ") for line in lines}, result.stderr


def test_replays_and_their_time(run: Run, place: Workplace) -> None:
    replayed(run, "slow", "--timing", "analytic", "--set", "chip.timing.clock=100 MHz")
    replayed(run, "fast", "--timing", "analytic", "--set", "chip.timing.clock=400 MHz")
    found, said = rows(run, "slow", "fast")
    assert said == ""
    assert found["time"][-1].strip() == "× 0.250"
    assert found["cycles"][-1].strip() == found["energy"][-1].strip() == "the same"
    assert run("compare", "slow", "fast", "--html", "pair.html").exit_code == 0
    assert "flits over the busiest link" in (place.folder / "pair.html").read_text(encoding="utf-8")
    assert run("figures", "slow", "fast", "--out", "drawn").exit_code == 0


def test_joules_are_compared_where_tables_agree(run: Run, place: Workplace) -> None:
    """Tables of other names with the same energies agree; a changed energy takes the ratio of what it is in alone."""
    from neurochip.description import chip_text

    text = chip_text("cmos45")
    place.write("mine.toml", text)
    replayed(run, "here")
    replayed(run, "mine", "--chip", "mine.toml")
    found, said = rows(run, "here", "mine")
    assert said == "" and found["energy"][-1].strip() == "the same"
    replayed(run, "other", "--set", "chip.energies.packet_out=5 pJ")
    found, said = rows(run, "here", "other")
    assert "do not agree (packet_out)" in said
    assert "×" not in found["energy"][-1] and "same" not in found["energy"][-1]
    assert found["energy, synapse"][-1].strip() == "the same"
    assert "×" not in found["energy, network"][-1] and "same" not in found["energy, network"][-1]
    # The same name is no promise of the same energies.
    edited = text.replace('[energies.packet_out]\nvalue = "10 pJ"', '[energies.packet_out]\nvalue = "20 pJ"')
    assert edited != text
    place.write("mine.toml", edited)
    replayed(run, "edited", "--chip", "mine.toml")
    assert "do not agree (packet_out)" in rows(run, "mine", "edited")[1]
