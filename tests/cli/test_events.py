"""Events tick by tick, from the command line: learnt, stored, taken up again, asked; refused where neurons settle."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurochip
from neurochip import SpikeTrains, simulate
from neurochip.data import Dataset, DataSpec, Part, from_arrays, load
from neurochip.data.moving_bars import bars
from neurochip.errors import ConfigError, DataError, Interrupted
from tests.cli.conftest import Run, Workplace
from tests.unit.data import recordings as written
from tests.unit.data.test_recordings import folder
from tests.unit.training.tiny import results, same

SHORT = ("learning.epochs=2", "phases.free=20", "phases.nudged=10", "record.presentations=1")


def sets(*words: str) -> list[str]:
    return [part for word in (*SHORT, *words) for part in ("--set", word)]


def test_bars_are_told_spikes_in_spikes_out() -> None:
    """And not where training labels are dealt out anew: the control."""
    whole = load(DataSpec(set="moving-bars", present="spikes", tick=100.0, train=400, test=200))
    order = np.random.default_rng(1).permutation(400)
    train = Part(whole.train.inputs, whole.train.targets[order])
    words = [
        "learning.epochs=4",
        "phases.free=60",
        "phases.nudged=30",
        "evaluation.train=0",
        "record.presentations=0",
    ]

    def error(samples: Dataset) -> float:
        found = simulate(
            "moving-bars-spikes", overrides=words, samples=samples, write=False, threads=1
        ).record
        assert found.epochs[-1].test_error is not None and (found.epochs[-1].spikes_per_sample or 0) > 100
        return found.epochs[-1].test_error

    assert error(whole) < 0.15
    assert error(dataclasses.replace(whole, train=train, source=None)) > 0.5


def recorded(place: Path, n: int = 40) -> Path:
    """Write so many bars as events of tonic's form."""
    events, labels = bars(0, n)
    records = np.zeros(len(events.t), written.DTYPE)
    for field in "xytp":
        records[field] = getattr(events, field)
    np.savez(
        place / "bars.npz", events=records, starts=events.edges[:-1], labels=labels, size=np.array([12, 12])
    )
    return place / "bars.npz"


def test_a_run_on_a_file_of_events(run: Run, place: Workplace) -> None:
    recorded(place.folder)
    words = sets("data.file=bars.npz", "data.tick=100")
    result = run("simulate", "moving-bars-spikes", *words, "--quiet", "--out", "first")
    assert result.exit_code == 0, result.output
    told = json.loads(Path("first/report.json").read_text(encoding="utf-8"))
    assert told["data"]["ticks"] == 10 and told["data"]["scaling"] == "spikes"
    assert told["run"]["data"]["window"] == 1000 and told["run"]["data"]["sensor"] == [12, 12]
    assert "events as spikes in 10 ticks" in Path("first/report.html").read_text(encoding="utf-8")
    # The run again, and what the model answers: of the file, of a recording, of an array of 0 and 1.
    assert run("simulate", "first/run.toml", "--quiet", "--out", "again").exit_code == 0
    same(results(Path("first")), results(Path("again")))
    events, labels = bars(0, 40)
    model = neurochip.load("first")
    whole = load(model.run.data)
    shown = whole.presented(slice(None), "test")
    assert isinstance(shown, SpikeTrains)
    wanted = model.outputs(shown)
    np.testing.assert_array_equal(model.outputs(shown.bits()), wanted)
    assert model.evaluate().error == pytest.approx(told["result"]["test_error"])
    result = run("predict", "first", "bars.npz", "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["labels"]) == 40
    one = np.zeros(int(events.edges[1]), written.DTYPE)
    for field in "xytp":
        one[field] = getattr(events, field)[: len(one)]
    np.save("one.npy", one)
    alone = run("predict", "first", "one.npy", "--json")
    assert alone.exit_code == 0, alone.output
    assert json.loads(alone.stdout)["outputs"][0] == json.loads(result.stdout)["outputs"][0]
    assert run("evaluate", "first", "--data", "bars.npz").exit_code == 0
    assert run("trace", "first", "--format", "npz", "--out", "t.npz").exit_code == 0


def test_a_stopped_run_goes_on_bit_for_bit(place: Workplace) -> None:
    recorded(place.folder)
    words = [*SHORT, "data.file=bars.npz", "data.tick=100"]
    simulate("moving-bars-spikes", overrides=words, out="whole", threads=1)
    asked = iter(range(10_000))
    with pytest.raises(Interrupted):
        simulate("moving-bars-spikes", overrides=words, out="part", threads=1, stop=lambda: next(asked) >= 4)
    simulate(resume="part")
    same(results(Path("whole")), results(Path("part")))
    recorded(place.folder, 41)
    with pytest.raises(DataError, match="bars.npz: has changed: its digest is [0-9a-f]{64}, .* [0-9a-f]{64}"):
        neurochip.train(Path("part/run.toml"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["neuron.kind=settling"], 'data.present: "spikes" needs neurons that fire'),
        (["data.scaling=counts"], "data.scaling"),
        (["data.frames=2"], 'data.frames: has no effect without data.present = "values"'),
        (["data.present=values", "data.tick=3"], "data.tick: has no effect without data.present"),
        (["data.tick=0.001"], "data.tick: of 0.001 makes more than 65535 ticks"),
    ],
)
def test_what_cannot_be_shown_is_refused(run: Run, place: Workplace, words: list[str], sentence: str) -> None:
    recorded(place.folder)
    given = sets("data.file=bars.npz", "data.tick=100", *words)
    if "neuron.kind=settling" in words:
        result = run("simulate", "moving-bars", *sets("data.present=spikes", "data.tick=100"), "--out", "x")
    else:
        result = run("simulate", "moving-bars-spikes", *given, "--out", "x")
    assert result.exit_code != 0 and sentence in result.output, result.output
    assert not Path("x").exists()


def test_a_controller_writes_values(run: Run) -> None:
    result = run("simulate", "moving-bars-spikes", *sets(), "--through", "firmware", "--out", "x")
    assert result.exit_code != 0 and "a controller writes values into its chip" in result.output
    assert not Path("x").exists()


def test_spikes_given_from_python() -> None:
    rng = np.random.default_rng(2)
    y = np.arange(60) % 2
    # The first or the second half of the window: time alone tells.
    bits = np.zeros((60, 12, 5), np.uint8)
    for row, label in enumerate(y):
        bits[row, 6 * label : 6 * label + 6] = rng.random((6, 5)) < 0.4
    samples = from_arrays(SpikeTrains.from_array(bits), y)
    assert samples.ticks == 12 and samples.n_inputs == 5
    with pytest.raises(ConfigError, match="data.present: arrays shows spikes in their ticks"):
        simulate("stripes", overrides=["network.layers=[0, 4, 0]"], samples=samples, write=False)
    with pytest.raises(
        DataError, match="shows spikes in their ticks, and values that stand still are needed"
    ):
        samples.inputs(slice(None))


def test_a_folder_of_recordings_is_a_run(run: Run, place: Workplace) -> None:
    folder(place.folder / "set", n=4)
    words = sets("data.file=set", "data.tick=200", "data.sensor=[34, 34]", "network.layers=[0, 5, 0]")
    result = run("simulate", "moving-bars-spikes", *words, "--quiet", "--out", "first")
    assert result.exit_code == 0, result.output
    told: Any = json.loads(Path("first/report.json").read_text(encoding="utf-8"))
    assert told["data"]["classes"] == ["3", "7", "12"] and told["run"]["network"]["layers"] == [2312, 5, 3]
