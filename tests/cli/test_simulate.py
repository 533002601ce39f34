"""`neurochip simulate` from end to end, on runs that take a moment."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from neurochip.description import read_run
from neurochip.durable.lock import hold

from .conftest import TINY, Finished, Run, Workplace

FILES = [".lock", "checkpoint.h5", "raster.npz", "report.html", "report.json", "request.json", "run.toml"]


def science(report: dict[str, Any]) -> dict[str, Any]:
    """What must be equal, bit for bit, whenever the same run is done again: all but the clock on the wall."""
    result = dict(report["result"])
    result["epochs"] = [
        {key: value for key, value in epoch.items() if key not in ("seconds", "samples_per_s")}
        for epoch in result["epochs"]
    ]
    return {"result": result} | {key: report[key] for key in ("counters", "bits", "energy_j", "run", "seed")}


def load(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return report


def test_it_ends_with_a_summary_and_the_folder(finished: Finished) -> None:
    lines = finished.result.stdout.splitlines()
    assert "test error" in finished.result.stdout
    assert lines[-3:] == ["", str(finished.folder), f"neurochip report {finished.folder} --open"]
    assert sorted(path.name for path in finished.folder.iterdir()) == FILES


def test_it_tells_each_epoch(finished: Finished) -> None:
    first, second = finished.result.stderr.splitlines()
    epochs = finished.report["result"]["epochs"]
    for line, number in ((first, 1), (second, 2)):
        [epoch] = [epoch for epoch in epochs if epoch["epoch"] == number]
        online, test = (f"{100 * epoch[name]:.2f} %" for name in ("online_error", "test_error"))
        assert line.startswith(f"epoch {number}/2: error {online}, test {test}, ")


def test_the_report_has_what_the_readme_promises(finished: Finished) -> None:
    report = finished.report
    for key in ("result", "bits", "energy_j", "counters", "time", "run", "seed", "versions"):
        assert report[key], key
    assert set(report["bits"]) >= {"symbols", "spikes", "aer", "bitmap", "real_valued_32bit"}
    assert set(report["energy_j"]) >= {"total", "by_category", "by_phase"}
    assert report["energy_j"]["total"] > 0
    assert report["time"]["ticks"] > 0


def test_quiet_prints_the_folder(run: Run, place: Workplace) -> None:
    result = run("simulate", *TINY, "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    [folder] = Path("runs").iterdir()
    assert folder.name.startswith("mnist-small-2")
    assert result.stdout == f"{folder}\n"
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_json_prints_the_report(run: Run, place: Workplace, finished: Finished) -> None:
    result = run("simulate", *TINY, "--json", "--out", "here")
    assert result.exit_code == 0
    assert result.stdout == Path("here/report.json").read_text(encoding="utf-8")
    # The same run, once more: the same result, bit for bit.
    assert science(json.loads(result.stdout)) == science(finished.report)


def test_the_resolved_run_does_the_same_again(run: Run, place: Workplace, finished: Finished) -> None:
    result = run("simulate", finished.folder / "run.toml", "--threads", "1", "--quiet", "--out", "again")
    assert (result.exit_code, result.stderr) == (0, "")
    assert science(load(Path("again"))) == science(finished.report)


def test_a_seed_is_part_of_the_run(run: Run, place: Workplace, finished: Finished) -> None:
    assert run("simulate", *TINY, "--seed", "2", "--quiet", "--out", "second").exit_code == 0
    assert read_run("second/run.toml").seed == 2
    assert science(load(Path("second")))["counters"] != science(finished.report)["counters"]


@pytest.mark.parametrize(
    "overrides",
    [
        ["chip=loihi", "network.precision=int8"],
        ["chip=ideal-bits"],
        ["network.tied=false", "learning.pre=trace"],
    ],
    ids=" ".join,
)
def test_other_machines(run: Run, place: Workplace, overrides: list[str]) -> None:
    sets = [word for override in overrides for word in ("--set", override)]
    result = run("simulate", *TINY, *sets, "--out", "here")
    assert result.exit_code == 0, result.stderr
    assert "test error" in result.stdout
    assert Path("here/report.html").stat().st_size > 1000


def test_real_values(run: Run, place: Workplace) -> None:
    at = TINY.index("record.presentations=1") - 1  # no bits, no rasters
    tiny = ["--set", "data.set=mnist-small", *TINY[:at], *TINY[at + 2 :]]
    result = run("simulate", "mnist-continuous", *tiny, "--out", "here")
    assert result.exit_code == 0, result.stderr
    assert load(Path("here"))["bits"]["spikes"] == 0


def test_convergence(run: Run, place: Workplace) -> None:
    sets = [
        "network.layers=[20, 20, 5]",
        "convergence.nets=2",
        "convergence.free=30",
        "convergence.nudged=20",
    ]
    words = [word for override in sets for word in ("--set", override)]
    result = run("simulate", "convergence", *words, "--out", "here")
    assert result.exit_code == 0, result.stderr
    assert len(load(Path("here"))["convergence"]["mean_error"]) == 50
    assert result.stderr.startswith("convergence: error ")


def test_stopped_and_resumed_it_ends_as_if_never_stopped(run: Run, place: Workplace) -> None:
    longer = [*TINY, "--set", "data.train=2000", "--set", "learning.epochs=3", "--out"]
    with subprocess.Popen(
        [sys.executable, "-m", "neurochip", "simulate", *longer, "stopped"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("epoch 1/3: ")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "Stopped; go on with: neurochip simulate --resume stopped"
    assert not Path("stopped/report.json").exists()

    resumed = run("simulate", "--resume", "stopped", "--quiet")
    assert (resumed.exit_code, resumed.stdout, resumed.stderr) == (0, "stopped\n", "")
    assert run("simulate", *longer, "whole", "--quiet").exit_code == 0
    assert science(load(Path("stopped"))) == science(load(Path("whole")))
    assert load(Path("stopped"))["resumed"] == 1


@pytest.mark.parametrize("damage", ["cut", "other file"])
def test_a_checkpoint_that_is_none(run: Run, place: Workplace, finished: Finished, damage: str) -> None:
    shutil.copytree(finished.folder, "other")
    checkpoint = Path("other/checkpoint.h5")
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"no checkpoint")
    unfinished(Path("other"))
    result = run("simulate", "--resume", "other")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: other/checkpoint.h5: ")
    assert result.stderr.count("\n") == 1


def test_a_folder_that_is_no_run(run: Run, place: Workplace) -> None:
    result = run("simulate", "--resume", "nowhere")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: nowhere: does not exist: nothing was begun there; ")
    Path("empty").mkdir()
    result = run("simulate", "--resume", "empty")
    assert (result.exit_code, result.stdout) == (3, "")
    assert (
        result.stderr == "Error: empty: has no request.json; name the folder of a simulate that was stopped\n"
    )


def unfinished(folder: Path) -> None:
    for name in ("report.json", "report.html", "raster.npz"):
        (folder / name).unlink()


def test_a_finished_run_is_said_to_be_done(run: Run, place: Workplace, finished: Finished) -> None:
    shutil.copytree(finished.folder, "other")
    before = {path: path.read_bytes() for path in Path("other").iterdir()}
    result = run("simulate", "--resume", "other")
    assert (result.exit_code, result.stderr) == (0, "other is finished; nothing was left to do\n")
    assert "test error" in result.stdout
    assert {path: path.read_bytes() for path in Path("other").iterdir()} == before


def test_it_goes_on_for_more_epochs(run: Run, place: Workplace, finished: Finished) -> None:
    asked = ["simulate", "--resume", str(finished.folder), "--epochs"]
    result = run(*asked, "3", "--out", "longer", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "longer\n", "")
    assert run("simulate", *TINY, "--set", "learning.epochs=3", "--out", "whole", "--quiet").exit_code == 0
    longer, whole = (science(load(Path(name))) for name in ("longer", "whole"))
    assert [e["online_error"] for e in longer["result"]["epochs"]] == [
        e["online_error"] for e in whole["result"]["epochs"]
    ]
    assert longer["result"]["confusion"] == whole["result"]["confusion"]
    refused = run(*asked, "2")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == f"Error: epochs: must be more than the 2 of {finished.folder}, got 2\n"
    assert sorted(path.name for path in Path().iterdir()) == ["longer", "whole"]


def test_without_a_checkpoint_it_begins_anew(run: Run, place: Workplace, finished: Finished) -> None:
    shutil.copytree(finished.folder, "other")
    unfinished(Path("other"))
    Path("other/checkpoint.h5").unlink()
    Path("other/.checkpoint.h5.abc.part").write_bytes(b"half")
    assert run("simulate", "--resume", "other", "--quiet").exit_code == 0
    assert science(load(Path("other"))) == science(load(finished.folder))
    assert not Path("other/.checkpoint.h5.abc.part").exists()


@pytest.mark.parametrize("name", ["run.toml", "request.json"])
def test_what_was_asked_for_is_verified(name: str, run: Run, place: Workplace, finished: Finished) -> None:
    shutil.copytree(finished.folder, "other")
    unfinished(Path("other"))
    path = Path("other") / name
    whole = path.read_bytes()
    for at in range(0, len(whole), 17):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        result = run("simulate", "--resume", "other")
        assert (result.exit_code, result.stdout) == (3, ""), at
        assert result.stderr.startswith(f"Error: other/{name}"), at
        assert result.stderr.count("\n") == 1, at


def test_two_at_once_are_refused(run: Run, place: Workplace, finished: Finished) -> None:
    shutil.copytree(finished.folder, "other")
    unfinished(Path("other"))
    with hold(Path("other"), "run"):
        result = run("simulate", "--resume", "other")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: other: is in use by another run (process ")


@pytest.mark.parametrize(
    ("layers", "rates", "sentence"),
    [
        (
            "[784, 20000, 10]",
            "[0.1, 0.1]",
            "core 130: input axons: 20 000 needed, 4 096 present (one neuron of population output on cmos45); "
            "use narrower weights, a smaller network or a larger core",
        ),
        (
            "[784, 2000, 2000, 10]",
            "[0.1, 0.1, 0.1]",
            "cores: 84 needed (input 9, hidden1 43, hidden2 31, output 1), 64 present on cmos45; "
            "use narrower weights, a smaller network or a larger chip",
        ),
    ],
)
def test_a_network_that_does_not_fit(
    run: Run, place: Workplace, layers: str, rates: str, sentence: str
) -> None:
    result = run("simulate", "--set", f"network.layers={layers}", "--set", f"learning.rates={rates}")
    assert (result.stderr, result.stdout, result.exit_code) == (f"Error: {sentence}\n", "", 4)
    assert place.files() == []


def test_a_full_disk(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    result = run("simulate", *TINY, "--out", "here")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr.splitlines()[-1].startswith("Error: here: cannot be made: ")
    assert "no space left on device" in result.stderr.lower()
    assert "Traceback" not in result.stderr
    # What is there is whole; what is not whole is not there.
    assert place.files() == []


def test_a_folder_that_cannot_be_written(run: Run, place: Workplace) -> None:
    place.write("taken", "a file")
    result = run("simulate", *TINY, "--out", "taken/here")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == "Error: taken/here: cannot be made: Not a directory\n"
    assert place.files() == ["taken"]


def test_data_that_is_damaged(run: Run, place: Workplace) -> None:
    folder = place.folder.parent / "data" / "mnist"
    folder.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte").write_bytes(b"\0\0\x08\x03\0\0")
    result = run("simulate", "mnist")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"Error: {folder}/train-images-idx3-ubyte: ")
    assert result.stderr.count("\n") == 1
    assert place.files() == []
