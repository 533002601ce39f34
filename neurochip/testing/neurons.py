"""What a neuron that fires keeps: spikes that its slow twin sends too, silence without input, and a rate that grows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.cores.substrate import DigitalSubstrate
from neurochip.elements.element import Family
from neurochip.elements.neurons.f_i_curve import spikes_under
from neurochip.elements.neurons.spiking import SpikingNeuron, check_neuron
from neurochip.elements.neurons.table import NEURONS
from neurochip.elements.stages import element_constants
from neurochip.kernels._jit import Kernel
from neurochip.testing.elements import NEURONS as COLUMNS
from neurochip.testing.elements import OWN, ElementContract, room
from neurochip.testing.networks import Net, fast_chip

__all__ = ["NeuronContract"]

Array = NDArray[np.number]
_PERIODS = 40  # over which rates are compared


class NeuronContract(ElementContract):
    """Contract of a neuron. `slow` returns an object whose ``step(current)`` is the next bit, 0 or 1.

    Attributes
    ----------
    tolerance
        How far the rate of a neuron with a net input of ½ may be from ½: its f–I curve has to be about straight.
    """

    role = "neuron"
    tolerance = 0.3

    @property
    def family(self) -> Family:
        """All neurons."""
        return NEURONS

    def chip(self, net: Net, spec: Any, **how: Any) -> DigitalSubstrate:
        """Return an emulated chip of such neurons."""
        return fast_chip(net, spec, **how)

    def kernel(self, spec: Any) -> Kernel[..., object]:
        """Return the step."""
        step: Kernel[..., Any] = spec.step
        return step

    def of_a_kind(self, spec: object) -> tuple[object, ...]:
        """Return all specs of its class: constants of a membrane can spare it operations."""
        return tuple(one for one in self.specs if type(one) is type(spec))

    def currents(self, spec: SpikingNeuron, net_inputs: Array) -> Array:
        """Return the currents that net inputs make."""
        threshold, slope = spec.currents
        return threshold + slope * net_inputs

    def ran(self, spec: Any, values: Array, kernel: Any, argument: Any, dtype: DTypeLike) -> dict[str, Array]:
        """Let net inputs drive neurons tick by tick, from rest."""
        format_ = np.dtype(dtype)
        currents = self.currents(spec, values.astype(np.float64)).astype(format_)
        states = [[format_.type(v) for v in spec.rest] for _ in range(COLUMNS)]
        kept: dict[str, list[Array]] = {name: [] for name in ("bits", *spec.state)}
        for row in currents:
            arrays = {name: room(format_) for name in kept}
            for j, current in enumerate(row):
                fires, *state = kernel(current, *states[j], *argument)
                states[j] = [format_.type(v) for v in state]
                arrays["bits"][OWN.start + j] = bool(fires)
                for name, v in zip(spec.state, state, strict=True):
                    arrays[name][OWN.start + j] = v
            for name, array in arrays.items():
                kept[name].append(array)
        return {name: np.array(rows) for name, rows in kept.items()}

    def state(self, spec: Any) -> tuple[str, ...]:
        """Return the names of the variables."""
        return tuple(spec.state)

    def words_written(self, spec: Any) -> int:
        """Return how many variables some step moves from where they rest."""
        argument = element_constants(spec, np.dtype(np.float64))
        found = self.ran(spec, self.values(), self.kernel(spec), argument, np.float64)
        return sum(
            bool(np.any(found[name][:, OWN] != v)) for name, v in zip(spec.state, spec.rest, strict=True)
        )

    def count_one(self, spec: Any, python: Any, argument: Any, tick: int, arrays: list[Any]) -> None:
        """Let one net input drive a neuron for a tick."""
        current, state = arrays[0], arrays[1 : 1 + len(spec.state)]
        if tick == 1:
            for array, v in zip(state, spec.rest, strict=True):
                array[0] = type(current[0])(v)
        threshold, slope = spec.currents
        current[0] = type(current[0])(threshold + slope * current[0].value)
        _, *after = python(current[0], *(array[0] for array in state), *argument)
        for array, v in zip(state, after, strict=True):
            array[0] = v if isinstance(v, type(current[0])) else type(current[0])(v)

    def test_it_fires_when_its_slow_twin_does(self, spec: SpikingNeuron) -> None:
        values = np.repeat(self.values(), 3, axis=0)
        argument = element_constants(spec, np.dtype(np.float64))
        bits = self.ran(spec, values, self.kernel(spec), argument, np.float64)["bits"][:, OWN]
        slow = [self.slow(spec, lambda tick: 0.0) for _ in range(COLUMNS)]
        expected = [
            [int(one.step(float(i))) for one, i in zip(slow, row, strict=True)]
            for row in self.currents(spec, values)
        ]
        np.testing.assert_array_equal(bits, expected)
        assert bits.any() and not bits.all(), "the net inputs of the test must make it fire, and not always"

    def test_cores_take_it(self, spec: SpikingNeuron) -> None:
        for dtype in (np.float32, np.float64):
            check_neuron(spec, np.dtype(dtype), "neuron")

    def test_it_is_silent_below_its_threshold_and_its_rate_grows_above(self, spec: SpikingNeuron) -> None:
        ticks = int(_PERIODS * spec.period)

        def rate(net_input: float) -> float:
            current = float(self.currents(spec, np.array(net_input)))
            return float(spec.period) * spikes_under(spec, current, 2 * ticks, skip=ticks) / ticks

        assert rate(-0.5) == 0
        rates = [rate(x) for x in (0.25, 0.5, 0.75, 1.0, 1.25)]
        assert rates == sorted(rates) and rates[0] < rates[-1]
        assert abs(rates[3] - 1) <= 2 / _PERIODS
        assert abs(rates[1] - 0.5) <= self.tolerance
