"""What a projection makes of the activity before it, and what its weights learn from both ends."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection
from neurochip.elements.connections import Convolution as Convolution2d
from neurochip.kernels.patches import add_patches, add_shares, means, take_patches
from neurochip.network import Convolution, Projection

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


class _Listed:
    """Synapses of any connection, as a matrix in which there are zeros where there is no synapse."""

    def __init__(self, connection: Connection, dtype: np.dtype[Any]) -> None:
        self._of = connection
        edges = connection.edges()
        self._source, self._target, weight = edges
        self._fixed = connection.accumulate is None or not np.prod(connection.shape)
        self._weight = weight
        self._n = int(np.prod(connection.shape))
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
    """A kernel that slides over maps: patches of the layer that sends, times the kernel.

    Both directions are the same: every unit that receives sees a list of units that send, through the same weights for
    all that share a channel.
    """

    def __init__(self, connection: Convolution2d) -> None:
        self._of = connection
        source, target, weight = connection.edges()
        self.shared_by = max(1, round(source.size / int(np.prod(connection.shape))))
        senders, receivers = (connection.target, connection.source) if connection.backward else (
            connection.source, connection.target)  # fmt: skip
        self._n_from, self._channels = connection.sources, receivers[0]
        last = connection.order == "channels-last"
        plane = receivers[1] * receivers[2]
        self._last, self._plane = last, plane
        row = target % self._channels if last else target % plane
        block = target // self._channels if last else target // plane
        channel, position = (row, block) if last else (block, row)
        # The taps that a position sees: the same for all channels of one group.
        per_group = self._channels // connection.groups
        group = channel // per_group
        lead = channel % per_group == 0
        taps = int(np.prod(connection.shape[:2])) * (senders[0] // connection.groups)
        self._gather = np.full((connection.groups, plane, taps), self._n_from, dtype=np.int64)
        rows, columns, within, out = np.unravel_index(weight, connection.shape)
        per_sender = connection.channels // connection.groups
        inner = out % per_sender if connection.backward else within
        tap = (rows * connection.shape[1] + columns) * (senders[0] // connection.groups) + inner
        self._gather[group[lead], position[lead], tap[lead]] = source[lead]

    def _kernels(self, weights: Array) -> Array:
        """Return W[group, tap, channel that receives]."""
        of = self._of
        rows, columns, within, n = of.shape
        grouped = weights.reshape(rows, columns, within, of.groups, n // of.groups)
        order = (3, 0, 1, 4, 2) if of.backward else (3, 0, 1, 2, 4)
        turned = grouped.transpose(order)
        return np.ascontiguousarray(turned).reshape(of.groups, -1, turned.shape[-1])

    def _patches(self, layer: Array) -> Array:
        """Return [group, sample × position, tap]."""
        padded = np.concatenate([layer, np.zeros((len(layer), 1), layer.dtype)], axis=1)
        seen = padded[:, self._gather]
        return np.ascontiguousarray(seen.transpose(1, 0, 2, 3)).reshape(self._of.groups, -1, seen.shape[-1])

    def _grouped(self, layer: Array) -> Array:
        """Return what receives as [group, sample × position, channel of the group]."""
        n, groups = len(layer), self._of.groups
        maps = layer.reshape(n, self._plane, -1) if self._last else layer.reshape(
            n, -1, self._plane).transpose(0, 2, 1)  # fmt: skip
        by_group = maps.reshape(n, self._plane, groups, -1).transpose(2, 0, 1, 3)
        return np.ascontiguousarray(by_group).reshape(groups, n * self._plane, -1)

    def drive(self, pre: Array, weights: Array, drive: Array) -> None:
        kernels, n, groups = self._kernels(weights), len(pre), self._of.groups
        for at in range(0, n, _LANES):
            part = drive[at : at + _LANES]
            summed = np.matmul(self._patches(pre[at : at + _LANES]), kernels)
            maps = summed.reshape(groups, len(part), self._plane, -1).transpose(1, 2, 0, 3)
            flat = maps.reshape(len(part), self._plane, self._channels)
            part += (flat if self._last else flat.transpose(0, 2, 1)).reshape(len(part), -1)

    def change(self, pre: Array, post: Array) -> Array:
        of = self._of
        total: Any = 0
        for at in range(0, len(pre), _LANES):
            seen, told = self._patches(pre[at : at + _LANES]), self._grouped(post[at : at + _LANES])
            total = total + np.matmul(seen.transpose(0, 2, 1), told)
        rows, columns, within, n = of.shape
        per_out = n // of.groups
        if of.backward:
            grouped = total.reshape(of.groups, rows, columns, per_out, within).transpose(1, 2, 4, 0, 3)
        else:
            grouped = total.reshape(of.groups, rows, columns, within, per_out).transpose(1, 2, 3, 0, 4)
        return np.ascontiguousarray(grouped).reshape(of.shape)


def product_of(projection: Projection, dtype: Any = np.float64) -> Product:
    """Return how a projection multiplies."""
    connection = projection.connection
    if isinstance(connection, Convolution2d) and connection.senders is None and connection.receivers is None:
        return _Slid(connection)
    if connection is not None:
        return _Listed(connection, np.dtype(dtype))
    if projection.convolution is None:
        return _Dense()
    return (_Transposed if projection.backward else _Convolved)(projection.convolution)
