"""`neurochip simulate --placement`: by a file that can be written and read, or by what is to be small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import Run, Workplace
from .test_replay import spikes

GOOD = "group,neurons,core\ninput,0-18,3\ninput,19,4\nhidden,0-11,5\noutput,0-4,5\n"


def report(folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return table


def test_a_file_is_read_and_written(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    place.write("where.csv", GOOD)
    result = run("simulate", "--replay", "mine.npz", "--placement", "where.csv", "--out", "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (place.folder / "out/placement.csv").read_text() == GOOD
    table = report(place.folder / "out")
    assert [core["site"] for core in table["chip"]["layout"]] == [3, 4, 5]
    assert table["mapping"]["file"] == "where.csv"
    assert table["mapping"]["after"]["hops"] == table["totals"]["hops"]
    # What one run has written, another reads.
    run("simulate", "--replay", "mine.npz", "--placement", "out/placement.csv", "--out", "again")
    assert report(place.folder / "again")["totals"] == table["totals"]


def test_an_objective_says_before_and_after(run: Run, place: Workplace) -> None:
    pytest.importorskip("scipy")
    np.savez(place.folder / "mine.npz", **spikes(), **{
        f"placement.{k}": np.full(n, at) for k, (n, at) in enumerate(zip((20, 12, 5), (0, 63, 7), strict=True))
    })  # type: ignore[arg-type]  # fmt: skip
    run("simulate", "--replay", "mine.npz", "--out", "before")
    result = run("simulate", "--replay", "mine.npz", "--placement", "hops", "--out", "after")
    assert (result.exit_code, result.stderr) == (0, "")
    before, after = report(place.folder / "before"), report(place.folder / "after")
    mapping = after["mapping"]
    assert (
        mapping["before"]["hops"]
        == before["totals"]["hops"]
        > after["totals"]["hops"]
        == mapping["after"]["hops"]
    )
    assert before["totals"]["sops"] == after["totals"]["sops"]
    assert before["per_tick"]["spikes_sent"] == after["per_tick"]["spikes_sent"]
    page = (place.folder / "after/report.html").read_text()
    assert "Placed to make hops small" in page
    assert "Placement" not in (place.folder / "before/report.html").read_text()


def test_hot_spots_are_numbers_too(run: Run, place: Workplace) -> None:
    """Many to one, as in a hot spot: every link on the way carries what was sent behind it, counted by hand."""
    ticks, senders = 4, 63
    arrays = {
        "spikes.0": np.ones((ticks, senders * 8), np.uint8),
        "spikes.1": np.zeros((ticks, 8), np.uint8),
        "placement.0": 1 + np.arange(senders * 8) // 8,
        "placement.1": np.zeros(8, int),
    }
    np.savez(place.folder / "hot.npz", **arrays)  # type: ignore[arg-type]
    result = run("simulate", "--replay", "hot.npz", "--out", "out")
    assert result.exit_code == 0
    mesh = report(place.folder / "out")["mesh"]
    links = {(link["x"], link["y"], link["direction"]): link["flits"] for link in mesh["links"]}
    each = ticks * 8
    for y in range(1, 8):  # a column of eight and all to the east of it, less those nearer to the sink
        assert links[0, y, "north"] == each * 8 * (8 - y)
    for x in range(1, 8):
        for y in range(8):
            assert links[x, y, "west"] == each * (8 - x)
    assert len(links) == 7 + 56
    cores = {core["site"]: core for core in mesh["cores"]}
    assert cores[0]["packets_received"] == senders * each == 2016
    assert cores[0]["sops"] == 16_128 and cores[0]["share"] == 1.0
    assert all(cores[site]["packets_sent"] == each for site in range(1, 64))
    page = (place.folder / "out/report.html").read_text()
    assert "Hot spots" in page and "(0, 1) north" in page


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + "input,3,9\n", "puts neuron 3 of input on a core, and line 2 did so already"),
        (GOOD.replace("hidden,0-11,5\n", "hidden,0-9,5\n"), "leaves out neuron 10 of hidden and 1 more"),
        (GOOD.replace("hidden,0-11,5\n", "hidden,0-12,5\n"), "hidden has neurons 0 to 11, not 0-12"),
        (GOOD.replace("hidden", "hiden"), "did you mean 'hidden'?"),
        (GOOD.replace("0-11,5", "0-11,64"), "cmos45 has no core 64"),
        (GOOD.replace("0-11,5", "0-11,five"), "must give neurons, such as 12 or 0-127"),
        (GOOD.replace("0-18", "18-0"), "has neurons 0 to 19, not 18-0"),
        (GOOD.replace("group", "layer"), "has no column group"),
        ("", "has no column"),
    ],
)
def test_what_is_refused(run: Run, place: Workplace, text: str, problem: str) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    place.write("where.csv", text)
    result = run("simulate", "--replay", "mine.npz", "--placement", "where.csv", "--out", "out")
    assert result.exit_code != 0
    assert problem in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert place.files() == ["mine.npz", "where.csv"]


def test_a_core_too_full(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    place.write("where.csv", GOOD)
    asked = ("simulate", "--replay", "mine.npz", "--placement", "where.csv")
    result = run(*asked, "--set", "chip.core.neurons=16", "--out", "out")
    assert result.exit_code != 0
    assert "core 3: " in result.stderr and "put fewer neurons there" in result.stderr


def test_objectives_are_named(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    result = run("simulate", "--replay", "mine.npz", "--placement", "hop", "--out", "out")
    assert result.exit_code != 0 and "did you mean 'hops'?" in result.stderr


SMALL = (
    "mnist-small",
    *(
        f"--set={w}"
        for w in (
            "data.set=digits",
            "network.layers=[64,40,10]",
            "learning.epochs=1",
            "data.train=40",
            "data.test=20",
            "chip.core.neurons=8",
            "phases.free=10",
            "phases.nudged=6",
        )
    ),
)


def test_a_run_that_trains_is_placed_for_what_crosses_before_it_learns(run: Run, place: Workplace) -> None:
    pytest.importorskip("scipy")
    assert run("simulate", *SMALL, "--quiet", "--out", "before").exit_code == 0
    result = run("simulate", *SMALL, "--placement", "hops:30", "--quiet", "--out", "after")
    assert result.exit_code == 0, result.stderr
    before, after = report(place.folder / "before"), report(place.folder / "after")
    mapping = after["mapping"]
    assert (mapping["objective"], mapping["samples"]) == ("hops", 30)
    assert mapping["before"]["hops"] > mapping["after"]["hops"] > 0
    # It learns the same, sends the same, and crosses fewer links.
    for key in ("spikes", "spikes_received"):
        assert after["bits"][key] == before["bits"][key]
    assert after["bits"]["spikes_hops"] < before["bits"]["spikes_hops"]
    errors = [[epoch["test_error"] for epoch in table["result"]["epochs"]] for table in (before, after)]
    assert errors[0] == errors[1]
    sites = [core["site"] for core in after["chip"]["layout"]]
    assert after["run"]["placement"] == sites != [core["site"] for core in before["chip"]["layout"]]
    page = (place.folder / "after/report.html").read_text()
    assert "Placed to make hops small" in page and "30 training samples" in page
    # The run is what was found: it needs no samples to be carried out again.
    assert run("simulate", "after/run.toml", "--quiet", "--out", "again").exit_code == 0
    assert report(place.folder / "again")["bits"] == after["bits"]
    # One that is gone on with knows what was told of it.
    (place.folder / "after/report.json").unlink()
    assert run("simulate", "--resume", "after", "--quiet").exit_code == 0
    assert report(place.folder / "after")["mapping"] == mapping
    assert "leave out --placement" in run("simulate", "--resume", "after", "--placement", "hops").stderr
    elsewhere = run("simulate", "mnist-continuous", "--placement", "hops", "--out", "none")
    assert "--placement: places the cores of a run that trains on a digital chip" in elsewhere.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--placement", "balance"], '"balance" moves neurons from core to core'),
        (["--placement", "cut"], '"cut" moves neurons from core to core'),
        (["--placement", "hop"], "did you mean 'hops'?"),
        (["--placement", "hops:0"], "must have a number of training samples behind hops:"),
        (["--set", "placement=[3,3]"], "names core 3 twice"),
        (["--set", "placement=[3,-1]"], "must name cores by their index"),
        (["--set", "placement=[3,4]"], "must name the 15 cores that the network takes, names 2"),
        (["--placement", "hops", "--set", "placement=[3,4]"], "leave one out"),
    ],
)
def test_placements_that_no_run_takes(run: Run, place: Workplace, words: list[str], problem: str) -> None:
    result = run("simulate", *SMALL, *words, "--quiet", "--out", "out")
    assert result.exit_code != 0
    assert problem in result.stderr
    assert place.files() == []
