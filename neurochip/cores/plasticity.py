"""Weights change where they are kept: each core adds up products of what stands at both ends of a synapse."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurochip.elements.integers.arithmetic import first_word, next_word
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.random_bits import mix, uniform
from neurochip.kernels.types import Float, Index, Matrix, Number, Real, Vector

__all__ = ["Rounding", "add_integers", "change_fixed", "change_floats", "change_integers"]


@kernel
def _accumulate(
    i: Index, pre: Matrix[Number], post: Matrix[Number], width: Index, change: Vector[Number]
) -> Index:
    """change[j] = Σ_samples pre[sample, i] · post[sample, j]; returns how many samples had a non-zero pre."""
    nothing = np.uint64(0)
    for j in range(nothing, width):
        change[j] = 0
    active = 0
    for sample in range(pre.shape[0]):
        x = pre[sample, i]
        if x != 0:
            active += 1
            for j in range(nothing, width):
                change[j] += x * post[sample, j]
    return active


@kernel
def _rounded(
    wanted: Real, bottom: int, top: int, stochastic: int, key: Index, number: Index
) -> tuple[Index, Index]:
    """Return a weight as a whole number in its range, and 1 where it met an end of it, else 0."""
    if stochastic:
        rounded = np.floor(wanted + uniform(key, number))
    else:
        rounded = np.rint(wanted)
    if rounded > top:
        return np.int64(top), 1
    if rounded < bottom:
        return np.int64(bottom), 1
    return np.int64(rounded), 0


@entry
def change_floats(
    weights: Vector[Float],
    start: Index,
    stride: Index,
    rows: Vector[np.uint64],
    pre: Matrix[Float],
    post: Matrix[Float],
    rate: Real,
    change: Vector[Float],
    out: Vector[np.int64],
) -> None:
    """W[i, j] += rate · Σ_samples pre[sample, i] · post[sample, j], in place, for i in ``rows`` u64[2] (from, to).

    ``weights`` T[weight] holds the block from ``start`` (u64), a row every ``stride`` (u64); ``pre`` T[sample, axon],
    ``post`` T[sample, column], ``change`` T[column] scratch. ``out`` i64[…]: its first += number of non-zero ``pre``.
    """
    nothing, width = np.uint64(0), np.uint64(post.shape[1])
    for i in range(rows[0], rows[1]):
        n = _accumulate(i, pre, post, width, change)
        if n > 0:
            out[0] += n
            at = start + i * stride
            for j in range(nothing, width):
                weights[at + j] += rate * change[j]


class Rounding(NamedTuple):
    """How integer weights are written: kept in ``bottom`` … ``top``, and rounded to nearest, or by chance.

    ``stochastic`` 1 rounds up with the probability of the fraction, drawn by (``key`` u64, number of the weight).
    """

    bottom: int
    top: int
    stochastic: int
    key: Index


@entry
def change_integers(
    weights: Vector[np.int8],
    start: Index,
    stride: Index,
    rows: Vector[np.uint64],
    pre: Matrix[Float],
    post: Matrix[Float],
    rate: Real,
    change: Vector[Float],
    rounding: Rounding,
    first_column: Index,
    out: Vector[np.int64],
) -> None:
    """The same for integer weights: ``rate`` is in steps of the weight; sums are rounded.

    The number of a weight is row i and column ``first_column`` + j of its projection, u64, so that the mapping does
    not matter. ``out`` i64[3] += number of non-zero ``pre``, of weights that met an end of the range, and of changes
    that are not finite: those leave their weight as it is.
    """
    bottom, top, stochastic, key = rounding.bottom, rounding.top, rounding.stochastic, rounding.key
    nothing, width = np.uint64(0), np.uint64(post.shape[1])
    for i in range(rows[0], rows[1]):
        n = _accumulate(i, pre, post, width, change)
        if n == 0:
            continue
        out[0] += n
        at = start + i * stride
        row_key = mix(key, i)
        for j in range(nothing, width):
            step = np.float64(rate * change[j])
            if not np.isfinite(step):
                out[2] += 1
                continue
            wanted = np.float64(weights[at + j]) + step
            weights[at + j], ends = _rounded(wanted, bottom, top, stochastic, row_key, first_column + j)
            out[1] += ends


@entry
def change_fixed(
    weights: Vector[np.integer],
    start: Index,
    stride: Index,
    rows: Vector[np.uint64],
    pre: Matrix[np.int32],
    post: Matrix[np.integer],
    left: Index,
    right: Index,
    change: Vector[np.integer],
    rounding: Rounding,
    out: Vector[np.int64],
) -> None:
    """W[i, j] += (2^left Σ_samples pre[sample, i] · post[sample, j] + c) >> right, kept in its range.

    All is integer: ``pre`` i32[sample, axon], ``post`` i[sample, column], ``change`` i[column] scratch that holds the
    sums. c is half a unit, or by chance the low ``right`` bits of a word: the generator begins a row with (``key`` u64
    < 2³², i) and gives a word for every column. A row whose ``pre`` are all 0 is left alone. ``out`` as of
    `change_integers`.
    """
    bottom, top, stochastic, key = rounding.bottom, rounding.top, rounding.stochastic, rounding.key
    nothing, width = np.uint64(0), np.uint64(post.shape[1])
    mask = (np.uint64(1) << np.uint64(right)) - np.uint64(1)
    half = (np.int64(1) << np.int64(right)) >> np.int64(1)
    for i in range(rows[0], rows[1]):
        n = _accumulate(i, pre, post, width, change)
        if n == 0:
            continue
        out[0] += n
        at = start + i * stride
        word = first_word(key, i)
        for j in range(nothing, width):
            word = next_word(word)
            chance = np.int64(word & mask) if stochastic else half
            wanted = np.int64(weights[at + j]) + (((np.int64(change[j]) << left) + chance) >> right)
            held = min(max(wanted, np.int64(bottom)), np.int64(top))
            out[1] += held != wanted
            weights[at + j] = held


@entry
def add_integers(
    weights: Vector[np.integer],
    change: Vector[Float],
    rate: Real,
    bottom: int,
    top: int,
    stochastic: int,
    key: Index,
    met: Vector[np.uint8],
) -> int:
    """Add ``rate`` · ``change`` T[weight], in steps, to W[weight] ``weights``, rounded and kept in their range.

    ``stochastic`` 1 rounds up with the probability of the fraction, drawn by (``key``, number of the weight), u64.
    ``met`` u8[weight] is set where a weight met an end. Returns how many changes are not finite; those leave their
    weight as it is.
    """
    wild = 0
    for k in range(weights.shape[0]):
        step = np.float64(rate * change[k])
        if not np.isfinite(step):
            wild += 1
            continue
        if step == 0:
            continue
        value = np.float64(weights[k]) + step
        weights[k], ends = _rounded(value, bottom, top, stochastic, key, np.uint64(k))
        met[k] |= ends
    return wild
