"""What all substrates meet at. A rule sees a chip through this and nothing else."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neurochip.spikes import SpikeTrains
from neurochip.substrate.counters import Counters, Phase
from neurochip.substrate.optimising import Optimising

__all__ = [
    "Capabilities",
    "Machine",
    "Observable",
    "Parameters",
    "Settled",
    "Snapshot",
    "Substrate",
    "WeightUpdate",
]

Array = NDArray[np.floating]


class Observable(enum.StrEnum):
    """What can be read of a population, one number per sample and neuron."""

    VALUE = "value"  # s, the state
    ACTIVITY = "activity"  # ρ(s), what a neuron sends, where that is not the state itself
    TRACE = "trace"  # what a receiving core's decoder makes of the bits of each axon
    RATE = "rate"  # spikes per tick of the last run, in units of the value of a neuron that fires so often
    SPIKES = "spikes"  # bits of the last tick
    ADJOINT = (
        "adjoint"  # −dC/dI of the targets of the last run, by the exact Jacobian, which no measurement gives
    )


@dataclass(frozen=True)
class Capabilities:
    """What a substrate can do.

    Attributes
    ----------
    name
        ``ideal``, ``digital``, ``analog`` or one of its own, for messages.
    observables
        What `Substrate.observe` gives.
    sends_bits_only
        Whether nothing but bits crosses between neurons.
    """

    name: str
    observables: frozenset[Observable]
    sends_bits_only: bool


@dataclass(frozen=True)
class Parameters:
    """Weights and biases of a network.

    Attributes
    ----------
    weights
        Of the projections that lead forward, in their order, [pre, post] each.
    feedback
        Of those that lead back and are not tied, in their order, [pre, post] each; tied ones are the transpose of what
        they lead back.
    biases
        Of the populations that are not clamped, [neuron] each.
    """

    weights: tuple[Array, ...]
    feedback: tuple[Array, ...]
    biases: tuple[Array, ...]


@dataclass(frozen=True)
class WeightUpdate:
    """A change of weights as the cores make it: a sum over samples of products of what stands at both ends.

    ΔW[i, j] = rate · Σ_terms Σ_lanes pre[sample, i] · post[sample, j]

    Attributes
    ----------
    projection
        Index of the projection whose weights change.
    terms
        (pre [sample, neuron], post [sample, neuron]) pairs. ``pre`` may be [sample, receiving core, neuron], when
        each core has a trace of its own.
    rate
        η / (β N) with the signs of the rule.
    words_per_axon
        Real numbers of each presynaptic neuron and sample that the receiving core had to be told other than by
        spikes; 0 for a rule that uses traces.
    summed
        Of a rule that is no sum of products: how many samples its one term has summed already, with one row for each
        presynaptic neuron. `None`: each row of a term is a sample.
    """

    projection: int
    terms: tuple[tuple[Array, Array], ...]
    rate: float
    words_per_axon: int
    summed: int | None = None

    @property
    def samples(self) -> int:
        """Samples that it is the change of."""
        return int(self.terms[0][0].shape[0]) if self.summed is None else self.summed


@dataclass(frozen=True)
class Settled:
    """How a phase ended.

    Attributes
    ----------
    ticks
        Ticks (or steps) that it took.
    spikes
        List over layers of u8[tick, sample, unit], if recorded.
    states
        List over layers of [tick, sample, unit], if recorded.
    step_sizes
        List over layers of ε, [tick, sample, unit], if recorded; the clamped layer has none (0 ticks).
    """

    ticks: int
    spikes: tuple[NDArray[np.uint8], ...] = ()
    states: tuple[Array, ...] = ()
    step_sizes: tuple[Array, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """Everything that samples remember, to be restored later; the arrays are copies."""

    tick: int
    ran: int  # ticks of the last run, over which spikes were counted
    arrays: dict[str, Array]


class Substrate(Protocol):
    """Something that settles. Time is counted in ticks."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def load(self, parameters: Parameters) -> None:
        """Write all weights and biases."""
        ...

    def parameters(self) -> Parameters:
        """Return all weights and biases, as values."""
        ...

    def begin(self, inputs: Array | SpikeTrains, presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [sample, unit], each from rest; ``presentations`` [sample] number them for random bits.

        Inputs are values; or spikes, where neurons fire. Raises `CapabilityError` for spikes that it cannot show.
        """
        ...

    def run(
        self,
        phase: Phase,
        ticks: int,
        *,
        beta: float = 0.0,
        targets: Array | None = None,
        record: Sequence[str] = (),
    ) -> Settled:
        """Go on for ``ticks`` from where the last phase stopped, pulled to ``targets`` [sample, unit] by β."""
        ...

    def observe(self, what: Observable, layer: int) -> Array:
        """Return [sample, unit] of a layer. Raises `CapabilityError` if it cannot.

        Where packets can be lost, what receiving cores made of them is [sample, receiving core, unit].
        """
        ...

    def snapshot(self) -> Snapshot:
        """Return a copy of what the samples remember."""
        ...

    def restore(self, snapshot: Snapshot) -> None:
        """Put the samples back where a snapshot was taken."""
        ...

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[Array | None]) -> None:
        """Change weights where they are kept.

        ``biases`` holds the change of those of each population that is not clamped, or `None`.
        """
        ...

    def count_readout(self, layer: int) -> None:
        """Count that the outside read the values of a layer."""
        ...

    def counters(self) -> Counters:
        """Return all counts since the substrate was made."""
        ...


class Machine(Substrate, Protocol):
    """A substrate on which a run can be taken up again.

    Attributes
    ----------
    optimiser
        Stands between changes and weights; `None`: a change is added as it is.
    """

    optimiser: Optimising | None

    @property
    def updates(self) -> int:
        """Changes of weights so far; part of the key of stochastic rounding."""
        ...

    def restore_counters(self, counters: Counters, updates: int) -> None:
        """Go on counting from a checkpoint."""
        ...
