"""Real numbers: the Euler steps against the slow ones, and what they count, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.elements import Constant, PowerLaw
from neurochip.errors import CapabilityError, ConfigError, NumericError
from neurochip.ideal.relax import step
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase, WeightUpdate
from neurochip.testing.networks import Net, draw_net
from tests.oracle.real_valued import settle_real
from tests.property.networks import checked, layer_sizes, seeds

FREE, NUDGED, BATCH = 15, 9, 2
NUMBERS = np.arange(BATCH, dtype=np.uint64)


def ideal(net: Net, annealer: Any = Constant(0.5), dtype: Any = np.float64) -> IdealSubstrate:  # noqa: B008
    made = IdealSubstrate(layered(net.sizes, tied=net.tied), annealer, dtype=dtype)
    made.load(net.parameters)
    made.begin(net.x, NUMBERS)
    return made


@given(
    seed=seeds,
    sizes=layer_sizes,
    tied=st.booleans(),
    epsilon=st.sampled_from([0.1, 0.5, 1.0]),
    beta=st.sampled_from([-0.5, 0.3]),
)
@checked(60)
def test_every_step(seed: int, sizes: tuple[int, ...], tied: bool, epsilon: float, beta: float) -> None:
    net = draw_net(seed, sizes, tied=tied)
    made = ideal(net, Constant(epsilon))
    phases = [
        made.run(Phase.FREE, FREE, record=("states",)),
        made.run(Phase.NUDGED, NUDGED, beta=beta, targets=net.y, record=("states",)),
    ]
    p = net.parameters
    for sample in range(BATCH):
        expected = settle_real(
            [w.tolist() for w in p.weights],
            [b.tolist() for b in p.biases],
            net.x[sample].tolist(),
            net.y[sample].tolist(),
            n_free=FREE,
            n_nudged=NUDGED,
            beta=beta,
            epsilon=epsilon,
            feedback=[w.tolist() for w in p.feedback] or None,
        )
        for layer in range(len(sizes)):
            found = np.concatenate([phase.states[layer][:, sample] for phase in phases])
            np.testing.assert_allclose(found, expected[layer], rtol=0, atol=1e-12)


@pytest.mark.interp
def test_one_step_by_hand() -> None:
    state = np.array([[0.5, 0.9, 0.1]])
    drive, bias = np.array([[0.25, 3.0, -2.0]]), np.array([0.25, 0.0, 0.0])
    target = np.array([[1.0, 0.0, 0.0]])
    step(state, drive, bias, 0.5, 0.0, target, 1.0)
    assert state.tolist() == [[0.5, 1.0, 0.0]]
    step(state, drive, bias, 0.5, 1.0, target, 1.0)
    assert state.tolist() == [[0.75, 1.0, 0.0]]


def test_steps_follow_the_schedule_through_phases() -> None:
    net = draw_net(1, (4, 3, 2))
    made = ideal(net, PowerLaw(0.8, 0.5))
    first = made.run(Phase.FREE, 4, record=("step_sizes",)).step_sizes
    second = made.run(Phase.NUDGED, 3, beta=0.5, targets=net.y, record=("step_sizes",)).step_sizes
    assert first[0].shape == (0, BATCH, 4)
    sizes = np.concatenate([first[1], second[1]])
    np.testing.assert_allclose(sizes[:, 0, 0], 0.8 / np.sqrt(np.arange(1, 8)), rtol=1e-15)


def test_counters() -> None:
    """Each input word is told once, every other neuron's at every step; nothing else is sent."""
    net = draw_net(1, (4, 3, 2))
    made = ideal(net)
    made.run(Phase.FREE, FREE)
    made.run(Phase.NUDGED, NUDGED, beta=0.5, targets=net.y)
    made.count_readout(-1)
    table = made.counters().to_json()
    assert table["free"]["real_valued_words"] == BATCH * (4 + (3 + 2) * FREE)
    assert table["nudged"]["real_valued_words"] == BATCH * (3 + 2) * NUDGED
    assert table["free"]["host_words_in"] == BATCH * 4
    assert table["nudged"]["host_words_in"] == BATCH * 2
    assert table["nudged"]["nudged_updates"] == BATCH * 2 * NUDGED
    assert table["free"]["neuron_updates"] == BATCH * 5 * FREE
    assert table["readout"]["readout_words"] == BATCH * 2
    for counted in table.values():
        assert counted["spikes_sent"] == counted["packets"] == counted["sops"] == counted["bits"]["aer"] == 0


def test_counters_of_an_update() -> None:
    net = draw_net(1, (4, 3, 2))
    made = ideal(net)
    pre, post = np.ones((BATCH, 3)), np.ones((BATCH, 2))
    made.write_weights([WeightUpdate(1, ((pre, post), (pre, post)), 0.1, 2)], [None, None])
    counted = made.counters().to_json()["update"]["populations"]
    # The tied copy of the hidden layer does the same sums.
    for name in ("hidden", "output"):
        assert counted[name]["weight_writes"] == counted[name]["weight_reads"] == 3 * 2
        assert counted[name]["weight_accumulations"] == 2 * BATCH * 3 * 2
    assert counted["input"]["weight_writes"] == 0


def test_a_tied_copy_follows() -> None:
    net = draw_net(1, (4, 3, 2))
    made = ideal(net)
    change = (
        np.random.default_rng(1).normal(size=(BATCH, 3)),
        np.random.default_rng(2).normal(size=(BATCH, 2)),
    )
    made.write_weights([WeightUpdate(1, (change,), 0.1, 2)], [None, None])
    held = made.parameters()
    again = ideal(Net(held, net.x, net.y))
    for substrate in (made, again):
        substrate.begin(net.x, NUMBERS)
        substrate.run(Phase.FREE, FREE)
    for a, b in zip(made.values(), again.values(), strict=True):
        np.testing.assert_array_equal(a, b)


def sentence(error: type[Exception], call: Any) -> str:
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def test_refused() -> None:
    net = draw_net(1, (4, 3, 2))
    made = ideal(net)
    assert sentence(CapabilityError, lambda: made.run(Phase.FREE, 3, record=("spikes",))) == (
        "spikes: are not sent by the ideal substrate; record states"
    )
    assert sentence(CapabilityError, lambda: made.run(Phase.FREE, 3, record=("space",))) == (
        "record: must be among states, step_sizes, got space"
    )
    assert sentence(ConfigError, lambda: made.run(Phase.FREE, 0)) == "phases.free: must be ≥ 1 tick, got 0"
    p = net.parameters
    short = Parameters(p.weights[:1], (), p.biases)
    assert sentence(ConfigError, lambda: made.load(short)) == (
        "weights: must have 2 forward matrices and 0 for feedback, got 1 and 0"
    )
    bad = Parameters((p.weights[0] * np.nan, p.weights[1]), (), p.biases)
    assert sentence(NumericError, lambda: made.load(bad)) == "weights[0]: must be finite, got NaN or infinity"
