"""Networks as populations and projections (design §2)."""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.errors import ConfigError

__all__ = ["Network", "Population", "Projection", "layered"]


@dataclass(frozen=True, slots=True)
class Population:
    """Neurons of one kind. A clamped one presents the input and receives nothing."""

    name: str
    size: int
    clamped: bool = False


@dataclass(frozen=True, slots=True)
class Projection:
    """Weights from population ``source`` to population ``target`` (indices), [pre, post].

    ``transpose_of`` is the index of the projection that it is tied to, `None` for weights of its own.
    """

    source: int
    target: int
    transpose_of: int | None = None


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
