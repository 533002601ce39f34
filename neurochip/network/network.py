"""Populations and the projections between them: any graph (design of the emulator in docs/map.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurochip.errors import ConfigError
from neurochip.network.population import Population
from neurochip.network.projection import Projection

__all__ = ["Network"]


@dataclass(frozen=True, slots=True)
class Network:
    """A graph of populations.

    Inputs stand first and outputs last. Projections that lead forward come first, in order, and those that lead back
    follow, in order: `Parameters` have the same order.

    Attributes
    ----------
    populations
        The first ones are clamped to the input; where none is marked as output, the last one is.
    projections
        From which population to which, by index.

    Raises
    ------
    ConfigError
        For a graph that is none.
    """

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]

    def __post_init__(self) -> None:
        """Mark the output, number the projections, and check that they fit together."""
        populations = self.populations
        if not any(p.output for p in populations):
            populations = (*populations[:-1], replace(populations[-1], output=True))
        object.__setattr__(self, "populations", populations)
        projections = tuple(replace(p, index=k) for k, p in enumerate(self.projections))
        object.__setattr__(self, "projections", projections)
        names = [p.name for p in populations]
        if len(set(names)) != len(names):
            raise ConfigError("network.populations", "must have different names")
        ranks = [2 if p.output else 0 if p.clamped else 1 for p in populations]
        if ranks != sorted(ranks):
            raise ConfigError("network.populations", "must have inputs first and outputs last")
        if [p.backward for p in projections] != sorted(p.backward for p in projections):
            raise ConfigError("network.projections", "must have those that lead back last")
        for p in projections:
            if populations[p.target].clamped:
                raise ConfigError(self.name_of(p.index), "ends at an input, which receives nothing")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each population."""
        return tuple(p.size for p in self.populations)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the populations that present the input; [sample, unit] of all of them stand side by side."""
        return tuple(k for k, p in enumerate(self.populations) if p.clamped)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Indices of the populations that targets pull; targets [sample, unit] of all of them stand side by side."""
        return tuple(k for k, p in enumerate(self.populations) if p.output)

    @property
    def updated(self) -> tuple[int, ...]:
        """Indices of the populations that are not clamped: those that have biases, in this order."""
        return tuple(k for k, p in enumerate(self.populations) if not p.clamped)

    @property
    def forward(self) -> tuple[int, ...]:
        """Indices of the projections that lead forward: those that have a learning rate, in this order."""
        return tuple(p.index for p in self.projections if not p.backward)

    @property
    def own_feedback(self) -> tuple[int, ...]:
        """Indices of the projections that lead back and have weights of their own."""
        return tuple(p.index for p in self.projections if p.backward and not p.tied)

    @property
    def tied(self) -> bool:
        """Whether no feedback has weights of its own."""
        return not self.own_feedback

    @property
    def is_simple(self) -> bool:
        """Whether a spike meets every neuron of every population that its own leads to, once, in the next tick."""
        ways = [(p.source, p.target) for p in self.projections]
        return len(set(ways)) == len(ways) and all(
            p.delay == 1 and p.connection is None for p in self.projections
        )

    @property
    def is_listed(self) -> bool:
        """Whether not every pair of neurons of connected populations has a synapse."""
        return any(p.connection is not None for p in self.projections)

    @property
    def is_chain(self) -> bool:
        """Whether it is what `layered` makes: all in order from one input to one output, dense, of delay 1.

        Feedback is all tied or all of its own.
        """
        last = len(self.populations) - 1
        forward = [(k, k + 1, None) for k in range(last)]
        backward = [(k + 1, k, k) for k in range(1, last)]
        return (
            [(p.source, p.target, p.feedback_of) for p in self.projections] == forward + backward
            and all(p.delay == 1 and p.connection is None and p.convolution is None for p in self.projections)
            and len({p.tied for p in self.projections if p.backward}) <= 1
            and len(self.inputs) == len(self.outputs) == 1
        )

    def name_of(self, projection: int) -> str:
        """Return a projection in words: ``hidden→output``."""
        found = self.projections[projection]
        return f"{self.populations[found.source].name}→{self.populations[found.target].name}"

    def weights_shape(self, projection: int) -> tuple[int, ...]:
        """Shape of a projection's weights: [pre, post], or what its connection says; of a kernel run backwards, both
        ends are exchanged.
        """
        found = self.projections[projection]
        if found.connection is not None:
            return found.connection.shape
        if found.convolution is None:
            return self.sizes[found.source], self.sizes[found.target]
        below, above = found.convolution.weights
        return (above, below) if found.backward else (below, above)

    def synapses(self, projection: int) -> int:
        """Synapses of a projection that exist; of a kernel after a mean, those of the kernel."""
        found = self.projections[projection]
        if found.connection is not None:
            return found.connection.synapses
        if found.convolution is not None:
            below, above = found.convolution.weights
            return below * above * found.convolution.positions
        return self.sizes[found.source] * self.sizes[found.target]

    def fans(self, projection: int) -> tuple[float, float]:
        """Return n_in and n_out of a projection: the synapses of a target neuron, and those of a source neuron.

        Where positions share a kernel after a mean, those of one position.
        """
        found = self.projections[projection]
        if found.connection is not None:
            synapses = found.connection.synapses
            return synapses / max(1, found.connection.targets), synapses / max(1, found.connection.sources)
        n_in, n_out = self.weights_shape(projection)
        of = found.convolution
        return n_in, n_out + (0 if of is None else (of.kernel**2 - 1) * of.maps)

    def n_biases(self, population: int) -> int:
        """Biases of a population: one for each neuron, or for each map that a kernel after a mean makes."""
        kernel = next((p.convolution for p in self.projections
                       if p.target == population and not p.backward and p.convolution), None)  # fmt: skip
        return self.sizes[population] if kernel is None else kernel.maps

    def into(self, target: int) -> tuple[int, ...]:
        """Indices of the projections that end in a population."""
        return tuple(k for k, p in enumerate(self.projections) if p.target == target)

    def out_of(self, source: int) -> tuple[int, ...]:
        """Indices of the projections that begin in a population."""
        return tuple(k for k, p in enumerate(self.projections) if p.source == source)

    def between(self, source: int, target: int) -> int:
        """Index of the first projection from one population to another."""
        for k, p in enumerate(self.projections):
            if (p.source, p.target) == (source, target):
                return k
        raise ConfigError("network", f"has no projection from layer {source} to layer {target}")

    def tied_to(self, projection: int) -> tuple[int, ...]:
        """Indices of the projections that are the transpose of this one."""
        return tuple(p.index for p in self.projections if p.transpose_of == projection)
