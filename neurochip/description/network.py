"""Networks as populations and projections (design §2)."""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.description.convolution import Convolution
from neurochip.errors import ConfigError, NeurochipError

__all__ = ["Network", "Population", "Projection", "convolutional", "layered", "refuse_shared_weights"]


@dataclass(frozen=True, slots=True)
class Population:
    """Neurons of one kind. A clamped one presents the input and receives nothing."""

    name: str
    size: int
    clamped: bool = False


@dataclass(frozen=True, slots=True)
class Projection:
    """Weights from one population to another, [pre, post].

    Attributes
    ----------
    source, target
        Indices of the populations.
    transpose_of
        Index of the projection that it is tied to, `None` for weights of its own.
    convolution
        Shares one kernel among all positions of a layer; the projection back has the same one, run backwards. `None`:
        every synapse has its own weight.
    """

    source: int
    target: int
    transpose_of: int | None = None
    convolution: Convolution | None = None

    @property
    def backward(self) -> bool:
        """Whether it leads from a layer to the one below."""
        return self.target < self.source


@dataclass(frozen=True, slots=True)
class Network:
    """Populations in the order of the layers, and the projections between them.

    The forward projections come first, in order; the backward ones follow, in order.

    Attributes
    ----------
    populations
        Name, size in neurons, and whether it is clamped to the input.
    projections
        From which population to which, by index, and which one it is the transpose of.
    tied
        Whether feedback is the transpose of the forward weights.
    """

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    tied: bool

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer."""
        return tuple(p.size for p in self.populations)

    def weights_shape(self, projection: int) -> tuple[int, int]:
        """Shape of a projection's weights: [pre, post], or those of its kernel; backwards the other way round."""
        found = self.projections[projection]
        if found.convolution is None:
            return self.sizes[found.source], self.sizes[found.target]
        below, above = found.convolution.weights
        return (above, below) if found.backward else (below, above)

    def n_biases(self, layer: int) -> int:
        """Biases of a layer: one for each neuron, or for each map where the layer is driven by a convolution."""
        forward = self.projections[layer - 1].convolution
        return self.sizes[layer] if forward is None else forward.maps

    def into(self, target: int) -> tuple[int, ...]:
        """Indices of the projections that end in a population."""
        return tuple(k for k, p in enumerate(self.projections) if p.target == target)

    def out_of(self, source: int) -> tuple[int, ...]:
        """Indices of the projections that begin in a population."""
        return tuple(k for k, p in enumerate(self.projections) if p.source == source)

    def between(self, source: int, target: int) -> int:
        """Index of the projection from one layer to another."""
        for k, p in enumerate(self.projections):
            if (p.source, p.target) == (source, target):
                return k
        raise ConfigError("network", f"has no projection from layer {source} to layer {target}")


def layered(sizes: tuple[int, ...], *, tied: bool = True) -> Network:
    """Return the network of equilibrium propagation: a chain, with feedback between all but the clamped layer.

    Parameters
    ----------
    sizes
        Neurons of the input, hidden and output layers.
    tied
        Whether feedback is the transpose of the forward weights.

    Returns
    -------
    Network
        Populations ``input``, ``hidden`` …, ``output``; the first is clamped.

    Raises
    ------
    ConfigError
        For fewer than two layers.
    """
    last = len(sizes) - 1
    if last < 1:
        raise ConfigError("network.layers", f"must have at least 2 entries, input and output, got {last + 1}")
    names = ["input", *(f"hidden{k}" if last > 2 else "hidden" for k in range(1, last)), "output"]
    populations = tuple(
        Population(name, size, clamped=k == 0)
        for k, (name, size) in enumerate(zip(names, sizes, strict=True))
    )
    forward = [Projection(k, k + 1) for k in range(last)]
    backward = [Projection(k + 1, k, transpose_of=k if tied else None) for k in range(1, last)]
    return Network(populations, tuple(forward + backward), tied)


def convolutional(convolutions: tuple[Convolution, ...], outputs: int, *, tied: bool = False) -> Network:
    """Return a chain of layers of maps, with a dense output layer, and feedback as in `layered`.

    Parameters
    ----------
    convolutions
        From each layer of maps to the next, the first from the input; what one makes is what the next one takes.
    outputs
        Neurons of the output layer; each sees every neuron of the last layer of maps. To see means of squares
        instead, let the last convolution have one position and ``outputs`` maps, and give 0 here.
    tied
        Whether feedback is the transpose of the forward weights.
    """
    if not convolutions:
        raise ConfigError("network.convolutions", "must have at least one, got none")
    for k, (lower, upper) in enumerate(zip(convolutions[:-1], convolutions[1:], strict=True)):
        if lower.target != upper.source:
            raise ConfigError(
                f"network.convolutions[{k + 1}]",
                f"must take what the one before makes, {lower.target}, and takes {upper.source}",
            )
    sizes = (convolutions[0].sizes[0], *(c.sizes[1] for c in convolutions), *((outputs,) if outputs else ()))
    plain = layered(sizes, tied=tied)
    kernels = dict(enumerate(convolutions))
    return Network(
        plain.populations,
        tuple(
            Projection(p.source, p.target, p.transpose_of, kernels.get(min(p.source, p.target)))
            for p in plain.projections
        ),
        tied,
    )


def refuse_shared_weights(network: Network, keeper: str, error: type[NeurochipError]) -> None:
    """Raise ``error`` for a network whose positions share a kernel, where ``keeper`` has a weight for every synapse."""
    for p in network.projections:
        if p.convolution is not None:
            source, target = (network.populations[k].name for k in (p.source, p.target))
            raise error(
                f"{source}→{target}",
                f"shares one kernel among {p.convolution.positions} positions, and {keeper} has a weight of its own "
                "for every synapse; use the ideal substrate",
            )
