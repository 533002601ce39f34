"""`neurochip.settle`: what it refuses, in whole sentences, and what it gives back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurochip
from neurochip import Constant, Identity, PowerLaw, settle
from neurochip.errors import NeurochipError
from neurochip.testing.networks import draw_net, small_chip

NET = draw_net(3, (6, 5, 4), batch=2)
WEIGHTS, BIASES = list(NET.parameters.weights), list(NET.parameters.biases)


def call(**how: Any) -> Any:
    arguments: dict[str, Any] = {"weights": WEIGHTS, "biases": BIASES, "x": NET.x, "n_free": 5, **how}
    return settle(**arguments)


def spoilt(arrays: list[Any], k: int, value: float) -> list[Any]:
    out = [a.copy() for a in arrays]
    out[k].flat[1] = value
    return out


nan, inf = float("nan"), float("inf")
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "precision": ({"precision": "int17"}, "precision: must be float64, float32 or int2 … int16, got 'int17'"),
    "no weights": ({"weights": [], "biases": []}, "weights: must have at least one matrix, got none"),
    "a vector": (
        {"weights": [np.zeros(6), WEIGHTS[1]]},
        "weights[0]: must have shape (pre, post), got (6,)",
    ),
    "a chain that breaks": (
        {"weights": [WEIGHTS[0], WEIGHTS[1][1:]]},
        "weights[0]: must have shape (6, 4), got (6, 5)",
    ),
    "a bias short": (
        {"biases": [BIASES[0], BIASES[1][1:]]},
        "biases[1]: must have shape (4,), got (3,)",
    ),
    "NaN in weights": (
        {"weights": spoilt(WEIGHTS, 1, nan)},
        "weights[1][0, 1]: must be finite, got nan",
    ),
    "infinity in biases": (
        {"biases": spoilt(BIASES, 0, inf)},
        "biases[0]: must be finite, got NaN or infinity",
    ),
    "NaN in the input": ({"x": spoilt([NET.x], 0, nan)[0]}, "inputs: must lie in [0, 1] and be finite"),
    "input out of range": ({"x": NET.x * 2}, "inputs: must lie in [0, 1] and be finite"),
    "input of another size": ({"x": NET.x[:, 1:]}, "inputs: must have shape (samples, 6), got (2, 5)"),
    "one sample alone": ({"x": NET.x[0]}, "inputs: must have shape (samples, 6), got (6,)"),
    "a number": ({"x": 0.5}, "inputs: must have shape (samples, 6), got ()"),
    "no target": ({"n_nudged": 3, "beta": 0.5}, "y: is missing; a nudged phase needs a target"),
    "target of another size": (
        {"y": NET.y[:, 1:], "n_nudged": 3, "beta": 0.5},
        "y: must have shape (2, 4), got (2, 3)",
    ),
    "NaN in the target": (
        {"y": NET.y * nan, "n_nudged": 3, "beta": 0.5},
        "y: must be finite, got NaN or infinity",
    ),
    "NaN for β": ({"y": NET.y, "n_nudged": 3, "beta": nan}, "beta: must be finite, got nan"),
    "no ticks": ({"n_free": 0}, "phases.free: must be ≥ 1 tick, got 0"),
    "record": (
        {"record": ("spikes", "space")},
        "record: must be among spikes, states, step_sizes, got space",
    ),
    "OSA on ideal": (
        {"substrate": "ideal"},
        'annealer: must be "constant" or "power-law" on ideal, got "osa"',
    ),
    "integers on ideal": (
        {"substrate": "ideal", "annealer": Constant(0.5), "precision": "int8"},
        'precision: must be "float64" or "float32" on ideal, got "int8"',
    ),
    "record on ideal": (
        {"substrate": "ideal", "annealer": Constant(0.5), "record": ("states", "space")},
        "record: must be among states, step_sizes, got space",
    ),
    "NaN on ideal": (
        {"substrate": "ideal", "annealer": Constant(0.5), "biases": spoilt(BIASES, 0, nan)},
        "biases[0]: must be finite, got NaN or infinity",
    ),
    "a chip without floats": (
        {"chip": "loihi"},
        'network.precision: loihi has integers of 1 to 9 bits, not "float32"; set it to "int8", for instance',
    ),
    "a chip too small": (
        {"chip": small_chip(2, mesh=(2, 1, 1))},
        "cores: 8 needed (input 3, hidden 3, output 2), 2 present on small; "
        "use narrower weights, a smaller network or a larger chip",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    how, sentence = REFUSED[name]
    with pytest.raises(NeurochipError) as caught:
        call(**how)
    assert str(caught.value) == sentence


def test_shapes() -> None:
    found = call(y=NET.y, n_nudged=3, beta=0.5, record=("spikes", "states", "step_sizes"))
    for layer, size in enumerate((6, 5, 4)):
        for series in (found.spikes, found.states, found.step_sizes):
            assert series[layer].shape == (8, 2, size)
        assert found.spikes[layer].dtype == np.uint8
        assert found.states[layer].dtype == np.float32
    assert (found.counters.to_json()["free"]["ticks"], found.counters.to_json()["nudged"]["ticks"]) == (10, 6)


def test_names_and_specs_are_the_same() -> None:
    by_name = call(encoder="sigma-delta", decoder="predictive", annealer="osa")
    by_spec = call(
        encoder=neurochip.SigmaDelta(), decoder=neurochip.Predictive(0.275), annealer=neurochip.OSA()
    )
    for a, b in zip(by_name.states, by_spec.states, strict=True):
        np.testing.assert_array_equal(a, b)


def test_neither_lists_nor_integers_are_too_little() -> None:
    found = settle([[[1, 0], [0, 1]]], [[0, 0]], [[1, 0]], n_free=4, decoder=Identity(), annealer="constant")
    assert found.spikes[0][:, 0].tolist() == [[1, 0]] * 4
    assert found.states[1][:, 0, 1].tolist() == [0, 0, 0, 0]


def test_real_numbers() -> None:
    found = call(encoder=None, decoder=None, annealer=PowerLaw(0.5, 0.1), precision="float64")
    assert found.spikes == []
    assert found.states[1].dtype == np.float64
    assert found.counters.to_json()["free"]["spikes_sent"] == 0


def test_threads_and_chips_do_not_matter() -> None:
    one = call(encoder="stochastic", seed=3)
    other = call(encoder="stochastic", seed=3, threads=3, chip=small_chip(2, mesh=(4, 4, 1)))
    for a, b in zip(one.states, other.states, strict=True):
        np.testing.assert_array_equal(a, b)
