"""Rounding to the formats of synapse memories."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from neurochip.compile.quantise import (
    full_scale,
    largest_weight,
    quantise,
    state_dtype,
    weight_dtype,
    weight_fractions,
)
from neurochip.errors import NumericError
from neurochip.network import Network, Population, Projection


def test_floats_stay() -> None:
    values = np.array([[0.1, -2.5], [1e-9, 3.0]])
    for precision in ("float64", "float32"):
        held = quantise(values, precision)  # type: ignore[arg-type]
        assert (held.scale, held.clipped, held.weights.dtype) == (1.0, 0, precision)
        np.testing.assert_array_equal(held.weights, values.astype(precision))


@pytest.mark.parametrize("bits", range(2, 17))
def test_integers(bits: int) -> None:
    values = np.random.default_rng(bits).uniform(-2.5, 2.5, (20, 30))
    held = quantise(values, f"int{bits}", largest=1.0)  # type: ignore[arg-type]
    bottom, top = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    assert held.weights.dtype == (np.int8 if bits <= 8 else np.int16)
    assert held.scale == np.float32(1 / top)
    assert (held.weights.min(), held.weights.max()) == (bottom, top)
    inside = np.abs(values) <= 1
    error = np.abs(held.weights * held.scale - values)
    assert error[inside].max() <= held.scale / 2 * (1 + 1e-6)
    steps = np.rint(values / held.scale)
    assert held.clipped == np.count_nonzero((steps > top) | (steps < bottom))


@pytest.mark.parametrize("bits", range(2, 17))
def test_held_values_quantise_to_themselves(bits: int) -> None:
    """Every integer times its scale, in float32, is read back as that integer."""
    top = 2 ** (bits - 1) - 1
    everything = np.arange(-top - 1, top + 1)[None, :]
    precision: Any = f"int{bits}"
    for largest in (0.1, 1.0, 0.7182818, 13.0):
        scale = np.float32(quantise(everything * 0.0, precision, largest=largest).scale)
        again = quantise(everything * scale, precision, largest=largest)
        np.testing.assert_array_equal(again.weights, everything)
        assert again.clipped == 0


def test_full_scale_is_eight_times_the_glorot_bound() -> None:
    assert full_scale((784, 500)) == pytest.approx(8 * np.sqrt(6 / 1284))
    assert quantise(np.zeros((784, 500)), "int8").scale == np.float32(full_scale((784, 500)) / 127)


@pytest.mark.parametrize(("bad", "word"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_what_is_not_finite_is_named(bad: float, word: str) -> None:
    values = np.zeros((3, 4))
    values[1, 2] = bad
    for precision in ("float64", "float32", "int8"):
        with pytest.raises(NumericError) as caught:
            quantise(values, precision, place="weights[0]")  # type: ignore[arg-type]
        assert str(caught.value) == f"weights[0][1, 2]: must be finite, got {word}"


def test_formats_of_state_and_weights() -> None:
    assert [state_dtype(p) for p in ("float64", "float32", "int8")] == [np.float64, np.float32, np.float32]
    assert [weight_dtype(p) for p in ("float64", "float32", "int8", "int9")] == [
        np.float64,
        np.float32,
        np.int8,
        np.int16,
    ]


def test_each_projection_has_the_format_of_its_own_weights_and_a_copy_that_of_its_original() -> None:
    """A copy may stand before projections that have weights of their own."""
    names, sizes = ("in", "one", "two", "out"), (400, 3, 90, 2)
    populations = tuple(Population(n, s, clamped=n == "in") for n, s in zip(names, sizes, strict=True))
    ways = (
        Projection(0, 1),
        Projection(1, 2),
        Projection(2, 3),
        Projection(2, 1, 1, True),
        Projection(3, 2, 2),
    )
    network = Network(populations, ways)
    own = [7 - math.ceil(math.log2(largest_weight(network, k))) for k in range(5)]
    assert weight_fractions(network, "int8", None) == (*own[:3], own[1], own[4])
    assert len(set(own)) > 1
    assert weight_fractions(network, "int8", 2.0) == (6, 6, 6, 6, 6)
