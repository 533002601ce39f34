"""What stands between two groups of neurons in other tools, as one connectivity with its weights.

Frameworks write a convolution, a pooling and a matrix one after the other, without neurons between them. A chip has
synapses between neurons: such a chain is one linear map, and becomes one connectivity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection, Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.errors import ConfigError, NumericError
from neurochip.machine import check_memory

__all__ = [
    "Connectivity",
    "LinearMap",
    "added",
    "after",
    "applied",
    "as_described",
    "chosen",
    "restricted",
    "unrolled",
]

Array = NDArray[Any]
Connectivity = Literal["auto", "sparse", "dense", "one-to-one"]
SPARSE_BELOW = 4  # a matrix is listed where its non-zero entries, times this, are fewer than all


class LinearMap(NamedTuple):
    """x → W x + b.

    Attributes
    ----------
    connection
        Which unit reaches which.
    weights
        Of its shape; `None` where it has none.
    bias
        f64[target], or `None`.
    """

    connection: Connection
    weights: Array | None
    bias: NDArray[np.float64] | None = None


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


def applied(made: LinearMap, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return W x of numbers of the sources, f64[target]."""
    if isinstance(made.connection, Dense) and made.weights is not None:
        return np.asarray(values @ made.weights.astype(np.float64), dtype=np.float64)
    edges = made.connection.edges()
    moved = np.bincount(
        edges.target, values[edges.source] * _edge_values(made), minlength=made.connection.targets
    )
    return moved.astype(np.float64)


def added(one: LinearMap, other: LinearMap) -> LinearMap:
    """Return the sum of two maps between the same units: their weights add up where both have a synapse."""
    if one.bias is None or other.bias is None:
        bias = one.bias if other.bias is None else other.bias
    else:
        bias = one.bias + other.bias
    a, b = one.connection, other.connection
    alike = type(a) is type(b) and not isinstance(a, Sparse | Pooling) and a == b
    if alike and one.weights is not None and other.weights is not None:
        return LinearMap(
            a, _narrowed(_wide(one.weights) + _wide(other.weights), one.weights, other.weights), bias
        )
    if isinstance(a, Dense) or isinstance(b, Dense):
        check_memory(16 * a.sources * a.targets, "nir", "a sum of maps is multiplied out; add them up before")
        first, second = (unrolled(made, "dense").weights for made in (one, other))
        assert first is not None and second is not None
        total = _narrowed(_wide(first) + _wide(second), first, second)
        return LinearMap(Dense(*total.shape), total, bias)
    (s, t, values), (u, v, more) = (_listed(made) for made in (one, other))
    pairs, which = np.unique(np.concatenate([s * a.targets + t, u * a.targets + v]), return_inverse=True)
    total = np.zeros(pairs.size, np.result_type(_wide(values), _wide(more)))
    np.add.at(total, which, np.concatenate([values, more]))
    made, order = Sparse.from_pairs(a.sources, a.targets, *np.divmod(pairs, a.targets))
    return LinearMap(made, _narrowed(total[order], values, more), bias)


def restricted(made: LinearMap, targets: NDArray[np.bool_]) -> LinearMap:
    """Return the synapses of a map on some of its targets, as a list."""
    s, t, values = _listed(made)
    kept = targets[t]
    listed, order = Sparse.from_pairs(made.connection.sources, made.connection.targets, s[kept], t[kept])
    return LinearMap(listed, values[kept][order])


def _listed(made: LinearMap) -> tuple[Array, Array, Array]:
    edges = made.connection.edges()
    return edges.source, edges.target, _edge_values(made)


def _wide(values: Array) -> Array:
    """Return numbers in a type in which sums and products of them have room."""
    return values.astype(np.int64) if values.dtype.kind in "iub" else values


def _narrowed(values: Array, *like: Array) -> Array:
    """Return whole numbers in the narrowest type that holds them, and others in that of what they come from."""
    if values.dtype.kind not in "iu":
        floats = [part.dtype for part in like if part.dtype.kind == "f"]
        return values.astype(np.result_type(*floats) if floats else np.float32)
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    kinds = (np.int8, np.int16, np.int32, np.int64)
    return values.astype(next(k for k in kinds if np.iinfo(k).min <= low and high <= np.iinfo(k).max))


def _pooled(first: LinearMap, second: LinearMap) -> LinearMap | None:
    """Return pooling and then convolution as one convolution with a larger kernel, where it is one."""
    pool, conv = first.connection, second.connection
    if not (isinstance(pool, Pooling) and isinstance(conv, Convolution) and second.weights is not None):
        return None
    if pool.order != conv.order or pool.target != conv.source:
        return None
    kernel, stride, padding = [0, 0], [0, 0], [0, 0]
    weights = _wide(second.weights)
    for axis in (0, 1):
        k, s, p = (_pair(v)[axis] for v in (pool.kernel, pool.stride or pool.kernel, pool.padding))
        ck, cs, cp, cd = (_pair(v)[axis] for v in (conv.kernel, conv.stride, conv.padding, conv.dilation))
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
    return LinearMap(made, np.ascontiguousarray(_narrowed(scaled, second.weights)))


def _scaled(first: LinearMap, second: LinearMap) -> LinearMap | None:
    """Return a map one of whose sides is multiplied number by number, of the connectivity that it had, if it can be."""
    for made, factors, at_end in ((first, second, True), (second, first, False)):
        of = factors.connection
        if not isinstance(of, OneToOne) or of.shift or of.sources != of.targets or factors.weights is None:
            continue
        scale, connection = _wide(factors.weights), made.connection
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
        values = _narrowed(_wide(made.weights) * by, made.weights, factors.weights)
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
    one, two = _edge_values(first), _edge_values(second)
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
            pair, np.repeat(_wide(one[part]), count) * _wide(two)[at].astype(np.float64), minlength=size
        )
        found.append((met + low * targets, sums[met]))
    pairs = np.concatenate([pair for pair, _ in found] or [np.zeros(0, np.int64)])
    values = np.concatenate([value for _, value in found] or [np.zeros(0)])
    made, order = Sparse.from_pairs(sources, targets, *np.divmod(pairs, targets))
    whole = one.dtype.kind in "iu" and two.dtype.kind in "iu"
    values = np.rint(values).astype(np.int64) if whole else values
    return LinearMap(made, _narrowed(values[order], one, two))


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
        return _narrowed(
            np.rint(one.astype(np.float64) @ other.astype(np.float64)).astype(np.int64), one, other
        )
    return _narrowed(one.astype(np.float64) @ other.astype(np.float64), one, other)


def _check_whole(one: Array, other: Array, terms: int) -> None:
    """Refuse products of whole numbers whose sums float64 could not hold as they are."""
    if one.dtype.kind in "iub" and other.dtype.kind in "iub":
        most = [max(abs(int(part.min(initial=0))), abs(int(part.max(initial=0)))) for part in (one, other)]
        if most[0] * most[1] * max(terms, 1) >= 1 << 53:
            raise NumericError(
                "nir", f"whole weights up to {most[0]} times {most[1]} sum beyond 53 bits; scale them first"
            )


def _edge_values(made: LinearMap) -> Array:
    """Return the weight of each synapse, scaled."""
    scale = made.connection.scale
    if made.weights is None or not made.weights.size:
        return np.full(made.connection.synapses, scale, np.int8 if scale == 1 else np.float32)
    values = made.weights.reshape(-1)[made.connection.edges().weight]
    return values if scale == 1 else _narrowed(_wide(values) * scale, values)


def _pair(value: Any) -> tuple[int, int]:
    return (int(value), int(value)) if isinstance(value, int | np.integer) else (int(value[0]), int(value[1]))


def as_described(made: LinearMap) -> LinearMap:
    """Return a matrix as what it is: one to one, a list of synapses, or a matrix; other connectivities as they are.

    What maps are multiplied to is a matrix where every unit reaches every other, else the list that it is. A matrix is
    one to one where all that is not 0 stands on the diagonal, and nothing there is 0. It is listed, without weights of
    0, where fewer than a quarter of its entries are not 0. Else every entry is a synapse.
    """
    if isinstance(made.connection, Sparse) and made.connection.synapses == np.prod(_ends(made)):
        made = unrolled(made, "dense")  # a product of maps in which every unit reaches every other
    connection = made.connection
    if not isinstance(connection, Dense) or made.weights is None:
        return made
    there = np.count_nonzero(made.weights)
    diagonal = _diagonal(made) if there == connection.sources == connection.targets else None
    if diagonal is None and there * SPARSE_BELOW < made.weights.size:
        return unrolled(made, "sparse", drop_zeros=True)
    return diagonal or made


def _ends(made: LinearMap) -> tuple[int, int]:
    return made.connection.sources, made.connection.targets


def _diagonal(made: LinearMap) -> LinearMap | None:
    """Return a map that only joins units of the same number as one to one, `None` for others."""
    edges, values, n = made.connection.edges(), _edge_values(made), made.connection.sources
    on = values != 0
    alone = edges.source[on]
    if made.connection.targets != n or alone.size != n or not np.array_equal(alone, edges.target[on]):
        return None
    return LinearMap(OneToOne(n, n), values[on], made.bias)


def unrolled(
    made: LinearMap, kind: Literal["sparse", "dense"], *, drop_zeros: bool | None = None
) -> LinearMap:
    """Return the synapses of a map as a list, or in a matrix in which every entry is one.

    ``drop_zeros``: leave out those of weight 0; by default of a matrix, and of nothing else.
    """
    connection, edges, values = made.connection, made.connection.edges(), _edge_values(made)
    if kind == "dense":
        matrix = np.zeros((connection.sources, connection.targets), values.dtype)
        matrix[edges.source, edges.target] = values
        return LinearMap(Dense(*matrix.shape), matrix, made.bias)
    if isinstance(connection, Dense) if drop_zeros is None else drop_zeros:
        kept = values != 0
        source, target, values = edges.source[kept], edges.target[kept], values[kept]
    else:
        source, target = edges.source, edges.target
    listed, order = Sparse.from_pairs(connection.sources, connection.targets, source, target)
    return LinearMap(listed, values[order], made.bias)


def chosen(made: LinearMap, how: Connectivity, *, zeros: Sequence[int] = ()) -> LinearMap:
    """Return a map as a user asks for it, or as whoever wrote it says that it is.

    Parameters
    ----------
    zeros
        Entries of a matrix, row by row, that are synapses of weight 0 where it is listed.
    """
    connection = made.connection
    if how == "one-to-one":
        if (
            isinstance(connection, Dense)
            and made.weights is not None
            and connection.sources == connection.targets
        ):
            n = connection.sources
            return LinearMap(OneToOne(n, n), np.ascontiguousarray(np.diagonal(made.weights)), made.bias)
        how = "auto"
    if how == "sparse" and zeros and isinstance(connection, Dense) and made.weights is not None:
        there = made.weights.reshape(-1) != 0
        if not 0 <= min(zeros) <= max(zeros) < there.size:
            raise ConfigError(
                "zeros", f"must be entries of a matrix of {there.size}, got {min(zeros)} to {max(zeros)}"
            )
        there[np.array(zeros, dtype=np.int64)] = True
        pairs = np.flatnonzero(there)
        ends = np.divmod(pairs, connection.targets)
        listed, order = Sparse.from_pairs(connection.sources, connection.targets, *ends)
        return LinearMap(listed, made.weights.reshape(-1)[pairs][order], made.bias)
    return as_described(made) if how == "auto" else unrolled(made, how)
