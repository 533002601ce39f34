"""What a projection makes of the activity before it, and what its weights learn from both ends."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.elements.connections import Connection
from neurochip.elements.connections import Convolution as Convolution2d
from neurochip.elements.connections.convolution import both
from neurochip.kernels.patches import add_patches, add_shares, means, take_patches
from neurochip.network import Convolution, Projection

__all__ = ["Product", "product_of"]

Array = NDArray[np.floating]

_BATCH = 8  # at a time, so that their patches stay in the cache


class Product(Protocol):
    """The products of one projection; layers are T[sample, unit]."""

    # How many synapses have the same weight.
    shared_by: int

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        """Add to ``drive`` of the target layer what ``pre`` of the source layer makes with the weights."""
        ...

    def change(self, pre: Array, post: Array) -> Array:
        """Return Σ over samples, and over all synapses that share a weight, of pre × post, as the weights."""
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

    def _room(self, dtype: np.dtype[np.floating]) -> None:
        """Make room for a few samples, once: memory that is asked for anew at every step is slow to come."""
        if self._patches.size and self._patches.dtype == dtype:
            return
        height, width, maps = self._of.pooled
        rows, columns, _ = self._of.target
        self._pooled = np.zeros((_BATCH, height, width * maps), dtype)
        self._patches = np.zeros((_BATCH, rows, columns, self._of.weights[0]), dtype)

    def _seen(self, layer: Array) -> Array:
        """Return the patches [sample × position, patch] of a few samples of the layer below."""
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
        for at in range(0, len(pre), _BATCH):
            drive_here = self._at_positions(drive[at : at + _BATCH])
            drive_here += self._seen(pre[at : at + _BATCH]) @ weights

    def change(self, pre: Array, post: Array) -> Array:
        total = np.zeros(self._of.weights, dtype=np.result_type(pre, post))
        for at in range(0, len(pre), _BATCH):
            total += self._seen(pre[at : at + _BATCH]).T @ self._at_positions(post[at : at + _BATCH])
        return total


class _Transposed(_Convolved):
    """A convolution run backwards, with a kernel [map, patch] of its own."""

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        of = self._of
        height, width, maps = of.source
        self._room(drive.dtype)
        for at in range(0, len(pre), _BATCH):
            told = self._at_positions(pre[at : at + _BATCH])
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


class _Listed:
    """Synapses of any connection, as a matrix in which there are zeros where there is no synapse."""

    def __init__(self, connection: Connection, dtype: np.dtype[np.floating]) -> None:
        self._of = connection
        edges = connection.edges()
        self._source, self._target, weight = edges
        self._fixed = not math.prod(connection.shape)
        self._weight = weight
        self._n = math.prod(connection.shape)
        self._matrix = np.zeros((connection.sources, connection.targets), dtype)
        self._held: bytes | None = None
        self.shared_by = 1 if not self._n else max(1, round(edges.source.size / self._n))

    def _as_matrix(self, weights: Array) -> Array:
        key = weights.tobytes()
        if key != self._held:
            scale = self._matrix.dtype.type(self._of.scale)
            flat = np.ones(1, weights.dtype) if self._fixed else weights.reshape(-1)
            values = flat[0] if self._fixed else flat[self._weight]
            self._matrix[self._source, self._target] = scale * values
            self._held = key
        return self._matrix

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        drive += pre @ self._as_matrix(weights)

    def change(self, pre: Array, post: Array) -> Array:
        products = (pre.T @ post)[self._source, self._target]
        if self._fixed:
            return np.zeros(self._of.shape, products.dtype)
        summed = np.bincount(self._weight, weights=products, minlength=self._n)
        return np.asarray(summed.astype(products.dtype).reshape(self._of.shape))


class _Slid:
    """A kernel that slides over maps: the patches that positions see, times the kernel; backwards, patches added up.

    Maps of the layer below are padded, and their patches cut out kernel column by kernel column.
    """

    def __init__(self, connection: Convolution2d) -> None:
        self._of = connection
        self.shared_by = max(1, round(connection.synapses / math.prod(connection.shape)))
        (rows, columns), (strides, padding, dilation) = (
            both(connection.kernel),
            (both(value) for value in (connection.stride, connection.padding, connection.dilation)),
        )
        self._taps = [(ky * dilation[0], kx * dilation[1]) for ky in range(rows) for kx in range(columns)]
        self._strides, self._padding = strides, padding
        self._last = connection.order == "channels-last"

    def _maps(self, layer: Array, shape: tuple[int, int, int]) -> Array:
        """Return [sample, channel, row, column], a view."""
        n, height, width = shape
        if self._last:
            return layer.reshape(len(layer), height, width, n).transpose(0, 3, 1, 2)
        return layer.reshape(len(layer), n, height, width)

    def _padded(self, samples: int, dtype: DTypeLike) -> Array:
        channels, height, width = self._of.source
        rows, columns = self._padding
        return np.zeros((samples, channels, height + 2 * rows, width + 2 * columns), dtype)

    def _inside(self, padded: Array) -> Array:
        (rows, columns), (_, height, width) = self._padding, self._of.source
        return padded[:, :, rows : rows + height, columns : columns + width]

    def _seen(self, padded: Array, tap: tuple[int, int]) -> Array:
        """Return what all positions see at one place of the kernel, [sample, channel, row, column], a view."""
        (_, height, width), (down, right) = self._of.target, self._strides
        return padded[:, :, tap[0] : tap[0] + down * height : down, tap[1] : tap[1] + right * width : right]

    def _patches(self, layer: Array) -> Array:
        """Return [group, sample × position, kernel place × channel of the group]."""
        padded = self._padded(len(layer), layer.dtype)
        self._inside(padded)[...] = self._maps(layer, self._of.source)
        groups, (_, height, width) = self._of.groups, self._of.target
        per_group = self._of.source[0] // groups
        shape = (groups, len(layer), height, width, len(self._taps), per_group)
        found = np.empty(shape, layer.dtype)
        for k, tap in enumerate(self._taps):
            seen = self._seen(padded, tap).transpose(0, 2, 3, 1)
            found[:, :, :, :, k] = seen.reshape(*seen.shape[:3], groups, per_group).transpose(3, 0, 1, 2, 4)
        return found.reshape(groups, len(layer) * height * width, -1)

    def _at_positions(self, layer: Array) -> Array:
        """Return the layer above as [group, sample × position, channel of the group]."""
        groups = self._of.groups
        maps = self._maps(layer, self._of.target).transpose(0, 2, 3, 1)
        by_group = maps.reshape(-1, groups, self._of.channels // groups).transpose(1, 0, 2)
        return np.ascontiguousarray(by_group)

    def _kernels(self, weights: Array) -> Array:
        """Return W[group, kernel place × channel below, channel above]."""
        rows, columns, within, n = self._of.shape
        grouped = weights.reshape(rows * columns * within, self._of.groups, n // self._of.groups)
        return np.ascontiguousarray(grouped.transpose(1, 0, 2))

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        kernels = self._kernels(weights)
        for at in range(0, len(pre), _BATCH):
            into, layer = drive[at : at + _BATCH], pre[at : at + _BATCH]
            if self._of.backward:
                self._add_back(layer, kernels, into)
                continue
            summed = np.matmul(
                self._patches(layer), kernels
            )  # [group, sample × position, channel of the group]
            _, height, width = self._of.target
            maps = summed.transpose(1, 0, 2).reshape(len(layer), height, width, -1).transpose(0, 3, 1, 2)
            self._maps(into, self._of.target)[...] += maps

    def _add_back(self, layer: Array, kernels: Array, into: Array) -> None:
        told = np.matmul(self._at_positions(layer), kernels.transpose(0, 2, 1))
        groups, (_, height, width) = self._of.groups, self._of.target
        parts = told.reshape(groups, len(layer), height, width, len(self._taps), -1)
        padded = self._padded(len(layer), into.dtype)
        for k, tap in enumerate(self._taps):
            part = parts[:, :, :, :, k].transpose(1, 0, 4, 2, 3)
            seen = self._seen(padded, tap)
            seen += part.reshape(seen.shape)
        self._maps(into, self._of.source)[...] += self._inside(padded)

    def change(self, pre: Array, post: Array) -> Array:
        below, above = (post, pre) if self._of.backward else (pre, post)
        total: Any = 0
        for at in range(0, len(below), _BATCH):
            seen, told = self._patches(below[at : at + _BATCH]), self._at_positions(above[at : at + _BATCH])
            total = total + np.matmul(seen.transpose(0, 2, 1), told)
        rows, columns, within, n = self._of.shape
        grouped = total.transpose(1, 0, 2).reshape(rows, columns, within, n)
        return np.ascontiguousarray(grouped)


def product_of(
    projection: Projection, dtype: type[np.floating] | np.dtype[np.floating] = np.float64
) -> Product:
    """Return how a projection multiplies."""
    connection = projection.connection
    if isinstance(connection, Convolution2d) and connection.senders is None and connection.receivers is None:
        return _Slid(connection)
    if connection is not None:
        return _Listed(connection, np.dtype(dtype))
    if projection.convolution is None:
        return _Dense()
    return (_Transposed if projection.backward else _Convolved)(projection.convolution)
