"""What a substrate has to know of a kind of neurons: how they run, what they are given, what of them is seen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.population import decoders_trace
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
from neurochip.elements.neurons.neuron import Dynamics
from neurochip.elements.neurons.spiking import SpikingNeuron, check_neuron
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.elements.stages import check_compiles
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel
from neurochip.kernels.random_bits import mix
from neurochip.network import Population
from neurochip.substrate import Observable

__all__ = ["Cell", "Role", "Settling", "Spiking", "Tracer", "TwoCompartments", "cell_of"]

# Random numbers by purpose: one seed never serves two.
_SPIKE_STREAM, _START_STREAM = np.uint64(1), np.uint64(3)

# What a population is there for: it is updated from what it receives, holds what it presents, is shown spikes, or reads
# out without a threshold.
Role = Literal["updated", "held", "shown", "integrator"]


class Tracer(NamedTuple):
    """What a receiving core makes of the spikes of an axon: a kernel, and what tells it from others of that kernel."""

    kernel: Kernel[..., object]
    settings: tuple[object, ...]


class Cell(ABC):
    """Neurons of one kind, and inputs of that kind; what holds for most kinds stands here.

    Attributes
    ----------
    value
        Which of its variables is the value of a neuron.
    observables
        What can be observed besides a trace.
    has_bias_axon
        The bias of a core comes from a neuron on it that fires in every tick.
    bias_column
        Column of its schedule that says how much of its bias a neuron gets with the spikes; −1: its update adds it.
    patterned
        Whether sums are kept for reference patterns: worth it for neurons that fire often and regularly.
    records
        What can be recorded.
    """

    value: ClassVar[int]
    observables: ClassVar[frozenset[Observable]] = frozenset(
        {Observable.VALUE, Observable.RATE, Observable.SPIKES}
    )
    has_bias_axon: ClassVar[bool] = False
    bias_column: ClassVar[int] = -1
    patterned: ClassVar[bool] = False
    records: ClassVar[tuple[str, ...]] = ("spikes", "states")

    @property
    @abstractmethod
    def variables(self) -> int:
        """How many variables a neuron keeps."""

    @property
    @abstractmethod
    def period(self) -> float:
        """Ticks from spike to spike at a value of 1: a spike stands for so much, for a tick."""

    @property
    def intake(self) -> float:
        """What a neuron takes up of a spike that stands for 1, in the tick in which it arrives: all of it."""
        return 1.0

    @property
    def tracer(self) -> Tracer | None:
        """What receivers make of its spikes; `None`: its value, as the neuron itself does, which need not be twice."""
        return None

    def role(self, population: Population) -> Role:
        """Return what a population of such neurons is there for: inputs hold what they present."""
        return "held" if population.clamped else "updated"

    @abstractmethod
    def dynamics(self, role: Role, dtype: np.dtype[Any]) -> Dynamics | None:
        """Return its neurons in a role; `None` where it has none. Raises `ConfigError` for what does not work."""

    @abstractmethod
    def seed(self, seed: int) -> np.uint64:
        """Return the seed of their random bits."""

    @abstractmethod
    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Return the numbers of each tick, [tick, column], for a run that begins with tick ``first``."""

    def present(self, inputs: NDArray[np.number]) -> NDArray[np.number]:
        """Return what inputs hold for values in [0, 1]: these values."""
        return inputs

    def aim(self, targets: NDArray[np.number]) -> NDArray[np.number]:
        """Return what outputs are pulled to for targets in [0, 1]: what inputs of that value hold."""
        return self.present(targets)

    def nudge(self, beta: float) -> float:
        """Return the factor of the pull, 2β where the cost is the squared distance."""
        return 2.0 * beta

    def unit(self, what: str) -> float:
        """Return the value of 1 in the format of a ``value``, ``trace`` or ``step``: 1 where it is floating-point."""
        return 1.0


@dataclass(frozen=True)
class Settling(Cell):
    """Neurons of equilibrium propagation, which settle (O'Connor, Gavves & Welling 2019).

    Parameters
    ----------
    coding
        Encoder, decoder and annealer.
    """

    coding: CodingSpec
    value: ClassVar[int] = settling.VALUE
    patterned: ClassVar[bool] = True
    records: ClassVar[tuple[str, ...]] = ("spikes", "states", "step_sizes")

    @property
    def variables(self) -> int:
        """As many as the annealer needs, and those of decoder and encoder."""
        return settling.variables(self.coding.annealer)

    @property
    def period(self) -> float:
        """A neuron of value 1 fires in every tick."""
        return 1.0

    @property
    def tracer(self) -> Tracer | None:
        """What their decoder makes of the bits."""
        return Tracer(decoders_trace(self.coding.decoder), ("decoder", self.coding.decoder))

    def dynamics(self, role: Role, dtype: np.dtype[Any]) -> Dynamics | None:
        """Return neurons, or inputs that hold a value; see `Cell`."""
        coding = self.coding
        if coding.encoder is None or coding.decoder is None:
            raise ConfigError("coding", "the digital substrate needs an encoder and a decoder")
        elements = {"encoder": coding.encoder, "decoder": coding.decoder, "annealer": coding.annealer}
        for part, spec in elements.items():
            check_compiles(part, spec, dtype, f"coding.{part}")
        front = front_schedule(coding)
        steady = isinstance(front, Constant)
        if role == "updated":
            return settling.settling(
                coding.encoder, coding.decoder, coding.annealer, front is not None, steady
            )
        return settling.clamped(coding.encoder, front is not None, steady) if role == "held" else None

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


@dataclass(frozen=True)
class TwoCompartments(Cell):
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
    value: ClassVar[int] = two_compartment.RATE
    has_bias_axon: ClassVar[bool] = True
    bias_column: ClassVar[int] = 1

    @property
    def variables(self) -> int:
        """Current, potential, the two filters, and refractory ticks left."""
        return two_compartment.VARIABLES

    @property
    def period(self) -> float:
        """Of a rate of 1."""
        return self.neuron.period

    @property
    def intake(self) -> float:
        """What a spike adds to the filter of its synapse."""
        return 1.0 - math.exp(-1.0 / self.neuron.synapse)

    def dynamics(self, role: Role, dtype: np.dtype[Any]) -> Dynamics | None:
        """Return neurons, inputs that hold a current, or inputs that are shown spikes."""
        updated, held, shown = two_compartment.two_compartments(self.neuron)
        made: dict[Role, Dynamics] = {"updated": updated, "held": held, "shown": shown}
        return made.get(role)

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

    def present(self, inputs: NDArray[np.number]) -> NDArray[np.number]:
        """Return R I, the constant drive that makes a neuron fire at the rate of its value, or its target."""
        return self.neuron.drive_at(inputs)

    def nudge(self, beta: float) -> float:
        """Return β."""
        return beta


@dataclass(frozen=True)
class Spiking(Cell):
    """Neurons of any kind that fire and learn (docs/neurons.md).

    Parameters
    ----------
    neuron
        Their membrane, and what they have in common.
    """

    neuron: SpikingNeuron
    value: ClassVar[int] = VALUE

    @property
    def variables(self) -> int:
        """Net input, value, and those of the membrane."""
        return MEMBRANE + len(self.neuron.state)

    @property
    def period(self) -> float:
        """Of a value of 1."""
        return self.neuron.period

    @property
    def tracer(self) -> Tracer | None:
        """The same filter that makes their value."""
        return Tracer(keep_trace, ("value", self.neuron.filter, self.neuron.period))

    def role(self, population: Population) -> Role:
        """Inputs hold a current, and outputs may be integrators."""
        if population.output and self.neuron.readout == "integrator":
            return "integrator"
        return super().role(population)

    def dynamics(self, role: Role, dtype: np.dtype[Any]) -> Dynamics | None:
        """Return its neurons in any role; see `Cell`."""
        check_neuron(self.neuron, dtype, "neuron")
        if role == "integrator":
            return integrators(self.neuron)
        if role == "shown":
            return shown_spikes(self.neuron)
        updated, held = spiking_neurons(self.neuron)
        return updated if role == "updated" else held

    def seed(self, seed: int) -> np.uint64:
        """Return the seed of when inputs begin."""
        return np.uint64(mix(np.uint64(seed), _START_STREAM))

    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Every tick is like the other."""
        return np.zeros((ticks, 1))


def cell_of(neuron: CodingSpec | SpikingNeuron | TwoCompartmentLIF | Cell) -> Cell:
    """Return what a substrate has to know of neurons named by their Spec; a coding stands for those that settle."""
    if isinstance(neuron, CodingSpec):
        return Settling(neuron)
    if isinstance(neuron, TwoCompartmentLIF):
        return TwoCompartments(neuron)
    if isinstance(neuron, SpikingNeuron):
        return Spiking(neuron)
    return neuron
