"""Laws of weights that learning writes: round trips, ties, rounding, and no trace of threads or mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.description import CodingSpec
from neurochip.errors import NumericError
from neurochip.substrate import Parameters, Phase, WeightUpdate
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.property.networks import checked, layer_sizes, seeds

CODING = CodingSpec()
precisions = st.sampled_from(["float64", "float32", "int2", "int4", "int8", "int11", "int16"])


def flat(parameters: Parameters) -> list[Any]:
    return [*parameters.weights, *parameters.feedback, *parameters.biases]


def same(first: Parameters, second: Parameters) -> None:
    for a, b in zip(flat(first), flat(second), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def random_updates(net: Net, seed: int, precision: Any) -> tuple[list[WeightUpdate], list[Any]]:
    """Draw one update of every projection that has weights of its own, two terms each, some samples silent."""
    rng = np.random.default_rng(seed)
    dtype = np.float64 if precision == "float64" else np.float32
    last = len(net.sizes) - 1
    pairs = [(k, k + 1) for k in range(last)]
    if not net.tied:
        pairs += [(k + 1, k) for k in range(1, last)]

    def activity(layer: int) -> Any:
        values = rng.uniform(-1, 1, (3, net.sizes[layer]))
        return np.where(rng.random(values.shape) < 0.3, 0.0, values).astype(dtype)

    updates = [
        WeightUpdate(k, ((activity(a), activity(b)), (activity(a), activity(b))), 0.07, 1)
        for k, (a, b) in enumerate(pairs)
    ]
    return updates, [rng.normal(size=size).astype(dtype) for size in net.sizes[1:]]


@given(seed=seeds, sizes=layer_sizes, precision=precisions, tied=st.booleans(), neurons=st.integers(3, 9))
@checked(60)
def test_what_is_read_can_be_loaded(
    seed: int, sizes: tuple[int, ...], precision: Any, tied: bool, neurons: int
) -> None:
    net = draw_net(seed, sizes, tied=tied)
    chip = small_chip(neurons, mesh=(9, 9, 2))
    made = fast_chip(net, CODING, chip=chip, precision=precision, rounding="stochastic")
    made.write_weights(*random_updates(net, seed, precision))
    held = made.parameters()
    made.load(held)
    same(held, made.parameters())
    other = fast_chip(replace(net, parameters=held), CODING, precision=precision)
    same(held, other.parameters())


@given(seed=seeds, sizes=layer_sizes, precision=precisions, neurons=st.integers(3, 9))
@checked(40)
def test_a_tied_copy_stays_the_transpose(
    seed: int, sizes: tuple[int, ...], precision: Any, neurons: int
) -> None:
    """After updates a tied chip runs as one whose own feedback was loaded with the transposes."""
    net = draw_net(seed, sizes, batch=3)
    chip = small_chip(neurons, mesh=(9, 9, 2))
    tied = fast_chip(net, CODING, chip=chip, precision=precision, rounding="stochastic")
    for k in range(3):
        tied.write_weights(*random_updates(net, seed + k, precision))
    held = tied.parameters()
    own = replace(held, feedback=tuple(w.T for w in held.weights[1:]))
    untied = fast_chip(Net(own, net.x, net.y), CODING, chip=chip, precision=precision)
    series = []
    for made in (tied, untied):
        made.begin(net.x, np.arange(3, dtype=np.uint64))
        settled = made.run(Phase.FREE, 12, record=("states", "spikes"))
        series.append([*settled.states, *settled.spikes])
    for a, b in zip(*series, strict=True):
        np.testing.assert_array_equal(a, b)


@given(
    seed=seeds,
    sizes=layer_sizes,
    precision=precisions,
    tied=st.booleans(),
    rounding=st.sampled_from(["nearest", "stochastic"]),
    neurons=st.integers(2, 9),
)
@checked(50)
def test_neither_threads_nor_mapping_change_an_update(
    seed: int, sizes: tuple[int, ...], precision: Any, tied: bool, rounding: Any, neurons: int
) -> None:
    net = draw_net(seed, sizes, tied=tied)
    split = small_chip(neurons, mesh=(12, 12, 1))
    made = [
        fast_chip(net, CODING, precision=precision, rounding=rounding, seed=5),
        fast_chip(net, CODING, chip=split, precision=precision, rounding=rounding, seed=5),
        fast_chip(net, CODING, precision=precision, rounding=rounding, seed=5, threads=2),
        fast_chip(net, CODING, chip=split, precision=precision, rounding=rounding, seed=5, threads=3),
    ]
    for substrate in made:
        for k in range(3):
            substrate.write_weights(*random_updates(net, seed + k, precision))
    for other in made[1:]:
        same(made[0].parameters(), other.parameters())
        for counter in ("weight_writes", "weight_accumulations", "weight_saturations"):
            assert other.counters().total(counter) == made[0].counters().total(counter)


def chip_for_rounding(seed: int, rounding: Any, bits: int = 8) -> Any:
    """Return a chip whose weights of the one projection, 8 × 40, are 0 and whose step is 1."""
    zeros = Parameters((np.zeros((8, 40)),), (), (np.zeros(40),))
    top = float(2 ** (bits - 1) - 1)
    net = Net(zeros, np.zeros((1, 8)), np.zeros((1, 40)))
    return fast_chip(net, CODING, precision=f"int{bits}", rounding=rounding, seed=seed, weight_range=top)


def step_by(made: Any, size: float) -> None:
    pre, post = np.ones((1, 8), np.float32), np.ones((1, 40), np.float32)
    made.write_weights([WeightUpdate(0, ((pre, post),), size, 0)], [None])


@pytest.mark.parametrize("size", [0.3, -0.3, 0.05, 0.5])
def test_stochastic_rounding_is_unbiased(size: float) -> None:
    """The mean of many small steps is their sum, each weight's own draws are as scattered as Bernoulli's."""
    made, n = chip_for_rounding(3, "stochastic"), 200
    for _ in range(n):
        step_by(made, size)
    weights = made.parameters().weights[0]
    variance = n * abs(size) * (1 - abs(size))
    assert weights.mean() == pytest.approx(n * size, abs=4 * np.sqrt(variance / weights.size))
    assert weights.var() == pytest.approx(variance, rel=0.35)
    assert abs(np.corrcoef(weights[0], weights[1])[0, 1]) < 0.5


def test_rounding_draws_anew_at_every_update_and_for_every_seed() -> None:
    first, again, other = (chip_for_rounding(seed, "stochastic") for seed in (1, 1, 2))
    once = []
    for made in (first, again, other):
        step_by(made, 0.5)
        once.append(made.parameters().weights[0])
        step_by(made, 0.5)
    np.testing.assert_array_equal(once[0], once[1])
    assert np.any(once[0] != once[2])
    assert set(np.unique(first.parameters().weights[0])) == {0.0, 1.0, 2.0}
    same(first.parameters(), again.parameters())


def test_nearest_rounding_loses_small_steps() -> None:
    made = chip_for_rounding(1, "nearest")
    for _ in range(20):
        step_by(made, 0.4)
    assert not made.parameters().weights[0].any()
    step_by(made, 0.6)
    assert np.all(made.parameters().weights[0] == 1)


@pytest.mark.parametrize(("bits", "top"), [(2, 1), (4, 7), (8, 127), (16, 32767)])
@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_weights_stop_at_the_end_of_their_range(bits: int, top: int, rounding: Any) -> None:
    made = chip_for_rounding(1, rounding, bits)
    step_by(made, top)
    assert np.all(made.parameters().weights[0] == top)
    assert made.counters().total("weight_saturations") == 0
    step_by(made, 1.0)
    assert np.all(made.parameters().weights[0] == top)
    assert made.counters().total("weight_saturations") == 8 * 40
    step_by(made, -2.0 * top - 1.0)
    assert np.all(made.parameters().weights[0] == -top - 1)  # two's complement has one more below 0
    assert made.counters().total("weight_saturations") == 8 * 40
    step_by(made, -1.0)
    assert np.all(made.parameters().weights[0] == -top - 1)
    assert made.counters().total("weight_saturations") == 2 * 8 * 40


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
@pytest.mark.parametrize("size", [np.nan, np.inf, -np.inf])
def test_a_change_that_is_no_number_is_no_weight(size: float, rounding: Any) -> None:
    made = chip_for_rounding(1, rounding)
    step_by(made, 5.0)
    with pytest.raises(NumericError, match=r"^weights\[0\]: are to change at a rate of (nan|inf|-inf) steps"):
        step_by(made, size)
    assert np.all(made.parameters().weights[0] == 5)
