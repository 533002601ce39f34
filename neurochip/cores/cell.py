"""What a substrate has to know of the neurons on its cores: how they run, what they are given, what of them is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import Neurons
from neurochip.cores.population import decoders_trace, neurons_of
from neurochip.description.neuron import front_schedule
from neurochip.description.run_sections import CodingSpec
from neurochip.elements import Constant, PowerLaw, as_schedule
from neurochip.elements.neurons import settling, two_compartment
from neurochip.elements.neurons.firing import (
    MEMBRANE,
    VALUE,
    integrators,
    keep_trace,
    shown_spikes,
    spiking_neurons,
)
from neurochip.elements.neurons.spiking import SpikingNeuron, check_neuron
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.elements.stages import check_compiles
from neurochip.errors import ConfigError
from neurochip.kernels.random_bits import mix
from neurochip.network import Population
from neurochip.substrate import Observable

__all__ = ["Cell", "Settling", "Spiking", "TwoCompartments", "cell_of"]

# Random numbers by purpose: one seed never serves two.
_SPIKE_STREAM, _START_STREAM = np.uint64(1), np.uint64(3)
_SEEN = frozenset({Observable.VALUE, Observable.RATE, Observable.SPIKES})


class Cell(Protocol):
    """Neurons of one network, and the inputs that drive them.

    Attributes
    ----------
    name
        For messages.
    value
        Which of its variables is the value of a neuron.
    observables
        What can be observed besides a trace.
    value_is_trace
        A receiving core that keeps traces makes of the spikes of an axon what the neuron itself makes of them, its
        value: they need not be made twice.
    has_bias_axon
        The bias of a core comes from a neuron on it that fires in every tick.
    records
        What can be recorded.
    shown
        The kind of inputs that are shown spikes, of those that `neurons` gives; `None` where inputs hold values only.
    """

    name: ClassVar[str]
    value: ClassVar[int]
    observables: ClassVar[frozenset[Observable]]
    value_is_trace: ClassVar[bool]
    has_bias_axon: ClassVar[bool]
    records: ClassVar[tuple[str, ...]]
    shown: ClassVar[int | None]

    @property
    def variables(self) -> int:
        """How many variables a neuron keeps."""
        ...

    @property
    def gain(self) -> float:
        """What a neuron makes of a weight of 1."""
        ...

    @property
    def period(self) -> float:
        """Ticks from spike to spike at a value of 1: what makes a value of spikes per tick."""
        ...

    def kinds(self, populations: Sequence[Population]) -> tuple[int, ...]:
        """Return the kind of each population, of those that `neurons` gives."""
        ...

    def neurons(self, dtype: np.dtype[Any], slots: int, *, traced: bool) -> Neurons:
        """Return the kinds of neurons: 0 updated, 1 inputs … Raises `ConfigError` for elements that do not work."""
        ...

    def seed(self, seed: int) -> np.uint64:
        """Return the seed of their random bits."""
        ...

    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Return the numbers of each tick, [tick, column], for a run that begins with tick ``first``."""
        ...

    def present(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Return what inputs hold for values in [0, 1]."""
        ...

    def aim(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Return what outputs are pulled to for targets in [0, 1]."""
        ...

    def nudge(self, beta: float) -> float:
        """Return the factor of the pull."""
        ...

    def unit(self, what: str) -> float:
        """Return the value of 1 in the format of a ``value``, ``trace`` or ``step``: 1 where it is floating-point."""
        ...


@dataclass(frozen=True)
class Settling:
    """Neurons of equilibrium propagation, which settle (O'Connor, Gavves & Welling 2019).

    Parameters
    ----------
    coding
        Encoder, decoder and annealer.
    """

    coding: CodingSpec
    name: ClassVar[str] = "digital"
    value: ClassVar[int] = settling.VALUE
    observables: ClassVar[frozenset[Observable]] = _SEEN
    value_is_trace: ClassVar[bool] = False
    has_bias_axon: ClassVar[bool] = False
    records: ClassVar[tuple[str, ...]] = ("spikes", "states", "step_sizes")
    shown: ClassVar[int | None] = None

    @property
    def variables(self) -> int:
        """As many as the annealer needs, and those of decoder and encoder."""
        return settling.variables(self.coding.annealer)

    @property
    def gain(self) -> float:
        """A weight is what it is."""
        return 1.0

    @property
    def period(self) -> float:
        """A neuron of value 1 fires in every tick."""
        return 1.0

    def kinds(self, populations: Sequence[Population]) -> tuple[int, ...]:
        """Return 1 for inputs, 0 for others."""
        return tuple(int(p.clamped) for p in populations)

    def neurons(self, dtype: np.dtype[Any], slots: int, *, traced: bool) -> Neurons:
        """Return both kinds; see `Cell`."""
        coding = self.coding
        if coding.encoder is None or coding.decoder is None:
            raise ConfigError("coding", "the digital substrate needs an encoder and a decoder")
        elements = {"encoder": coding.encoder, "decoder": coding.decoder, "annealer": coding.annealer}
        for role, spec in elements.items():
            check_compiles(role, spec, dtype, f"coding.{role}")
        front = front_schedule(coding)
        steady = isinstance(front, Constant)
        kinds = (
            settling.settling(coding.encoder, coding.decoder, coding.annealer, front is not None, steady),
            settling.clamped(coding.encoder, front is not None, steady),
        )
        trace = decoders_trace(coding.decoder) if traced else None
        return neurons_of(kinds, dtype, slots, trace=trace, patterned=True)

    def seed(self, seed: int) -> np.uint64:
        """Return the seed of the encoders."""
        return np.uint64(mix(np.uint64(seed), _SPIKE_STREAM))

    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Return λ of both ends and the rate of the annealer."""
        annealer, front = self.coding.annealer, front_schedule(self.coding)
        if hasattr(annealer, "rates"):
            rate = annealer.rates(first, ticks)
        elif isinstance(annealer, Constant | PowerLaw):
            rate = annealer.at(first, ticks)
        else:
            rate = np.zeros(ticks)  # its steps follow from its state
        ahead = np.ones(ticks) if front is None else front.at(first, ticks)
        lam = getattr(self.coding.decoder, "lam", 1.0)
        behind = as_schedule(lam, "coding.decoder.lambda").at(first, ticks)
        return np.stack([behind, ahead, rate], axis=1)

    def present(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """An input holds its value."""
        return inputs

    def aim(self, targets: NDArray[Any]) -> NDArray[Any]:
        """An output is pulled to its target."""
        return targets

    def nudge(self, beta: float) -> float:
        """Return 2β: the cost is the squared distance."""
        return 2.0 * beta

    def unit(self, what: str) -> float:
        """State is floating-point."""
        return 1.0


@dataclass(frozen=True)
class TwoCompartments:
    """Integrate-and-fire neurons that learn from rates (docs/lif-learning.md).

    Parameters
    ----------
    neuron
        Constants of all neurons.
    restarted
        r begins anew with each run: the mean of s since then, until the filter is full.
    """

    neuron: TwoCompartmentLIF
    restarted: bool = False
    name: ClassVar[str] = "digital"
    value: ClassVar[int] = two_compartment.RATE
    observables: ClassVar[frozenset[Observable]] = _SEEN
    value_is_trace: ClassVar[bool] = True
    has_bias_axon: ClassVar[bool] = True
    records: ClassVar[tuple[str, ...]] = ("spikes", "states")
    shown: ClassVar[int | None] = 2

    @property
    def variables(self) -> int:
        """Current, potential, the two filters, and refractory ticks left."""
        return two_compartment.VARIABLES

    @property
    def gain(self) -> float:
        """What a spike adds to the filter of its synapse."""
        return (1.0 - math.exp(-1.0 / self.neuron.synapse)) * self.neuron.period

    @property
    def period(self) -> float:
        """Of a rate of 1."""
        return self.neuron.period

    def kinds(self, populations: Sequence[Population]) -> tuple[int, ...]:
        """Return 1 for inputs, 0 for others."""
        return tuple(int(p.clamped) for p in populations)

    def neurons(self, dtype: np.dtype[Any], slots: int, *, traced: bool) -> Neurons:
        """Return both kinds; see `Cell`. What a core keeps of an axon is the neuron's own rate."""
        return neurons_of(two_compartment.two_compartments(self.neuron), dtype, slots, bias_column=1)

    def seed(self, seed: int) -> np.uint64:
        """Return the seed of first potentials."""
        return np.uint64(seed) ^ (_START_STREAM << np.uint64(56))

    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Return the share of s that r takes up, and what a spike of the bias axon adds to its s."""
        shares = np.full(ticks, 1.0 - math.exp(-1.0 / self.neuron.rate))
        if self.restarted:
            shares = np.maximum(shares, 1.0 / np.arange(1, ticks + 1))
        bias = np.full(ticks, 1.0 - math.exp(-1.0 / self.neuron.synapse))
        bias[: int(first == 1)] = 0  # no spike has arrived yet
        return np.stack([shares, bias], axis=1)

    def present(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Return the constant current that makes an input neuron fire at the rate of its value."""
        return self.neuron.drive_at(inputs)

    def aim(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Return R I, the drive that makes an output fire at the rate of its target."""
        return self.neuron.drive_at(targets)

    def nudge(self, beta: float) -> float:
        """Return β."""
        return beta

    def unit(self, what: str) -> float:
        """State is floating-point."""
        return 1.0


@dataclass(frozen=True)
class Spiking:
    """Neurons of any kind that fire and learn (docs/neurons.md).

    Parameters
    ----------
    neuron
        Their membrane, and what they have in common.
    """

    neuron: SpikingNeuron
    name: ClassVar[str] = "digital"
    value: ClassVar[int] = VALUE
    observables: ClassVar[frozenset[Observable]] = _SEEN
    value_is_trace: ClassVar[bool] = False
    has_bias_axon: ClassVar[bool] = False
    records: ClassVar[tuple[str, ...]] = ("spikes", "states")
    shown: ClassVar[int | None] = 3

    @property
    def variables(self) -> int:
        """Net input, value, and those of the membrane."""
        return MEMBRANE + len(self.neuron.state)

    @property
    def gain(self) -> float:
        """A neuron of value 1 fires once in a period: its spikes count so much more."""
        return self.neuron.period

    @property
    def period(self) -> float:
        """Of a value of 1."""
        return self.neuron.period

    def kinds(self, populations: Sequence[Population]) -> tuple[int, ...]:
        """Return 1 for inputs, 0 for others, 2 for outputs that are integrators."""
        integrates = self.neuron.readout == "integrator"
        return tuple(2 if p.output and integrates else int(p.clamped) for p in populations)

    def neurons(self, dtype: np.dtype[Any], slots: int, *, traced: bool) -> Neurons:
        """Return all kinds; see `Cell`."""
        check_neuron(self.neuron, dtype, "neuron")
        kinds = (*spiking_neurons(self.neuron), integrators(self.neuron), shown_spikes(self.neuron))
        return neurons_of(kinds, dtype, slots, trace=keep_trace if traced else None)

    def seed(self, seed: int) -> np.uint64:
        """Return the seed of when inputs begin."""
        return np.uint64(mix(np.uint64(seed), _START_STREAM))

    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Every tick is like the other."""
        return np.zeros((ticks, 1))

    def present(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """An input has the net input of its value."""
        return inputs

    def aim(self, targets: NDArray[Any]) -> NDArray[Any]:
        """An output is pulled to its target."""
        return targets

    def nudge(self, beta: float) -> float:
        """Return 2β: the cost is the squared distance."""
        return 2.0 * beta

    def unit(self, what: str) -> float:
        """State is floating-point."""
        return 1.0


def cell_of(neuron: CodingSpec | SpikingNeuron | TwoCompartmentLIF | Cell) -> Cell:
    """Return what a substrate has to know of neurons that are named by their Spec."""
    if isinstance(neuron, CodingSpec):
        return Settling(neuron)
    if isinstance(neuron, TwoCompartmentLIF):
        return TwoCompartments(neuron)
    if isinstance(neuron, SpikingNeuron):
        return Spiking(neuron)
    return neuron
