"""What stands between two groups of neurons in other tools, as one connectivity with its weights.

Frameworks write a convolution, a pooling and a matrix one after the other, without neurons between them. A chip has
synapses between neurons: such a chain is one linear map, and becomes one connectivity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection, Dense, OneToOne, Pooling, Sparse
from neurochip.errors import ConfigError
from neurochip.machine import check_memory

__all__ = [
    "Connectivity",
    "LinearMap",
    "added",
    "along_axes",
    "applied",
    "as_described",
    "chosen",
    "cut_out",
    "edge_values",
    "narrowed",
    "restricted",
    "unrolled",
    "wide",
]

Array = NDArray[np.number]
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


def applied(made: LinearMap, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return W x of numbers of the sources, f64[target]."""
    if isinstance(made.connection, Dense) and made.weights is not None:
        return np.asarray(values @ made.weights.astype(np.float64), dtype=np.float64)
    edges = made.connection.edges()
    moved = np.bincount(
        edges.target, values[edges.source] * edge_values(made), minlength=made.connection.targets
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
            a, narrowed(wide(one.weights) + wide(other.weights), one.weights, other.weights), bias
        )
    if isinstance(a, Dense) or isinstance(b, Dense):
        check_memory(16 * a.sources * a.targets, "nir", "a sum of maps is multiplied out; add them up before")
        first, second = (unrolled(made, "dense").weights for made in (one, other))
        assert first is not None and second is not None
        total = narrowed(wide(first) + wide(second), first, second)
        return LinearMap(Dense(*total.shape), total, bias)
    (s, t, values), (u, v, more) = (_listed(made) for made in (one, other))
    pairs, which = np.unique(np.concatenate([s * a.targets + t, u * a.targets + v]), return_inverse=True)
    total = np.zeros(pairs.size, np.result_type(wide(values), wide(more)))
    np.add.at(total, which, np.concatenate([values, more]))
    made, order = Sparse.from_pairs(a.sources, a.targets, *np.divmod(pairs, a.targets))
    return LinearMap(made, narrowed(total[order], values, more), bias)


def restricted(made: LinearMap, targets: NDArray[np.bool_]) -> LinearMap:
    """Return the synapses of a map on some of its targets, as a list."""
    s, t, values = _listed(made)
    kept = targets[t]
    listed, order = Sparse.from_pairs(made.connection.sources, made.connection.targets, s[kept], t[kept])
    return LinearMap(listed, values[kept][order])


def cut_out(made: LinearMap, targets: NDArray[np.bool_]) -> LinearMap:
    """Return what a map does to some of its targets, as a list in which these alone are numbered."""
    s, t, values = _listed(made)
    kept, numbers = targets[t], np.cumsum(targets) - 1
    listed, order = Sparse.from_pairs(made.connection.sources, int(targets.sum()), s[kept], numbers[t[kept]])
    return LinearMap(listed, values[kept][order], None if made.bias is None else made.bias[targets])


def _listed(made: LinearMap) -> tuple[Array, Array, Array]:
    edges = made.connection.edges()
    return edges.source, edges.target, edge_values(made)


def wide(values: Array) -> Array:
    """Return numbers in a type in which sums and products of them have room."""
    return values.astype(np.int64) if values.dtype.kind in "iub" else values


def narrowed(values: Array, *like: Array) -> Array:
    """Return whole numbers in the narrowest type that holds them, and others in that of what they come from."""
    if values.dtype.kind not in "iu":
        floats = [part.dtype for part in like if part.dtype.kind == "f"]
        return values.astype(np.result_type(*floats) if floats else np.float32)
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    kinds = (np.int8, np.int16, np.int32, np.int64)
    return values.astype(next(k for k in kinds if np.iinfo(k).min <= low and high <= np.iinfo(k).max))


def edge_values(made: LinearMap) -> Array:
    """Return the weight of each synapse, scaled."""
    scale = made.connection.scale
    if made.weights is None or not made.weights.size:
        return np.full(made.connection.synapses, scale, np.int8 if scale == 1 else np.float32)
    values = made.weights.reshape(-1)[made.connection.edges().weight]
    return values if scale == 1 else narrowed(wide(values) * scale, values)


def along_axes(value: Any) -> tuple[int, int]:
    """Return what a kernel or stride is along either axis."""
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
    edges, values, n = made.connection.edges(), edge_values(made), made.connection.sources
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
    connection, edges, values = made.connection, made.connection.edges(), edge_values(made)
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
