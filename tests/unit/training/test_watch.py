"""The watch on numbers: what it stops, what it warns of, and what it says nothing about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.description import RunSpec, read_run
from neurochip.errors import NumericError
from neurochip.runs.building import build
from neurochip.substrate import Parameters, Phase
from neurochip.training.streams import glorot
from neurochip.training.watch import Watch, check_finite

LAYERS = "network.layers=[784, 6, 10]"


def machine(*overrides: str) -> tuple[RunSpec, Any, Parameters]:
    run = read_run("mnist-small", [LAYERS, *overrides])
    built = build(run)
    parameters = glorot(built.network, run.seed)
    built.substrate.load(parameters)
    built.substrate.begin(np.full((3, 784), 0.3), np.arange(3, dtype=np.uint64))
    built.substrate.run(Phase.EVALUATION, 30)
    return run, built.substrate, parameters


def with_first(parameters: Parameters, weights: Any) -> Parameters:
    return replace(parameters, weights=(weights, *parameters.weights[1:]))


def test_sound_numbers_are_passed_over() -> None:
    run, substrate, _ = machine()
    even = np.full((10, 10), 10)
    assert Watch(run, substrate).look(even, "epoch 1") == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["weights[1]", "biases[0]"])
def test_what_is_not_finite_stops(bad: float, where: str) -> None:
    _, _, parameters = machine()
    family, k = where[:-1].split("[")
    getattr(parameters, family)[int(k)].flat[3] = bad
    with pytest.raises(NumericError) as caught:
        check_finite(parameters, "epoch 4")
    assert str(caught.value).startswith(f"{where}: 1 of ")
    assert "not finite in epoch 4; use smaller learning.rates" in str(caught.value)


def test_weights_that_became_zero_stop_and_those_drawn_so_warn() -> None:
    run, substrate, parameters = machine()
    watch = Watch(run, substrate)
    silent = with_first(parameters, np.zeros((784, 6)))
    substrate.load(silent)
    with pytest.raises(NumericError, match=r"^weights\[0\]: became 0 all together in epoch 2"):
        watch.look(None, "epoch 2")
    (sentence,) = (s for s in Watch(run, substrate).look(None, "epoch 2") if s.startswith("weights"))
    assert sentence.startswith("weights[0]: all are 0, as they were drawn")


@pytest.mark.parametrize(
    ("share", "outcome"), [(0.0, "nothing"), (0.05, "nothing"), (0.3, "warns"), (1.0, "stops")]
)
def test_weights_at_an_end_of_their_range(share: float, outcome: str) -> None:
    run, substrate, parameters = machine("network.precision=int8", "network.weight_range=1.0")
    weights = np.random.default_rng(1).uniform(-0.4, 0.4, (784, 6))
    weights[: round(784 * share)] = np.where(np.arange(6) % 2, 1.0, -1.0)
    watch = Watch(run, substrate)
    substrate.load(with_first(parameters, weights))
    if outcome == "stops":
        with pytest.raises(NumericError, match=r"^weights\[0\]: 100 % stand at an end of the range of int8"):
            watch.look(None, "epoch 1", states=False)
        return
    found = watch.look(None, "epoch 1", states=False)
    assert (found[0][:28] if found else "") == ("weights[0]: 30 % stand at an" if outcome == "warns" else "")


def test_large_weights_states_at_rails_and_classes_that_are_never_answered() -> None:
    run, substrate, parameters = machine()
    watch = Watch(run, substrate)
    substrate.load(with_first(parameters, np.full((784, 6), -2e5)))
    substrate.begin(np.full((3, 784), 0.3), np.arange(3, dtype=np.uint64))
    substrate.run(Phase.EVALUATION, 30)
    confusion = np.zeros((10, 10), dtype=int)
    confusion[:, 4] = 20
    found = watch.look(confusion, "epoch 1")
    assert found[0].startswith("weights[0]: reach 2e+05 in epoch 1")
    assert found[1].startswith("states of hidden: all are 0 for every sample looked at in epoch 1")
    assert found[-1] == "outputs: 9 of 10 classes are never answered (0, 1, 2, 3, 5, 6, 7, 8, 9)"
