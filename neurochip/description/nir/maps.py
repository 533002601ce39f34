"""Nodes of NIR that are linear maps: matrices, convolutions, pooling, scales, and what only changes shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.description.linear_maps import LinearMap, cut_out
from neurochip.description.nir.nodes import IDENTITY, Node, refusal
from neurochip.description.spiking import real_numbers
from neurochip.elements.connections import Convolution, Dense, OneToOne, Pooling
from neurochip.errors import CapabilityError, ConfigError

__all__ = [
    "LINEAR",
    "WITHOUT_WEIGHTS",
    "broadcast",
    "by_map",
    "linear_map",
    "maps_node",
    "taken_shape",
    "target_shape",
]

Shape = tuple[int, ...]
T = TypeVar("T")
# Delay is linear too, but what it does is said in ticks (`nir.graph`).
WITHOUT_WEIGHTS = ("SumPool2d", "AvgPool2d", "Flatten", "Delay", IDENTITY)
LINEAR = ("Affine", "Linear", "Conv1d", "Conv2d", "Scale", *WITHOUT_WEIGHTS)


def target_shape(node: Node, shape: Shape | None) -> Shape | None:
    """Return the shape that comes out of a linear node, `None` where that takes a source shape that is not known."""
    if node.kind in ("Affine", "Linear"):
        return (_matrix(node).shape[0],)
    shape = taken_shape(node) if shape is None else shape
    return None if shape is None else linear_map(node, shape)[1]


def taken_shape(node: Node) -> Shape | None:
    """Return the shape of what a linear node takes, where it says so itself."""
    if node.kind in ("Affine", "Linear"):
        return (_matrix(node).shape[1],)
    if node.kind == "Scale":
        return np.shape(node.scale) or None
    if node.kind in ("Conv1d", "Conv2d") and node.fields.get("input_shape") is not None:
        given = np.ravel(np.asarray(node.input_shape))
        if given.dtype.kind in "iu" and np.ndim(node.weight) >= 2:
            maps = np.shape(node.weight)[1] * int(np.ravel(node.fields.get("groups", 1))[0])
            return (maps, *(int(n) for n in given))
    return None


def broadcast(node: Node, key: str, shape: Shape) -> NDArray[np.float64]:
    """Return one number for each unit, f64[unit], of a field that may have one for many of them."""
    values = real_numbers(getattr(node, key), f"{node.name}.{key}")
    size = math.prod(shape)
    if values.size == size:
        return values.reshape(-1)
    while values.ndim > len(shape) and values.shape[0] == 1:
        values = values[0]
    if by_map(values.shape, shape):
        values = values.reshape(-1, *(1,) * (len(shape) - 1))
    try:
        return np.broadcast_to(values, shape).reshape(-1)
    except ValueError:
        raise ConfigError(
            f"{node.name}.{key}",
            f"must be one number, or one for each of {size} units {shape}, got {values.shape}",
        ) from None


def by_map(own: Shape, shape: Shape) -> bool:
    """Whether there are as many numbers as maps, and not as many as columns, of which they could be one each."""
    return len(own) == 1 < len(shape) and own[0] == shape[0] != shape[-1] and own[0] > 1


def linear_map(node: Node, shape: Shape) -> tuple[LinearMap | None, Shape]:
    """Return what a node does to a population of a shape, `None` for nothing, and the shape that comes of it.

    Units are numbered along the last axis first, maps one after the other, as NIR's arrays are.
    """
    kind, name = node.kind, node.name
    if kind in ("Delay", IDENTITY):
        return None, shape
    if kind == "Flatten":
        return None, _flat(node, shape)
    if kind == "Scale":
        n = math.prod(shape)
        return LinearMap(OneToOne(n, n), broadcast(node, "scale", shape).astype(_type(node.scale))), shape
    if kind in ("Affine", "Linear"):
        weight = _matrix(node)
        given, wanted = weight.shape, (math.prod(shape), weight.shape[0])
        if given[1] != wanted[0]:
            raise ConfigError(name, f"must have shape {wanted}, got {given[::-1]}")
        bias = real_numbers(node.bias, f"{name}.bias").reshape(-1) if kind == "Affine" else None
        if bias is not None:
            bias = _checked_bias(bias, given[0], name)
        return LinearMap(Dense(*given[::-1]), np.ascontiguousarray(weight.T), bias), given[:1]
    maps = _as_maps(shape, node)
    if kind in ("SumPool2d", "AvgPool2d"):
        size = _numbers(node.kernel_size, name, "kernel_size")
        stride = _numbers(node.fields.get("stride", size), name, "stride")
        padding = _numbers(node.fields.get("padding", 0), name, "padding")
        reduction: Literal["sum", "average"] = "sum" if kind == "SumPool2d" else "average"
        pool = _made(name, lambda: Pooling(maps, size, stride, padding, reduction))
        return LinearMap(pool, None), pool.target
    return _convolved(node, maps)


def _made(name: str, make: Callable[[], T]) -> T:
    """Return a connectivity, refused by the name of its node."""
    try:
        return make()
    except ConfigError as error:
        raise ConfigError(f"{name}{error.place.removeprefix('connection')}", error.problem) from None


def _convolved(node: Node, maps: tuple[int, int, int]) -> tuple[LinearMap, Shape]:
    name, weight, flat = node.name, _weights(node), node.kind == "Conv1d"
    if weight.ndim != (3 if flat else 4):
        raise refusal(node, f"has weights in shape {weight.shape}; they must be [out, in, …]")
    kernel = weight.reshape(*weight.shape[:2], *((1, weight.shape[2]) if flat else weight.shape[2:]))
    stride, dilation = (
        _numbers(node.fields.get(key, 1), name, key, flat, 1) for key in ("stride", "dilation")
    )
    spans = tuple(d * (k - 1) for d, k in zip(dilation, kernel.shape[2:], strict=True))
    padding, first = _padding(node.fields.get("padding", 0), name, spans, stride, flat)
    groups = int(np.ravel(node.fields.get("groups", 1))[0])
    size = (int(kernel.shape[2]), int(kernel.shape[3]))
    made = _made(
        name, lambda: Convolution(maps, int(kernel.shape[0]), size, stride, padding, dilation, groups)
    )
    held = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0))
    if held.shape != made.shape:
        raise ConfigError(name, f"must take {maps[0]} maps in {groups} groups, has weights {weight.shape}")
    bias = None
    if node.fields.get("bias") is not None:
        bias = real_numbers(node.bias, f"{name}.bias").reshape(-1)
        bias = _checked_bias(bias, made.channels, name)
        bias = np.repeat(bias, made.targets // made.channels) if bias.any() else None
    found, shape = LinearMap(made, held, bias), made.target
    if any(first):
        inside = np.zeros(shape, dtype=np.bool_)
        inside[:, first[0] :, first[1] :] = True
        found, shape = (
            cut_out(found, inside.reshape(-1)),
            (shape[0], shape[1] - first[0], shape[2] - first[1]),
        )
    return found, shape[::2] if flat else shape


def _checked_bias(bias: NDArray[np.float64], size: int, name: str) -> NDArray[np.float64]:
    if bias.size == 1:
        bias = np.full(size, bias[0])
    if bias.shape != (size,):
        raise ConfigError(f"{name}.bias", f"must be {size} finite numbers")
    return bias


def _matrix(node: Node) -> NDArray[np.number]:
    """Return weights [out, in]; a batch of one around them is left out."""
    weight = _weights(node)
    while weight.ndim > 2 and weight.shape[0] == 1:
        weight = weight[0]
    if weight.ndim != 2:
        raise refusal(node, f"has weights in shape {weight.shape}; they must be [out, in]")
    return weight


def _weights(node: Node) -> NDArray[np.number]:
    """Return weights; no and yes are 0 and 1."""
    weight = np.asarray(node.weight)
    return weight.astype(np.int8) if weight.dtype == np.bool_ else weight


def _type(values: object) -> DTypeLike:
    kind = np.asarray(values).dtype
    return kind if kind.kind in "f" else np.float64


def _flat(node: Node, shape: Shape) -> Shape:
    """Return a shape whose axes from start_dim to end_dim are one; all of them where those make no sense."""
    first = int(np.ravel(node.fields.get("start_dim", 0))[0])
    last = int(np.ravel(node.fields.get("end_dim", -1))[0])
    first, last = (n + len(shape) if n < 0 else n for n in (first, last))
    if not 0 <= first <= last < len(shape):
        return (math.prod(shape),)
    return (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])


def _as_maps(shape: Shape, node: Node) -> tuple[int, int, int]:
    """Return channels, height and width; what has one dimension less has height 1, and a batch of one is left out."""
    wanted = 2 if node.kind == "Conv1d" else 3
    given = shape
    while len(given) > wanted and given[0] == 1:
        given = given[1:]
    if len(given) == wanted:
        return (given[0], given[1], given[2]) if wanted == 3 else (given[0], 1, given[1])
    held = node.fields.get("input_shape")
    if held is not None and len(given) == 1:  # flattened before, or without a shape
        sides = [int(n) for n in np.ravel(np.asarray(held))]
        area = int(np.prod(sides))
        if len(sides) == wanted - 1 and area > 0 and given[0] % area == 0:
            return (given[0] // area, sides[0] if wanted == 3 else 1, sides[-1])
    what = "(channels, length)" if wanted == 2 else "(channels, height, width)"
    raise refusal(node, f"takes {what}, and gets {shape}")


def _numbers(value: object, name: str, key: str, flat: bool = False, along: int = 0) -> tuple[int, int]:
    """Return rows and columns of what may be one number for both; ``along`` is that of the rows of a line."""
    given = np.ravel(np.asarray(value))
    if given.dtype.kind == "f" and np.array_equal(given, np.rint(given)):
        given = given.astype(np.int64)
    if given.dtype.kind not in "iu" or given.size not in ((1,) if flat else (1, 2)):
        raise ConfigError(
            f"{name}.{key}", f"must be one whole number{'' if flat else ' or two'}, got {value!r}"
        )
    numbers = [int(n) for n in given]
    return (along, numbers[0]) if flat else (numbers[0], numbers[-1])


def _padding(
    value: object, name: str, spans: Shape, stride: Shape, flat: bool
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the padding of both sides, and the rows and columns of the result that are too many at its beginning.

    "same" pads the far side by one more than the near one where a kernel spans an odd number of units.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.dtype.kind in "UOS" and value.ndim == 0:
        value = str(value)
    if isinstance(value, str) and value == "valid":
        return (0, 0), (0, 0)
    if not (isinstance(value, str) and value == "same"):
        return _numbers(value, name, "padding", flat), (0, 0)
    if set(stride) != {1}:
        raise CapabilityError(f"{name}.padding", '"same" takes stride 1; say how many')
    far = [(span + 1) // 2 for span in spans]
    return (far[0], far[1]), (spans[0] % 2, spans[1] % 2)


def maps_node(nir: Any, made: LinearMap, source: Shape, target: Shape) -> object:
    """Return a convolution or pooling as a node of NIR, `None` where it has none for it, or shapes are not known."""
    connection = made.connection
    if not isinstance(connection, Convolution | Pooling) or connection.order != "channels-first":
        return None
    cut = connection.backward or connection.senders is not None or connection.receivers is not None
    line = len(source) == 2 and isinstance(connection, Convolution)
    ends = [(shape[0], 1, shape[1]) if line and len(shape) == 2 else shape for shape in (source, target)]
    ends = [shape[-3:] if math.prod(shape[:-3]) == 1 else shape for shape in ends]  # without a batch of one
    # Where maps end in a population without shape, they are flattened.
    if cut or ends[0] != connection.source or (ends[1] != connection.target and len(target) > 1):
        return None
    pairs = {key: np.array(getattr(connection, key)) for key in ("stride", "padding")}
    if isinstance(connection, Pooling):
        if made.bias is not None:
            return None
        size = np.array(connection.kernel)
        stride = size if connection.stride is None else pairs["stride"]
        node = nir.SumPool2d if connection.reduction == "sum" else nir.AvgPool2d
        return node(kernel_size=size, stride=stride, padding=pairs["padding"])
    bias = np.zeros(connection.channels)
    if made.bias is not None:
        by_map = made.bias.reshape(connection.channels, -1)
        if not (by_map == by_map[:, :1]).all():
            return None
        bias = by_map[:, 0]
    assert made.weights is not None
    weight = np.ascontiguousarray(made.weights.transpose(3, 2, 0, 1))
    if line:
        return nir.Conv1d(
            input_shape=source[1],
            weight=weight[:, :, 0],
            stride=int(pairs["stride"][1]),
            padding=int(pairs["padding"][1]),
            dilation=_pair(connection.dilation)[1],
            groups=connection.groups,
            bias=bias,
        )
    return nir.Conv2d(
        input_shape=connection.source[1:],
        weight=weight,
        dilation=np.array(connection.dilation),
        groups=connection.groups,
        bias=bias,
        **pairs,
    )


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
