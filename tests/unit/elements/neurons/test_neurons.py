"""Neurons that fire keep the contract that those of other packages are tested by; networks of them match the oracle."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np
import pytest

from neurochip.elements.neurons.current_based import CubaLIF
from neurochip.elements.neurons.f_i_curve import measured_currents
from neurochip.elements.neurons.leaky import LeakyIF
from neurochip.elements.neurons.perfect import IF
from neurochip.elements.neurons.spiking import SpikingNeuron, check_neuron
from neurochip.elements.neurons.table import NEURONS
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.random_bits import mix, tick_key, uniform
from neurochip.substrate import Observable, Phase
from neurochip.testing import NeuronContract, draw_net, fast_chip
from tests.oracle.spiking_neurons import Cuba, Leaky, Perfect, SlowSpiking

SPECS = (IF(), LeakyIF(), LeakyIF(membrane=15.0, refractory=2, reset="value"), CubaLIF(synapse=5.0))


def membrane(spec: Any) -> Any:
    if isinstance(spec, IF):
        return Perfect(spec.lowest)
    if isinstance(spec, CubaLIF):
        return Cuba(spec.synapse, spec.membrane, spec.refractory, spec.reset)
    return Leaky(spec.membrane, spec.refractory, spec.reset)


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # hashes wrap around
class TestNeurons(NeuronContract):
    specs = SPECS

    def slow(self, spec: Any, draw: Any) -> Any:
        return membrane(spec)

    def shared(self, spec: Any) -> dict[str, int]:
        return {} if isinstance(spec, IF) else {"comparisons": 1}  # whether a spike subtracts


def test_all_are_here() -> None:
    others = {"settling", "two-compartment"}
    assert {spec.kind for spec in SPECS} == set(NEURONS.built_in) - others


def test_a_leaky_neuron_begins_to_fire_where_the_formula_says() -> None:
    """v settles at I / (1 − e^{−1/τ}), Gerstner & Kistler 2002, section 4.1.1; and a perfect one, at once."""
    spec = LeakyIF(membrane=40.0, refractory=0)
    found = measured_currents(spec)
    assert found.threshold == pytest.approx(1 - math.exp(-1 / 40), rel=1e-3)
    # From 0 to 1 within a period of a reset to 0: 1 = I (1 − e^{−T/τ}) / (1 − e^{−1/τ}).
    spec = dataclasses.replace(spec, reset="value")
    found = measured_currents(spec)
    whole = (1 - math.exp(-1 / 40)) / (1 - math.exp(-6 / 40))
    assert found.threshold + found.slope == pytest.approx(whole, rel=1e-6)
    assert measured_currents(IF(period=8.0)).slope == pytest.approx(IF(period=8.0).currents.slope, rel=0.05)


@pytest.mark.parametrize("readout", ["spikes", "integrator"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_a_network_fires_as_the_oracle_does(spec: Any, readout: Any) -> None:
    """Free and nudged, float64: every spike, and every value."""
    spec = dataclasses.replace(spec, readout=readout)
    net = draw_net(7, (6, 9, 4), batch=2)
    x = net.x.copy()
    x[:, 1] = 0
    chip = fast_chip(net, spec, seed=3)
    numbers = np.array([5, 11], dtype=np.uint64)
    chip.begin(x, numbers)
    free, nudged, beta = 60, 40, 0.7
    settled = [
        chip.run(Phase.FREE, free, record=("spikes",)),
        chip.run(Phase.NUDGED, nudged, beta=beta, targets=net.y, record=("spikes",)),
    ]
    bits = [np.concatenate([a, b]) for a, b in zip(settled[0].spikes, settled[1].spikes, strict=True)]
    assert bits[1].any() and bits[2].any() == (readout == "spikes")
    start = np.uint64(mix(np.uint64(3), np.uint64(3)))
    for sample, number in enumerate(numbers):
        key = np.uint64(tick_key(start, number, np.uint64(0)))
        slow = SlowSpiking(
            lambda: membrane(spec),
            net.parameters.weights,
            net.parameters.biases,
            x[sample],
            currents=spec.currents,
            period=spec.period,
            filter=spec.filter,
            begins=[float(uniform(key, np.uint64(j))) for j in range(6)],
            readout=readout,
        )
        for t in range(free + nudged):
            fired = slow.step(*((2 * beta, net.y[sample]) if t >= free else ()))
            for layer, row in enumerate(fired):
                assert bits[layer][t, sample].tolist() == row, (sample, t, layer)
        for layer in range(3):
            np.testing.assert_allclose(
                chip.observe(Observable.VALUE, layer)[sample], slow.values[layer], rtol=0, atol=1e-12
            )


def test_an_input_that_presents_nothing_never_fires() -> None:
    net = draw_net(2, (6, 5, 3), batch=2)
    for spec in SPECS:
        chip = fast_chip(net, spec)
        chip.begin(0 * net.x, np.arange(2, dtype=np.uint64))
        assert not chip.run(Phase.FREE, 200, record=("spikes",)).spikes[0].any()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_an_inputs_value_is_what_it_presents(spec: Any) -> None:
    """In the long run, as far as the f–I curve is straight."""
    net = draw_net(2, (11, 5, 3), batch=1)
    chip = fast_chip(net, dataclasses.replace(spec, membrane=400.0) if hasattr(spec, "membrane") else spec)
    x = np.linspace(0, 1, 11)[None]
    chip.begin(x, np.zeros(1, dtype=np.uint64))
    chip.run(Phase.FREE, 1000)
    chip.run(Phase.FREE, 1000)
    np.testing.assert_allclose(chip.observe(Observable.RATE, 0), x, rtol=0, atol=0.12)
    np.testing.assert_allclose(chip.observe(Observable.VALUE, 0), x, rtol=0, atol=0.15)


@kernel
def _wrong_number(current: Any, v: Any) -> Any:
    return v + current > v


@kernel
def _always(current: Any, v: Any) -> Any:
    return current >= v, v


@kernel
def _never(current: Any, v: Any) -> Any:
    return current < v, v


@kernel
def _not_numba(current: Any, v: Any) -> Any:
    return {}[current], v


@kernel
def _slow(current: Any, v: Any, ten: Any) -> Any:
    waits = v > v - v
    return current > v - v and not waits, (v - ten / ten) if waits else ten if current > v - v else v


def _made(kernel_: Any, *, numbers: tuple[float, ...] = ()) -> SpikingNeuron:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Made(SpikingNeuron):
        kind: ClassVar[str] = "made"
        state: ClassVar[tuple[str, ...]] = ("v",)
        hardware: ClassVar[Any] = IF.hardware
        step: ClassVar[Kernel[Any, Any]] = kernel_

        @property
        def constants(self) -> tuple[float, ...]:
            return numbers

    return Made()


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (_made(_wrong_number), "neuron: the step of Made must return (fires, v), got False"),
        (_made(_always), 'neuron.kind: "made" fires without a current; a neuron that learns has to be silent then'),
        (_made(_never), 'neuron.kind: "made" never fires, whatever the current'),
        (_made(_slow, numbers=(10.0,)), "neuron.period: 6 ticks are less than there are between two spikes of "
         '"made" under any current; make it longer'),
        (_made(_wrong_number, numbers=(0.0,) * 13), "neuron: Made has 13 constants, and 12 are the most that a neuron "
         "may have; work some of them out beforehand and give them as `constants`"),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_is_refused(made: SpikingNeuron, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_neuron(made, np.dtype(np.float64), "neuron")
    assert str(caught.value) == sentence


def test_a_step_that_does_not_compile_is_refused_in_a_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        check_neuron(_made(_not_numba), np.dtype(np.float32), "neuron")
    assert caught.value.place == "neuron" and "does not work on float32 state" in caught.value.problem
    assert "\n" not in caught.value.problem


@pytest.mark.parametrize("period", [0.5, 1000.5])
def test_a_period_has_bounds(period: float) -> None:
    """How fast a neuron fires is measured over sixty periods: a long one would take for ever."""
    with pytest.raises(ConfigError) as caught:
        IF(period=period)
    assert str(caught.value) == f"period: must be 1 to 1000 ticks, got {period:g}"
    assert IF(period=1000.0).period == 1000
