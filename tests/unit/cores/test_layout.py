"""Where everything sits in the kernels' arrays: padding never takes part, and weights come back as they went in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.cores.arrays import aligned_zeros
from neurochip.cores.layout import Layout
from neurochip.cores.loading import read_parameters, write_parameters
from neurochip.cores.rooms import reception, state
from neurochip.description import CodingSpec
from neurochip.elements import Constant
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
    end = 0
    for p, (first, last) in enumerate(made.population_slots):
        assert (first, first % 64, last % 64) == (end, 0, 0)
        assert made.slots_of[p] == slice(first, first + sizes[p])
        assert made.slots_of[p].stop < last  # the last slot is never a neuron
        end = last
    assert made.n_slots == end
    for c, (first, last) in enumerate(made.core_slots):
        core = made.image.cores[c]
        begin = made.slots_of[core.population].start
        assert (first, last) == (begin + core.first, begin + core.last)


@given(sizes=layer_sizes, neurons=st.integers(1, 70), tied=st.booleans())
@checked(50)
def test_wiring(sizes: tuple[int, ...], neurons: int, tied: bool) -> None:
    made = layout(sizes, neurons, tied=tied)
    network = made.image.network
    # Where all receive the same: a range for each population, a block for each projection, axons that are slots.
    wiring = made.wiring()
    blocks, edges = wiring.blocks.astype(int), wiring.range_blocks.astype(int)
    assert wiring.ranges[:, 0].tolist() == list(range(len(sizes)))
    assert wiring.sources[:, 2:4].tolist() == [list(slots) for slots in made.population_slots]
    for p in range(len(sizes)):
        mine = blocks[edges[p] : edges[p + 1]]
        assert mine[:, 6].tolist() == list(network.into(p))
        assert mine[:, 1].tolist() == [network.projections[k].source for k in network.into(p)]
        assert np.all(mine[:, 3] >= sizes[p]) and np.all(mine[:, 3] <= mine[:, 4])
    assert wiring.weights.size == made.n_weights
    # Where each core receives for itself: a range for each core, and axons of its own for each of its blocks.
    wiring = made.wiring(by_core=True)
    assert wiring.ranges[:, 3].tolist() == list(range(len(made.image.cores)))
    assert wiring.ranges[:, 1:3].tolist() == [list(slots) for slots in made.core_slots]
    assert len(wiring.sources) == len(wiring.blocks) == len(made.blocks)
    assert np.all(wiring.sources[1:, 2] == wiring.sources[:-1, 3])
    for row, source, block in zip(wiring.blocks.astype(int), wiring.sources, made.blocks, strict=True):
        core = made.image.cores[block.core]
        assert network.projections[block.projection].target == core.population
        assert row[[2, 3, 4, 6]].tolist() == [block.start, core.size, block.stride, block.projection]
        assert int(source[0]) == network.projections[block.projection].source
        assert block.rows == sizes[int(source[0])]
        assert source[4] == source[2] and source[5] == block.core  # packets arrive at its own axons
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
    wiring, clipped = write_parameters(made, made.wiring(), net.parameters, None)
    assert clipped == 0 and np.all(wiring.scales == 1)
    found = read_parameters(made, wiring)
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
    wiring, clipped = write_parameters(made, made.wiring(), parameters, 7.0)
    assert clipped == 3
    assert read_parameters(made, wiring).weights[0].tolist() == [[0, -8, 7], [7, 7, 7]]


def test_a_core_alone_holds_its_own_weights() -> None:
    made = layout((5, 40, 3), 17)
    alone = Layout(made.image, only=1)
    weights, own = made.wiring().weights, alone.wiring().weights
    assert 0 < own.size < weights.size
    made.matrix(weights, 0)[...] = np.arange(200).reshape(5, 40)
    (block,) = [b for b in made.blocks if b.core == 1 and b.projection == 0]
    core = made.image.cores[1]
    found = made.block(weights, block)
    np.testing.assert_array_equal(found, np.arange(200).reshape(5, 40)[:, core.first : core.last])


def test_what_is_not_used_is_empty() -> None:
    made = layout((5, 4, 3))
    wiring = made.wiring()
    sums, delay = made.sum_dtype, made.longest_delay
    lean = reception(wiring, 2, sums, delay)
    full = reception(wiring, 2, sums, delay, patterned=True, traced=True, lossy=True, late=True)
    unused = (lean.reference, lean.window, lean.trace, lean.arrived, lean.late, lean.counts)
    assert all(array.size == 0 for array in unused)
    used = (full.reference, full.window, full.trace, full.late, full.counts)
    assert all(array.shape == (2, made.n_slots) for array in used)
    assert full.arrived.shape == (2, 1, made.n_slots)  # as many ticks as the longest delay
    assert state(wiring, 3, 5, delay).bits.shape == (3, 1, made.n_slots)


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
        write_parameters(made, made.wiring(), Parameters(**(good | change)), None)
    assert str(caught.value) == sentence
