"""Numbers that leave their range: refused, or stopped with the place; never a report of NaN or of zeros."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neurochip.training.loop import Trainer
from tests.cli.conftest import Run, Workplace

TINY = (
    "--set", "network.layers=[784, 6, 10]", "--set", "data.train=100", "--set", "data.test=100", "--set",
    "phases.free=4", "--set", "phases.nudged=2", "--set", "learning.epochs=3", "--set", "learning.minibatch=5",
    "--set", "evaluation.train=0", "--set", "record.presentations=1",
)  # fmt: skip
OSA = 'coding.annealer={kind="osa",nu_bar=0.0346,regulariser=1e-50}'


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize(
    "given",
    [OSA, "learning.beta=1e39", "learning.beta=1e-46", "learning.beta=1e308", "learning.rates=[1e39,1e39]"],
)
def test_constants_that_the_format_cannot_hold(
    given: str, precision: str, run: Run, place: Workplace
) -> None:
    result = run(
        "simulate",
        "mnist-small",
        *TINY,
        "--set",
        f"network.precision={precision}",
        "--set",
        given,
        "--out",
        "out",
    )
    assert result.exit_code == 2
    assert "float32" in result.stderr and len(result.stderr.splitlines()) == 1
    assert place.files() == []


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_run_whose_numbers_run_away_stops_with_its_place(
    precision: str, run: Run, place: Workplace
) -> None:
    result = run(
        "simulate", "mnist-small", *TINY, "--set", f"network.precision={precision}", "--set",
        "learning.rates=[1e38,1e38]", "--out", "out",
    )  # fmt: skip
    assert result.exit_code == 6, result.output
    (sentence,) = result.stderr.splitlines()
    assert "epoch 1" in sentence and "use " in sentence
    assert not {"out/checkpoint.h5", "out/report.json", "out/report.html"} & set(place.files())


def test_the_last_good_checkpoint_is_kept(
    run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of the second epoch are spoilt behind the back of the rule."""
    finish = Trainer._finish_epoch

    def spoilt(trainer: Trainer, seconds: float) -> bool:
        if trainer.state.epoch == 1:
            found = trainer._substrate.parameters()
            found.weights[1][2, 3] = np.nan
            trainer._substrate.parameters = lambda: found  # type: ignore[method-assign]
        return finish(trainer, seconds)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_finish_epoch", spoilt)
        result = run("simulate", "mnist-small", *TINY, "--out", "out")
    assert result.exit_code == 6
    assert result.stderr.endswith(
        "Error: weights[1]: 1 of 60 are not finite in epoch 2; use smaller learning.rates, or a learning.beta nearer "
        "to 1; out keeps the checkpoint of epoch 1\n"
    )
    assert run("simulate", "--resume", "out").exit_code == 0
    table = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert [epoch["epoch"] for epoch in table["result"]["epochs"]] == [1, 2, 3]


def test_warnings_reach_terminal_page_and_comparison(run: Run, place: Workplace) -> None:
    """With an output of two bits, all weights are 0 as they are drawn."""
    made = run("simulate", "mnist-small", *TINY, "--set", "network.precision=int2", "--out", "two")
    assert made.exit_code == 0, made.output
    sentence = "weights[0]: all are 0, as they were drawn: int2 holds none of them"
    assert sentence in " ".join(made.output.split())
    table = json.loads(Path("two/report.json").read_text(encoding="utf-8"))
    assert table["result"]["epochs"][-1]["warnings"][0].startswith(sentence)
    assert sentence in Path("two/report.html").read_text(encoding="utf-8")
    assert run("simulate", "mnist-small", *TINY, "--out", "good").exit_code == 0
    shown = run("compare", "good", "two", "--json")
    rows = {row["key"]: row["values"] for row in json.loads(shown.stdout)["rows"]}
    assert rows["warnings"][1] >= 1


def test_a_page_that_cannot_be_drawn_costs_no_numbers(
    run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise TypeError("a figure that is none")

    with monkeypatch.context() as patch:
        patch.setattr("neurochip.report.write.html", broken)
        result = run("simulate", "mnist-small", *TINY, "--out", "out")
    assert result.exit_code == 5
    assert result.stderr.splitlines()[-1] == (
        "Error: out/report.html: cannot be drawn (TypeError: a figure that is none); all numbers are in out/report.json"
    )
    table = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert table["result"]["test_error"] is not None
    assert run("report", "out").exit_code == 0
    assert "out/report.html" in place.files()
