"""Products and sums of linear maps: of whole numbers exactly, within memory, and of the connectivity they had."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from neurochip import machine
from neurochip.description.linear_maps import LinearMap, added, unrolled
from neurochip.description.linear_products import after
from neurochip.elements.connections import Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.errors import ConfigError, NumericError


def matrix(made: LinearMap) -> Any:
    return unrolled(made, "dense").weights


def maps() -> dict[str, LinearMap]:
    """Return maps from 32 units to 32 or 8, with whole and real weights."""
    rng = np.random.default_rng(4)
    pairs = np.unique(rng.integers(0, 32 * 32, 40))
    sparse, order = Sparse.from_pairs(32, 32, *np.divmod(pairs, 32))
    shapes = Convolution((2, 4, 4), 2, 3, 1, 1), Convolution((2, 4, 4), 2, 2, 2, 0, groups=2)
    return {
        "dense": LinearMap(Dense(32, 32), rng.normal(0, 1, (32, 32)).astype(np.float32)),
        "whole": LinearMap(Dense(32, 32), rng.integers(-128, 128, (32, 32)).astype(np.int8)),
        "diagonal": LinearMap(OneToOne(32, 32), rng.normal(0, 1, 32)),
        "by map": LinearMap(OneToOne(32, 32), np.repeat([2.0, -3.0], 16)),
        "sparse": LinearMap(sparse, rng.integers(-9, 9, pairs.size).astype(np.int8)[order]),
        "conv": LinearMap(shapes[0], rng.normal(0, 1, shapes[0].shape)),
        "grouped": LinearMap(shapes[1], rng.integers(-128, 128, shapes[1].shape).astype(np.int8)),
        "sum": LinearMap(Pooling((2, 4, 4), 2, reduction="sum"), None),
        "average": LinearMap(Pooling((2, 4, 4), 2), None),
    }


@pytest.mark.parametrize(("one", "other"), list(itertools.product(maps(), maps())))
def test_a_product_is_that_of_the_matrices(one: str, other: str) -> None:
    first, second = maps()[one], maps()[other]
    if first.connection.targets != second.connection.sources:
        pytest.skip("they do not fit")
    whole = [m.weights is None or m.weights.dtype.kind == "i" for m in (first, second)]
    whole = [w and m.connection.scale == 1 for w, m in zip(whole, (first, second), strict=True)]
    found = matrix(after(first, second))
    wanted = matrix(first).astype(float) @ matrix(second).astype(float)
    if all(whole):
        assert found.dtype.kind == "i"
        assert np.array_equal(found, wanted)
    else:
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations_with_replacement(maps(), 2)))
def test_a_sum_is_that_of_the_matrices(one: str, other: str) -> None:
    first, second = maps()[one], maps()[other]
    if first.connection.targets != second.connection.targets:
        pytest.skip("they do not fit")
    assert matrix(added(first, second)) == pytest.approx(
        matrix(first).astype(float) + matrix(second), rel=1e-6
    )


def test_scaled_maps_stay_what_they_are() -> None:
    found = {
        name: after(made, maps()["by map"]).connection.kind
        for name, made in maps().items()
        if made.connection.targets == 32
    }
    assert found == {
        "dense": "dense", "whole": "dense", "diagonal": "one-to-one", "by map": "one-to-one", "sparse": "sparse",
        "conv": "convolution",
    }  # fmt: skip
    kinds = {name: after(maps()["by map"], made).connection.kind for name, made in maps().items()}
    assert kinds["grouped"] == kinds["sum"] == kinds["conv"] == "convolution"
    assert after(maps()["diagonal"], maps()["conv"]).connection.kind == "sparse"


def test_sums_of_pooled_whole_weights_do_not_wrap() -> None:
    """Eight-bit kernels under overlapping squares, and chains of matrices, add up beyond eight bits."""
    pool = LinearMap(Pooling((1, 6, 6), 3, 1, reduction="sum"), None)
    conv = Convolution((1, 4, 4), 1, 3)
    weights = LinearMap(conv, np.full(conv.shape, 127, np.int8))
    assert matrix(after(pool, weights)).max() == 9 * 127
    big = LinearMap(Dense(300, 300), np.full((300, 300), 100, np.uint8))
    assert (matrix(after(big, big)) == 300 * 100 * 100).all()


def test_what_cannot_be_multiplied_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = LinearMap(Dense(2, 2), np.full((2, 2), 2**31, np.int64))
    with pytest.raises(NumericError, match="sum beyond 53 bits; scale them first"):
        after(huge, huge)
    monkeypatch.setattr(machine, "free_memory", lambda: 1000)
    with pytest.raises(ConfigError, match="takes at least .* of memory"):
        after(maps()["dense"], maps()["sparse"])
