"""Sweeps over dies that were measured."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from .conftest import Run, Workplace
from .sweeps import ANALOG, results, rows

pytestmark = pytest.mark.usefixtures("kept_workers")


def measured_on(paths: list[str]) -> list[float]:
    """Test error of `simulate` on each die file, as a share."""
    from neurochip.description import read_run
    from neurochip.runs.simulation import simulate

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
    before = rows("files")
    os.remove("m1.h5")
    words = ("--set", "network.layers=[784, 8, 10]", "--set", "analog.die=9")
    assert run("die", "save", "analog-mnist-small", "m1.h5", *words).exit_code == 0
    result = run("sweep", "--resume", "files", "--quiet")
    assert result.exit_code == 3
    assert re.search(
        r"would not come out the same here \(\S+/m1\.h5 \w{16} there, \w{16} here\)", result.stderr
    )
    assert rows("files") == before


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
    assert result.exit_code == 3 and not Path("nowhere").exists()
    assert result.stderr.endswith(
        "wafer.csv#b: lists 9 of the 10 devices of layer 2 as neuron_offset; give all of them, or none\n"
    )
    result = run("sweep", "analog-mnist-small", "more", *ANALOG, "--vary", "phases.free=2,3")
    assert result.exit_code == 2 and "Got unexpected extra argument (more)" in result.stderr


def test_cells_that_changed_are_not_gone_on_with(run: Run, place: Workplace) -> None:
    from neurochip.description.catalogue import find_cells

    text, _ = find_cells("sky130-subthreshold")
    (place.folder / "mine.toml").write_text(text, encoding="utf-8")
    asked = ("--set", "analog.cells=mine.toml", "--vary", "analog.mismatch.sigma=0.2", "--modes", "deploy")
    result = run(
        "sweep", "analog-mnist-small", *ANALOG, *asked, "--dies", "1", "--workers", "1", "--out", "s"
    )
    assert result.exit_code == 0, result.output
    before = rows("s")
    (place.folder / "mine.toml").write_text(text.replace('"100 fF"', '"200 fF"'), encoding="utf-8")
    result = run("sweep", "--resume", "s", "--dies", "2", "--quiet")
    assert result.exit_code == 3 and rows("s") == before
    assert re.search(
        r"would not come out the same here \(\S+/mine\.toml \w{16} there, \w{16} here\)", result.stderr
    )
    (place.folder / "mine.toml").write_text(text, encoding="utf-8")
    assert run("sweep", "--resume", "s", "--dies", "2", "--workers", "1", "--quiet").exit_code == 0
