"""`neurochip simulate --replay`: recorded spikes, costed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip import replay
from neurochip.cores.raster_file import load_arrays, recorded_traffic
from neurochip.report.reading import read_rasters
from neurochip.runs.settling import settle
from neurochip.spikes import Spikes

from .conftest import Finished, Run, Workplace

SIZES = (20, 12, 5)
FILES = ("placement.csv", "report.html", "report.json", "spikes.npz")


def spikes(ticks: int = 30) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(5)
    return {f"spikes.{k}": (rng.random((ticks, size)) < 0.2).astype(np.uint8) for k, size in enumerate(SIZES)}


def document(folder: Path | str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    return table


def test_a_raster_of_any_network(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    result = run(
        "simulate", "--replay", "mine.npz", "--out", "out", "--chip", "loihi-sanafe", "--timing", "cycle"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert place.files() == ["mine.npz", *(f"out/{name}" for name in FILES)]
    # The same from Python, where nothing of the command takes part.
    seen = replay(
        list(spikes().values()),
        [np.full(shape, 127, np.int8) for shape in zip(SIZES, SIZES[1:], strict=False)],
        "loihi-sanafe",
        [[0] * 20, [1] * 12, [2] * 5],
        timing="cycle",
    )
    table = document("out")
    assert table["totals"] == dict(seen.counters.totals)
    assert table["per_tick"]["cycles"] == seen.time.cycles_per_tick.tolist()  # type: ignore[union-attr]
    assert table["energy_j"]["by_category"] == {k: v for k, v in seen.energy_j.items() if k != "total"}
    assert table["time"]["cycles"] == seen.time.cycles
    assert table["bits"]["spikes"] == sum(int(bits.sum()) for bits in spikes().values()) > 0
    assert "packets" in result.stdout
    assert result.stdout.splitlines()[-2:] == ["out", "neurochip report out --open"]
    stored = recorded_traffic(load_arrays("out/spikes.npz"))
    assert list(stored.spikes) == [Spikes.from_array(bits) for bits in spikes().values()]


def test_what_the_file_says_is_taken(run: Run, place: Workplace) -> None:
    rng = np.random.default_rng(6)
    weights = [rng.integers(-3, 4, shape) for shape in zip(SIZES, SIZES[1:], strict=False)]
    placement = [rng.integers(0, 9, size) for size in SIZES]
    loop = rng.integers(-3, 4, (5, 5))
    arrays = spikes() | {f"weights.{k}": w for k, w in enumerate(weights)} | {"recurrent.2": loop}
    arrays |= {f"placement.{k}": on for k, on in enumerate(placement)}
    np.savez(place.folder / "mine.npz", **arrays)  # type: ignore[arg-type]
    assert run("simulate", "--replay", "mine.npz", "--out", "out", "--chip", "loihi").exit_code == 0
    seen = replay(list(spikes().values()), weights, "loihi", placement, recurrent=[None, loop])
    table = document("out")
    assert table["totals"] == dict(seen.counters.totals)
    assert table["hardware"]["weight_format"] == "int3"
    # Cores that hold neurons of several layers are one row of the counters.
    assert len(table["chip"]["layout"]) == len(set(np.concatenate(placement).tolist()))
    assert sum(core["neurons"] for core in table["chip"]["layout"]) == sum(SIZES)


def test_the_raster_of_a_run(run: Run, finished: Finished) -> None:
    result = run("simulate", "--replay", finished.folder / "raster.npz", "--out", "out", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "out\n", "")
    table = document("out")
    (raster,) = read_rasters(finished.folder)
    assert table["totals"]["spikes_sent"] == sum(bits.count() for bits in raster.spikes)
    assert table["hardware"]["weight_format"] == "float32"
    assert [core["site"] for core in table["chip"]["layout"]] == [
        core["site"] for core in finished.report["chip"]["layout"]
    ]


def test_traffic_is_what_the_emulated_chip_counted(run: Run, place: Workplace) -> None:
    """Spikes of an emulation, replayed on its network: same packets, hops, SOPs, bits, core by core."""
    rng = np.random.default_rng(8)
    sizes = (784, 30, 10)
    weights = [rng.normal(0, 0.1, shape) for shape in zip(sizes, sizes[1:], strict=False)]
    settled = settle(weights, [np.zeros(30), np.zeros(10)], rng.random((1, 784)), n_free=25, chip="cmos45")
    arrays = {f"spikes.{k}": bits[:, 0] for k, bits in enumerate(settled.spikes)}
    np.savez(place.folder / "mine.npz", **arrays)  # type: ignore[arg-type]
    assert (
        run("simulate", "mnist-small", "--set", "network.layers=[784, 30, 10]",
            "--replay", "mine.npz", "--out", "out").exit_code == 0
    )  # fmt: skip
    ours, theirs = document("out")["counters"]["free"], settled.counters.to_json()["free"]
    sent = (
        "spikes_sent",
        "packets",
        "hops_ew",
        "hops_ns",
        "symbols",
        "aer",
        "bitmap",
        "aer_hops",
        "bitmap_hops",
    )
    for core, counts in theirs["cores"].items():
        assert {name: ours["cores"][core][name] for name in sent} == {name: counts[name] for name in sent}
    # The emulated chip counts what arrives one tick later: what the last tick sent is still under way.
    last = {k: int(bits[-1].sum()) for k, bits in enumerate(arrays.values())}
    late = last[0] * 30 + last[1] * 10 + last[2] * 30
    assert ours["sops"] - late == theirs["sops"] > 0


def test_a_run_that_loses_packets(run: Run, finished: Finished, place: Workplace) -> None:
    faults = ["--set", "faults.spike_drop=0.1", "--set", "faults.dead_core.cores=[2]"]
    beside = [finished.folder / "run.toml", "--replay", finished.folder / "raster.npz"]
    result = run("simulate", *beside, *faults, "--out", "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: faults: mnist-small has spike_drop, dead_core, and a replay is of a chip that loses nothing; "
        "name a run without them\n"
    )
    assert place.files() == []
    # What neurons send is in the raster: the run may say so, and whoever sets it now would wait for an effect.
    assert run("simulate", *beside, "--set", "faults.spike_spurious=0.1", "--out", "out").exit_code == 2
    text = (finished.folder / "run.toml").read_text(encoding="utf-8")
    place.write("noisy.toml", f"{text}\n[faults]\nspike_spurious = 0.1\n")
    assert run("simulate", "noisy.toml", *beside[1:], "--out", "out").exit_code == 0


def test_cost_anew(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    run("simulate", "--replay", "mine.npz", "--out", "out", "--chip", "loihi")
    before = document("out")
    result = run("report", "out", "--energies", "loihi-sanafe")
    assert (result.exit_code, result.stderr) == (0, "")
    after = json.loads(Path("out/report-loihi-sanafe.json").read_text(encoding="utf-8"))
    assert after.pop("energy_j") != before.pop("energy_j")
    assert after == before
    assert result.stdout.splitlines()[-1] == "out/report-loihi-sanafe.html"
    assert run("report", "out").stdout.splitlines()[-1] == "out/report.html"


def test_json(run: Run, place: Workplace) -> None:
    np.savez(place.folder / "mine.npz", **spikes())  # type: ignore[arg-type]
    result = run("simulate", "--replay", "mine.npz", "--out", "out", "--json")
    assert json.loads(result.stdout) == document("out")


BAD: list[tuple[dict[str, Any], list[str], int, str]] = [
    ({"spikes.1": np.zeros((30, 12))}, [], 3, "mine.npz: spikes.1: must be uint8, got float64"),
    ({"spikes.1": np.full((30, 12), 2, np.uint8)}, [], 3, "mine.npz: spikes.1[0, 0]: must be 0 or 1, got 2"),
    ({"placement.0": np.full(20, 99), "placement.1": np.zeros(12, int), "placement.2": np.zeros(5, int)}, [],
     4, "placement[0][0]: cmos45 has no core 99; its cores are 0 to 63"),
    ({}, ["--chip", "ideal-bits", "--timing", "cycle"],
     2, 'timing: "cycle" needs a clock, and ideal-bits has none; use "tick" or another chip'),
    ({}, ["--set", "seed=2"], 2, "overrides: change a run, and there is none; name one beside the raster"),
    ({}, ["--set", "chip.timing.clock=1 GHz"],
     2, '--set chip.timing.clock: has no effect with timing = "tick", which knows no cycles; choose "analytic" or '
        '"cycle"'),
    ({}, ["--set", "chip.timing.fifo_depth=1", "--timing", "analytic"],
     2, '--set chip.timing.fifo_depth: has no effect with timing = "analytic", which knows no queues; choose "cycle"'),
    ({}, ["--set", "chip.timing.cycles_per_weight_write=1", "--timing", "cycle"],
     2, "--set chip.timing.cycles_per_weight_write: has no effect here: nothing is learned and no words of the host "
        "are moved; leave it out"),
    ({}, ["mnist-small"], 3, "spikes: have layers 20-12-5, and the network of mnist-small is 784-500-10"),
    ({}, ["mnist-continuous"],
     2, 'substrate: must be "digital" to send spikes, and mnist-continuous is "ideal"'),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "options", "code", "sentence"), BAD)
def test_refused(
    run: Run, place: Workplace, changes: dict[str, Any], options: list[str], code: int, sentence: str
) -> None:
    np.savez(place.folder / "mine.npz", **(spikes() | changes))
    result = run("simulate", "--replay", "mine.npz", "--out", "out", *options)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"Error: {sentence}\n"
    assert place.files() == ["mine.npz"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--chip", "loihi"], "--chip needs --replay; of a run change the value with --set, e.g. --set chip=loihi"),
        (["--replay", "x.npz", "--seed", "1"],
         "--replay draws nothing and takes one thread; leave out --seed and --threads"),
        (["--replay", "x.npz", "--resume", "y"],
         "--resume goes on with the run of its folder as it was; leave out --replay"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together(run: Run, args: list[str], sentence: str) -> None:
    result = run("simulate", *args)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, f"Error: {sentence}")


def test_what_a_run_says_and_its_replay_does_not_ask_is_refused(run: Run, finished: Finished) -> None:
    raster = str(finished.folder / "raster.npz")
    result = run("simulate", "--replay", raster, "--out", "out", "--set", "learning.beta=0.125")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --set learning.beta: changes nothing here: a replay takes network, format of weights, placement and "
        "chip of a run; leave it out\n",
    )
    asked = ["--set", "network.precision=int8", "--set", "chip.timing.clock=1 GHz", "--timing", "analytic"]
    assert run("simulate", "--replay", raster, "--out", "out", "--quiet", *asked).exit_code == 0
    time = document("out")["time"]
    assert time["seconds"] == pytest.approx(time["cycles"] / 1e9)
