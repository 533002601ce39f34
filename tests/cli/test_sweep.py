"""`neurochip sweep` from end to end, on runs that take a moment: what it leaves, and what it refuses."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

from neurochip.report.sweeps import read_sweep

from .conftest import Run, Spawn, Workplace
from .sweeps import ASKED, FILES, TINY, results

pytestmark = pytest.mark.usefixtures("kept_workers")


def test_what_it_leaves(swept: Path) -> None:
    assert sorted(path.name for path in swept.iterdir()) == FILES
    printed = (swept.parent / "stdout").read_text(encoding="utf-8")
    assert "phases.free" in printed and "95 % of seeds stay within 1 point of ideal" in printed
    assert printed.splitlines()[-2:] == [str(swept), f"neurochip report {swept} --open"]
    assert re.search(r"^10/10 tasks, 2 workers \d+ % busy$", (swept.parent / "stderr").read_text(), re.M)


def test_the_numbers_hang_together(swept: Path) -> None:
    document = read_sweep(swept)
    points = document["points"]
    assert [(p["mode"], p["values"], p["seed"]) for p in points[:4]] == [
        ("ideal", ["20"], 1),
        ("ideal", ["20"], 2),
        ("deploy", ["2"], 1),
        ("deploy", ["2"], 2),
    ]
    assert len(points) == 2 + 2 * 3 * 2 and document["complete"] and document["tasks"] == 10
    ideal = {p["seed"]: p["error"] for p in points if p["mode"] == "ideal"}
    assert all(0 < error < 0.9 for error in ideal.values())
    mean = sum(ideal.values()) / len(ideal)
    for point in points:
        # What was trained on the chip is compared with all ideal trainings, the rest with that of its own weights.
        compared = mean if point["mode"] == "in-loop" else ideal[point["seed"]]
        assert point["above"] == pytest.approx(point["error"] - compared)
        assert point["good"] == (point["above"] <= 0.01 + 1e-9)
        if point["values"] == ["20"] and point["mode"] in ("deploy", "in-loop"):
            assert point["error"] == ideal[point["seed"]]  # there it is the ideal chip
    # What never reaches the output is a guess.
    deployed = [p["error"] for p in points if p["mode"] == "deploy" and p["values"] == ["2"]]
    assert min(deployed) > 0.8 and max(ideal.values()) < 0.6
    [panel] = document["panels"]
    cells = {(c["mode"], cell["value"]): cell for c in panel["curves"] for cell in c["cells"]}
    assert cells["deploy", "2"]["mean"] == pytest.approx(sum(deployed) / 2)
    assert cells["deploy", "2"]["good_share"] == 0


def test_tables(swept: Path) -> None:
    points = list(csv.DictReader((swept / "points.csv").read_text(encoding="utf-8").splitlines()))
    told = [(p["phases.free"], p["mode"], float(p["test_error"]), p["good"] == "true") for p in points]
    assert told == [(p["values"][0], p["mode"], p["error"], p["good"]) for p in results(swept)]
    summary = list(csv.DictReader((swept / "summary.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["phases.free"], row["mode"], row["n"]) for row in summary] == [
        (value, mode, "2") for mode in ("deploy", "in-loop", "fine-tune") for value in ("2", "20")
    ]


def test_the_page_opens_offline(swept: Path) -> None:
    page = (swept / "sweep.html").read_text(encoding="utf-8")
    assert page.count("<h1>") == 1 and "<svg" in page and "How far seeds go" in page and "Every seed" in page
    assert page.count("<script") == 1 and not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)


def test_report_renders_it_again(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "again")
    (Path("again") / "sweep.html").unlink()
    result = run("report", "again")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "again/sweep.html"
    assert Path("again/sweep.html").read_bytes() == (swept / "sweep.html").read_bytes()
    assert run("report", "again", "--energies", "loihi").exit_code == 2
    Path("again/sweep.json").write_text('{"format": 7}')
    refused = run("report", "again").stderr
    assert refused == (
        "Error: again/sweep.json: format: is 7, and this version reads 4; "
        "`neurochip sweep --resume` writes it again\n"
    )


def test_a_point_that_fails_is_told(run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY.replace("train = 300", 'set = "mnist"\ntrain = 300'))
    result = run("sweep", tiny, *ASKED, "--workers", "1", "--out", "bad")  # that data set was never fetched
    assert result.exit_code == 0
    assert "Failed: 6 no weights, 6 refused; the page says why." in result.stdout
    assert "No verdict: the ideal chip was not measured." in result.stdout
    document = read_sweep(Path("bad"))
    assert document["complete"]
    reasons = {point["mode"]: point["reason"] or "" for point in document["points"]}
    assert "get it with `neurochip data fetch mnist`" in reasons["in-loop"]
    assert reasons["fine-tune"].startswith("its ideal training failed: ")
    assert "get it with" in Path("bad/sweep.html").read_text(encoding="utf-8")


BAD: list[tuple[list[str], str]] = [
    ([], "--vary: is missing; name a key and its values, e.g. network.precision=int4,int8"),
    (
        ["--vary", "network.percision=int4"],
        "--vary network.percision: unknown key; did you mean 'precision'?",
    ),
    (
        ["--vary", "network.precision=4:8:3"],
        "--vary network.precision: is not a number; list its values with commas instead of START:STOP:COUNT",
    ),
    (
        ["--vary", "network.precision=float32,int4"],
        '--vary network.precision=int4: network.precision: must be "float64" or "float32" on ideal, got "int4"',
    ),
    ([*ASKED, "--dies", "3"], "--dies: the ideal substrate has no dies; repeat with --seeds"),
    ([*ASKED, "--modes", "deplay"], "--modes: there is no mode \"deplay\"; did you mean 'deploy'?"),
    (
        ["--vary", "coding.annealer.value=0.1:1:1000000", "--seeds", "1"],
        "--vary: makes 3000001 points, and more than 20000 are begun only with --yes; vary less",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), BAD)
def test_bad_input(run: Run, place: Workplace, words: list[str], sentence: str) -> None:
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *words, "--out", "nowhere")
    assert (result.exit_code, result.stderr) == (2, f"Error: {sentence}\n")
    assert place.files() == ["tiny.toml"]


def test_code_of_a_run_is_not_run_unasked(run: Run, place: Workplace) -> None:
    field = place.write("field.py", "open('ran', 'w')")
    words = ("--set", "analog.characteristic=file", "--set", f"analog.vector_field={field}")
    words += ("--set", "analog.settle.method=euler", "--vary", "analog.noise.read=0,0.1", "--out", "nowhere")
    result = run("sweep", "analog-mnist-small", *words)
    assert result.exit_code == 2 and "say --allow-code if you trust it" in result.stderr
    assert place.files() == ["field.py"]


def test_no_run(run: Run, place: Workplace) -> None:
    result = run("sweep", *ASKED)
    assert result.stderr == (
        "Error: RUN: is missing; name a run of the catalogue (`neurochip runs`) or a TOML file\n"
    )


def test_help_imports_no_engine(spawn: Spawn) -> None:
    result = spawn("sweep", "--help", PYTHONPROFILEIMPORTTIME="1")
    assert result.returncode == 0 and "--vary KEY=VALUES" in result.stdout
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & {"numba", "numpy", "loky", "distributed", "rich", "sqlite3"}
