"""Networks of other tools from the file to the chip: checked, in whole numbers, and shown labelled samples."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest

from neurochip.cores.raster_file import load_arrays
from neurochip.description.spiking_file import read_spiking
from neurochip.inference.input_files import GRADED
from neurochip.inference.quantising import quantised
from neurochip.replays.spiking import run_spiking

from .conftest import Run, Workplace

TOOLS = Path(__file__).parents[1] / "golden" / "tools"


@pytest.fixture
def subtract(place: Workplace) -> Path:
    """Write a network of snnTorch, which resets by subtraction, its input and its spikes."""
    name = "snntorch_leaky_subtract"
    Path("net.nir").write_bytes(lzma.decompress((TOOLS / f"{name}.nir.xz").read_bytes()))
    with np.load(TOOLS / f"{name}.npz") as stored:
        bits = {key: np.unpackbits(stored[key], axis=1) for key in ("x", "s.1", "s.3")}
    np.savez("x.npz", x=bits["x"][:, :16])
    np.savez("spikes.npz", **{"s.1": bits["s.1"][:, :12], "s.3": bits["s.3"][:, :5]})
    np.savez("in.npz", **{"spikes.0": bits["x"][:, :16]})
    return Path("net.nir")


def test_check_says_where_and_what_would_remove_it(run: Run, subtract: Path) -> None:
    files = ["--input", "x.npz", "--expect", "spikes.npz"]
    right = run("check", "net.nir", *files, "--from", "snntorch")
    assert (right.exit_code, right.stdout.splitlines()[-1]) == (0, "the same")
    assert right.stdout.splitlines()[0].split() == "1 0 of 1428 differ, 1 ticks later".split()
    wrong = run("check", "net.nir", *files)
    lines = wrong.stdout.splitlines()
    assert wrong.exit_code == 1
    assert lines[2] == "first at step 3, 3[4]: 0 here, 1 there"
    assert "--from snntorch: nothing would differ" in lines
    assert "--from snntorch" in wrong.stderr


def test_check_refuses_what_does_not_fit(run: Run, subtract: Path) -> None:
    np.savez("other.npz", **{"7": np.zeros((120, 12))})
    np.savez("many.npz", **{"1": np.full((120, 12), 2)})
    np.savez("short.npz", **{"1": np.zeros((100, 12))})
    for name, words in (
        ("other", "has no array of the name of a group; there are 1, 3, output"),
        ("many", "neurons that fire several times in a step are none of this chip"),
        ("short", "must be numbers of shape (120, 12), got float64 (100, 12)"),
    ):
        result = run("check", "net.nir", "--input", "x.npz", "--expect", f"{name}.npz", "--from", "snntorch")
        assert result.exit_code > 1
        assert words in result.stderr


def test_a_network_in_whole_numbers_runs_on_an_integer_chip(run: Run, subtract: Path) -> None:
    """8 bits keep nearly all spikes, 2 bits do not; a chip of integers takes them, and says where they are."""
    assert run("import", "net.nir", "net.npz", "--from", "snntorch").exit_code == 0
    result = run(
        "import", "net.nir", "whole.npz", "--from", "snntorch", "--bits", "8", "--calibrate", "in.npz"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "0.00% of the weights saturated" in result.stdout
    done = run("simulate", "whole.npz", "--replay", "in.npz", "--chip", "loihi", "--out", "out", "--quiet")
    assert (done.exit_code, done.stderr) == (0, "")
    table = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert table["hardware"]["weight_format"] == "int8"
    network = read_spiking("net.npz", load_arrays("net.npz"))
    x = np.load("x.npz")["x"]
    exact = run_spiking(network, x, "ideal-bits").replay.spikes
    share = {}
    for bits in (2, 4, 8, 12):
        made = quantised(network, bits, spikes=x, per_channel=bits == 4)
        assert all(
            c.weights is not None and np.abs(c.weights).max() < 2 ** (bits - 1) + 1
            for c in made.network.connections
        )
        seen = run_spiking(made.network, x, "ideal-bits").replay.spikes
        share[bits] = float(np.mean(seen[1] != exact[1]))
        assert made.changes[0].spikes_differ == pytest.approx(share[bits])
    assert share[12] <= share[8] < 0.03 < share[2]
    assert quantised(network, 2).changes[0].vanished > 0.3


def test_scales_change_no_spike_but_by_rounding(run: Run, subtract: Path) -> None:
    """With 16 bits the whole numbers are those of the network, times a scale for each neuron."""
    assert run("import", "net.nir", "net.npz", "--from", "snntorch").exit_code == 0
    network = read_spiking("net.npz", load_arrays("net.npz"))
    made = quantised(network, 16, per_channel=True).network
    for before, after in zip(network.connections, made.connections, strict=True):
        scale = np.array(made.group(after.target).metadata["quantised"]["scale"])
        assert before.weights is not None and after.weights is not None
        assert np.abs(after.weights * scale - before.weights).max() < 1e-4
        assert before.bias is not None and after.bias is not None
        assert np.abs(after.bias * scale - before.bias).max() < 1e-4


def test_labelled_samples_begin_from_rest(run: Run, subtract: Path) -> None:
    """One call for all samples gives what one call each gives, and the spread of what they cost."""
    assert run("import", "net.nir", "net.npz", "--from", "snntorch").exit_code == 0
    rng = np.random.default_rng(0)
    spikes = (rng.random((6, 20, 16)) < 0.4).astype(np.uint8)
    network = read_spiking("net.npz", load_arrays("net.npz"))
    padded = np.concatenate([spikes, np.zeros((6, 2, 16), np.uint8)], axis=1)
    alone = [run_spiking(network, sample, "cmos45", timing="analytic").replay for sample in padded]
    votes = np.array([one.spikes[2][2:].sum(axis=0) for one in alone])
    labels = votes.argmax(axis=1)
    labels[0] = (labels[0] + 1) % 5
    np.savez("test.npz", spikes=spikes, labels=labels)
    result = run("simulate", "net.npz", "--data", "test.npz", "--timing", "analytic", "--out", "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "accuracy  83.33%" in result.stdout
    table = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "<h2>Inference</h2>" in page and "83.33 %" in page and "NeuroBench" in page
    found = table["inference"]
    assert (found["samples"], found["ticks"], found["accuracy"]) == (6, 22, pytest.approx(5 / 6))
    with np.load("out/samples.npz") as stored:
        assert stored["sops"].tolist() == [one.counters.sops for one in alone]
        joules = [one.energy_j["total"] for one in alone]
        assert stored["energy_j"] == pytest.approx(joules)
        assert stored["seconds"] == pytest.approx([one.time.seconds for one in alone])
        assert stored["energy_delay_js"] == pytest.approx(stored["energy_j"] * stored["seconds"])
        assert found["per_inference"]["energy_j"]["deviation"] == pytest.approx(np.std(joules, ddof=1))
        assert (stored["predictions"] == votes.argmax(axis=1)).all()
    assert run("report", "out").exit_code == 0
    bench = table["neurobench"]
    fired = [sum(int(one.spikes[k][k : k + 20].sum()) for one in alone) for k in range(3)]
    assert bench["effective_acs"] == pytest.approx((fired[0] * 12 + fired[1] * 5) / 6)
    assert bench["dense"] == (16 * 12 + 12 * 5) * 20  # of the steps that all layers have seen
    assert bench["activation_sparsity"] == pytest.approx(1 - (fired[1] + fired[2]) / (17 * 20 * 6))
    assert (bench["connection_sparsity"], bench["effective_macs"], bench["neuron_updates"]) == (0, 0, 17 * 22)
    assert bench["membrane_updates"] <= bench["neuron_updates"]


def test_samples_that_do_not_fit_are_refused(run: Run, subtract: Path) -> None:
    assert run("import", "net.nir", "net.npz", "--from", "snntorch").exit_code == 0
    good = {"spikes": np.zeros((3, 5, 16), np.uint8), "labels": np.zeros(3, np.int64)}
    for change, words in (
        ({"labels": np.array([0, 1, 5])}, "labels: must be 0 to 4, the neurons of output output, got 0 to 5"),
        (
            {"labels": np.zeros(2, np.int64)},
            "x.npz: labels: must be 3 whole numbers, those of the neurons that are right, got int64 (2,)",
        ),
        (
            {"labels": np.array(["a", "b", "a"])},
            "x.npz: labels: must be 3 whole numbers, those of the neurons",
        ),
        ({"labels": np.array([0, 1.5, 0])}, "x.npz: labels: row 2: must be a whole number, got 1.5"),
        ({"spikes": np.full((3, 5, 16), 2)}, f"x.npz: spikes[0, 0, 0]: must be 0 or 1, got 2; {GRADED}"),
        ({"spikes": np.zeros((3, 5, 9))}, "must have shape (ticks, 16), got (21, 9)"),
    ):
        np.savez("x.npz", **(good | change))
        result = run("simulate", "net.npz", "--data", "x.npz")
        assert result.exit_code > 1
        assert words in result.stderr


def test_threads_share_samples_and_change_nothing(run: Run, subtract: Path) -> None:
    assert run("import", "net.nir", "net.npz", "--from", "snntorch").exit_code == 0
    rng = np.random.default_rng(1)
    x = (rng.random((9, 12, 16)) < 0.4).astype(np.uint8)
    np.savez("x.npz", spikes=x, labels=rng.integers(0, 5, 9))
    told = []
    for threads in ("1", "3"):
        result = run(
            "simulate", "net.npz", "--data", "x.npz", "--threads", threads, "--quiet", "--out", threads
        )
        assert result.exit_code == 0, result.stderr
        told.append(json.loads(Path(threads, "report.json").read_text()))
    for key in ("inference", "neurobench", "totals"):
        assert told[0].get(key) == told[1].get(key)
    assert told[0]["inference"]["samples"] == 9
    result = run("simulate", "net.npz", "--data", "x.npz", "--seed", "1")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2,
        "Error: --data draws nothing; leave out --seed",
    )
