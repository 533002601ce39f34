"""One path of Brownian motion for each neuron of a presentation, looked at as finely as a step wants to.

A tick is halved, and its halves are: the path over any such interval is a hash of (seed, presentation, tick, interval,
neuron), whatever was asked before. A step that is taken back and tried at half its length therefore meets the path that
it met, and choosing steps by their error chooses no other noise (Gaines & Lyons 1997).
"""

from __future__ import annotations

import numpy as np

from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.random_bits import mix, tick_key, uniform
from neurochip.kernels.types import Index, Matrix, Real, Vector

__all__ = ["DEEPEST", "path_over"]

DEEPEST = 20  # halvings of a tick

_TURN = 2 * np.pi
_ONE = np.uint64(1)


@kernel
def _two_normals(key: Index, neuron: int) -> tuple[Real, Real]:
    """Return two independent standard normal numbers (Box & Muller 1958)."""
    word = np.uint64(2 * neuron)
    radius = np.sqrt(-2 * np.log(1 - uniform(key, word)))
    angle = _TURN * uniform(key, word + _ONE)
    return radius * np.cos(angle), radius * np.sin(angle)


@entry
def path_over(
    seed: Index,
    presentations: Vector[np.uint64],
    tick: Index,
    length: float,
    depth: Vector[np.int64],
    part: Vector[np.int64],
    increment: Matrix[np.floating],
    area: Matrix[np.floating],
) -> None:
    """Write what the paths do over part ``part`` i64[sample] of the 2^``depth`` i64[sample] equal parts of a tick.

    ``seed`` and ``tick`` are u64, ``presentations`` u64[sample], ``length`` that of the tick. ``increment`` takes
    W = W(t) − W(s) and ``area`` the space-time Lévy area H = ∫(W(r) − W(s)) dr/(t − s) − W/2, T[sample, neuron] both;
    they are independent, of variance t − s and (t − s)/12. Halving an interval takes two further numbers (Foster, Lyons
    & Oberhauser 2020; Jelinčič, Foster & Kidger 2024):

        W₁ = W/2 + 3H/2 + Z,  H₁ = H/4 − Z/2 + N/2,  H₂ = H/4 − Z/2 − N/2,  var Z = (t − s)/16, var N = (t − s)/12
    """
    for sample in range(increment.shape[0]):
        key = tick_key(seed, presentations[sample], tick)
        whole = mix(key, np.uint64(0))
        for i in range(increment.shape[1]):
            a, b = _two_normals(whole, i)
            w, h, duration, node = np.sqrt(length) * a, np.sqrt(length / 12) * b, length, _ONE
            for level in range(depth[sample]):
                a, b = _two_normals(mix(key, node), i)
                z, n = np.sqrt(duration / 16) * a, np.sqrt(duration / 12) * b
                first, mean = w / 2 + 3 * h / 2 + z, h / 4 - z / 2
                is_second = (part[sample] >> (depth[sample] - 1 - level)) & 1
                w = w - first if is_second else first
                h = mean - n / 2 if is_second else mean + n / 2
                duration, node = duration / 2, node + node + np.uint64(is_second)
            increment[sample, i], area[sample, i] = w, h
