"""What a projection makes of the activity before it, and what its weights learn from both ends."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurochip.description.convolution import Convolution
from neurochip.description.network import Projection
from neurochip.kernels.patches import add_patches, add_shares, means, take_patches

__all__ = ["Product", "product_of"]

Array = NDArray[Any]

_LANES = 8  # at a time, so that their patches stay in the cache


class Product(Protocol):
    """The products of one projection; layers are T[lane, unit]."""

    # How many synapses have the same weight.
    shared_by: int

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        """Add to ``drive`` of the target layer what ``pre`` of the source layer makes with the weights."""
        ...

    def change(self, pre: Array, post: Array) -> Array:
        """Return Σ over lanes, and over all synapses that share a weight, of pre × post, as the weights."""
        ...


class _Dense:
    """Every synapse has its own weight, [pre, post]."""

    shared_by = 1

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        drive += pre @ weights

    def change(self, pre: Array, post: Array) -> Array:
        return np.asarray(pre.T @ post)


class _Convolved:
    """One kernel for all positions, [patch, map]."""

    def __init__(self, convolution: Convolution) -> None:
        self._of = convolution
        self.shared_by = convolution.positions
        self._pooled = self._patches = np.zeros(0)

    def _room(self, dtype: np.dtype[Any]) -> None:
        """Make room for a few lanes, once: memory that is asked for anew at every step is slow to come."""
        if self._patches.size and self._patches.dtype == dtype:
            return
        height, width, maps = self._of.pooled
        rows, columns, _ = self._of.target
        self._pooled = np.zeros((_LANES, height, width * maps), dtype)
        self._patches = np.zeros((_LANES, rows, columns, self._of.weights[0]), dtype)

    def _seen(self, layer: Array) -> Array:
        """Return the patches [lane × position, patch] of a few lanes of the layer below."""
        of, n = self._of, len(layer)
        self._room(layer.dtype)
        height, width, maps = of.source
        pooled, patches = self._pooled[:n], self._patches[:n]
        rows = layer.reshape(n, height, width * maps)
        if of.pool > 1:
            means(rows, of.pool, maps, pooled)
            rows = pooled
        take_patches(rows, of.kernel, maps, patches)
        return patches.reshape(n * of.positions, -1)

    def _at_positions(self, layer: Array) -> Array:
        return layer.reshape(-1, self._of.maps)

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        for at in range(0, len(pre), _LANES):
            drive_here = self._at_positions(drive[at : at + _LANES])
            drive_here += self._seen(pre[at : at + _LANES]) @ weights

    def change(self, pre: Array, post: Array) -> Array:
        total = np.zeros(self._of.weights, dtype=np.result_type(pre, post))
        for at in range(0, len(pre), _LANES):
            total += self._seen(pre[at : at + _LANES]).T @ self._at_positions(post[at : at + _LANES])
        return total


class _Transposed(_Convolved):
    """A convolution run backwards, with a kernel [map, patch] of its own."""

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        of = self._of
        height, width, maps = of.source
        self._room(drive.dtype)
        for at in range(0, len(pre), _LANES):
            told = self._at_positions(pre[at : at + _LANES])
            n = len(told) // of.positions
            patches, pooled = self._patches[:n], self._pooled[:n]
            np.matmul(told, weights, out=patches.reshape(len(told), -1))
            rows = drive[at : at + n].reshape(n, height, width * maps)
            if of.pool == 1:
                add_patches(patches, of.kernel, maps, rows)
                continue
            pooled[...] = 0
            add_patches(patches, of.kernel, maps, pooled)
            add_shares(pooled, of.pool, maps, rows)

    def change(self, pre: Array, post: Array) -> Array:
        return super().change(post, pre).T


def product_of(projection: Projection) -> Product:
    """Return how a projection multiplies."""
    if projection.convolution is None:
        return _Dense()
    return (_Transposed if projection.backward else _Convolved)(projection.convolution)
