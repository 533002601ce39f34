"""Step sizes in integers: one schedule of shifts for all, or OSA with a leading bit and two small tables.

Optimal step-size annealing is that of O'Connor 2019, appendix A. Its two divisions become products with tables:
1/D by the five bits behind the leading one, 1/(1 + Λ) by the first eight.
"""

from __future__ import annotations

import numpy as np

from neurochip.elements.integers.arithmetic import shifted
from neurochip.elements.integers.columns import (
    ERROR,
    ERROR_FRACTION,
    ERROR_LEFT,
    ERROR_RIGHT,
    RECIPROCAL_BITS,
    RECIPROCALS,
    SHARE_BITS,
    SHARES,
    TOP_ERROR,
    hold,
)
from neurochip.elements.integers.formats import EPSILON_BITS, GUARD_BIAS, GUARD_ESTIMATE
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.types import Index, Matrix, Vector

__all__ = ["anneal_by_shift", "anneal_by_variance"]

_FULL = np.int64(1 << EPSILON_BITS)
_HALF = np.int64(1 << (EPSILON_BITS - 1))
_EPSILON, _BIAS, _ESTIMATE = np.int64(EPSILON_BITS), np.int64(GUARD_BIAS), np.int64(GUARD_ESTIMATE)
_TABLE, _TOP_ENTRY = np.int64(RECIPROCAL_BITS), np.int64((1 << SHARE_BITS) - 1)
_ENTRIES = np.int64((1 << RECIPROCAL_BITS) - 1)
_MANTISSA, _EXPONENT_BIAS = np.int64(52), np.int64(1023)  # of a float64
_TO_ENTRY = np.int64(EPSILON_BITS - SHARE_BITS)


@separate_kernel
def _same(first: Index, last: Index, size: Index, sizes: Vector[np.int32]) -> None:
    for j in range(first, last):
        sizes[j] = size


@kernel
def anneal_by_shift(
    first: Index,
    last: Index,
    tick: Index,
    shift: Index,
    c: Vector[np.int32],
    net: Vector[np.int32],
    error: Vector[np.int32],
    words: Matrix[np.int32],
    met: Matrix[np.int32],
    sizes: Vector[np.int32],
) -> None:
    """Give every neuron ε = 2^−shift."""
    _same(first, last, np.int32(_FULL >> np.int64(shift)), sizes)


@separate_kernel
def _errors(
    first: Index,
    last: Index,
    left: Index,
    right: Index,
    net: Vector[np.int32],
    estimate: Vector[np.int32],
    error: Vector[np.int32],
) -> tuple[Index, Index]:
    least: Index = np.int64(0)
    most: Index = np.int64(0)
    for j in range(first, last):
        e = shifted(np.int64(net[j]) << left, right) - shifted(np.int64(estimate[j]), _ESTIMATE)
        error[j] = e
        least, most = min(least, e), max(most, e)
    return least, most


@separate_kernel
def _statistics(
    first: Index,
    last: Index,
    shift: Index,
    fraction: Index,
    error: Vector[np.int32],
    drift: Vector[np.int32],
    noise: Vector[np.int32],
) -> None:
    for j in range(first, last):
        e, b, d = np.int64(error[j]), np.int64(drift[j]), np.int64(noise[j])
        drift[j] = b + shifted((e << _BIAS) - b, shift)
        noise[j] = d + shifted((((e * e) >> fraction) << _BIAS) - d, shift)


@separate_kernel
def _steps(
    first: Index,
    last: Index,
    opening: bool,
    fraction: Index,
    c: Vector[np.int32],
    drift: Vector[np.int32],
    noise: Vector[np.int32],
    share: Vector[np.int32],
    sizes: Vector[np.int32],
) -> None:
    for j in range(first, last):
        b, known = np.int64(drift[j]), np.int64(share[j])
        # The place of the leading bit of D, and the bits behind it, as a float64 holds them: without a branch, so that
        # the loop becomes vectors.
        real = np.float64(noise[j]).view(np.int64)
        place = max((real >> _MANTISSA) - _EXPONENT_BIAS, np.int64(0))
        entry = (real >> (_MANTISSA - _TABLE)) & _ENTRIES
        power = (b * b) >> (fraction + _BIAS)
        ratio = min((power * np.int64(c[np.int64(RECIPROCALS) + entry])) >> place, _FULL)
        ratio = ratio if noise[j] > 0 else _FULL
        entry = min((known + (np.int64(1) << (_TO_ENTRY - 1))) >> _TO_ENTRY, _TOP_ENTRY)
        keep = ((_FULL - ratio) * np.int64(c[np.int64(SHARES) + entry]) + _HALF) >> _EPSILON
        step = _FULL if opening else max(_FULL - keep, np.int64(1))
        keep = _FULL - step
        sizes[j] = step
        share[j] = (((keep * keep) >> _EPSILON) * known + step * step) >> _EPSILON


@separate_kernel
def _estimates(
    first: Index,
    last: Index,
    left: Index,
    right: Index,
    net: Vector[np.int32],
    sizes: Vector[np.int32],
    estimate: Vector[np.int32],
) -> None:
    for j in range(first, last):
        p, before = shifted(np.int64(net[j]) << left, right), np.int64(estimate[j])
        estimate[j] = before + shifted(np.int64(sizes[j]) * ((p << _ESTIMATE) - before), _EPSILON)


@kernel
def anneal_by_variance(
    first: Index,
    last: Index,
    tick: Index,
    shift: Index,
    c: Vector[np.int32],
    net: Vector[np.int32],
    error: Vector[np.int32],
    words: Matrix[np.int32],
    met: Matrix[np.int32],
    sizes: Vector[np.int32],
) -> None:
    """OSA: ε = 1 − σ²/D with σ² = (D − B²)/(1 + Λ), ν = 2^−shift; ``words`` are θ, B, D and Λ."""
    left, right, fraction = np.int64(c[ERROR_LEFT]), np.int64(c[ERROR_RIGHT]), np.int64(c[ERROR_FRACTION])
    least, most = _errors(first, last, left, right, net, words[0], error)
    hold(first, last, np.int64(c[TOP_ERROR]), least, most, error, met[ERROR])
    _statistics(first, last, np.int64(shift), fraction, error, words[1], words[2])
    _steps(first, last, tick == 1, fraction, c, words[1], words[2], words[3], sizes)
    _estimates(first, last, left, right, net, sizes, words[0])
