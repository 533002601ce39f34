"""Random streams by name: one seed, and no draw that could be moved by another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurochip.description import RunSpec
from neurochip.network import Network
from neurochip.substrate import Parameters
from neurochip.substrate.streams import stream

__all__ = ["first_parameters", "glorot", "stream"]


def first_parameters(run: RunSpec, network: Network) -> Parameters:
    """Return the weights and biases that a run begins with: `glorot`, and what its neurons need to begin to fire.

    Feedback of its own begins as the transpose of what it leads back where the run says so (``mirrored``).
    """
    drawn, neurons = glorot(network, run.seed), run.neurons
    if run.network.feedback_start == "mirrored":
        forward = dict(zip(network.forward, drawn.weights, strict=True))
        led = [network.projections[k].feedback_of for k in network.own_feedback]
        mirrored = tuple(_turned(network, k, forward[k]) for k in led if k is not None)
        drawn = replace(drawn, feedback=mirrored)
    first = [neurons[k].first_bias for k in network.updated]
    return replace(drawn, biases=tuple(b + bias for b, bias in zip(drawn.biases, first, strict=True)))


def _turned(network: Network, projection: int, weights: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the weights of a projection for the same synapses the other way round."""
    connection = network.projections[projection].connection
    turned = weights.T if connection is None else connection.transposed_weights(weights)
    return np.array(turned, dtype=np.float64, order="C")


def glorot(network: Network, seed: int) -> Parameters:
    """Draw weights uniformly in ±√(6/(n_in + n_out)), float64 (Glorot & Bengio 2010); biases are those of the network.

    Feedback of its own has its own draw. n_in and n_out are the synapses that a neuron of the target has, and one of
    the source; where positions share a kernel, those of one position. The gain of a projection multiplies its bound.
    """

    def draw(k: int) -> NDArray[np.float64]:
        found = network.projections[k]
        shape = network.weights_shape(k)
        seen = np.sqrt(6.0 / (sum(network.fans(k)) or 1.0))
        # One draw for each pair of populations, so that a chain has the same whatever else there is.
        path = [found.source, found.target, *earlier(network, k)]
        return stream(seed, "feedback" if found.backward else "weights", *path).uniform(
            -found.gain * seen, found.gain * seen, shape
        )

    return Parameters(
        weights=tuple(draw(k) for k in network.forward),
        feedback=tuple(draw(k) for k in network.own_feedback),
        biases=tuple(np.full(network.n_biases(k), network.populations[k].bias) for k in network.updated),
    )


def earlier(network: Network, projection: int) -> list[int]:
    """Return what tells a projection from others between the same populations: nothing for the first of them."""
    found = network.projections[projection]
    same = [
        p.index
        for p in network.projections
        if (p.source, p.target, p.backward) == (found.source, found.target, found.backward)
    ]
    at = same.index(projection)
    return [at] if at else []
