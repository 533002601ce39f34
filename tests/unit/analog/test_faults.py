"""Noise, converters, drift and the learning path: each does what it says, and nothing at its default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.die import glorot_deviation
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import DefectsSpec, MismatchSpec
from neurochip.description.die.learning_path import ConvertersSpec, DriftSpec, LearningPathSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.substrate import Observable, Phase, WeightUpdate
from neurochip.training.streams import glorot

NETWORK = layered((60, 50, 40, 10), tied=False)
BATCH = 8
X = np.random.default_rng(1).random((BATCH, 60))
Y = np.eye(10)[np.arange(BATCH)]
NUMBERS = np.arange(BATCH, dtype=np.uint64)


def made(spec: AnalogSpec | None = None, *, seed: int = 1, **sections: Any) -> AnalogSubstrate:
    substrate = AnalogSubstrate(NETWORK, spec or AnalogSpec(**sections), seed=seed)
    substrate.load(glorot(NETWORK, 2))
    return substrate


def begun(**sections: Any) -> AnalogSubstrate:
    substrate = made(**sections)
    substrate.begin(X, NUMBERS)
    substrate.run(Phase.FREE, 30)
    return substrate


def reading(substrate: AnalogSubstrate, layer: int = 1) -> Any:
    return substrate.observe(Observable.VALUE, layer)


def test_by_default_a_reading_is_the_voltage() -> None:
    substrate = begun()
    np.testing.assert_array_equal(reading(substrate), substrate.voltages()[:, :50])
    np.testing.assert_array_equal(reading(substrate, 0), X.astype(np.float32))


def test_read_noise() -> None:
    ideal = begun()
    noisy = begun(noise=NoiseSpec(read=0.05))
    np.testing.assert_array_equal(noisy.voltages(), ideal.voltages())  # it touches the reading alone
    errors = np.concatenate([(reading(noisy, k) - reading(ideal, k)).ravel() for k in (1, 2, 3)])
    assert errors.std() == pytest.approx(0.05, rel=0.1) and abs(errors.mean()) < 0.01
    again = begun(noise=NoiseSpec(read=0.05))
    np.testing.assert_array_equal(reading(again), reading(noisy))
    noisy.run(Phase.FREE, 1)
    later = reading(noisy) - noisy.voltages()[:, :50]
    assert np.corrcoef(later.ravel(), (reading(again) - again.voltages()[:, :50]).ravel())[0, 1] < 0.2


def test_step_noise_is_a_wiener_process() -> None:
    """A leaky neuron without input under noise σ per √τ rests with variance σ²/2 ; tanh has no rails."""
    network = layered((1, 200, 1), tied=False)
    spec = AnalogSpec(
        characteristic="tanh", noise=NoiseSpec(step=0.1), settle=SettleSpec(step=0.05, method="euler")
    )
    substrate = AnalogSubstrate(network, spec)
    parameters = glorot(network, 1)
    zero = parameters.__class__(
        tuple(0 * w for w in parameters.weights), tuple(0 * w for w in parameters.feedback), parameters.biases
    )
    substrate.load(zero)
    substrate.begin(np.zeros((20, 1)), np.arange(20, dtype=np.uint64))
    substrate.run(Phase.FREE, 200)
    assert substrate.voltages().std() == pytest.approx(0.1 / np.sqrt(2), rel=0.05)


def test_noise_does_not_depend_on_the_grouping_of_samples() -> None:
    together = begun(noise=NoiseSpec(step=0.05, read=0.02))
    alone = made(noise=NoiseSpec(step=0.05, read=0.02))
    alone.begin(X[3:4], NUMBERS[3:4])
    alone.run(Phase.FREE, 30)
    np.testing.assert_allclose(reading(alone)[0], reading(together)[3], atol=1e-5)
    other = made(seed=2, noise=NoiseSpec(step=0.05))
    other.begin(X, NUMBERS)
    other.run(Phase.FREE, 30)
    assert np.abs(other.voltages() - together.voltages()).max() > 0.01


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_adc(bits: int) -> None:
    found = reading(begun(converters=ConvertersSpec(adc_bits=bits)))
    steps = found * (2**bits - 1)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
    assert np.abs(found - reading(begun())).max() <= 0.5 / (2**bits - 1) + 1e-6
    half = reading(begun(converters=ConvertersSpec(adc_bits=bits, adc_range=0.5)))
    assert half.max() == pytest.approx(0.5)


def test_dac() -> None:
    substrate = made(converters=ConvertersSpec(dac_bits=2))
    substrate.begin(X, NUMBERS)
    np.testing.assert_allclose(reading(substrate, 0), np.rint(X * 3) / 3, atol=1e-6)


def write(substrate: AnalogSubstrate, change: Any) -> Any:
    """Write a change of the second projection, and return what has changed in it."""
    before = substrate.parameters().weights[1]
    pre, post = np.eye(50, dtype=np.float32), np.asarray(change, dtype=np.float32)
    substrate.write_weights([WeightUpdate(1, ((pre, post),), 1.0, 0)], [None] * 3)
    return substrate.parameters().weights[1] - before


CHANGE = np.random.default_rng(5).normal(0, 0.004, (50, 40))


def test_by_default_a_change_is_what_was_meant() -> None:
    np.testing.assert_allclose(write(made(), CHANGE), CHANGE, atol=1e-7)


def test_asymmetry() -> None:
    found = write(made(learning_path=LearningPathSpec(asymmetry=0.2)), CHANGE)
    np.testing.assert_allclose(found, np.where(CHANGE > 0, 1.2, 0.8) * CHANGE, atol=1e-7)


def test_granular_changes_are_whole_steps_and_right_on_average() -> None:
    quantum = 0.3 * glorot_deviation(NETWORK, 1)
    found = write(made(learning_path=LearningPathSpec(granularity=0.3)), np.full((50, 40), 0.3 * quantum))
    steps = found / quantum
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
    assert steps.mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.21 / 2000))


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
def test_weight_bits(rounding: Any) -> None:
    substrate = made(converters=ConvertersSpec(weight_bits=4, weight_range=2.0, rounding=rounding))
    bound = np.sqrt(3) * glorot_deviation(NETWORK, 1)
    step = 2 * bound / 7
    held = substrate.parameters().weights[1]
    np.testing.assert_allclose(held / step, np.rint(held / step), atol=1e-4)
    assert np.abs(held - glorot(NETWORK, 2).weights[1]).max() <= step / 2 + 1e-6
    found = write(substrate, np.full((50, 40), 0.25 * step)) / step
    if rounding == "nearest":
        np.testing.assert_allclose(found, 0, atol=1e-4)
    else:
        assert found.mean() == pytest.approx(0.25, abs=0.06)
    write(substrate, np.full((50, 40), 100.0))
    assert substrate.parameters().weights[1].max() == pytest.approx(2 * bound)
    assert substrate.counters().total("weight_saturations") >= 50 * 40


def test_drift() -> None:
    leaking = made(drift=DriftSpec(decay=0.01))
    before = leaking.parameters()
    leaking.write_weights([], [np.ones(50, np.float32), None, None])
    after = leaking.parameters()
    for a, b in zip((*after.weights, *after.feedback), (*before.weights, *before.feedback), strict=True):
        np.testing.assert_allclose(a, 0.99 * b, rtol=1e-5)
    np.testing.assert_allclose(after.biases[0], 0.99, rtol=1e-6)
    walking = made(drift=DriftSpec(walk=0.1))
    walking.write_weights([], [None] * 3)
    moved = walking.parameters().weights[1] - before.weights[1]
    assert moved.std() == pytest.approx(0.1 * glorot_deviation(NETWORK, 1), rel=0.1)
    np.testing.assert_allclose(walking.circuit.weights[1], walking.parameters().weights[1])


def test_offset_between_phases() -> None:
    substrate = begun(learning_path=LearningPathSpec(phase_offset=0.05))
    np.testing.assert_array_equal(reading(substrate), substrate.voltages()[:, :50])
    substrate.run(Phase.NUDGED, 5, beta=0.3, targets=Y)
    error = reading(substrate) - substrate.voltages()[:, :50]
    np.testing.assert_allclose(
        error, np.broadcast_to(error[0], error.shape), atol=1e-6
    )  # the same for all samples
    assert error[0].std() == pytest.approx(0.05, rel=0.3)


def test_droop() -> None:
    substrate = begun(learning_path=LearningPathSpec(droop=0.1))
    np.testing.assert_allclose(reading(substrate), 0.9 * substrate.voltages()[:, :50], rtol=1e-6)
    substrate.run(Phase.NUDGED, 5, beta=0.3, targets=Y)
    np.testing.assert_array_equal(reading(substrate), substrate.voltages()[:, :50])
    substrate.run(Phase.EVALUATION, 5)
    np.testing.assert_array_equal(reading(substrate), substrate.voltages()[:, :50])


def test_twin_circuits() -> None:
    """Nudged phases run on other devices: even without a nudge they come to rest elsewhere."""
    mismatch = MismatchSpec(sigma=0.2)
    same, twin = (
        begun(mismatch=mismatch, learning_path=LearningPathSpec(circuits=circuits))
        for circuits in ("same", "twin")
    )
    for substrate in (same, twin):
        substrate.run(Phase.FREE, 300)
    free = same.voltages()
    np.testing.assert_array_equal(free, twin.voltages())
    for substrate in (same, twin):
        substrate.run(Phase.NUDGED, 300, beta=0.0, targets=Y)
    np.testing.assert_allclose(same.voltages(), free, atol=1e-4)
    assert np.abs(twin.voltages() - free).max() > 0.05
    ideal = begun(learning_path=LearningPathSpec(circuits="twin"))
    ideal.run(Phase.FREE, 300)
    before = ideal.voltages()
    ideal.run(Phase.NUDGED, 300, beta=0.0, targets=Y)
    np.testing.assert_allclose(ideal.voltages(), before, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: ConvertersSpec(adc_bits=0),
            "analog.converters.adc_bits: must be 1 to 24, got 0",
        ),
        (
            lambda: ConvertersSpec(weight_bits=1),
            "analog.converters.weight_bits: must be 2 to 24, got 1",
        ),
        (lambda: NoiseSpec(read=-1.0), "analog.noise.read: must be ≥ 0, got -1"),
        (lambda: DriftSpec(decay=2.0), "analog.drift.decay: must be 0 to 1, got 2"),
        (
            lambda: DefectsSpec(dead_neurons=0.7, stuck_neurons=0.6),
            "analog.defects.stuck_neurons: and dead_neurons must be at most 1 together, got 1.3",
        ),
        (lambda: LearningPathSpec(asymmetry=3.0), "analog.learning_path.asymmetry: must be −1 to 1, got 3"),
        (
            lambda: LearningPathSpec(droop=-0.1),
            "analog.learning_path.droop: must be 0 to 1, got -0.1",
        ),
        (
            lambda: AnalogSpec(characteristic="file"),
            'analog.vector_field: names the file of characteristic = "file"; give both or neither',
        ),
    ],
)
def test_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make()
    assert str(refused.value) == sentence
