"""Several targets of one sample are learnt: what a run of them writes, shows and answers, on every way to a chip."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurochip
from firmware_sim.through import through_firmware
from neurochip import SweepRequest, run_sweep, simulate
from neurochip.data import Dataset, Part, from_arrays, load
from neurochip.errors import ConfigError, Interrupted
from neurochip.studies.tuning import tune
from tests.cli.conftest import Run, Workplace
from tests.cli.test_own_data import stopping
from tests.unit.training.tiny import results, same

SETS = (
    "network.layers=[0, 16, 0]",
    "learning.rates=0.2",
    "learning.minibatch=5",
    "learning.epochs=15",
    "phases.free=100",
    "phases.nudged=50",
    "record.presentations=1",
)
X = np.random.default_rng(4).uniform(size=(150, 4))
COLOUR = np.where(X[:, 0] > 0.5, "red", "blue")
HOT, ROUND, SIZE = X[:, 1] > 0.5, X[:, 2] > 0.5, 10 * X[:, 3]
Y = {"colour": COLOUR, "hot": HOT, "round": ROUND, "size": SIZE}
TEXT = "\n".join(
    ["a,b,c,d,colour,hot,round,size",
     *(",".join([*map(repr, map(float, X[k])), COLOUR[k], str(int(HOT[k])), str(int(ROUND[k])), repr(float(SIZE[k]))])
       for k in range(len(X)))]
)  # fmt: skip
WORDS = (
    *SETS, "data.file=own.csv", "data.task=several", 'data.target=["colour", "hot", "round", "size"]',
    'data.kinds=["classes", "label", "label", "number"]',
)  # fmt: skip


def words(*more: str) -> list[str]:
    return [part for word in (*WORDS, *more) for part in ("--set", word)]


def document(folder: str) -> Any:
    return json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))


@pytest.fixture
def own(place: Workplace) -> Path:
    return place.write("own.csv", TEXT)


def test_a_table_with_several_targets_is_a_run(run: Run, own: Path) -> None:
    result = run("simulate", *words(), "--out", "first")
    assert result.exit_code == 0, result.output
    assert "mean of heads" in result.output and "all right" in result.output
    told = document("first")
    assert told["run"]["network"]["layers"] == [4, 16, 5] and told["result"]["confusion"] is None
    assert [(h["name"], h["kind"]) for h in told["data"]["heads"]] == [
        ("colour", "classes"), ("labels", "labels"), ("size", "numbers"),
    ]  # fmt: skip
    colour, labels, size = told["heads"]["each"]
    assert np.sum(colour["confusion"]) == told["result"]["test_samples"] == told["data"]["test"]
    errors = [head["error"] for head in (colour, labels, size)]
    assert told["result"]["test_error"] == pytest.approx(np.mean(errors))
    assert max(errors[:2]) < 0.2 and errors[2] < 0.7
    assert errors[0] == pytest.approx(1 - np.trace(colour["confusion"]) / np.sum(colour["confusion"]))
    assert labels["exact"] <= 1 - max(row["error"] for row in labels["labels"])
    assert told["heads"]["exact"] <= labels["exact"]
    assert size["regression"][0]["r2"] == pytest.approx(1 - size["error"])
    epochs = told["result"]["epochs"]
    assert epochs[0]["online_error"] > epochs[-1]["online_error"]
    page = Path("first/report.html").read_text(encoding="utf-8")
    assert "Predicted against true: size" in page and "mean F1" in page and "All right" in page
    assert "recognised</span>" not in page  # no class of a whole presentation

    shown = run("figures", "first", "--format", "csv", "--out", "figures")
    assert shown.exit_code == 0, shown.output
    names = {path.name for path in Path("figures").iterdir()}
    assert {"confusion-colour.csv", "labels-labels.csv", "answers-size.csv", "learning.csv"} <= names
    rows = list(csv.reader(Path("figures/confusion-colour.csv").read_text(encoding="utf-8").splitlines()))
    assert [[int(n) for n in row[1:]] for row in rows[1:]] == colour["confusion"]
    again = run("compare", "first", "first")
    assert again.exit_code == 0, again.output


def test_a_model_answers_and_is_measured_head_by_head(run: Run, own: Path) -> None:
    assert run("simulate", *words(), "--quiet", "--out", "first").exit_code == 0
    told, model = document("first"), neurochip.load("first")
    answers = model.predict(X)
    assert isinstance(answers, dict) and list(answers) == ["colour", "labels", "size"]
    assert answers["labels"].dtype == bool and answers["labels"].shape == (150, 2)
    own_tests = model.evaluate()
    assert [head.to_json() for head in own_tests.heads] == [
        {key: value for key, value in head.items() if key != "regression"} for head in told["heads"]["each"]
    ]
    assert (own_tests.error, own_tests.exact) == (told["result"]["test_error"], told["heads"]["exact"])
    right = (answers["colour"] == COLOUR) & (answers["labels"] == np.stack([HOT, ROUND], axis=1)).all(axis=1)
    for y in (Y, {"colour": COLOUR, "labels": np.stack([HOT, ROUND], axis=1), "size": SIZE}):
        assert model.evaluate(X, y).exact == right.mean()
    done = run("predict", "first", "own.csv", "--out", "said.csv")
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(Path("said.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["colour"] for row in rows] == answers["colour"].tolist()
    assert [int(row["hot"]) for row in rows] == answers["labels"][:, 0].astype(int).tolist()
    np.testing.assert_allclose([float(row["size"]) for row in rows], answers["size"][:, 0])
    assert run("predict", "first", "own.csv", "--out", "said.npz").exit_code == 0
    with np.load("said.npz") as stored:
        np.testing.assert_array_equal(stored["answer/labels"], answers["labels"])
    measured = run("evaluate", "first", "--data", "own.csv", "--json")
    assert json.loads(measured.output)["exact"] == pytest.approx(right.mean())
    plain = run("evaluate", "first", "--data", "own.csv")
    assert "colour: " in plain.output and "F1" in plain.output and "size: R²" in plain.output


@pytest.mark.parametrize("recipe", ["mnist-small", "mnist-continuous", "analog-mnist-small"])
def test_stopped_and_resumed_is_bit_identical(place: Workplace, recipe: str) -> None:
    samples = from_arrays(X, Y, name="own", validation=0.1)
    asked = [*SETS[:3], "learning.epochs=2", "phases.free=15", "phases.nudged=8"]
    simulate(recipe, overrides=asked, samples=samples, out="whole", threads=1)
    with pytest.raises(Interrupted):
        simulate(recipe, overrides=asked, samples=samples, out="cut", threads=1, stop=stopping(5))
    simulate(resume="cut", samples=samples, threads=1)
    first, second = (
        {name: v for name, v in results(Path(folder)).items() if "diagnos" not in name}
        for folder in ("whole", "cut")
    )
    for found in (first, second):
        found["report"].pop("analog", None)
    same(first, second)
    assert (
        first["report"]["heads"]["each"] and neurochip.load("cut").coding.heads.sizes == samples.heads.sizes
    )


def dealt(samples: Dataset, columns: slice) -> Dataset:
    """Return the samples with the training targets of some columns dealt out anew."""
    targets = samples.train.targets.copy()
    order = np.random.default_rng(1).permutation(len(targets))
    targets[:, columns] = targets[order, columns]
    return dataclasses.replace(samples, train=Part(samples.train.inputs, targets), source=None)


def test_a_head_learns_from_its_own_targets() -> None:
    """With the targets of one head dealt out anew that one is at chance, and the others still learn."""
    samples = from_arrays(X, Y)
    errors = {}
    for name, one in {
        "all": samples,
        "colour": dealt(samples, slice(0, 1)),
        "labels": dealt(samples, slice(1, 3)),
    }.items():
        model = neurochip.train("mnist-small", overrides=SETS, samples=one, threads=1)
        errors[name] = {
            head.name: head.error
            for head in model.evaluate(X[:100], {k: v[:100] for k, v in Y.items()}).heads
        }
    assert errors["all"]["colour"] < 0.2 and errors["all"]["labels"] < 0.2
    assert errors["colour"]["colour"] > 0.3 and errors["colour"]["labels"] < 0.2
    assert errors["labels"]["labels"] > 0.3 and errors["labels"]["colour"] < 0.2


SMALL = (
    "data.train=60", "data.test=30", "learning.epochs=1", "evaluation.train=20", "network.layers=[64, 6, 10]",
    "phases.free=12", "phases.nudged=6",
)  # fmt: skip


@pytest.mark.parametrize("keys", [("substrate=ideal",), (), ("network.precision=int8",), ("substrate=analog",),
                                  ("network.tied=false", "learning.pre=trace")])  # fmt: skip
def test_every_sample_is_answered_as_in_the_run(tmp_path: Path, keys: tuple[str, ...]) -> None:
    model = neurochip.train("crossed-bars", overrides=[*SMALL, *keys], threads=1)
    loaded = neurochip.load(model.save(tmp_path / "model"), threads=2)
    samples = load(model.run.data)
    answers = loaded.predict(samples.presented(slice(None), "test"))
    assert isinstance(answers, dict)
    codes = np.stack([*(np.array([list(h.names).index(v) for v in answers[h.name]]) for h in samples.heads.all[:2]),
                      *answers["bright"].T], axis=1)  # fmt: skip
    assert samples.heads.error(samples.test.targets, codes) == model.document["result"]["test_error"]
    assert loaded.evaluate().error == model.document["result"]["test_error"]


def test_a_controller_changes_no_bit_of_several_heads(place: Workplace) -> None:
    with through_firmware() as through:
        simulate("crossed-bars", overrides=SMALL, through=through, out="driven", threads=1)
    simulate("crossed-bars", overrides=SMALL, out="direct", threads=1)
    assert document("driven")["heads"] == document("direct")["heads"]
    for one, other in zip(
        neurochip.load("driven").weights.values(), neurochip.load("direct").weights.values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


GRAPH = """
experiment = "train"
substrate = "digital"
chip = "cmos45"
data = {{ set = "crossed-bars", train = 200, test = 50 }}
phases = {{ free = 20, nudged = 10 }}
learning = {{ beta = 0.5, rates = 0.2, epochs = 1, minibatch = 20 }}

[network]
populations = [
    {{ name = "pixels", shape = [64], role = "input" }}, {{ name = "hidden", shape = [12] }}, {outputs}
]
projections = [{{ from = "pixels", to = "hidden" }}, {projections}]
"""


def graph(sizes: list[int]) -> str:
    names = [f"out{k}" for k in range(len(sizes))]
    outputs = ", ".join(
        f'{{ name = "{n}", shape = [{s}], role = "output" }}' for n, s in zip(names, sizes, strict=True)
    )
    return GRAPH.format(
        outputs=outputs, projections=", ".join(f'{{ from = "hidden", to = "{n}" }}' for n in names)
    )


def test_each_head_may_be_an_output_of_its_own(place: Workplace) -> None:
    """A graph with an output for each head says the same as one output with all of them side by side."""
    errors = {}
    for name, sizes in {"own": [4, 4, 2], "one": [10]}.items():
        place.write(f"{name}.toml", graph(sizes))
        model = neurochip.train(f"{name}.toml", threads=1, out=name)
        told = model.document
        errors[name] = [head["error"] for head in told["heads"]["each"]]
        assert model.outputs(np.zeros((3, 64), np.uint8)).shape == (3, 10)
        assert model.evaluate().error == told["result"]["test_error"]
        words = told["counters"]["readout"]["populations"]
        read = {p for p, counts in words.items() if counts["readout_words"]}
        assert read == ({"out0", "out1", "out2"} if name == "own" else {"out0"})
    assert min(errors["own"]) < 1
    with through_firmware() as through, pytest.raises(ConfigError, match="a controller reads one"):
        simulate("own.toml", through=through, write=False, threads=1)


def test_sizes_that_do_not_match_are_refused(run: Run, own: Path, place: Workplace) -> None:
    place.write("other.toml", graph([4, 3, 2]))
    result = run("simulate", "other.toml")
    assert result.exit_code == 2 and result.output.count("\n") == 1, result.output
    assert (
        "must have an output of 4 and one of 4 and one of 2 neurons, the heads of crossed-bars in order"
        in result.output
    )
    result = run("simulate", *words("network.layers=[4, 8, 3]"))
    assert (
        "own.csv has 4 inputs and 5 outputs, the network 4 and 3" in result.output
        and not Path("runs").exists()
    )


def test_sweep_and_tune_go_by_the_mean_of_the_heads(place: Workplace, own: Path) -> None:
    samples = from_arrays(X, Y, name="own", validation=0.2)
    asked = [*SETS[:3], "learning.epochs=2", "phases.free=20", "phases.nudged=10"]
    request = SweepRequest(
        "tabular", overrides=asked, vary=["learning.beta=0.3,0.5"], seeds=1, modes="in-loop"
    )
    swept = run_sweep(request, samples=samples, out="swept", workers=1)
    words = [*asked, "learning.beta=0.3"]
    direct = simulate("tabular", overrides=words, samples=samples, write=False, seed=1).record
    errors = [p["error"] for p in swept.document["points"] if p["values"] == ["0.3"]]
    assert errors == [direct.epochs[-1].test_error]
    found = tune(
        "tabular", overrides=asked, samples=samples, vary=["learning.beta=0.3,0.5"], trials=2, out="tuned"
    )
    assert len(found.trials) == 2 and not any(trial.failure for trial in found.trials)
