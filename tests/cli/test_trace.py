"""`neurochip trace`: one presentation of a run, signal by signal."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.presentations import presenting
from neurochip.report.reading import read_rasters
from tests.oracle.waveforms import VCDVCD

from .conftest import TINY, Finished, Run, Workplace


def arrays(path: Path | str) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


@pytest.fixture
def traced(run: Run, finished: Finished) -> dict[str, Any]:
    result = run("trace", finished.folder, "--format", "npz", "--out", "t.npz")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "t.npz: 1701 signals, ticks 0 to 29\n"
    return arrays("t.npz")


def test_spikes_are_those_that_the_run_recorded(traced: dict[str, Any], finished: Finished) -> None:
    (raster,) = read_rasters(finished.folder)
    for name, bits in zip(raster.populations, raster.spikes, strict=True):
        assert bits.count()
        assert np.array_equal(traced[f"neuron.{name}.spike"], bits)
    assert traced["chip.phase"][:, 0].tolist() == [0] * 20 + [1] * 10


def test_values_drive_and_step_sizes(traced: dict[str, Any], finished: Finished) -> None:
    """The press of a clipped neuron moves its value by ε, and the drive is the weights of the spikes before."""
    with h5py.File(finished.folder / "checkpoint.h5") as file:
        first, second = np.array(file["weights/0"]), np.array(file["weights/1"])
    sent = {name: traced[f"neuron.{name}.spike"] for name in ("input", "hidden", "output")}
    u = traced["neuron.hidden.drive"]
    assert not u[0].any()
    for t in (1, 7, 29):
        for j in (0, 3, 19):
            wanted = sum(float(first[i, j]) for i in range(784) if sent["input"][t - 1, i])
            wanted += sum(float(second[j, k]) for k in range(10) if sent["output"][t - 1, k])
            assert u[t, j] == pytest.approx(wanted, abs=1e-9)
    size, value = traced["neuron.hidden.step_size"], traced["neuron.hidden.value"]
    assert np.all((size >= 0) & (size <= 1)) and size.any()
    assert np.all((value >= 0) & (value <= 1)) and value.any()
    # s moves towards a press that clip lets through: never by more than ε times the largest press possible.
    moved = np.abs(np.diff(value, axis=0)) > 0
    assert not np.any(moved & (size[1:] == 0))


def test_a_part_is_the_same_as_in_the_whole(run: Run, finished: Finished, traced: dict[str, Any]) -> None:
    options = ["--ticks", "15:24", "--signals", "neuron.hidden.1?.*", "--signals", "core.*"]
    assert run("trace", finished.folder, "--format", "npz", "--out", "p.npz", *options).exit_code == 0
    part = arrays("p.npz")
    for what in ("spike", "value", "step_size", "drive"):
        whole = traced[f"neuron.hidden.{what}"][15:24, 10:20]
        assert np.array_equal(part[f"neuron.hidden.{what}"], whole)
    assert np.array_equal(part["core.sops"], traced["core.sops"][15:24])
    assert part["tick"].tolist() == list(range(15, 24))
    assert "neuron.input.spike" not in part


def test_a_waveform(run: Run, finished: Finished, traced: dict[str, Any]) -> None:
    assert run("trace", finished.folder, "--out", "t.vcd", "--ticks", ":12").exit_code == 0
    read = VCDVCD("t.vcd")
    for i in range(20):
        shown = [float(read[f"neuron.hidden.{i}.value"][t * 1_000_000]) for t in range(12)]
        assert np.allclose(shown, traced["neuron.hidden.value"][:12, i], rtol=1e-6)
    assert read.endtime == 12_000_000


def test_a_timeline(run: Run, finished: Finished) -> None:
    result = run("trace", finished.folder, "--format", "perfetto", "--timing", "cycle", "--ticks", "0:4")
    assert result.exit_code == 0
    events = json.loads(Path("mnist-small-test-0.json").read_text(encoding="utf-8"))
    ticks = [event for event in events if event["ph"] == "X" and event["tid"] == 0]
    assert [event["name"] for event in ticks] == ["tick 0", "tick 1", "tick 2", "tick 3"]
    assert {event["name"] for event in events if event["ph"] == "X" and event["tid"]} <= {
        "busy",
        "stalled",
        "idle",
    }


def test_fresh_weights_and_another_sample(run: Run, place: Workplace) -> None:
    for k in ("0", "1"):
        out = ["--format", "npz", "--out", f"{k}.npz", "--split", "train", "--presentation", k]
        assert run("trace", "mnist-small", *TINY, *out).exit_code == 0
    assert not np.array_equal(arrays("0.npz")["neuron.input.value"], arrays("1.npz")["neuron.input.value"])
    assert place.files() == ["0.npz", "1.npz"]


def test_list(run: Run, finished: Finished, place: Workplace) -> None:
    result = run("trace", finished.folder, "--list", "--signals", "neuron.hidden.*")
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["neuron.hidden.*.spike", "20"], ["neuron.hidden.*.value", "20"],
        ["neuron.hidden.*.step_size", "20"], ["neuron.hidden.*.drive", "20"],
    ]  # fmt: skip
    assert place.files() == []


@pytest.mark.parametrize("format", ["vcd", "perfetto", "npz"])
def test_a_stop_leaves_whole_ticks(
    run: Run, finished: Finished, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    values, asked = presenting.Presentation.values, []

    def stopping(self: Any, ticks: int, wanted: set[str]) -> Any:
        asked.append(ticks)
        if len(asked) == 3:
            signal.raise_signal(signal.SIGINT)
        return values(self, ticks, wanted)

    monkeypatch.setattr(presenting.Presentation, "values", stopping)
    result = run("trace", finished.folder, "--format", format, "--out", "t")
    done = sum(asked)
    assert (result.exit_code, len(asked)) == (130, 3)
    assert 3 <= done < 30
    signals = {"perfetto": 16, "npz": 1701, "vcd": 1704}[format]
    assert result.stderr == (
        f"Stopped; the file ends with the last whole tick. t: {signals} signals, ticks 0 to {done - 1}\n"
    )
    if format == "npz":
        assert all(
            len(values) == done
            for name, values in arrays("t").items()
            if name.startswith("neuron") and values.ndim == 2
        )
    elif format == "vcd":
        assert VCDVCD("t").endtime == done * 1_000_000
    else:
        events = json.loads(Path("t").read_text(encoding="utf-8"))
        assert sum(event["ph"] == "X" for event in events) == done


BAD = [
    (["tiny", "--ticks", "0:31"], 2, "ticks: must be A:B with 0 ≤ A < B ≤ 30, the ticks there are, got 0:31"),
    (["tiny", "--ticks", "5:5"], 2, "ticks: must be A:B with 0 ≤ A < B ≤ 30, the ticks there are, got 5:5"),
    (["tiny", "--presentation", "20"], 2, "presentation: must be 0 to 19, as test has samples, got 20"),
    (["tiny", "--set", "seed=3"], 2,
     "overrides: are for runs with fresh weights; a finished run is traced as it was"),
    (["mnist-continuous"], 2,
     "run: mnist-continuous shows no samples to a chip; trace a run that trains on the digital substrate"),
    (["convergence"], 2,
     "run: convergence shows no samples to a chip; trace a run that trains on the digital substrate"),
    (["empty"], 2, "empty: has no run.toml; name the folder of a finished run"),
    (["tiny", "--out", "there.vcd"], 5,
     "there.vcd: exists already; choose another file with --out or remove it"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "code", "sentence"), BAD)
def test_refused(
    run: Run, place: Workplace, finished: Finished, args: list[str], code: int, sentence: str
) -> None:
    (place.folder / "empty").mkdir()
    (place.folder / "tiny").symlink_to(finished.folder)
    place.write("there.vcd", "mine")
    files = place.files()
    result = run("trace", *args)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", f"Error: {sentence}\n")
    assert place.files() == files
    assert (place.folder / "there.vcd").read_text() == "mine"


def test_ticks_that_are_none(run: Run) -> None:
    result = run("trace", "mnist-small", "--ticks", "all")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "Error: Invalid value for '--ticks': must be A:B, ticks A to B - 1, e.g. 0:100; got 'all'"
    )


LOSSES = ("spike_drop=0.1", "spike_delay=0.1", "dead_core.cores=[2]", 'link_down.links=["0,0>0,1"]')


@pytest.mark.parametrize(
    ("faults", "missing"),
    [
        *((["--set", f"faults.{loss}"], {"drive", "packets_in", "sops"}) for loss in LOSSES),
        (["--set", "faults.weight_bit_flip=0.01", "--set", "network.precision=int8"], {"drive"}),
        (["--set", "faults.spike_spurious=0.1", "--set", "faults.stuck_neuron.rate=0.1"], set()),
        (["--set", "faults.spike_drop=0"], set()),
    ],
)
def test_of_a_chip_with_faults_only_what_is_known(faults: list[str], missing: set[str], run: Run) -> None:
    result = run("trace", "mnist-small", *TINY, *faults, "--list")
    assert (result.exit_code, result.stderr) == (0, "")
    listed = {line.split()[0].split(".")[-1] for line in result.stdout.splitlines() if line}
    assert {"spike", "value", "packets_out"} <= listed
    assert {"drive", "packets_in", "sops"} - listed == missing
    result = run(
        "trace", "mnist-small", *TINY, *faults, "--format", "npz", "--out", "t.npz", "--ticks", "0:3"
    )
    assert result.exit_code == 0
    assert ("neuron.hidden.drive" in arrays("t.npz")) == ("drive" not in missing)


def test_times_of_a_chip_with_dead_cores(run: Run) -> None:
    faults = ["--set", "faults.dead_core.cores=[2]", "--set", 'faults.link_down.links=["0,0>0,1"]']
    result = run("trace", "mnist-small", *TINY, *faults, "--timing", "cycle")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: timing: must be tick for a run with dead_core and link_down: "
        "a trace walks all packets through a sound chip\n"
    )
