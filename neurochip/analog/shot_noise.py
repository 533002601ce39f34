"""White noise of the currents into a neuron, added up over all that send them.

A transistor in saturation that carries I at an inversion coefficient i has the spectral density

    S = 4 k T γ g_ms = 2 q I · 2 γ(i) e(i),   γ = (½ + ⅔ i)/(1 + i),   e = 1/(½ + √(¼ + i))

(Enz & Vittoz, Charge-based MOS Transistor Modeling, 2006, ch. 6), 2 q I in weak inversion: shot noise. A pair with its
tail sends that of its tail, however it is steered: with a share p of the tail I on one side, the two of the pair give
4 p (1 − p) of 2 q I, and the tail (2 p − 1)², 1 together. Currents in I₀ and times in τ, a current I adds q I/(C V₀) to
the square of the noise that a nominal time constant adds to a voltage.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.circuit import Circuit
from neurochip.analog.step import HARD_SIGMOID
from neurochip.description.die.circuit import AnalogSpec

__all__ = ["CHARGE", "current_noise", "excess"]

CHARGE = 1.602176634e-19  # of an electron, C

Array = NDArray[np.float64]


def excess(inversion: Array) -> Array:
    """Return the white noise of a current over 2 q I, at its inversion coefficient."""
    gamma = (0.5 + 2 * inversion / 3) / (1 + inversion)
    return np.asarray(2 * gamma / (0.5 + np.sqrt(0.25 + inversion)))


def current_noise(circuit: Circuit, spec: AnalogSpec) -> Array:
    """Return the noise that one nominal time constant adds to each neuron by its synapses and its bias, f64[neuron].

    Full scales, times the root of ``analog.noise.currents``.
    """
    library = spec.library
    if library is None or not spec.noise.currents:
        return np.zeros(int(circuit.starts[-1]))
    inversion = spec.pair_inversion if spec.characteristic == "ekv" else 0.0
    bias = np.abs(circuit.neurons.bias.astype(np.float64))
    square = bias * excess(inversion * bias)
    for k, projection in enumerate(circuit.network.projections):
        tails = np.abs(circuit.weights[k].astype(np.float64))
        if projection.source and circuit.kind != HARD_SIGMOID:
            first, last = circuit.starts[projection.source - 1 : projection.source + 1]
            tails = tails * circuit.neurons.saturation[first:last, None]
        to = slice(int(circuit.starts[projection.target - 1]), int(circuit.starts[projection.target]))
        square[to] += (tails * excess(inversion * tails)).sum(axis=0)
    worth = circuit.rate.astype(np.float64) * circuit.neurons.gain
    return np.asarray(worth * np.sqrt(spec.noise.currents * CHARGE / library.charge * square))
