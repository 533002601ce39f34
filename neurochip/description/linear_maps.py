"""What stands between two groups of neurons in other tools, as one connectivity with its weights.

Frameworks write a convolution, a pooling and a matrix one after the other, without neurons between them. A chip has
synapses between neurons: such a chain is one linear map, and becomes one connectivity.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection, Convolution, Dense, OneToOne, Pooling, Sparse

__all__ = ["Connectivity", "LinearMap", "after", "as_described", "chosen", "unrolled"]

Array = NDArray[Any]
Connectivity = Literal["auto", "sparse", "dense"]
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
    """Return one map that does what two do, one after the other."""
    bias = second.bias
    if first.bias is not None:
        edges, values = second.connection.edges(), _edge_values(second)
        moved = np.zeros(second.connection.targets)
        np.add.at(moved, edges.target, first.bias[edges.source] * values)
        bias = moved if bias is None else bias + moved
    joined = _pooled(first, second)
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
    weights = second.weights
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
    scaled = (
        weights if pool.scale == 1 else (weights * pool.scale).astype(np.result_type(weights, np.float32))
    )
    return LinearMap(made, np.ascontiguousarray(scaled))


def _product(first: LinearMap, second: LinearMap) -> LinearMap:
    """Return the product of two maps, synapse by synapse."""
    a, b = first.connection.edges(), second.connection.edges()
    one, two = _edge_values(first), _edge_values(second)
    order = np.argsort(b.source, kind="stable")
    meets = np.bincount(b.source, minlength=second.connection.sources)
    begins = np.cumsum(meets) - meets
    n = meets[a.target]
    within = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
    at = order[np.repeat(begins[a.target], n) + within]
    sources, targets = first.connection.sources, second.connection.targets
    pairs, which = np.unique(np.repeat(a.source, n) * targets + b.target[at], return_inverse=True)
    values = np.bincount(which, weights=np.repeat(one, n) * two[at], minlength=pairs.size)
    made, order = Sparse.from_pairs(sources, targets, *np.divmod(pairs, targets))
    return LinearMap(made, values[order].astype(np.result_type(one, two)))


def _edge_values(made: LinearMap) -> Array:
    """Return the weight of each synapse, scaled."""
    if made.weights is None or not made.weights.size:
        return np.full(made.connection.synapses, made.connection.scale, np.float32)
    values = made.weights.reshape(-1)[made.connection.edges().weight]
    return values if made.connection.scale == 1 else values * made.connection.scale


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


def chosen(made: LinearMap, how: Connectivity) -> LinearMap:
    """Return a map as a user asks for it."""
    return as_described(made) if how == "auto" else unrolled(made, how)
