"""Constants are refused in the format in which they are used, not in that of the file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import LIF, OSA, replay, settle
from neurochip.description import RunSpec, read_run
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import ConfigError
from neurochip.replays.spiking import run_spiking

OSA_WITH = 'coding.annealer={{kind="osa",nu_bar=0.0346,regulariser={}}}'


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (OSA_WITH.format("1e-50"), "coding.annealer.regulariser: 1e-50 is 0 in float32, in which it is used"),
        (OSA_WITH.format("1e308"), "coding.annealer.regulariser: 1e+308 is infinite in float32"),
        ("learning.beta=1e39", "learning.beta: 1e+39 is infinite in float32"),
        ("learning.beta=3e38", "learning.beta: the nudge 2β is infinite in float32"),
        ("learning.beta=1e-46", "learning.beta: 1e-46 is 0 in float32"),
        ("learning.beta=1e-40", "learning.rates[0]: η/β = 0.2/1e-40 is infinite in float32"),
        ("learning.rates=[1e39, 0.1]", "learning.rates[0]: 1e+39 is infinite in float32"),
        ("network.weight_range=1e-60", "network.weight_range: 1e-60 is 0 in float32"),
        ("network.biases=[1e39, 0]", "network.biases[0]: 1e+39 is infinite in float32"),
        ("network.biases=[0, -1e-50]", "network.biases[1]: -1e-50 is 0 in float32"),
        ("network.gains=[1, 1e39]", "network.gains[1]: 1e+39 is infinite in float32"),
    ],
)
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_constants_of_a_run(override: str, sentence: str, precision: str) -> None:
    given = (
        [f"network.precision={precision}"] if "weight_range" not in override else ["network.precision=int8"]
    )
    with pytest.raises(ConfigError) as caught:
        read_run("mnist-small", [*given, override])
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"bias": 1e39}, "network.populations[1].bias: 1e+39 is infinite in float32"),
        ({"bias": -1e-50}, "network.populations[1].bias: -1e-50 is 0 in float32"),
        ({"gain": 1e39}, "network.projections[0].gain: 1e+39 is infinite in float32"),
        ({"gain": 1e-50}, "network.projections[0].gain: 1e-50 is 0 in float32"),
    ],
)
def test_constants_of_a_graph(changed: dict[str, float], sentence: str) -> None:
    table = read_run("mnist-small").to_dict()
    hidden = {"name": "hidden", "shape": [5]} | {k: v for k, v in changed.items() if k == "bias"}
    first = {"from": "input", "to": "hidden"} | {k: v for k, v in changed.items() if k == "gain"}
    graph: dict[str, Any] = {
        "precision": "float32",
        "populations": [
            {"name": "input", "shape": [784], "role": "input"},
            hidden,
            {"name": "output", "shape": [10], "role": "output"},
        ],
        "projections": [first, {"from": "hidden", "to": "output"}],
    }
    with pytest.raises(ConfigError) as caught:
        RunSpec.from_dict(table | {"network": graph})
    assert str(caught.value).startswith(sentence)
    RunSpec.from_dict(table | {"network": graph | {"precision": "float64"}, "chip": "ideal-bits"})


def test_float64_holds_them() -> None:
    given = [OSA_WITH.format("1e-50"), "network.biases=[1e39, 0]", "network.gains=[1e39, 1e-50]"]
    run = read_run("mnist-small", ["network.precision=float64", "chip=ideal-bits", *given])
    assert run.coding.annealer.regulariser == 1e-50 and run.network.biases == (1e39, 0)


def test_sizes_of_an_analog_die() -> None:
    with pytest.raises(ConfigError, match="is infinite in float32"):
        read_run("analog-pilot", ["analog.mismatch.sigma=1e308"])


def test_constants_of_settle_and_replay() -> None:
    arguments = ([np.full((2, 2), 0.1)], [np.zeros(2)], np.full((1, 2), 0.5))
    with pytest.raises(ConfigError, match="annealer.regulariser: 1e-50 is 0 in float32"):
        settle(*arguments, n_free=3, annealer=OSA(regulariser=1e-50))
    settle(*arguments, n_free=3, annealer=OSA(regulariser=1e-50), precision="float64")
    with pytest.raises(ConfigError, match="beta: 1e-50 is 0 in float32"):
        settle(*arguments, y=np.ones((1, 2)), n_free=3, n_nudged=2, beta=1e-50)
    spikes = [np.ones((3, 1), np.uint8)]
    with pytest.raises(ConfigError, match="neuron.threshold: 1e-50 is 0 in float32"):
        replay(spikes, [np.ones((1, 2), int)], "cmos45", neuron=LIF(1e-50))


def test_constants_of_a_network_of_another_tool() -> None:
    def network(threshold: float) -> SpikingNetwork:
        ones = np.ones(2)
        parameters = {"r": ones / 1e-3, "v_threshold": np.array([1.0, threshold]), "v_reset": 0 * ones}
        return SpikingNetwork(
            groups=(
                NeuronGroup(name="in", kind="Input", size=2),
                NeuronGroup(name="out", kind="IF", size=2, parameters=parameters),
            ),
            connections=(
                Connection(name="w", source="in", target="out", weights=np.ones((2, 2), np.float32)),
            ),
            outputs={"out": "out"},
            dt=1e-3,
        )

    run_spiking(network(0.5), np.ones((3, 2), np.uint8), "cmos45")
    with pytest.raises(ConfigError, match="^out.v_threshold: 1e-50 is 0 in float32"):
        run_spiking(network(1e-50), np.ones((3, 2), np.uint8), "cmos45")
