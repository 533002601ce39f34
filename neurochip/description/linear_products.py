"""One linear map after another as one: by what they are made of where that is known, multiplied out elsewhere."""

from __future__ import annotations

import numpy as np

from neurochip.description.linear_maps import (
    Array,
    LinearMap,
    along_axes,
    applied,
    edge_values,
    narrowed,
    wide,
)
from neurochip.elements.connections import Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.errors import NumericError
from neurochip.machine import check_memory

__all__ = ["after"]


def after(first: LinearMap, second: LinearMap) -> LinearMap:
    """Return one map that does what two do, one after the other.

    Raises
    ------
    ConfigError
        When that takes more memory than there is.
    NumericError
        When whole numbers become larger than 64 bits hold.
    """
    bias = second.bias
    if first.bias is not None:
        moved = applied(second, first.bias)
        bias = moved if bias is None else bias + moved
    joined = _pooled(first, second)
    if joined is None:
        joined = _scaled(first, second)
    if joined is None:
        joined = _product(first, second)
    return joined._replace(bias=bias)


def _pooled(first: LinearMap, second: LinearMap) -> LinearMap | None:
    """Return pooling and then convolution as one convolution with a larger kernel, where it is one."""
    pool, conv = first.connection, second.connection
    if not (isinstance(pool, Pooling) and isinstance(conv, Convolution) and second.weights is not None):
        return None
    if pool.order != conv.order or pool.target != conv.source:
        return None
    kernel, stride, padding = [0, 0], [0, 0], [0, 0]
    weights = wide(second.weights)
    for axis in (0, 1):
        k, s, p = (along_axes(v)[axis] for v in (pool.kernel, pool.stride or pool.kernel, pool.padding))
        ck, cs, cp, cd = (
            along_axes(v)[axis] for v in (conv.kernel, conv.stride, conv.padding, conv.dilation)
        )
        height, pooled, out = pool.source[axis + 1], pool.target[axis + 1], conv.target[axis + 1]
        furthest = (out - 1) * cs - cp + cd * (ck - 1)
        gaps = ck > 1 and cd * s > k
        # What the convolution takes for an edge must be one of the map too.
        low, high = cp > 0 and k > s + p, furthest >= pooled and pooled * s - p < height
        kernel[axis], stride[axis], padding[axis] = cd * (ck - 1) * s + k, cs * s, cp * s + p
        same = (height + 2 * padding[axis] - kernel[axis]) // stride[axis] + 1 == out
        if gaps or low or high or not same:
            return None
        spread = np.zeros((kernel[axis], *np.delete(weights.shape, axis)), weights.dtype)
        rows = np.moveaxis(weights, axis, 0)
        for j in range(ck):
            spread[cd * j * s : cd * j * s + k] += rows[j]
        weights = np.moveaxis(spread, 0, axis)
    made = Convolution(
        pool.source,
        conv.channels,
        (kernel[0], kernel[1]),
        (stride[0], stride[1]),
        (padding[0], padding[1]),
        groups=conv.groups,
        order=conv.order,
    )
    scaled = weights if pool.scale == 1 else weights * pool.scale
    return LinearMap(made, np.ascontiguousarray(narrowed(scaled, second.weights)))


def _scaled(first: LinearMap, second: LinearMap) -> LinearMap | None:
    """Return a map one of whose sides is multiplied number by number, of the connectivity that it had, if it can be."""
    for made, factors, at_end in ((first, second, True), (second, first, False)):
        of = factors.connection
        if not isinstance(of, OneToOne) or of.shift or of.sources != of.targets or factors.weights is None:
            continue
        scale, connection = wide(factors.weights), made.connection
        if isinstance(connection, Dense) and made.weights is not None:
            by = scale[None, :] if at_end else scale[:, None]
        elif isinstance(connection, OneToOne) and not connection.shift and made.weights is not None:
            by = scale
        elif isinstance(connection, Sparse) and made.weights is not None:
            edges = connection.edges()
            by = scale[edges.target if at_end else edges.source]
        elif isinstance(connection, Convolution | Pooling):
            found = _by_map(made, scale, at_end)
            if found is None:
                continue
            made, by = found
        else:
            continue
        assert made.weights is not None
        values = narrowed(wide(made.weights) * by, made.weights, factors.weights)
        return LinearMap(made.connection, np.ascontiguousarray(values))
    return None


def _by_map(made: LinearMap, scale: Array, at_end: bool) -> tuple[LinearMap, Array] | None:
    """Return a convolution, and the factors of its kernel, where all units of a map are multiplied by the same."""
    connection = made.connection
    if isinstance(connection, Pooling):
        ones = Convolution(
            connection.source,
            connection.source[0],
            connection.kernel,
            connection.kernel if connection.stride is None else connection.stride,
            connection.padding,
            groups=connection.source[0],
            order=connection.order,
        )
        if connection.backward or connection.senders or connection.receivers:
            return None
        values = np.full(ones.shape, connection.scale, np.int8 if connection.scale == 1 else np.float32)
        made, connection = LinearMap(ones, values), ones
    if not isinstance(connection, Convolution) or made.weights is None:
        return None
    if (
        connection.backward
        or connection.senders
        or connection.receivers
        or connection.order != "channels-first"
    ):
        return None
    maps = scale.reshape((connection.target if at_end else connection.source)[0], -1)
    if not (maps == maps[:, :1]).all():
        return None
    by = maps[:, 0]
    if at_end:  # weights are [row, column, source map of the group, target map]
        return made, by[None, None, None, :]
    per = connection.source[0] // connection.groups
    group = np.arange(connection.channels) // (connection.channels // connection.groups)
    return made, by[group[None, :] * per + np.arange(per)[:, None]][None, None]


def _product(first: LinearMap, second: LinearMap) -> LinearMap:
    """Return the product of two maps: of matrices a matrix, else synapse by synapse, some sources at a time."""
    sources, targets = first.connection.sources, second.connection.targets
    if isinstance(first.connection, Dense) and isinstance(second.connection, Dense):
        assert first.weights is not None and second.weights is not None
        check_memory(8 * sources * targets, "nir", _MULTIPLIED)
        return LinearMap(Dense(sources, targets), _times(first.weights, second.weights))
    a, b = first.connection.edges(), second.connection.edges()
    one, two = edge_values(first), edge_values(second)
    order = np.argsort(b.source, kind="stable")
    meets = np.bincount(b.source, minlength=second.connection.sources)
    begins = np.cumsum(meets) - meets
    n = meets[a.target]
    check_memory(32 * min(int(n.sum()), sources * targets), "nir", _MULTIPLIED)
    _check_whole(one, two, int(np.bincount(b.target, minlength=1).max(initial=0)))
    starts = np.concatenate([[0], np.cumsum(np.bincount(a.source, minlength=sources))])
    found: list[tuple[Array, Array]] = []
    for low, high in _runs(np.bincount(a.source, n, minlength=sources), targets):
        part = slice(int(starts[low]), int(starts[high]))
        count = n[part]
        within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        at = order[np.repeat(begins[a.target[part]], count) + within]
        pair = np.repeat(a.source[part] - low, count) * targets + b.target[at]
        size = (high - low) * targets
        met = np.flatnonzero(np.bincount(pair, minlength=size))
        sums = np.bincount(
            pair, np.repeat(wide(one[part]), count) * wide(two)[at].astype(np.float64), minlength=size
        )
        found.append((met + low * targets, sums[met]))
    pairs = np.concatenate([pair for pair, _ in found] or [np.zeros(0, np.int64)])
    values = np.concatenate([value for _, value in found] or [np.zeros(0)])
    made, order = Sparse.from_pairs(sources, targets, *np.divmod(pairs, targets))
    whole = one.dtype.kind in "iu" and two.dtype.kind in "iu"
    values = np.rint(values).astype(np.int64) if whole else values
    return LinearMap(made, narrowed(values[order], one, two))


_MULTIPLIED = "the product of two maps is multiplied out; put neurons between them, or multiply before"


_AT_A_TIME = 1 << 22


def _runs(work: Array, targets: int) -> list[tuple[int, int]]:
    """Return runs of sources, first and last + 1, with so many products, or pairs of units, at a time."""
    runs, first, done = [], 0, 0
    for source, amount in enumerate(work.tolist()):
        if source > first and (done + amount > _AT_A_TIME or (source - first + 1) * targets > _AT_A_TIME):
            runs.append((first, source))
            first, done = source, 0
        done += amount
    return [*runs, (first, len(work))] if len(work) else []


def _times(one: Array, other: Array) -> Array:
    """Return the product of two matrices; of whole numbers exactly."""
    if one.dtype.kind in "iub" and other.dtype.kind in "iub":
        _check_whole(one, other, one.shape[1])
        return narrowed(
            np.rint(one.astype(np.float64) @ other.astype(np.float64)).astype(np.int64), one, other
        )
    return narrowed(one.astype(np.float64) @ other.astype(np.float64), one, other)


def _check_whole(one: Array, other: Array, terms: int) -> None:
    """Refuse products of whole numbers whose sums float64 could not hold as they are."""
    if one.dtype.kind in "iub" and other.dtype.kind in "iub":
        most = [max(abs(int(part.min(initial=0))), abs(int(part.max(initial=0)))) for part in (one, other)]
        if most[0] * most[1] * max(terms, 1) >= 1 << 53:
            raise NumericError(
                "nir", f"whole weights up to {most[0]} times {most[1]} sum beyond 53 bits; scale them first"
            )
