"""Numbers are learnt: what a run of them writes and shows, that it goes on where it stood, and a control that fails."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip import simulate
from neurochip.data import Part, from_arrays
from neurochip.data.heads import unexplained
from neurochip.errors import Interrupted
from tests.cli.conftest import Run, Workplace
from tests.cli.test_own_data import stopping
from tests.unit.data.test_own import folder_of_idx
from tests.unit.training.tiny import results, same

SETS = (
    "network.layers=[0, 12, 0]",
    "learning.rates=0.3",
    "learning.minibatch=5",
    "learning.epochs=6",
    "phases.free=40",
    "phases.nudged=20",
    "record.presentations=1",
)
X = np.random.default_rng(4).uniform(size=(80, 3))
Y = np.stack([20 + 5 * X[:, 0] - 3 * X[:, 1], 100 * X[:, 2] ** 2], axis=1)
TEXT = "\n".join(
    ["a,b,c,height,weight", *(",".join(map(repr, map(float, row))) for row in np.hstack([X, Y]))]
)
WORDS = [*SETS, "data.file=own.csv", "data.task=regression", 'data.target=["height", "weight"]']


@pytest.fixture
def own(place: Workplace) -> Path:
    return place.write("own.csv", TEXT)


def test_two_numbers_are_learnt_and_shown(run: Run, own: Path) -> None:
    words = [part for word in WORDS for part in ("--set", word)]
    result = run("simulate", *words, "--out", "first")
    assert result.exit_code == 0, result.output
    assert (
        "R², test" in result.output
        and "r.m.s. deviation" in result.output
        and "test error" not in result.output
    )
    told: Any = json.loads(Path("first/report.json").read_text(encoding="utf-8"))
    assert told["run"]["network"]["layers"] == [3, 12, 2] and told["result"]["confusion"] is None
    assert [o["name"] for o in told["data"]["outputs"]] == ["height", "weight"]
    found = told["regression"]["outputs"]
    true, said = (np.array([o[name] for o in found]).T for name in ("true", "said"))
    assert true.shape == (16, 2) and {*true[:, 0]} <= {*Y[:, 0]}
    assert told["result"]["test_error"] == pytest.approx(unexplained(true, said))
    for k, output in enumerate(found):
        squared = np.mean((true[:, k] - said[:, k]) ** 2)
        assert output["rms"] == pytest.approx(np.sqrt(squared))
        assert output["r2"] == pytest.approx(1 - squared / np.var(true[:, k]))
    assert told["result"]["test_error"] < 0.5
    assert told["result"]["epochs"][0]["online_error"] > told["result"]["epochs"][-1]["online_error"]
    page = Path("first/report.html").read_text(encoding="utf-8")
    assert "Predicted against true: weight" in page and "taken for" not in page


def test_what_is_learnt_is_in_the_targets() -> None:
    samples = from_arrays(X, Y)
    order = np.random.default_rng(1).permutation(len(samples.train))
    dealt = dataclasses.replace(
        samples, train=Part(samples.train.inputs, samples.train.targets[order]), source=None
    )
    errors = [
        simulate("mnist-small", overrides=SETS, samples=one, write=False, threads=1)
        .record.epochs[-1]
        .test_error
        for one in (samples, dealt)
    ]
    assert errors[0] is not None and errors[1] is not None
    assert errors[0] < 0.5 and errors[1] > 0.9


@pytest.mark.parametrize("recipe", ["mnist-small", "mnist-continuous", "analog-mnist-small"])
def test_stopped_and_resumed_is_bit_identical(place: Workplace, recipe: str) -> None:
    samples = from_arrays(X, Y, name="own", validation=0.1)
    words = [*SETS[:3], "learning.epochs=2", "phases.free=15", "phases.nudged=8"]
    simulate(recipe, overrides=words, samples=samples, out="whole", threads=1)
    with pytest.raises(Interrupted):
        simulate(recipe, overrides=words, samples=samples, out="cut", threads=1, stop=stopping(5))
    simulate(resume="cut", samples=samples, threads=1)
    # How the phases of a die settled is told of the session alone.
    first, second = (
        {name: v for name, v in results(Path(folder)).items() if "diagnos" not in name}
        for folder in ("whole", "cut")
    )
    for found in (first, second):
        found["report"].pop("analog", None)
    same(first, second)
    told = first["report"]["result"]["epochs"]
    assert all(epoch["validation_error"] is not None for epoch in told)


def test_a_folder_of_idx_files_is_trained_by_one_command(run: Run, place: Workplace) -> None:
    folder_of_idx(place.folder / "fashion")
    words = [
        part for word in (*SETS[:3], "learning.epochs=1", "data.file=fashion") for part in ("--set", word)
    ]
    result = run("simulate", *words, "--quiet", "--out", "first")
    assert result.exit_code == 0, result.output
    told: Any = json.loads(Path("first/report.json").read_text(encoding="utf-8"))
    assert told["run"]["network"]["layers"] == [9, 12, 3] and told["data"]["classes"] == ["1", "2", "3"]
    assert (told["data"]["train"], told["data"]["test"], told["data"]["scaling"]) == (30, 12, "bytes")
