"""Weights and biases into the structures of the loop over ticks, and out of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.quantise import largest_weight, quantise
from neurochip.cores.arrays import Wiring
from neurochip.cores.blocks import is_fixed
from neurochip.cores.layout import Layout
from neurochip.description.precision import integer_bits, integer_range
from neurochip.elements.integers.formats import QFormat
from neurochip.network import turned
from neurochip.substrate import Parameters
from neurochip.substrate.fitting import projection_matrices, weights_place

__all__ = ["read_parameters", "write_parameters"]


def write_parameters(
    layout: Layout, wiring: Wiring, parameters: Parameters, largest: float | None
) -> tuple[Wiring, int]:
    """Put parameters in place; returns the wiring with its scales, and how many weights were clipped."""
    matrices: list[NDArray[np.number]] = []
    clipped = 0
    image, numbers, network = layout.image, layout.numbers, layout.image.network
    bits = integer_bits(image.precision)
    scales = np.ones(len(network.projections), dtype=layout.state_dtype)
    for k, values in enumerate(projection_matrices(network, parameters)):
        tied_to = network.projections[k].transpose_of
        connection = network.projections[k].connection
        if tied_to is not None:
            matrices.append(turned(network.projections[tied_to], matrices[tied_to]))
            scales[k] = scales[tied_to]
        elif connection is not None and is_fixed(connection):
            matrices.append(values)
        else:
            top = largest_weight(network, k) if largest is None else largest
            if numbers is not None and bits is not None:
                top = layout.unit(k) * integer_range(bits)[1]
            held = quantise(values, image.precision, largest=top, place=weights_place(network, k))
            matrices.append(held.weights)
            # An integer core shifts sums of weights with fewer fraction bits to the left.
            scales[k] = held.scale if numbers is None else math.ldexp(layout.unit(k), numbers.sum_fraction)
            clipped += held.clipped
        layout.store(wiring.weights, k, matrices[-1])
    for p, bias in zip(network.updated, parameters.biases, strict=True):
        wiring.bias[layout.slots_of[p]] = bias if numbers is None else _as_integers(bias, numbers.bias)
    return wiring._replace(scales=scales), clipped


def read_parameters(layout: Layout, wiring: Wiring) -> Parameters:
    """Return the values of all weights and biases, as copies."""
    network, numbers = layout.image.network, layout.numbers
    matrices = []
    for k in range(len(network.projections)):
        values = layout.values(wiring.weights, k)
        if numbers is not None:
            values = values * np.float32(layout.unit(k))
        elif integer_bits(layout.image.precision) is not None:
            values = values * wiring.scales[k]
        matrices.append(np.array(values, order="C"))
    biases = [wiring.bias[layout.slots_of[k]].copy() for k in network.updated]
    if numbers is not None:
        biases = [(held / numbers.bias.one).astype(np.float32) for held in biases]
    return Parameters(
        weights=tuple(matrices[k] for k in network.forward),
        feedback=tuple(matrices[k] for k in network.own_feedback),
        biases=tuple(biases),
    )


def _as_integers(values: NDArray[np.number], form: QFormat) -> NDArray[np.int64]:
    """Return values in a fixed-point format, rounded to nearest and held in its range."""
    return np.clip(np.rint(np.asarray(values, np.float64) * form.one), -form.top, form.top).astype(np.int64)
