"""Networks of spiking neurons refuse numbers that are none."""

import numpy as np
import pytest

from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import ConfigError


def network(bias: np.ndarray) -> SpikingNetwork:
    parameters = {"r": np.ones(2), "v_threshold": np.ones(2), "v_reset": np.zeros(2)}
    return SpikingNetwork(
        groups=(
            NeuronGroup(name="seen", kind="Input", size=2, parameters={}),
            NeuronGroup(name="told", kind="IF", size=2, parameters=parameters),
        ),
        connections=(Connection(name="way", source="seen", target="told", weights=np.eye(2), bias=bias),),
    )


@pytest.mark.parametrize("bias", [np.array([1 + 2j, 0]), np.array(["1", "2"])], ids=["complex", "text"])
def test_a_bias_is_real_numbers(bias: np.ndarray) -> None:
    with pytest.raises(ConfigError) as caught:
        network(bias)
    assert str(caught.value) == f"way.bias: must hold real numbers, got {bias.dtype}"


def test_whole_numbers_are_a_bias() -> None:
    assert network(np.array([1, 2])).connections[0].bias is not None
