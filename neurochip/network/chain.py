"""Networks of one shape: a chain of populations, each leading to its neighbours in both directions."""

from __future__ import annotations

from dataclasses import replace

from neurochip.errors import ConfigError
from neurochip.network.convolution import Convolution
from neurochip.network.network import Network
from neurochip.network.population import Population
from neurochip.network.projection import Projection

__all__ = ["convolutional", "layered"]


def layered(
    sizes: tuple[int, ...],
    *,
    tied: bool = True,
    gains: tuple[float, ...] | None = None,
    biases: tuple[float, ...] | None = None,
) -> Network:
    """Return the network of equilibrium propagation: a chain, with feedback between all but the clamped layer.

    Parameters
    ----------
    sizes
        Neurons of the input, hidden and output layers.
    tied
        Whether feedback is the transpose of the forward weights.
    gains
        Of the first weights, one for each pair of neighbours: they are drawn within so many times the usual bound.
    biases
        The first ones, one for the neurons of each layer but the input; 0 if left out.

    Returns
    -------
    Network
        Populations ``input``, ``hidden`` …, ``output``; the first is clamped.

    Raises
    ------
    ConfigError
        For fewer than two layers, or another number of gains or biases.
    """
    last = len(sizes) - 1
    if last < 1:
        raise ConfigError("network.layers", f"must have at least 2 entries, input and output, got {last + 1}")
    factors = gains or (1.0,) * last
    if len(factors) != last:
        raise ConfigError(
            "network.gains", f"must have one gain for each of the {last} projections, got {len(factors)}"
        )
    first = (0.0, *(biases or (0.0,) * last))
    if len(first) != last + 1:
        raise ConfigError(
            "network.biases",
            f"must have one bias for each of the {last} layers after the input, got {len(first) - 1}",
        )
    names = ["input", *(f"hidden{k}" if last > 2 else "hidden" for k in range(1, last)), "output"]
    populations = tuple(
        Population(name, size, clamped=k == 0, bias=first[k])
        for k, (name, size) in enumerate(zip(names, sizes, strict=True))
    )
    forward = [Projection(k, k + 1, gain=factors[k]) for k in range(last)]
    backward = [Projection(k + 1, k, feedback_of=k, tied=tied, gain=factors[k]) for k in range(1, last)]
    return Network(populations, tuple(forward + backward))


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
        tuple(replace(p, convolution=kernels.get(min(p.source, p.target))) for p in plain.projections),
    )
