"""Random numbers as a hash of where they are used: no generator state, so no order can change them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import kernel
from neurochip.kernels.types import Flag, Index, Real

__all__ = ["NOBODY", "mix", "share", "tick_key", "uniform", "within"]

NOBODY = np.uint64(2**64 - 1)  # number of no neuron

# SplitMix64 (Steele, Lea & Flood 2014): increment and the two multipliers of its finaliser.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@kernel
def mix(key: Any, word: Any) -> Any:
    """Return the u64 hash of a u64 ``key`` and a u64 ``word``; its Python takes whole arrays of them, too."""
    z = key + (word + np.uint64(1)) * _STEP
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@kernel
def tick_key(seed: Index, presentation: Index, tick: Index) -> Index:
    """Return the u64 key of all draws of one presentation in one tick."""
    key: Index = mix(mix(seed, presentation), tick)
    return key


@kernel
def uniform(key: Index, word: Index) -> Real:
    """Return the draw named (``key``, ``word``): f64 in [0, 1), 53 bits."""
    drawn: Real = (mix(key, word) >> _S11) * _TO_UNIT
    return drawn


@kernel
def share(rate: Real) -> Index:
    """Return a rate in [0, 1] as `within` takes it, u64."""
    return np.uint64(np.ceil(rate / _TO_UNIT))


@kernel
def within(key: Index, word: Index, of: Index) -> Flag:
    """Return whether the draw named (``key``, ``word``) is below the rate of a `share`, as `uniform` is."""
    below: Flag = (mix(key, word) >> _S11) < of
    return below
