"""The hand of a planar arm with two joints, from its angles: the regression of Mesnard, Gerstner & Brea (2016).

x = (cos πϕ + cos π(ϕ+θ) + 2)/4, y = (sin πϕ + sin π(ϕ+θ) + 2)/4 for (ϕ, θ) uniform in [0, 1]². The angles are made
by a hash, the same in every version of everything.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["PROVENANCE", "hand_of", "made_angles"]

PROVENANCE = "made by neurochip: planar arm with two joints (Mesnard, Gerstner & Brea 2016)"

Array = NDArray[np.float64]


def made_angles(part: str, count: int) -> Array:
    """Return ``count`` pairs (ϕ, θ) f64[sample, 2] of a part, uniform in [0, 1)."""
    drawn = b"".join(hashlib.sha256(f"arm:{part}:{row}".encode()).digest()[:8] for row in range(count))
    return np.frombuffer(drawn, dtype=">u4").reshape(count, 2).astype(np.float64) / 2**32


def hand_of(angles: Array) -> Array:
    """Return the position f64[sample, 2] of the hand."""
    first, second = np.pi * angles[:, 0], np.pi * (angles[:, 0] + angles[:, 1])
    x = (np.cos(first) + np.cos(second) + 2) / 4
    y = (np.sin(first) + np.sin(second) + 2) / 4
    return np.stack([x, y], axis=1)
