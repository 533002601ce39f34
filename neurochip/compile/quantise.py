"""Weights as cores hold them: floating-point, or integers with one scale per projection."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip.description.precision import Precision, integer_bits, integer_range
from neurochip.elements.integers.formats import FixedPoint
from neurochip.errors import NumericError
from neurochip.kernels.types import Float, Number
from neurochip.network import Network

__all__ = [
    "ACCUMULATOR_BITS",
    "Quantised",
    "check_sums",
    "full_scale",
    "largest_weight",
    "quantise",
    "state_dtype",
    "weight_dtype",
    "weight_fractions",
]


ACCUMULATOR_BITS = 32


@dataclass(frozen=True)
class Quantised:
    """One projection's weights: value = ``scale`` · ``weights`` [pre, post]; ``clipped`` of them met the limit."""

    weights: NDArray[Number]
    scale: float
    clipped: int


def state_dtype(precision: Precision) -> np.dtype[Float]:
    """Return the format of neuron state: float64 only where weights are float64."""
    return np.dtype(np.float64 if precision == "float64" else np.float32)


def weight_dtype(precision: Precision) -> np.dtype[Number]:
    """Return the array type that holds weights of a format."""
    bits = integer_bits(precision)
    if bits is None:
        return np.dtype(precision)
    return np.dtype(np.int8 if bits <= 8 else np.int16)


def full_scale(shape: tuple[int, int]) -> float:
    """Return the largest magnitude of an integer weight where the run names none: 8 × the Glorot bound.

    Weights grow in training; eight times the bound of their first draw holds them on handwritten digits.
    """
    return 8.0 * float(np.sqrt(6.0 / (shape[0] + shape[1])))


def largest_weight(network: Network, projection: int) -> float:
    """Return the same of a projection of any connectivity: n_in and n_out are those of its synapses."""
    if network.projections[projection].connection is None:
        n_in, n_out = network.weights_shape(projection)
        return full_scale((n_in, n_out))
    return 8.0 * float(np.sqrt(6.0 / (sum(network.fans(projection)) or 1.0)))


def weight_fractions(network: Network, precision: Precision, largest: float | None) -> tuple[int, ...]:
    """Return the fraction bits k of the weights of each projection of an integer core: one unit is 2^−k.

    The range, ``largest`` or `largest_weight`, is widened to the next power of two. A tied copy has its original's.
    """
    bits = integer_bits(precision)
    if bits is None:
        raise ValueError(f"{precision} has no fraction bits")
    found: list[int] = []
    for k, projection in enumerate(network.projections):
        if projection.transpose_of is not None:
            found.append(-1)
            continue
        top = largest_weight(network, k) if largest is None else largest
        found.append(bits - 1 - math.ceil(math.log2(top)))
    return tuple(
        found[k if p.transpose_of is None else p.transpose_of] for k, p in enumerate(network.projections)
    )


def check_sums(network: Network, numbers: FixedPoint, weight_bits: int) -> None:
    """Refuse weighted sums that an accumulator of 32 bits may not hold.

    Raises
    ------
    NumericError
        Naming the population, the bits that its sums may need, and the format that asks for them.
    """
    up = max(0, numbers.state.fraction - numbers.sum_fraction)
    for p, population in enumerate(network.populations):
        most = sum(
            network.sizes[network.projections[k].source]
            << (weight_bits - 1 + numbers.sum_fraction - numbers.weight_fractions[k] + up)
            for k in network.into(p)
        )
        if most.bit_length() + 1 > ACCUMULATOR_BITS:
            raise NumericError(
                "numbers.state",
                f"lets sums of {population.name} take {most.bit_length() + 1} bits, and accumulators have "
                f"{ACCUMULATOR_BITS}; use fewer fraction bits, or narrower weights",
            )


def quantise(
    values: NDArray[np.number], precision: Precision, *, largest: float | None = None, place: str = "weights"
) -> Quantised:
    """Round to nearest in the format.

    Parameters
    ----------
    values
        [pre, post].
    largest
        Magnitude that the largest integer, 2ⁿ⁻¹ − 1, stands for; `None` takes `full_scale`. The smallest is −2ⁿ⁻¹.
    place
        Names the values in errors.

    Raises
    ------
    NumericError
        For NaN or infinity.
    """
    values = np.asarray(values)
    if not np.all(np.isfinite(values)):
        bad = np.argwhere(~np.isfinite(values))[0]
        where = ", ".join(str(int(i)) for i in bad)
        raise NumericError(f"{place}[{where}]", f"must be finite, got {values[tuple(bad)]}")
    bits = integer_bits(precision)
    if bits is None:
        return Quantised(np.ascontiguousarray(values, dtype=weight_dtype(precision)), 1.0, 0)
    bottom, top = integer_range(bits)
    scale = (full_scale((values.shape[0], values.shape[1])) if largest is None else largest) / top
    # The scale is what the cores multiply with: exactly representable in their state format.
    scale = float(np.float32(scale))
    steps = np.rint(values / scale)
    clipped = int(np.count_nonzero((steps < bottom) | (steps > top)))
    return Quantised(np.clip(steps, bottom, top).astype(weight_dtype(precision)), scale, clipped)
