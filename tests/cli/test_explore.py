"""`neurochip sweep --replay`: chips for recorded spikes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from .conftest import Run, Workplace
from .test_replay import spikes

pytestmark = pytest.mark.usefixtures("kept_workers")


def test_a_grid_of_chips(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    asked = ["--vary", "chip.core.neurons=10,20", "--vary", "chip.timing.clock=100 MHz,500 MHz"]
    result = run(
        "sweep",
        "--replay",
        "mine.npz",
        "--timing",
        "cycle",
        *asked,
        "--set",
        "chip.mesh.width=3",
        "--out",
        "out",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert place.files() == [
        "mine.npz",
        *(f"out/{name}" for name in ("points.csv", "sensitivity.csv", "sweep.html", "sweep.json")),
    ]
    table = json.loads((place.folder / "out/sweep.json").read_text())
    assert table["chip"] == "cmos45 (mesh.width = 3)"
    assert len(table["points"]) == 4
    with open(place.folder / "out/points.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["energy_j"]) for row in rows] == [p["metrics"]["energy_j"] for p in table["points"]]
    assert float(rows[0]["seconds"]) == pytest.approx(5 * float(rows[1]["seconds"]), rel=1e-12)
    page = (place.folder / "out/sweep.html").read_text()
    again = run("report", "out")
    assert again.exit_code == 0
    assert (place.folder / "out/sweep.html").read_text() == page


def test_a_placement_on_every_chip(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    assert run("simulate", "--replay", "mine.npz", "--quiet", "--out", "once").exit_code == 0
    lines = (place.folder / "once/placement.csv").read_text().splitlines()
    apart = [f"{line.rpartition(',')[0]},{3 * k}" for k, line in enumerate(lines[1:])]
    place.write("apart.csv", "\n".join([lines[0], *apart, ""]))
    figures = {}
    for name, words in (("compiled", []), ("apart", ["--placement", "apart.csv"])):
        asked = ["--vary", "chip.core.neurons=50,60,1", *words]
        assert run("sweep", "--replay", "mine.npz", *asked, "--quiet", "--out", name).exit_code == 0
        figures[name] = json.loads((place.folder / name / "sweep.json").read_text())["points"]
    cores = [point["metrics"]["cores"] for point in figures["apart"][:2]]
    assert cores == [len(apart)] * 2
    assert figures["apart"][0]["metrics"]["hops"] > figures["compiled"][0]["metrics"]["hops"]
    reasons = [str(point) for point in figures["apart"] if not point.get("metrics")]
    assert len(reasons) == 1 and "neurons" in reasons[0]
    alone = run("simulate", "--replay", "mine.npz", "--placement", "apart.csv", "--quiet", "--out", "again")
    assert alone.exit_code == 0
    told = json.loads((place.folder / "again/report.json").read_text())
    assert figures["apart"][0]["metrics"]["hops"] == told["mapping"]["after"]["hops"]
    missing = run(
        "sweep", "--replay", "mine.npz", "--vary", "chip.core.neurons=50,60", "--placement", "no.csv"
    )
    assert missing.exit_code != 0 and "no.csv" in missing.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--vary", "learning.beta=0.1,0.2"], "--vary learning.beta: is a key of a run"),
        (["--vary", "chip.timing.clock=1e8,1e9"], 'has no effect with timing = "tick"'),
        (["--vary", "chip.timing.fifo_depth=1,2", "--timing", "analytic"], "knows no queues"),
        (["--vary", "chip.timing.cycles_per_weight_write=1,2", "--timing", "cycle"], "nothing is learned"),
        (["--vary", "chip.energies.weight_write=1e-12,2e-12"], "changes nothing"),
        (["--vary", "chip.energies.readout_word=1e-12,2e-12"], "changes nothing: it plays no part"),
        (["--vary", "chip.core.neurns=1,2"], "did you mean 'core.neurons'?"),
        (["--vary", "chip.core.neurons=1:30000:30000"], "30000 points"),
        (["--vary", "chip.mesh.width=1"], "37 needed"),
        (
            ["--vary", "chip.core.neurons=5,6", "--set", "chip.core.neurons=9"],
            "--set chip.core.neurons: is varied, so that no chip has this value; leave it out",
        ),
        (["--vary", "chip.core.neurons=5,6", "--front", "energy,seconds"], "did you mean"),
        (["--vary", "chip.core.neurons=5,6", "--seeds", "3"], "--seeds is for sweeps that train"),
        ([], "--vary: is missing"),
    ],
)
def test_what_is_refused(run: Run, place: Workplace, words: list[str], problem: str) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    more = ["--set", "chip.core.neurons=1", "--set", "chip.mesh.height=2"] if "37" in problem else []
    result = run("sweep", "--replay", "mine.npz", *words, *more)
    assert result.exit_code != 0
    assert problem in result.stderr
    assert place.files() == ["mine.npz"]


def test_an_axis_that_moves_nothing_is_named(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    result = run("sweep", "--replay", "mine.npz", "--vary", "chip.core.neurons=50,60", "--out", "out")
    assert result.exit_code == 0
    assert "chip.core.neurons: no figure depends on it at these values" in result.stdout


def test_chips_are_for_spikes(run: Run) -> None:
    result = run("sweep", "mnist-small", "--chip", "loihi", "--vary", "learning.beta=0.1,0.2")
    assert result.exit_code == 2
    assert "need --data or --replay" in result.stderr


def test_its_figures_are_for_papers_too(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    run("sweep", "--replay", "mine.npz", "--vary", "chip.core.neurons=5,10,20", "--out", "out")
    result = run("figures", "out", "--out", "drawn")
    assert result.exit_code == 0, result.stderr
    assert any("front-energy-j-cores" in name for name in place.files())


def test_chips_are_searched(run: Run, place: Workplace) -> None:
    """The best of a search is the best of the grid, whose points are those of `sweep`."""
    pytest.importorskip("optuna")
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    asked = ("--vary", "chip.core.neurons=5,10,20", "--vary", "chip.packet.routing=unicast,multicast")
    result = run(
        "tune", "--replay", "mine.npz", *asked, "--objective", "hops,cores", "--trials", "25", "--out", "t"
    )
    assert result.exit_code == 0, result.stderr
    found = json.loads((place.folder / "t/tune.json").read_text())
    run("sweep", "--replay", "mine.npz", *asked, "--out", "s")
    points = json.loads((place.folder / "s/sweep.json").read_text())
    grid = {tuple(p["values"].values()): p["metrics"] for p in points["points"]}
    for trial in found["trials"]:
        figures = grid[tuple(trial["values"][key] for key in ("chip.core.neurons", "chip.packet.routing"))]
        assert trial["objectives"] == [figures["hops"], figures["cores"]]
    [front] = [f for f in points["fronts"] if sorted(f["metrics"]) == ["cores", "hops"]]
    best = {
        (points["points"][k]["metrics"]["hops"], points["points"][k]["metrics"]["cores"])
        for k in front["points"]
    }
    assert {tuple(found["trials"][k]["objectives"]) for k in found["front"]} == best
    assert found["work"]["spikes"] == 1 and found["work"]["counted"] <= 7
    assert (place.folder / "t/tune.html").is_file()
    assert run("figures", "t", "--out", "drawn").exit_code == 0


def test_a_search_of_chips_goes_on(run: Run, place: Workplace) -> None:
    """A search that was cut short is what it would have been; one that is done says so."""
    pytest.importorskip("optuna")
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    asked = (
        "tune",
        "--replay",
        "mine.npz",
        "--vary",
        "chip.core.neurons=5:40",
        "--objective",
        "hops",
        "--quiet",
    )
    assert run(*asked, "--trials", "14", "--out", "whole").exit_code == 0
    assert run(*asked, "--trials", "9", "--out", "part").exit_code == 0
    log = place.folder / "part/trials.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:5]))
    result = run("tune", "--resume", "part", "--trials", "14", "--quiet")
    assert result.exit_code == 0, result.stderr
    found = [json.loads((place.folder / name / "tune.json").read_text()) for name in ("whole", "part")]
    for table in found:
        for trial in table["trials"]:
            trial.pop("seconds")
    assert found[0]["trials"] == found[1]["trials"] and found[0]["front"] == found[1]["front"]
    kept = (place.folder / "part/tune.json").read_bytes()
    assert "nothing was left to do" in run("tune", "--resume", "part").stderr
    assert (place.folder / "part/tune.json").read_bytes() == kept
    assert "leave out --vary" in run("tune", "--resume", "part", "--vary", "chip.core.neurons=1:2").stderr
    assert "for searches that train" in run("tune", "--resume", "part", "--confirm", "2").stderr
    np.savez(place.folder / "mine.npz", **spikes(), more=np.zeros(3))  # type: ignore[arg-type]
    assert "mine.npz, which is gone or changed" in run("tune", "--resume", "part", "--trials", "20").stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--vary", "learning.beta=0.1:0.2"], "is a key of a run"),
        (["--vary", "chip.timing.clock=1e8:1e9"], "knows no cycles"),
        (["--vary", "chip.core.neurons=5:20", "--objective", "ticks"], "must be among"),
        (["--vary", "chip.core.neurons=5:20", "--objective", "time"], "is not known of such a run"),
        (["--vary", "chip.core.neurons=5:20", "--seeds", "2"], "--seeds is for searches that train"),
    ],
)
def test_what_no_search_of_chips_takes(run: Run, place: Workplace, words: list[str], problem: str) -> None:
    pytest.importorskip("optuna")
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    result = run("tune", "--replay", "mine.npz", *words, "--trials", "2", "--out", "out")
    assert result.exit_code != 0 and problem in result.stderr


def test_a_run_is_trained_once_for_all_its_chips(run: Run, place: Workplace) -> None:
    pytest.importorskip("loky")
    small = [
        f"--set={w}"
        for w in (
            "data.set=digits",
            "network.layers=[64,6,10]",
            "learning.epochs=1",
            "data.train=40",
            "data.test=20",
            "timing=analytic",
            "phases.free=8",
            "phases.nudged=4",
        )
    ]
    asked = ("--vary", "chip.core.neurons=8,20,80", "--seeds", "1", "--workers", "1")
    result = run("sweep", "mnist-small", *small, *asked, "--out", "out", "--quiet")
    assert result.exit_code == 0, result.stderr
    table = json.loads((place.folder / "out/sweep.json").read_text())
    points = [p for p in table["points"] if p["mode"] == "deploy"]
    assert len({p["error"] for p in points}) == 1  # a chip changes no spike
    assert {p["costs"]["cores"] for p in points} == {3.0, 6.0, 11.0}
    for name in ("energy_j", "time_s", "cycles", "energy_delay_js", "packets", "busiest_link"):
        assert len({p["costs"][name] for p in points}) > 1, name
    assert table["definition"]["modes"] == ["ideal", "deploy"]
    refused = run("sweep", "mnist-small", "--vary", "chip.core.neurons=100,200", "--modes", "in-loop")
    assert refused.exit_code != 0 and "changes no spike" in refused.stderr
    dead = run("sweep", "mnist-small", "--vary", "chip.timing.clock=1e8,1e9")
    assert dead.exit_code != 0 and "knows no cycles" in dead.stderr
