"""Where everything sits in the kernels' arrays: padding never takes part, and weights come back as they went in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.cores.arrays import aligned_zeros
from neurochip.cores.layout import Layout
from neurochip.description import CodingSpec
from neurochip.elements import Constant, SecondOrderSigmaDelta
from neurochip.errors import ConfigError, NumericError
from neurochip.substrate import Parameters
from neurochip.testing.networks import compiled, draw_net, small_chip
from tests.property.networks import checked, layer_sizes

CODING = CodingSpec(annealer=Constant(0.5))


def layout(sizes: tuple[int, ...], neurons: int | None = None, **how: Any) -> Layout:
    chip = small_chip(neurons, mesh=(15, 15, 1))
    return Layout(compiled(sizes, CODING, chip, **how))


@given(sizes=layer_sizes, neurons=st.integers(1, 70), tied=st.booleans())
@checked(100)
def test_slots(sizes: tuple[int, ...], neurons: int, tied: bool) -> None:
    made = layout(sizes, neurons, tied=tied)
    taken = np.concatenate(made.slots_of)
    assert len(set(taken.tolist())) == sum(sizes)
    end = 0
    for p, (first, last) in enumerate(made.population_slots):
        assert (first, first % 64, last % 64) == (end, 0, 0)
        assert made.slots_of[p].min() >= first
        assert made.slots_of[p].max() < last - 1  # the last slot is never a neuron
        assert np.all(np.diff(made.slots_of[p]) > 0)
        end = last
    assert made.n_slots == end
    for c, (first, last) in enumerate(made.core_slots):
        core = made.image.cores[c]
        assert first % 16 == last % 16 == 0 and 0 <= last - first - core.size < 16
        own = made.slots_of[core.population][core.first : core.last]
        assert own.tolist() == list(range(first, first + core.size))


@given(sizes=layer_sizes, neurons=st.integers(1, 70), tied=st.booleans())
@checked(50)
def test_wiring(sizes: tuple[int, ...], neurons: int, tied: bool) -> None:
    made = layout(sizes, neurons, tied=tied)
    wiring, network = made.wiring(), made.image.network
    blocks = wiring.blocks.astype(int)
    start = sums = 0
    for number, block in enumerate(made.blocks):
        projection = network.projections[block.projection]
        assert made.image.cores[block.core].population == projection.target
        row = [block.core, projection.source, start, block.width, sums, block.projection]
        assert blocks[number].tolist() == row
        start += block.rows * block.width
        sums += block.width
    assert wiring.weights.size == start == made.n_weights
    assert made.lane_state(2, second=False, anneal=False, trace=False).frame_sum.shape == (2, sums)
    for c in range(len(made.image.cores)):
        mine = blocks[int(wiring.core_blocks[c]) : int(wiring.core_blocks[c + 1])]
        assert np.all(mine[:, 0] == c)
        assert mine[:, 5].tolist() == list(network.into(made.image.cores[c].population))
    numbers = np.concatenate([wiring.neuron[slots] for slots in made.slots_of])
    assert numbers.tolist() == list(range(sum(sizes)))


@given(
    seed=st.integers(0, 1000),
    sizes=layer_sizes,
    neurons=st.integers(1, 70),
    tied=st.booleans(),
    precision=st.sampled_from(["float64", "float32"]),
)
@checked(50)
def test_weights_in_and_out(
    seed: int, sizes: tuple[int, ...], neurons: int, tied: bool, precision: Any
) -> None:
    net = draw_net(seed, sizes, tied=tied)
    made = layout(sizes, neurons, tied=tied, precision=precision)
    wiring, clipped = made.write(made.wiring(), net.parameters, None)
    assert clipped == 0 and np.all(wiring.scales == 1)
    found = made.read(wiring)
    for family in ("weights", "feedback", "biases"):
        for a, b in zip(getattr(found, family), getattr(net.parameters, family), strict=True):
            np.testing.assert_array_equal(a, b.astype(precision))
    # Padding has no weights: as many are not 0 as there are synapses.
    synapses = sum(core.used.synapse_memory for core in made.image.cores) // (
        64 if precision == "float64" else 32
    )
    assert np.count_nonzero(wiring.weights) == synapses
    assert np.count_nonzero(wiring.bias) == sum(sizes[1:])


def test_clipped_weights_are_counted() -> None:
    made = layout((2, 3), precision="int4")
    parameters = Parameters((np.array([[0.1, -9.0, 8.0], [7.0, 7.4, 7.6]]),), (), (np.zeros(3),))
    wiring, clipped = made.write(made.wiring(), parameters, 7.0)
    assert clipped == 3
    assert made.read(wiring).weights[0].tolist() == [[0, -8, 7], [7, 7, 7]]


def test_arrays_that_elements_do_not_use_are_empty() -> None:
    made = layout((5, 4, 3))
    lean = made.lane_state(2, second=False, anneal=False, trace=False)
    full = made.lane_state(2, second=True, anneal=True, trace=True)
    assert (lean.second.size, lean.anneal.size, lean.trace.size) == (0, 0, 0)
    assert full.second.shape == full.trace.shape == (2, made.n_slots)
    assert full.anneal.shape == (2, 4, made.n_slots)
    assert SecondOrderSigmaDelta.kind == "second-order-sigma-delta"


@pytest.mark.parametrize("shape", [7, (3, 5), (2, 4, 64)])
def test_aligned_zeros(shape: Any) -> None:
    for dtype in (np.uint8, np.float32, np.float64):
        array = aligned_zeros(shape, dtype)
        assert array.ctypes.data % 64 == 0
        assert array.dtype == dtype and not array.any() and array.flags.c_contiguous
        assert array.shape == ((shape,) if isinstance(shape, int) else shape)


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a matrix less": (
        {"weights": (np.zeros((4, 3)),)},
        ConfigError,
        "weights: must have 2 forward matrices and 1 for feedback, got 1 and 1",
    ),
    "no feedback": (
        {"feedback": ()},
        ConfigError,
        "weights: must have 2 forward matrices and 1 for feedback, got 2 and 0",
    ),
    "transposed": (
        {"weights": (np.zeros((3, 4)), np.zeros((3, 2)))},
        ConfigError,
        "weights[0]: must have shape (4, 3), got (3, 4)",
    ),
    "feedback transposed": (
        {"feedback": (np.zeros((3, 2)),)},
        ConfigError,
        "feedback[0]: must have shape (2, 3), got (3, 2)",
    ),
    "a bias less": (
        {"biases": (np.zeros(3), np.zeros(1))},
        ConfigError,
        "biases[1]: must have shape (2,), got (1,)",
    ),
    "biases of one layer": (
        {"biases": (np.zeros(3),)},
        ConfigError,
        "biases: must have 2 vectors, got 1",
    ),
    "NaN in feedback": (
        {"feedback": (np.full((2, 3), np.nan),)},
        NumericError,
        "feedback[0][0, 0]: must be finite, got nan",
    ),
    "infinity in a bias": (
        {"biases": (np.zeros(3), np.array([0, np.inf]))},
        NumericError,
        "biases[1]: must be finite, got NaN or infinity",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_parameters_that_do_not_fit(name: str) -> None:
    change, error, sentence = WRONG[name]
    good: dict[str, Any] = {
        "weights": (np.zeros((4, 3)), np.zeros((3, 2))),
        "feedback": (np.zeros((2, 3)),),
        "biases": (np.zeros(3), np.zeros(2)),
    }
    made = layout((4, 3, 2), tied=False)
    with pytest.raises(error) as caught:
        made.write(made.wiring(), Parameters(**(good | change)), None)
    assert str(caught.value) == sentence
