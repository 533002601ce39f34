"""Random streams by name: one seed, and no draw that could be moved by another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.description.network import Network
from neurochip.substrate import Parameters
from neurochip.substrate.streams import stream

__all__ = ["glorot", "stream"]


def glorot(network: Network, seed: int) -> Parameters:
    """Draw weights uniformly in ±√(6/(n_in + n_out)), biases 0, float64 (Glorot & Bengio 2010).

    Feedback of its own has its own draw. A kernel that positions share has n_in and n_out of one position: what a
    neuron sees, and how many see it.
    """

    def draw(source: int, target: int, name: str) -> NDArray[np.float64]:
        k = network.between(source, target)
        n_in, n_out = shape = network.weights_shape(k)
        convolution = network.projections[k].convolution
        seen = 0 if convolution is None else (convolution.kernel**2 - 1) * convolution.maps
        bound = np.sqrt(6.0 / (n_in + n_out + seen))
        return stream(seed, name, source, target).uniform(-bound, bound, shape)

    last = len(network.sizes) - 1
    return Parameters(
        weights=tuple(draw(k, k + 1, "weights") for k in range(last)),
        feedback=() if network.tied else tuple(draw(k + 1, k, "feedback") for k in range(1, last)),
        biases=tuple(np.zeros(network.n_biases(layer)) for layer in range(1, last + 1)),
    )
