"""What keeps a network from learning is seen, and what does not is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip.elements import Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import Network, layered
from neurochip.substrate import Parameters
from neurochip.training.diagnosis import Diagnosis, diagnose, loop_gain
from neurochip.training.evaluate import presentations
from neurochip.training.streams import glorot


def machine(network: Network, parameters: Parameters) -> IdealSubstrate:
    made = IdealSubstrate(network, Constant(0.5))
    made.load(parameters)
    return made


def seen(network: Network, parameters: Parameters, inputs: NDArray[Any], ticks: int = 100) -> Diagnosis:
    made = machine(network, parameters)
    counted = made.counters()
    found = diagnose(made, network, inputs, presentations(0, len(inputs)), ticks)
    assert made.counters() == counted
    return found


def coupled(feedback: float) -> tuple[Network, Parameters]:
    """Two neurons that excite each other, and an input that says nothing."""
    network = layered((1, 1, 1))
    weights = (np.zeros((1, 1)), np.full((1, 1), feedback))
    return network, Parameters(weights=weights, feedback=(), biases=(np.zeros(1), np.zeros(1)))


@pytest.mark.parametrize("tied", [True, False])
def test_the_gain_of_the_loop_is_that_of_its_matrix(tied: bool) -> None:
    network = layered((4, 6, 5, 3), tied=tied)
    drawn = glorot(network, 3)
    parameters = Parameters(drawn.weights, drawn.feedback, drawn.biases)
    whole = np.zeros((14, 14))
    backward = [w.T for w in drawn.weights[1:]] if tied else list(drawn.feedback)
    for lower, upper, forward, back in zip(
        (slice(0, 6), slice(6, 11)), (slice(6, 11), slice(11, 14)), drawn.weights[1:], backward, strict=True
    ):
        whole[lower, upper], whole[upper, lower] = forward, back
    expected = np.abs(np.linalg.eigvals(whole)).max()
    assert loop_gain(network, parameters) == pytest.approx(expected, rel=0.05)


def test_a_loop_above_one_has_a_second_fixed_point() -> None:
    network, parameters = coupled(1.5)
    found = seen(network, parameters, np.zeros((8, 1)))
    assert found.loop_gain == pytest.approx(1.5)
    assert found.second == 1.0  # at 0 from rest, at 1 from anywhere else
    assert any("second fixed point" in sentence for sentence in found.warnings())


def test_a_loop_below_one_has_none() -> None:
    network, parameters = coupled(0.9)
    found = seen(network, parameters, np.zeros((8, 1)))
    assert found.second == 0.0
    assert not any("second fixed point" in sentence for sentence in found.warnings())


def test_neurons_at_their_rails_are_counted() -> None:
    network = layered((1, 4, 2))
    biases = (np.array([-1.0, 0.5, 2.0, 2.0]), np.array([0.25, 0.75]))
    weights = (np.zeros((1, 4)), np.zeros((4, 2)))
    found = seen(network, Parameters(weights, (), biases), np.zeros((5, 1)))
    hidden, output = found.rails
    assert (hidden.low, hidden.high, hidden.between) == (0.25, 0.5, 0.25)
    assert output.between == 1.0
    assert found.residual < 1e-6


def test_what_has_not_settled_has_a_residual() -> None:
    network = layered((1, 1))
    parameters = Parameters((np.ones((1, 1)),), (), (np.zeros(1),))
    inputs = np.full((1, 1), 0.8)
    # s = 0.8 (1 − 2⁻ᵗ⁺¹), since nothing has arrived at the first step; what is missing is the residual.
    assert seen(network, parameters, inputs, ticks=4).residual == pytest.approx(0.8 * 2.0**-3, rel=1e-6)


def test_halved_gains_move_hidden_neurons_off_their_rails() -> None:
    """The cause why three hidden layers of Glorot draws hardly learn, and its cure (a smaller chain of the kind)."""
    sizes = (60, 80, 80, 80, 10)
    inputs = np.random.default_rng(1).random((12, 60))
    usual, halved = (
        seen(network, glorot(network, 1), inputs)
        for network in (layered(sizes), layered(sizes, gains=(1.0, 0.5, 0.5, 1.0)))
    )
    middle = [found.rails[1].between for found in (usual, halved)]
    assert middle[1] > 1.5 * middle[0]
    assert usual.loop_gain > halved.loop_gain
