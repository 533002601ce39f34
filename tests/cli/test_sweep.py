"""`neurochip sweep` from end to end, on runs that take a moment."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from neurochip.report.sweeps import read_sweep
from neurochip.sweep.store import checksum

from .conftest import Run, Spawn, Workplace

FILES = [".lock", "points.csv", "points.sqlite", "summary.csv", "sweep.html", "sweep.json"]

TINY = """
about = "real numbers, few digits: takes a moment"
substrate = "ideal"
[network]
layers = [784, 20, 10]
[coding]
annealer = { kind = "constant", value = 0.5 }
[data]
train = 300
test = 100
[phases]
free = 20
nudged = 5
[learning]
rates = [0.2, 0.1]
epochs = 4
"""
# Two steps are too few for an image to reach the output; the run has twenty.
ASKED = ("--vary", "phases.free=2,20", "--seeds", "2")


def results(folder: Path) -> list[dict[str, Any]]:
    """Everything that a sweep measured, in order."""
    points: list[dict[str, Any]] = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))["points"]
    assert points
    return points


def stored(folder: Path) -> list[tuple[Any, ...]]:
    """When each task was finished: a row that is written again has another time, and another number."""
    with sqlite3.connect(folder / "points.sqlite") as connection:
        rows = connection.execute("SELECT rowid, digest, finished FROM results ORDER BY digest").fetchall()
    connection.close()
    return rows


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep, made once by the command line; copy the folder before changing it."""
    from neurochip._cli.main import neurochip

    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    words = ["sweep", str(folder / "tiny.toml"), *ASKED, "--workers", "2", "--out", str(folder / "sweep")]
    result = CliRunner().invoke(neurochip, words, prog_name="neurochip")
    assert result.exit_code == 0, result.output
    (folder / "stdout").write_text(result.stdout, encoding="utf-8")
    (folder / "stderr").write_text(result.stderr, encoding="utf-8")
    return folder / "sweep"


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


def test_the_number_of_workers_changes_nothing(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--workers", "1", "--out", "one", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "one\n", "")
    assert results(Path("one")) == results(swept)


def other_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process take itself for one whose source was edited."""
    monkeypatch.setattr(
        "neurochip.sweep.identity.package_digest", lambda package="neurochip": "0123456789abcdef"
    )


def test_a_store_of_another_source_is_not_gone_on_with(
    swept: Path, run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(swept, "again")
    before = stored(Path("again"))
    with monkeypatch.context() as edited:
        other_source(edited)
        result = run("sweep", "--resume", "again", "--seeds", "3", "--quiet")
    assert result.exit_code == 2
    assert re.fullmatch(
        r"Error: again: holds results that would not come out the same here \(source of neurochip \w{16} there, "
        r"0123456789abcdef here\); begin anew in another folder: neurochip sweep --resume again --out again-2\n",
        result.stderr,
    )
    assert stored(Path("again")) == before
    # With the same source, a new folder takes over what is there, and says so.
    result = run("sweep", "--resume", "again", "--out", "again-2", "--quiet")
    assert result.exit_code == 0, result.output
    assert [row[1:] for row in stored(Path("again-2"))] == [row[1:] for row in before]
    assert any(
        "10 of 10 results of again are taken over" in event for event in read_sweep(Path("again-2"))["events"]
    )


def test_workers_of_another_source_are_not_used(
    run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers have the source on disk, this process says that it has another."""
    other_source(monkeypatch)
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--workers", "1", "--out", "there", "--quiet")
    assert result.exit_code == 2
    assert re.fullmatch(
        r"Error: worker: has source of neurochip 0123456789abcdef there, \w{16} here; install the same everywhere; "
        r"nothing that was finished is lost\n",
        result.stderr,
    )
    assert stored(Path("there")) == []


@pytest.mark.filterwarnings("default")
def test_a_cluster_of_another_source_is_not_used(
    cluster: str, run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_source(monkeypatch)
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", cluster, "--out", "there", "--quiet")
    assert result.exit_code == 2 and not Path("there").exists()
    assert re.fullmatch(
        rf"Error: --scheduler {cluster}: its worker tcp://127\.0\.0\.1:\d+ has source of neurochip \w{{16}} there, "
        r"0123456789abcdef here; install the same everywhere\n",
        result.stderr,
    )


def tables(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "points.csv").read_bytes(), (folder / "summary.csv").read_bytes()


def test_shards_are_joined_to_the_same_tables(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    for k in (1, 2):  # four in test_sweep_engines.py
        result = run(
            "sweep", tiny, *ASKED, "--workers", "1", "--shard", f"{k}/2", "--out", f"part{k}", "--quiet"
        )
        assert (result.exit_code, result.stdout) == (0, f"part{k}\n"), result.output
        assert sorted(os.listdir(f"part{k}")) == [".lock", "points.sqlite"]
    result = run("sweep", "merge", "part1", "part2", "--out", "whole")
    assert result.exit_code == 0, result.output
    assert tables(Path("whole")) == tables(swept) and results(Path("whole")) == results(swept)
    assert read_sweep(Path("whole"))["complete"] and sorted(os.listdir("whole")) == FILES
    # Each of the two has the tasks of one seed, with its ideal training; in the slow tests more need the same one.
    assert re.search(r"^10 of 10 tasks, 0 of them measured twice and alike$", result.stderr, re.M)
    # A gap is said, and closed by going on.
    result = run("sweep", "merge", "part1", "--out", "gap", "--quiet")
    assert result.exit_code == 0
    assert re.search(
        r"^\d tasks are missing; shards 2/2 were not given; measure them with: neurochip sweep --resume gap$",
        result.stderr,
        re.M,
    )
    assert not read_sweep(Path("gap"))["complete"]
    before = stored(Path("gap"))
    assert run("sweep", "--resume", "gap", "--workers", "1", "--quiet").exit_code == 0
    assert tables(Path("gap")) == tables(swept) and set(before) < set(stored(Path("gap")))


def test_what_is_not_joined(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    other = (
        "sweep",
        tiny,
        "--vary",
        "phases.free=3,20",
        "--seeds",
        "1",
        "--modes",
        "deploy",
        "--workers",
        "1",
    )
    assert run(*other, "--shard", "1/2", "--out", "other", "--quiet").exit_code == 0
    result = run("sweep", "merge", str(swept), "other", "--out", "whole")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: other: is of another sweep than {swept}: vary differs\n",
    )
    shutil.copytree(swept, "copy")
    with sqlite3.connect("copy/points.sqlite") as raw:  # a machine that computes otherwise
        [digest, work, measured] = raw.execute(
            "SELECT digest, work, measured FROM results LIMIT 1"
        ).fetchone()
        measured = json.dumps({**json.loads(measured), "test_error": 0.125}, sort_keys=True)
        check = checksum(json.dumps([digest, work, measured, None]).encode())
        raw.execute(
            "UPDATE results SET measured = ?, checksum = ? WHERE digest = ?", (measured, check, digest)
        )
    raw.close()
    result = run("sweep", "merge", str(swept), "copy", "--out", "whole")
    assert result.exit_code == 2 and "have different results for the same task (" in result.stderr
    assert not Path("whole").exists()
    result = run("sweep", "merge", "nothing", "--out", "whole")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: nothing: has no points.sqlite; name the folder of a sweep\n",
    )
    for shard, why in (
        ("0/4", "must be 1/4 to 4/4, got 0/4"),
        ("4", "must be K/N, e.g. 3/40 for the third of forty"),
    ):
        result = run("sweep", tiny, *ASKED, "--shard", shard, "--out", "nowhere")
        assert result.exit_code == 2 and f"Error: --shard: {why}" in result.stderr


def test_what_is_left_of_a_damaged_store_is_saved(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "hurt")
    with sqlite3.connect("hurt/points.sqlite") as raw:
        raw.execute("UPDATE results SET measured = 'nonsense' WHERE rowid = 7")
    raw.close()
    result = run("sweep", "--resume", "hurt")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: hurt/points.sqlite: is damaged: 1 of its 10 results cannot be read; save what can be saved with "
        "`neurochip sweep --resume hurt --out hurt-saved`, or restore it from a copy\n",
    )
    result = run("sweep", "--resume", "hurt", "--out", "hurt-saved", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "9 of 10 results of hurt are taken over; 1 could not be read" in result.stderr
    assert tables(Path("hurt-saved")) == tables(swept)


ANALOG = ("--set", "network.layers=[784, 8, 10]", "--set", "data.train=100", "--set", "data.test=50")
ANALOG += ("--set", "learning.epochs=1", "--set", "analog.diagnosed=0", "--set", "analog.mismatch.sigma=0")


def measured_on(paths: list[str]) -> list[float]:
    """Test error of `simulate` on each die file, as a share."""
    from neurochip.description import read_run
    from neurochip.simulation import simulate

    errors = []
    for path in paths:
        run = read_run("analog-mnist-small", [*ANALOG[1:-2:2], f"analog.die_file={path}"])
        errors.append(simulate(run, write=False, threads=1).record.epochs[-1].test_error or 0.0)
    return errors


def test_measured_dies_are_what_simulate_measures(run: Run, place: Workplace) -> None:
    """As an axis, as files behind --dies the way a shell writes them, and out of one table."""
    for k in (1, 2, 3, 4):
        words = ("--set", "network.layers=[784, 8, 10]", "--set", f"analog.die={k}")
        assert run("die", "save", "analog-mnist-small", f"m{k}.h5", *words).exit_code == 0
    files = [f"m{k}.h5" for k in (1, 2, 3, 4)]
    expected = measured_on(files)
    assert len(set(expected)) >= 3
    common = ("--modes", "in-loop", "--seeds", "1", "--workers", "1", "--quiet")
    vary = f"analog.die_file={','.join(files)}"
    result = run("sweep", "analog-mnist-small", *ANALOG, "--vary", vary, *common, "--out", "axis")
    assert result.exit_code == 0, result.output
    assert [point["error"] for point in results(Path("axis"))] == expected
    result = run("sweep", "analog-mnist-small", *ANALOG, *common, "--dies", *files, "--out", "files")
    assert result.exit_code == 0, result.output
    points = results(Path("files"))
    assert [(point["die"], point["file"], point["error"]) for point in points] == [
        (k, file, error) for k, (file, error) in enumerate(zip(files, expected, strict=True), start=1)
    ]
    lines = (Path("files") / "points.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1:5] for line in lines] == [
        ["mode", "die", "die_file", "seed"],
        *(["in-loop", str(k), file, "1"] for k, file in enumerate(files, start=1)),
    ]
    # More of it are only the new ones, and a die that changed is not taken for what it was.
    before = stored(Path("files"))
    os.remove("m1.h5")
    words = ("--set", "network.layers=[784, 8, 10]", "--set", "analog.die=9")
    assert run("die", "save", "analog-mnist-small", "m1.h5", *words).exit_code == 0
    result = run("sweep", "--resume", "files", "--quiet")
    assert result.exit_code == 2
    assert re.search(
        r"would not come out the same here \(\S+/m1\.h5 \w{16} there, \w{16} here\)", result.stderr
    )
    assert stored(Path("files")) == before


def test_dies_die_by_die(run: Run, place: Workplace) -> None:
    header = "kind,layer,neuron,from,to,pre,post,value,die\n"
    # On the second die, output 0 is always the largest.
    rows = [f"neuron_offset,2,{k},,,,,{9 * (k == 0 and die == 'b')},{die}" for die in "ab" for k in range(10)]
    place.write("wafer.csv", header + "\n".join(rows) + "\n")
    words = ("--modes", "deploy", "--workers", "1", "--set", "learning.epochs=6")
    result = run("sweep", "analog-mnist-small", *ANALOG, *words, "--dies", "wafer.csv", "--out", "there")
    assert result.exit_code == 0, result.output
    assert "2 measured dies" in result.stdout
    lines = [line.split() for line in result.stdout.splitlines()]
    [first], [second] = ([line for line in lines if line[:1] == [f"wafer.csv#{die}"]] for die in "ab")
    errors = {point["file"]: f"{100 * point['error']:.2f}" for point in results(Path("there"))}
    assert (first[1], second[1]) == (errors["wafer.csv#a"], errors["wafer.csv#b"]) and first[1] != second[1]
    place.write("wafer.csv", header + "\n".join(rows[:-1]) + "\n")
    result = run("sweep", "analog-mnist-small", *ANALOG, *words, "--dies", "wafer.csv", "--out", "nowhere")
    assert result.exit_code == 2 and not Path("nowhere").exists()
    assert result.stderr.endswith(
        "wafer.csv#b: lists 9 of the 10 devices of layer 2 as neuron_offset; give all of them, or none\n"
    )
    result = run("sweep", "analog-mnist-small", "more", *ANALOG, "--vary", "phases.free=2,3")
    assert result.exit_code == 2 and "Got unexpected extra argument (more)" in result.stderr


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


# Dask's own clean-up at the end of a cluster is not ours to judge.
@pytest.mark.filterwarnings("default")
def test_a_cluster_measures_the_same(cluster: str, swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", cluster, "--out", "there", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["points"] == results(swept)
    [session] = read_sweep(Path("there"))["sessions"]
    assert (session["engine"], session["workers"], session["failed"]) == ("dask", 2, 0)


def test_a_scheduler_that_is_not_there(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochip.sweep.engine._PATIENCE_S", 0.5)
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", "tcp://127.0.0.1:9", "--out", "there")
    assert result.exit_code == 2 and not Path("there").exists()
    assert re.fullmatch(
        r"Error: --scheduler tcp://127\.0\.0\.1:9: no scheduler answers there \(\w+\); start one with `dask "
        r"scheduler`\n",
        result.stderr,
    )


@pytest.mark.parametrize("address", ["nonsense", "tcp://here", "https://here:1", "tcp://here:none"])
def test_an_address_that_is_none(address: str, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", address, "--out", "there")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: --scheduler {address}: must be an address such as tcp://127.0.0.1:8786\n",
    )


def test_resuming_repeats_nothing(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "again")
    before = stored(Path("again"))
    assert run("sweep", "--resume", "again", "--quiet").exit_code == 0
    assert stored(Path("again")) == before
    assert results(Path("again")) == results(swept)
    # More is only what is new.
    assert run("sweep", "--resume", "again", "--seeds", "3", "--workers", "1", "--quiet").exit_code == 0
    assert set(before) < set(stored(Path("again")))
    # With another reference, what was trained on the chip is compared with another mean.
    errors = [
        [(p["task"], p["error"]) for p in points if p["seed"] < 3]
        for points in (results(Path("again")), results(swept))
    ]
    assert errors[0] == errors[1]
    assert read_sweep(Path("again"))["definition"]["seeds"] == 3


def test_a_sweep_that_is_killed_goes_on(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    words = [
        sys.executable,
        "-m",
        "neurochip._cli",
        "sweep",
        str(tiny),
        *ASKED,
        "--workers",
        "1",
        "--out",
        "cut",
    ]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    store, end = Path("cut/points.sqlite"), time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.02)
        if store.is_file() and 2 <= finished(store) < 10:
            break
    process.kill()  # SIGKILL: nothing can be tidied up
    process.wait()
    assert process.returncode == -signal.SIGKILL
    before = stored(Path("cut"))
    assert 2 <= len(before) < 10
    assert not Path("cut/sweep.json").exists()
    result = run("sweep", "--resume", "cut", "--workers", "1", "--quiet")
    assert result.exit_code == 0, result.output
    assert set(before) < set(stored(Path("cut"))) and len(stored(Path("cut"))) == 10
    assert results(Path("cut")) == results(swept)


def finished(store: Path) -> int:
    """Tasks in a store that is being written."""
    connection = sqlite3.connect(store, timeout=10)
    try:
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'results'").fetchone()
        return int(connection.execute("SELECT count(*) FROM results").fetchone()[0]) if found[0] else 0
    finally:
        connection.close()


def test_ctrl_c_keeps_and_reports_what_is_done(place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    words = [
        sys.executable,
        "-m",
        "neurochip._cli",
        "sweep",
        str(tiny),
        *ASKED,
        "--workers",
        "1",
        "--out",
        "cut",
    ]
    process = subprocess.Popen(
        [*words, "--seeds", "40"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    store, end = Path("cut/points.sqlite"), time.monotonic() + 60
    while time.monotonic() < end and not (store.is_file() and finished(store) >= 2):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.splitlines()[-1] == "Stopped; go on with: neurochip sweep --resume cut"
    assert "Traceback" not in told
    document = read_sweep(Path("cut"))
    assert not document["complete"]
    assert sum(point["error"] is not None for point in document["points"]) >= 2


def test_the_store_of_another_run_is_refused(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "here")
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, "--set", "learning.epochs=3", "--resume", "here")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: here: holds the points of another run (tiny, or with other values); leave RUN, --set and --seed out "
        "to go on with it\n"
    )
    assert results(Path("here")) == results(swept)
    assert run("sweep", tiny, "--resume", "here", "--quiet").exit_code == 0  # the same run is no other


def test_a_point_that_fails_is_told(run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY.replace("train = 300", 'set = "mnist"\ntrain = 300'))
    result = run("sweep", tiny, *ASKED, "--workers", "1", "--out", "bad")  # that data set was never fetched
    assert result.exit_code == 0
    assert "14 points failed; the page says why." in result.stdout
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


def test_report_renders_it_again(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "again")
    (Path("again") / "sweep.html").unlink()
    result = run("report", "again")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "again/sweep.html"
    assert Path("again/sweep.html").read_bytes() == (swept / "sweep.html").read_bytes()
    assert run("report", "again", "--prices", "loihi").exit_code == 2
    Path("again/sweep.json").write_text('{"format": 7}')
    refused = run("report", "again").stderr
    assert refused == (
        "Error: again/sweep.json: format: is 7, and this version reads 2; "
        "`neurochip sweep --resume` writes it again\n"
    )


def test_help_imports_no_engine(spawn: Spawn) -> None:
    result = spawn("sweep", "--help", PYTHONPROFILEIMPORTTIME="1")
    assert result.returncode == 0 and "--vary KEY=VALUES" in result.stdout
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & {"numba", "numpy", "loky", "distributed", "rich", "sqlite3"}
