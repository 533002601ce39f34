"""Networks of real weights on chips of integers: rounded as they run, what that changed, and the way back."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.cores.raster_file import load_arrays
from neurochip.description.catalogue import chip_text
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.description.spiking_file import read_spiking, spiking_bytes
from neurochip.inference.inferring import LabelledSamples, infer
from neurochip.inference.quantising import quantised, unscaled
from neurochip.replays.spiking import run_spiking

from .conftest import Run, Workplace

TOOLS = Path(__file__).parents[1] / "golden" / "tools"


@pytest.fixture
def net(run: Run, place: Workplace) -> SpikingNetwork:
    """Write a network of snnTorch and its input: net.nir, net.npz, in.npz."""
    name = "snntorch_leaky_subtract"
    Path("net.nir").write_bytes(lzma.decompress((TOOLS / f"{name}.nir.xz").read_bytes()))
    with np.load(TOOLS / f"{name}.npz") as stored:
        np.savez("in.npz", **{"spikes.0": np.unpackbits(stored["x"], axis=1)[:, :16]})
    assert run("import", "net.nir", "net.npz", "--from", "snntorch").exit_code == 0
    return read("net.npz")


def read(path: str) -> SpikingNetwork:
    return read_spiking(path, load_arrays(path))


def report(folder: str) -> Any:
    return json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))


def spikes(folder: str) -> dict[str, Any]:
    with np.load(Path(folder, "spikes.npz")) as stored:
        return {name: stored[name].tolist() for name in stored.files}


def test_a_chip_of_integers_rounds_what_it_is_given(run: Run, net: SpikingNetwork) -> None:
    """It says so, takes all the bits that it has, and writes the network that ran, which then runs as it is."""
    done = run("simulate", "net.npz", "--replay", "in.npz", "--chip", "loihi", "--out", "out")
    assert done.exit_code == 0
    assert done.stderr.startswith(
        "Note: loihi has integers of 1 to 9 bits only: weights were rounded to 9 bits"
    )
    assert "1: 9 bits in steps of" in done.stdout and "of the weights saturated" in done.stdout
    assert "membranes of 48 bits, 16 behind the point, leaks off by" in done.stdout
    table = report("out")
    assert table["hardware"]["state_bits"] == 48 and table["hardware"]["weight_format"].startswith("int")
    assert [group["group"] for group in table["quantisation"]["groups"]] == ["1", "3"]
    again = run(
        "simulate", "out/network.npz", "--replay", "in.npz", "--chip", "loihi", "--out", "two", "--quiet"
    )
    assert (again.exit_code, again.stderr) == (0, "")
    assert spikes("two") == spikes("out")
    assert "quantisation" not in report("two")
    directly = run(
        "simulate", "net.nir", "--replay", "in.npz", "--chip", "loihi", "--out", "three", "--quiet"
    )
    assert directly.exit_code == 0
    assert "NIR does not say how neurons reset" in directly.stderr
    # Floating-point weights stay what they are where the chip has such.
    real = run("simulate", "net.npz", "--replay", "in.npz", "--out", "real", "--quiet")
    assert (real.exit_code, real.stderr) == (0, "")
    assert {"quantisation", "membranes"}.isdisjoint(report("real"))


def test_fewer_bits_change_more(run: Run, net: SpikingNetwork) -> None:
    differ = {}
    for bits in (2, 9):
        words = ["--replay", "in.npz", "--chip", "loihi", "--bits", str(bits), "--calibrate", "in.npz"]
        done = run("simulate", "net.npz", *words, "--out", f"b{bits}", "--quiet")
        assert done.exit_code == 0, done.stderr
        [first, _] = report(f"b{bits}")["quantisation"]["groups"]
        differ[bits] = first["spikes_differ"], first["error"]
        with np.load("in.npz") as stored:
            exact = run_spiking(net, stored["spikes.0"], "ideal-bits").replay.spikes[1]
            here = run_spiking(read(f"b{bits}/network.npz"), stored["spikes.0"], "loihi").replay.spikes[1]
        assert first["spikes_differ"] == pytest.approx(np.mean(exact != here))
    assert differ[9][0] < 0.02 < differ[2][0]
    assert differ[9][1] < differ[2][1]


def test_labelled_samples_say_what_rounding_costs(run: Run, net: SpikingNetwork) -> None:
    rng = np.random.default_rng(3)
    shown = (rng.random((40, 20, 16)) < 0.4).astype(np.uint8)
    real = infer(net, LabelledSamples(shown, np.zeros(40, np.int64)), "ideal-bits").predictions
    labels = np.where(np.arange(40) % 4 == 0, (real + 1) % 5, real)  # right on three of four
    np.savez("test.npz", spikes=shown, labels=labels)
    done = run("simulate", "net.npz", "--data", "test.npz", "--chip", "loihi", "--bits", "2", "--out", "out")
    assert done.exit_code == 0, done.stderr
    table = report("out")
    change = table["quantisation"]["accuracy"]
    with np.load("out/samples.npz") as stored:
        found = stored["predictions"]
    assert change["before"] == pytest.approx(0.75)
    assert change["after"] == table["inference"]["accuracy"] == pytest.approx(np.mean(found == labels))
    assert change["change"] == pytest.approx(change["after"] - change["before"])
    assert change["answers_differ"] == pytest.approx(np.mean(found != real))
    assert change["answers_differ"] > 0  # two bits are not enough for this network
    paired = (found == labels).astype(float) - (real == labels)
    assert change["change_error"] == pytest.approx(np.std(paired) / np.sqrt(40))
    assert "accuracy with real numbers 75.00%, rounded" in done.stdout


def test_many_saturated_weights_are_warned_of(run: Run, place: Workplace) -> None:
    """An input that never fires has huge weights: samples show that they do not matter, and they saturate."""
    rng = np.random.default_rng(0)
    weights = rng.normal(0.5, 0.3, (16, 20)).astype(np.float32)
    weights[0] = 4.0
    ones = np.ones(20)
    numbers = {
        "tau": 1e-2 * ones,
        "r": 10 * ones,
        "v_leak": 0 * ones,
        "v_threshold": ones,
        "v_reset": 0 * ones,
    }
    made = SpikingNetwork(
        groups=(
            NeuronGroup(name="in", kind="Input", size=16),
            NeuronGroup(name="n", kind="LIF", size=20, parameters=numbers),
        ),
        connections=(Connection(name="w", source="in", target="n", weights=weights),),
        outputs={"out": "n"},
    )
    Path("net.npz").write_bytes(spiking_bytes(made))
    raster = (rng.random((200, 16)) < 0.1).astype(np.uint8)
    raster[:, 0] = 0
    np.savez("in.npz", **{"spikes.0": raster})
    words = ["simulate", "net.npz", "--replay", "in.npz", "--chip", "cmos45", "--bits", "4", "--quiet"]
    calm = run(*words, "--out", "calm")
    assert (calm.exit_code, calm.stderr) == (0, "")
    told = run(*words, "--out", "told", "--calibrate", "in.npz")
    assert told.exit_code == 0
    assert told.stderr.startswith("Note: n: 6.2% of its weights meet an end of their range, more than 1%")
    [before], [after] = (report(name)["quantisation"]["groups"] for name in ("calm", "told"))
    assert (before["saturated"], after["saturated"]) == (0, pytest.approx(1 / 16))
    assert after["vanished"] < before["vanished"]


def test_the_way_back(run: Run, net: SpikingNetwork) -> None:
    """In its old units a rounded network has weights that are off by half a step at most, and the same spikes."""
    words = ["--from", "snntorch", "--bits", "6", "--per-channel"]
    assert run("import", "net.nir", "whole.npz", *words).exit_code == 0
    assert run("export", "whole.npz", "real.nir", "--unscaled").exit_code == 0
    assert run("import", "real.nir", "real.npz").exit_code == 0
    whole, real = read("whole.npz"), read("real.npz")
    for c, steps, back in zip(net.connections, whole.connections, real.connections, strict=True):
        scale = np.array(whole.group(c.target).metadata["quantised"]["scale"])
        assert c.weights is not None and back.weights is not None and steps.weights is not None
        off = np.abs(back.weights - c.weights) / scale
        assert 0.3 < off.max() < 0.5001
        assert np.array_equal(steps.weights, np.trunc(steps.weights))
        assert not np.array_equal(back.weights, np.trunc(back.weights))
    for group in real.groups[1:]:
        wanted = net.group(group.name).parameters["v_threshold"]
        assert group.parameters["v_threshold"] == pytest.approx(wanted, abs=0.002)
        assert "quantised" not in group.metadata
    with np.load("in.npz") as stored:
        seen = [run_spiking(one, stored["spikes.0"], "ideal-bits").replay.spikes[1] for one in (whole, real)]
    # Leaks are rounded on membranes of integers, and not on those of real numbers.
    assert np.mean(seen[0] != seen[1]) < 0.01
    refused = run("export", "net.npz", "no.nir", "--unscaled")
    assert (refused.exit_code, "net.npz is none" in refused.stderr) == (2, True)
    assert unscaled(net).connections[0].weights is net.connections[0].weights
    assert quantised(net, 6).bits == 6


def test_narrow_membranes_say_that_they_overflow(run: Run, net: SpikingNetwork) -> None:
    text = chip_text("cmos45")
    assert 'bits = 32\noverflow = "saturate"\n' in text
    narrow = text.replace(
        'bits = 32\noverflow = "saturate"\n', 'bits = 11\nfraction = 0\noverflow = "wrap"\n'
    )
    Path("narrow.toml").write_text(narrow, encoding="utf-8")
    words = ["simulate", "net.npz", "--replay", "in.npz", "--bits", "8", "--chip", "narrow.toml"]
    done = run(*words, "--out", "out")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.startswith("Note: potentials wrapped around the ends of 11 bits: 1 ")
    assert "wrapped around: 1 " in done.stdout
    assert report("out")["membranes"]["groups"]["1"]["overflows"] > 0
    assert report("out")["hardware"]["state_format"] == "int16"
    wide = run(*words[:-1], "cmos45", "--out", "wide")
    assert (wide.exit_code, wide.stderr) == (0, "")
    refused = Path("tiny.toml")
    refused.write_text(narrow.replace("bits = 11\nfraction = 0", "bits = 6"), encoding="utf-8")
    told = run(*words[:-1], "tiny.toml", "--out", "no")
    assert told.exit_code == 2
    assert "and membranes of 6 bits hold -32 to 31" in told.stderr


def test_what_makes_no_sense_is_refused(run: Run, net: SpikingNetwork) -> None:
    data = ["--replay", "in.npz"]
    for words, said in (
        (
            ["net.npz", *data, "--chip", "loihi", "--bits", "12"],
            "--bits: must be what loihi has, integers of 1 to 9",
        ),
        (
            ["net.npz", *data, "--calibrate", "in.npz"],
            "--calibrate: rounds nothing, for cmos45 has floating-point",
        ),
        (["net.npz", *data, "--per-channel"], "--per-channel: rounds nothing"),
        (["mnist-small", "--bits", "8"], "round the weights of a network: name its .npz"),
        (["net.nir"], "a network needs its input"),
    ):
        done = run("simulate", *words)
        assert done.exit_code == 2, done.output
        assert said in done.stderr
