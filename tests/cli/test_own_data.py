"""A run on data of one's own: its folder says which, does it again, and goes on with no other."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip import SweepRequest, run_sweep, simulate
from neurochip.data import Dataset, DataSpec, Part, from_arrays, load
from neurochip.description import read_run
from neurochip.errors import CheckpointError, ConfigError, DataError, Interrupted
from neurochip.studies.tuning import tune
from tests.cli.conftest import Run, Workplace
from tests.unit.training.tiny import results, same

pytestmark = pytest.mark.usefixtures("kept_workers")

SETS = (
    "network.layers=[0, 12, 0]",
    "learning.rates=0.2",
    "phases.free=20",
    "phases.nudged=10",
    "learning.epochs=3",
    "record.presentations=1",
)
X = np.random.default_rng(3).normal(size=(60, 5))
Y = np.array(["no", "perhaps", "yes"])[np.digitize(X[:, 0] + X[:, 3], [-0.6, 0.6])]
TEXT = "\n".join(
    ["a,b,c,d,e,kind", *(",".join([*map(repr, map(float, x)), y]) for x, y in zip(X, Y, strict=True))]
)


def sets(*words: str) -> list[str]:
    return [part for word in (*SETS, *words) for part in ("--set", word)]


def stopping(after: int) -> Callable[[], bool]:
    asked = iter(range(10_000))
    return lambda: next(asked) >= after


def document(folder: str) -> Any:
    return json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))


@pytest.fixture
def own(place: Workplace) -> Path:
    return place.write("own.csv", TEXT)


def test_a_csv_is_a_run(run: Run, own: Path) -> None:
    result = run("simulate", *sets("data.file=own.csv"), "--quiet", "--out", "first")
    assert result.exit_code == 0, result.output
    told, digest = document("first"), hashlib.sha256(own.read_bytes()).hexdigest()
    assert told["run"]["network"]["layers"] == [5, 12, 3] and told["run"]["learning"]["rates"] == [0.2, 0.2]
    assert told["run"]["data"]["digest"] == told["data"]["digest"] == digest
    assert told["run"]["data"]["file"] == str(own.resolve())
    assert told["data"]["classes"] == ["no", "perhaps", "yes"] and len(told["result"]["confusion"]) == 3
    assert (told["data"]["train"], told["data"]["test"], told["data"]["scaling"]) == (48, 12, "min-max")
    assert told["run"]["name"] == "own" and "digits" not in json.dumps(told)
    page = Path("first/report.html").read_text(encoding="utf-8")
    assert "own.csv" in page and "perhaps" in page and digest[:12] in page and "mnist" not in page
    # No neuron that the data do not have is counted.
    assert told["bits"]["symbols"] == (5 + 12 + 3) * told["time"]["training_ticks"]


def test_the_written_run_does_it_again_bit_for_bit(run: Run, own: Path) -> None:
    assert run("simulate", *sets("data.file=own.csv"), "--quiet", "--out", "first").exit_code == 0
    assert run("simulate", "first/run.toml", "--quiet", "--out", "again").exit_code == 0
    same(results(Path("first")), results(Path("again")))


def test_stopped_and_resumed_is_bit_identical(run: Run, own: Path) -> None:
    words = [*SETS, "data.file=own.csv"]
    simulate(overrides=words, out="whole", threads=1)
    with pytest.raises(Interrupted):
        simulate(overrides=words, out="cut", threads=1, stop=stopping(4))
    result = run("simulate", "--resume", "cut", "--quiet", "--threads", "1")
    assert result.exit_code == 0, result.output
    same(results(Path("whole")), results(Path("cut")))


def test_a_changed_file_is_refused_with_both_digests(run: Run, own: Path) -> None:
    with pytest.raises(Interrupted):
        simulate(overrides=[*SETS, "data.file=own.csv"], out="cut", threads=1, stop=stopping(4))
    before = hashlib.sha256(own.read_bytes()).hexdigest()
    own.write_text(TEXT.replace("perhaps", "maybe"), encoding="utf-8")
    after = hashlib.sha256(own.read_bytes()).hexdigest()
    files = {path.name: path.read_bytes() for path in Path("cut").iterdir()}
    for words in (
        ("simulate", "--resume", "cut"),
        ("simulate", "cut/run.toml", "--out", "x"),
        ("trace", "cut"),
    ):
        result = run(*words)
        assert result.exit_code != 0 and before in result.output and after in result.output, result.output
    assert {path.name: path.read_bytes() for path in Path("cut").iterdir()} == files and not Path(
        "x"
    ).exists()
    os.remove(own)
    assert f"{own.resolve()}: no such file" in run("simulate", "--resume", "cut").output
    assert run("simulate", "cut/run.toml", "--set", "data.set=wine", "--out", "x").exit_code != 0


def test_the_trace_shows_the_samples_of_the_run(run: Run, own: Path) -> None:
    assert run("simulate", *sets("data.file=own.csv"), "--quiet", "--out", "first").exit_code == 0
    words = ("--format", "npz", "--signals", "neuron.input.*.value", "--out", "seen.npz")
    result = run("trace", "first", *words)
    assert result.exit_code == 0, result.output
    with np.load("seen.npz") as seen:
        shown = seen["neuron.input.value"]
    np.testing.assert_array_equal(
        shown[0], load(read_run("first/run.toml").data).inputs(slice(0, 1), "test")[0]
    )


def test_samples_from_python(place: Workplace, run: Run) -> None:
    samples = from_arrays(X, Y, name="three answers")
    with pytest.raises(Interrupted):
        simulate(overrides=SETS, samples=samples, out="cut", threads=1, stop=stopping(4))
    simulate(overrides=SETS, samples=samples, out="whole", threads=1)
    told = document("whole")
    assert told["run"]["data"] == {"given": "three answers", "digest": samples.digest, "validation": 0.0}
    assert (told["run"]["name"], told["run"].get("about", "")) == ("three-answers", "")
    result = run("simulate", "--resume", "cut")
    assert result.exit_code != 0 and result.output.startswith(
        f"Error: cut: was begun with samples given from Python, three answers of digest {samples.digest}; give the same"
    )
    result = run("simulate", "whole/run.toml", "--out", "x")
    assert result.exit_code != 0 and "the samples 'three answers' were given from Python" in result.output
    assert not Path("x").exists()
    other = from_arrays(X, Y[::-1].copy(), name="three answers")
    with pytest.raises(
        CheckpointError,
        match=f"of digest {samples.digest}, and is given three answers of digest {other.digest}",
    ):
        simulate(resume="cut", samples=other)
    simulate(resume="cut", samples=samples, threads=1)
    same(results(Path("whole")), results(Path("cut")))


def test_samples_that_came_from_a_file_are_read_again(run: Run, own: Path) -> None:
    samples = load(DataSpec(file=str(own.resolve())))
    with pytest.raises(Interrupted):
        simulate(overrides=SETS, samples=samples, out="cut", threads=1, stop=stopping(4))
    assert run("simulate", "--resume", "cut", "--quiet").exit_code == 0
    assert document("cut")["run"]["data"]["file"] == str(own.resolve())


def test_sizes_that_do_not_fit_are_refused_with_both(run: Run, own: Path) -> None:
    result = run("simulate", *sets("data.file=own.csv", "network.layers=[784, 12, 10]"), "--out", "x")
    assert result.exit_code != 0 and not Path("x").exists()
    assert result.output.endswith(
        "network.layers: layer sizes do not match the data: own.csv has 5 inputs and 3 outputs, the network 784 and "
        "10; a 0 at either end takes those of the data, as the run `tabular` does, which fits any table\n"
    )
    for samples in (from_arrays(X, Y), from_arrays(X[:, :2], Y)):
        words = [*SETS[1:], "network.layers=[5, 12, 4]"]
        with pytest.raises(ConfigError, match="arrays has . inputs and 3 outputs, the network 5 and 4"):
            simulate(overrides=words, samples=samples, write=False)


@pytest.mark.parametrize("row", ["1,2,3,4,wet,yes", "1,2,3,4,5", "1,2,3,4,nan,yes", "1,2,3,4,5,"])
def test_bad_rows_leave_nothing_behind(run: Run, place: Workplace, row: str) -> None:
    place.write("own.csv", f"{TEXT}\n{row}\n")
    before = place.files()
    result = run("simulate", *sets("data.file=own.csv"), "--out", "x")
    assert result.exit_code != 0 and "own.csv: row 62" in result.output and result.output.count("\n") == 1
    assert place.files() == before


def test_sweep_and_tune_take_the_data_of_the_run(run: Run, own: Path) -> None:
    pytest.importorskip("loky")
    words = sets(
        "data.file=own.csv", "data.validation=0.25", "learning.epochs=1", "phases.free=8", "phases.nudged=4"
    )
    result = run("sweep", "mnist-small", *words, "--vary", "network.layers=[0,4,0],[0,6,0]", "--seeds", "1", "--quiet",
                 "--workers", "1", "--out", "swept")  # fmt: skip
    assert result.exit_code == 0, result.output
    pytest.importorskip("optuna")
    result = run(
        "tune", "mnist-small", *words, "--vary", "learning.rates=0.1,0.3", "--trials", "2", "--out", "found"
    )
    assert result.exit_code == 0, result.output
    told = json.loads(Path("found/tune.json").read_text(encoding="utf-8"))
    assert told["held_out"] == 12 and told["run"]["network"]["layers"] == [5, 12, 3]
    own.write_text(TEXT.replace("perhaps", "maybe"), encoding="utf-8")
    for command, folder in (("sweep", "swept"), ("tune", "found")):
        result = run(command, "--resume", folder, *(("--trials", "3") if command == "tune" else ()))
        assert result.exit_code != 0 and "own.csv" in result.output and "changed" in result.output, (
            result.output
        )


def test_errors_on_other_data_are_not_compared(run: Run, own: Path) -> None:
    for name, text in (("first", TEXT), ("second", TEXT.replace("perhaps", "maybe"))):
        own.write_text(text, encoding="utf-8")
        words = sets("data.file=own.csv", "learning.epochs=1", "phases.free=8", "phases.nudged=4")
        assert run("simulate", *words, "--quiet", "--out", name).exit_code == 0
    result = run("compare", "first", "second")
    assert result.exit_code == 0 and "learn from different data" in result.stderr
    assert "own.csv" in result.stdout
    assert "different data" not in run("compare", "first", "first").stderr


def test_bars_are_told_by_their_events() -> None:
    """And not where the training samples say anything: the control."""
    samples = load(DataSpec(set="moving-bars", train=300, test=100))
    order = np.random.default_rng(1).permutation(300)
    dealt = dataclasses.replace(
        samples, train=Part(samples.train.inputs, samples.train.targets[order]), source=None
    )
    words = ["learning.epochs=3", "phases.free=60", "phases.nudged=30", "evaluation.train=0"]
    errors = [
        simulate("moving-bars", overrides=words, samples=one, write=False, threads=1)
        .record.epochs[-1]
        .test_error
        for one in (samples, dealt)
    ]
    assert errors[0] is not None and errors[0] < 0.2
    assert errors[1] is not None and errors[1] > 0.5


def test_data_of_python_are_not_looked_for(place: Workplace) -> None:
    run = read_run("mnist-small")
    made: Dataset = from_arrays(X, Y)
    with pytest.raises(
        DataError, match="data.given: the samples 'arrays' were given from Python and stand in no file"
    ):
        load(DataSpec(given=made.name, digest=made.digest))
    assert run.data.set == "mnist-small"


def test_columns_of_one_name_are_refused(run: Run, place: Workplace) -> None:
    place.write("twice.csv", TEXT.replace("a,b,c,d,e,kind", "a,b,a,d,e,kind"))
    result = run("simulate", *sets("data.file=twice.csv"), "--out", "x")
    assert result.exit_code == 3 and not Path("x").exists()
    assert "twice.csv: row 1, column 'a': is there twice, as the columns 1 and 3" in result.output


def test_sizes_that_do_not_fit_name_the_run_for_tables(run: Run, own: Path) -> None:
    result = run("simulate", "--set", "data.file=own.csv", "--out", "x")
    assert result.exit_code != 0 and "as the run `tabular` does" in result.output, result.output
    result = run("simulate", "--set", "network.layers=[5, 4, 3]", "--out", "x")
    assert result.exit_code != 0 and "tabular" not in result.output  # a built-in set has the sizes it has


def test_a_controller_changes_no_bit_of_a_run_on_own_data(run: Run, own: Path) -> None:
    words = sets("data.file=own.csv", "learning.epochs=1")
    for name, more in (("direct", []), ("driven", ["--through", "firmware"])):
        result = run("simulate", *words, *more, "--quiet", "--out", name)
        assert result.exit_code == 0, result.output
    told = [document(name) for name in ("direct", "driven")]
    assert told[0]["run"]["data"]["digest"] == told[1]["run"]["data"]["digest"]
    for key in ("test_error", "confusion"):
        assert told[0]["result"][key] == told[1]["result"][key]
    rasters = [dict(np.load(f"{name}/raster.npz")) for name in ("direct", "driven")]
    assert rasters[0].keys() == rasters[1].keys()
    for name, array in rasters[0].items():
        np.testing.assert_array_equal(array, rasters[1][name])
    with h5py.File("direct/checkpoint.h5") as one, h5py.File("driven/checkpoint.h5") as other:
        for name in one["weights"]:
            np.testing.assert_array_equal(one["weights"][name][()], other["weights"][name][()])


def test_a_sweep_and_a_search_on_arrays(place: Workplace) -> None:
    samples = from_arrays(X, Y, name="three kinds")
    words = [*SETS, "learning.epochs=1"]
    asked = SweepRequest("tabular", overrides=words, vary=["learning.beta=0.3,0.5"], seeds=2, modes="in-loop")
    swept = run_sweep(asked, samples=samples, out="swept", workers=1)
    kept = f"samples-{samples.digest[:16]}.npz"
    assert Path(kept).is_file()
    direct = simulate(
        "tabular", overrides=[*words, "learning.beta=0.3"], samples=samples, write=False, seed=1
    )
    errors = [p["error"] for p in swept.document["points"] if p["values"] == ["0.3"] and p["seed"] == 1]
    assert errors == [direct.record.epochs[-1].test_error]
    assert run_sweep(resume="swept", workers=1).document["points"] == swept.document["points"]
    with pytest.raises(ConfigError, match="samples: are those that the sweep was begun with"):
        run_sweep(resume="swept", samples=samples)
    found = tune(
        "tabular", overrides=words, samples=samples, vary=["learning.beta=0.3,0.5"], trials=2, out="tuned"
    )
    assert len(found.trials) == 2 and not any(trial.failure for trial in found.trials)
    assert tune(resume="tuned").was_done
    Path(kept).write_bytes(b"")
    with pytest.raises(DataError, match="has changed: its digest is"):
        tune(resume="tuned", trials=3)


def test_a_million_features_are_refused_in_a_sentence(run: Run, place: Workplace) -> None:
    np.savez("wide.npz", x=np.zeros((10, 1_000_000), np.uint8), y=np.arange(10) % 2)
    result = run("simulate", "tabular", "--set", "data.file=wide.npz", "--out", "x")
    assert result.exit_code == 4 and not Path("x").exists()
    assert result.stderr.count("\n") == 1 and "synapse memory" in result.stderr
