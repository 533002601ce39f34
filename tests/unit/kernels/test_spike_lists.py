"""Lists of axons and sums of weight rows against naive Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.kernels.spike_lists import (
    add_rows,
    differences,
    list_ones,
    new_reference,
    pad_list,
    subtract_rows,
)

# The constant that gathers bits multiplies beyond 64 bits on purpose; see test_random_bits.
pytestmark = [
    pytest.mark.interp,
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
FIRST, LAST, SLOTS = 64, 256, 320


def u64(number: int) -> np.uint64:
    return np.uint64(number)


def listed(bits: Any, reference: Any, first: int = FIRST, last: int = LAST) -> tuple[list[int], list[int]]:
    """Run the kernel on one population of many; the lists begin somewhere in the middle."""
    packed = np.full((2, SLOTS // 8), 0xAA, np.uint8)
    plus, minus = np.full(SLOTS + 9, 999, np.uint64), np.full(SLOTS + 9, 999, np.uint64)
    at = 5
    n_plus, n_minus = differences(
        u64(first), u64(last), bits, reference, u64(first), packed, u64(at), plus, minus
    )
    assert np.all(plus[:at] == 999) and np.all(minus[:at] == 999)
    # No more is touched than the population needs.
    assert np.all(packed[:, (last - first) // 8 :] == 0xAA)
    return plus[at : at + int(n_plus)].tolist(), minus[at : at + int(n_minus)].tolist()


def naive(bits: Any, reference: Any, first: int = FIRST, last: int = LAST) -> tuple[list[int], list[int]]:
    axons = range(last - first)
    return (
        [i for i in axons if bits[first + i] and not reference[first + i]],
        [i for i in axons if reference[first + i] and not bits[first + i]],
    )


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("inside", [0.0, 0.3, 1.0])
def test_differences(share: float, inside: float) -> None:
    rng = np.random.default_rng(int(100 * share + 10 * inside))
    for _ in range(5):
        bits = (rng.random(SLOTS) < share).astype(np.uint8)
        reference = (rng.random(SLOTS) < inside).astype(np.uint8)
        assert listed(bits, reference) == naive(bits, reference)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.13, 1.0])
def test_list_ones(share: float) -> None:
    bits = (np.random.default_rng(int(100 * share)).random(SLOTS) < share).astype(np.uint8)
    rows = np.full(SLOTS + 9, 999, np.uint64)
    n = int(list_ones(u64(FIRST), u64(LAST), bits, np.zeros(SLOTS // 8, np.uint8), u64(5), rows))
    assert rows[5 : 5 + n].tolist() == np.flatnonzero(bits[FIRST:LAST]).tolist()
    assert np.all(rows[:5] == 999) and np.all(rows[5 + n + 4 :] == 999)


def test_every_single_axon() -> None:
    """One bit in each position of a word, in each word: none is confused with another."""
    nothing = np.zeros(SLOTS, np.uint8)
    for slot in range(FIRST, LAST):
        one = nothing.copy()
        one[slot] = 1
        assert listed(one, nothing) == ([slot - FIRST], [])
        assert listed(nothing, one) == ([], [slot - FIRST])
        assert listed(one, one) == ([], [])


@pytest.mark.parametrize("n_ticks", [1, 2, 7])
def test_a_reference_pattern_is_what_fired_in_more_than_half_of_the_ticks(n_ticks: int) -> None:
    rng = np.random.default_rng(n_ticks)
    window = rng.integers(0, n_ticks + 1, SLOTS).astype(np.uint8)
    before, reference = window.copy(), np.full(SLOTS, 7, np.uint8)
    rows = np.full(SLOTS + 4, 999, np.uint64)
    n = int(new_reference(u64(FIRST), u64(LAST), window, n_ticks, reference, u64(3), rows))
    own = slice(FIRST, LAST)
    np.testing.assert_array_equal(reference[own], before[own] * 2 > n_ticks)
    assert rows[3 : 3 + n].tolist() == np.flatnonzero(reference[own]).tolist()
    assert not window[own].any()
    for other in (slice(0, FIRST), slice(LAST, SLOTS)):
        assert np.all(reference[other] == 7)
        np.testing.assert_array_equal(window[other], before[other])


@pytest.mark.parametrize("n_rows", range(10))
def test_padding(n_rows: int) -> None:
    rows = np.arange(100, 120, dtype=np.uint64)
    n = int(pad_list(rows, u64(2), u64(n_rows), u64(63)))
    assert n == -(-n_rows // 4) * 4
    assert rows[2 : 2 + n].tolist() == [*range(102, 102 + n_rows), *[63] * (n - n_rows)]
    assert rows[:2].tolist() == [100, 101]


@pytest.mark.parametrize("n_rows", [0, 4, 8, 12, 16, 20])
@pytest.mark.parametrize(
    ("weight", "total_type", "top"),
    [("float64", "float64", 1), ("float32", "float32", 1), ("int16", "int32", 3000), ("int8", "int32", 15)],
)
def test_sums_of_rows(n_rows: int, weight: str, total_type: str, top: int) -> None:
    """In integers small enough that eight of them fit their type: only compiled code widens before it adds."""
    rng = np.random.default_rng(n_rows)
    axons, width, start = 30, 16, 48
    values = rng.uniform(-top, top, (axons, width))
    block = (np.rint(values) if total_type == "int32" else values).astype(weight)
    weights = np.concatenate([np.full(start, 77, weight), block.ravel()])
    rows = np.concatenate([[999], rng.integers(0, axons, n_rows)]).astype(np.uint64)
    before = np.rint(rng.uniform(-50, 50, 20)).astype(total_type)
    chosen = block[rows[1:].astype(int)].astype(np.float64).sum(axis=0)
    for kernel, sign in ((add_rows, 1), (subtract_rows, -1)):
        total = before.copy()
        kernel(weights, u64(start), u64(width), u64(width), rows, u64(1), u64(n_rows), total)
        expected = before[:width] + sign * chosen
        np.testing.assert_allclose(
            total[:width], expected, rtol=0, atol=2e-5 if weight == "float32" else 1e-12
        )
        np.testing.assert_array_equal(total[width:], before[width:])


def test_rows_are_added_in_pairs() -> None:
    """The order of additions is part of the result: ((a+b)+(c+d)) + ((e+f)+(g+h)), then the next eight."""
    rng = np.random.default_rng(3)
    block = rng.uniform(-1, 1, (12, 16)).astype(np.float32)
    total = np.zeros(16, np.float32)
    rows = np.arange(12, dtype=np.uint64)
    add_rows(block.ravel(), u64(0), u64(16), u64(16), rows, u64(0), u64(12), total)
    a, b, c, d, e, f, g, h, i, j, k, m = block
    expected = (((a + b) + (c + d)) + ((e + f) + (g + h))) + ((i + j) + (k + m))
    np.testing.assert_array_equal(total, expected)


def test_a_pattern_may_begin_elsewhere() -> None:
    rng = np.random.default_rng(1)
    bits = (rng.random(SLOTS) < 0.3).astype(np.uint8)
    reference = (rng.random(SLOTS) < 0.3).astype(np.uint8)
    shifted = np.concatenate([np.zeros(128, np.uint8), reference])
    plus, minus = np.zeros(SLOTS, np.uint64), np.zeros(SLOTS, np.uint64)
    packed = np.zeros((2, SLOTS // 8), np.uint8)
    n_plus, n_minus = differences(
        u64(FIRST), u64(LAST), bits, shifted, u64(FIRST + 128), packed, u64(0), plus, minus
    )
    found = plus[: int(n_plus)].tolist(), minus[: int(n_minus)].tolist()
    assert found == naive(bits, reference)


def test_a_part_of_each_row_is_added() -> None:
    """A block may be some columns of a wider matrix."""
    block = np.arange(96, dtype=np.float64).reshape(6, 16)
    total = np.zeros(16)
    add_rows(block.ravel(), u64(3), u64(16), u64(5), np.array([0, 2, 4, 5], np.uint64), u64(0), u64(4), total)
    assert total[:5].tolist() == block[[0, 2, 4, 5], 3:8].sum(axis=0).tolist() and not total[5:].any()
