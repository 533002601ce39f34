"""Training that ends early, by its validation part or by a callback: which weights stay, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurochip
from neurochip import CallbackError, ConfigError, EpochRecord, data, read_run, simulate
from neurochip.errors import Interrupted
from neurochip.report.document import document
from neurochip.report.wording import ended_words, learning_words
from neurochip.training.checkpoint import read_trained
from tests.unit.training.tiny import overrides, results, same

PATIENCE = (
    *(one for one in overrides("default") if not one.startswith("learning.epochs")),
    "data.validation=0.25",
    "learning.patience=2",
    "learning.epochs=12",
    "learning.rates=[0.6, 0.3]",  # so much that it soon becomes no better
)


def trained(*extra: str, **how: Any) -> Any:
    return simulate("mnist-small", overrides=[*PATIENCE, *extra], threads=1, **{"write": False, **how})


@pytest.fixture(scope="module")
def stopped() -> Any:
    return trained()


def best_of(epochs: Any) -> int:
    """Return the first epoch with the smallest validation error, found anew."""
    best = 0
    for k, epoch in enumerate(epochs):
        if epoch.validation_error < epochs[best].validation_error:
            best = k
    return best + 1


def test_it_ends_when_nothing_gets_better(stopped: Any) -> None:
    record = stopped.record
    best = best_of(record.epochs)
    assert record.ended == "patience" and record.best == best
    assert len(record.epochs) == best + 2 < 12
    assert all(e.validation_error >= record.epochs[best - 1].validation_error for e in record.epochs[best:])


def test_the_best_weights_are_kept_and_answer(stopped: Any) -> None:
    record, state = stopped.record, stopped.state
    best = record.best
    until = trained(f"learning.epochs={best}", "learning.patience=100")
    for a, b in zip(state.parameters.weights, until.state.parameters.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    further = trained(
        f"learning.epochs={best + 2}", "learning.patience=100"
    )  # the control: the last ones are others
    last = trained("learning.patience=100", f"learning.epochs={best + 1}", "evaluation.every=100")
    assert np.any(last.state.parameters.weights[0] != state.parameters.weights[0])
    assert further.record.best == best and further.record.ended == ""
    table = document(record)
    assert table["result"]["test_error"] == record.epochs[best - 1].test_error
    wrong = 1 - np.trace(record.confusion) / record.confusion.sum()
    assert wrong == pytest.approx(record.epochs[best - 1].test_error)
    assert table["ended"] == {"by": "patience", "after": best + 2, "of": 12, "kept": best}
    assert ended_words(table) == (
        f"ended early: no better validation error, after {best + 2} of 12 epochs; the weights kept are of epoch {best}"
    )


def test_a_model_answers_with_the_best_weights(tmp_path: Path, stopped: Any) -> None:
    model = neurochip.train("mnist-small", overrides=PATIENCE, threads=1, out=tmp_path / "run")
    np.testing.assert_array_equal(model.weights["input->hidden"], stopped.state.parameters.weights[0])
    samples = data.load(model.run.data)
    said = neurochip.load(tmp_path / "run", threads=1).evaluate(samples.test.inputs, samples.test.targets)
    assert said.error == pytest.approx(stopped.record.final.test_error)
    assert "ended early" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_a_stopped_run_ends_alike(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trained(out=whole, write=True)
    calls = 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls % 20 == 0

    with pytest.raises(Interrupted):
        trained(out=parts, write=True, stop=stop)
    again = 0
    while not (parts / "report.json").exists():
        try:
            simulate(resume=parts, threads=1, stop=stop)
        except Interrupted:
            again += 1
            assert again < 40
    assert again > 0
    same(results(whole), results(parts))


def test_it_needs_a_part_that_is_held_out() -> None:
    sets = [one for one in PATIENCE if not one.startswith("data.validation")]
    with pytest.raises(ConfigError, match="learning.patience: has no effect without data.validation"):
        read_run("mnist-small", sets)


def told(*functions: Any, **how: Any) -> Any:
    return neurochip.train(
        "mnist-small", overrides=overrides("default"), threads=1, callbacks=functions, **how
    )


def test_callbacks_are_told_of_every_epoch_in_turn() -> None:
    seen: list[Any] = []
    model = told(lambda epoch: seen.append(("a", epoch)), lambda epoch: seen.append(("b", epoch)))
    assert [(who, epoch.epoch) for who, epoch in seen] == [(w, e) for e in (1, 2, 3) for w in "ab"]
    assert all(isinstance(epoch, EpochRecord) for _, epoch in seen)
    assert [epoch.test_error for who, epoch in seen if who == "a"] == [
        row["test_error"] for row in model.history
    ]
    bare = neurochip.train("mnist-small", overrides=overrides("default"), threads=1)
    np.testing.assert_array_equal(model.weights["input->hidden"], bare.weights["input->hidden"])


def test_a_callback_ends_the_training(tmp_path: Path) -> None:
    model = told(lambda epoch: epoch.epoch >= 2, out=tmp_path / "run")
    assert len(model.history) == 2
    assert model.document["ended"] == {"by": "callback", "after": 2, "of": 3, "kept": 2}
    assert learning_words(model.document) == [
        "training ended early by a callback, after 2 of 3 epochs; the weights kept are of epoch 2"
    ]
    before = results(tmp_path / "run")
    simulate(resume=tmp_path / "run", threads=1)  # it is done
    same(before, results(tmp_path / "run"))


def test_what_is_not_true_goes_on() -> None:
    assert len(told(lambda epoch: 1).history) == 3  # type: ignore[arg-type, return-value]


def test_an_exception_loses_nothing(tmp_path: Path) -> None:
    def wrong(epoch: EpochRecord) -> None:
        if epoch.epoch == 2:
            raise KeyError("loss")

    whole = neurochip.train("mnist-small", overrides=overrides("default"), threads=1, out=tmp_path / "whole")
    with pytest.raises(CallbackError) as failed:
        told(wrong, out=tmp_path / "run")
    assert isinstance(failed.value.__cause__, KeyError)
    assert str(failed.value) == (
        "callbacks: wrong raised KeyError ('loss') after epoch 2, which ended the training; the error's outcome or "
        f"model has what was learnt until then, and go on with neurochip simulate --resume {tmp_path / 'run'}"
    )
    assert read_trained(tmp_path / "run" / "checkpoint.h5", n_inputs=784).state.epoch == 2
    simulate(resume=tmp_path / "run", threads=1)
    same(results(tmp_path / "whole"), results(tmp_path / "run"))
    with pytest.raises(CallbackError) as failed:
        told(wrong)
    model = failed.value.model
    assert [row["epoch"] for row in model.history] == [1.0, 2.0]
    samples = data.load(model.run.data)
    said = model.evaluate(samples.test.inputs, samples.test.targets)
    assert said.error == pytest.approx(model.history[-1]["test_error"])
    assert np.any(model.weights["input->hidden"] != whole.weights["input->hidden"])
