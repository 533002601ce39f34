"""Steps that an optimiser makes, written into the synapse memories: rounded where weights are integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import Wiring
from neurochip.cores.layout import Layout
from neurochip.cores.plasticity import add_integers
from neurochip.description.precision import integer_bits, integer_range
from neurochip.errors import NumericError
from neurochip.network import Network
from neurochip.substrate.fitting import weights_place

__all__ = ["not_finite", "values_of", "write_step"]


def values_of(layout: Layout, wiring: Wiring, projection: int) -> NDArray[Any]:
    """Return the values of a projection's weights, in the shape of the projection's."""
    held = layout.values(wiring.weights, projection)
    return held if integer_bits(layout.image.precision) is None else held * wiring.scales[projection]


def write_step(
    layout: Layout,
    wiring: Wiring,
    projection: int,
    step: NDArray[Any],
    *,
    stochastic: bool,
    key: np.uint64,
) -> NDArray[np.bool_]:
    """Add a step, in values, to a projection's weights; return which of them met the end of their range.

    Parameters
    ----------
    stochastic, key
        Of rounding: a weight's draw depends on its number in the projection, and so on no mapping.

    Raises
    ------
    NumericError
        For a step that is not finite, where weights are integers.
    """
    bits, held = integer_bits(layout.image.precision), layout.values(wiring.weights, projection)
    met = np.zeros(step.size, np.uint8)
    if bits is None:
        layout.store(wiring.weights, projection, held + step)
        return met.reshape(step.shape).astype(bool)
    words = np.array(held, order="C").reshape(-1)
    one = layout.state_dtype.type(1.0 / float(wiring.scales[projection]))
    flat = np.ascontiguousarray(step).reshape(-1)
    if add_integers(words, flat, one, *integer_range(bits), int(stochastic), key, met):
        raise not_finite(layout.image.network, projection)
    layout.store(wiring.weights, projection, words.reshape(step.shape))
    return met.reshape(step.shape).astype(bool)


def not_finite(network: Network, projection: int) -> NumericError:
    """Return the error for weights that are to change by what no integer can hold."""
    return NumericError(
        weights_place(network, projection),
        "is to change by what is not finite, and no integer can hold that; use a smaller rate or beta",
    )
