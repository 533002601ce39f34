"""Nodes of NIR that are linear maps: matrices, convolutions, pooling, and what only changes shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.description.linear_maps import LinearMap
from neurochip.description.spiking import real_numbers
from neurochip.elements.connections import Convolution, Dense, Pooling
from neurochip.errors import CapabilityError, ConfigError

__all__ = ["LINEAR", "WITHOUT_WEIGHTS", "linear_map", "maps_node"]

Shape = tuple[int, ...]
WITHOUT_WEIGHTS = ("SumPool2d", "AvgPool2d", "Flatten")
LINEAR = ("Affine", "Linear", "Conv1d", "Conv2d", *WITHOUT_WEIGHTS)


def linear_map(kind: str, name: str, node: Any, shape: Shape) -> tuple[LinearMap | None, Shape]:
    """Return what a node does to a population of a shape, `None` for nothing, and the shape that comes of it.

    Units are numbered along the last axis first, maps one after the other, as NIR's arrays are.
    """
    if kind == "Flatten":
        return None, (math.prod(shape),)
    if kind in ("Affine", "Linear"):
        weight: NDArray[Any] = np.asarray(node.weight)
        if weight.ndim != 2:
            raise CapabilityError(
                f"{kind} (node '{name}')", f"has weights in shape {weight.shape}; they must be [out, in]"
            )
        given, wanted = weight.shape, (math.prod(shape), weight.shape[0])
        if given[1] != wanted[0]:
            raise ConfigError(name, f"must have shape {wanted}, got {given[::-1]}")
        bias = real_numbers(node.bias, f"{name}.bias") if kind == "Affine" else None
        if bias is not None and bias.shape != given[:1]:
            raise ConfigError(f"{name}.bias", f"must be {given[0]} finite numbers")
        return LinearMap(Dense(*given[::-1]), np.ascontiguousarray(weight.T), bias), given[:1]
    maps = _as_maps(shape, kind, name)
    if kind in ("SumPool2d", "AvgPool2d"):
        pool = Pooling(
            maps,
            _numbers(node.kernel_size, name, "kernel_size"),
            _numbers(node.stride, name, "stride"),
            _numbers(node.padding, name, "padding"),
            "sum" if kind == "SumPool2d" else "average",
        )
        return LinearMap(pool, None), pool.target
    weight = np.asarray(node.weight)
    flat = kind == "Conv1d"
    if weight.ndim != (3 if flat else 4):
        raise CapabilityError(
            f"{kind} (node '{name}')", f"has weights in shape {weight.shape}; they must be [out, in, …]"
        )
    kernel = weight.reshape(*weight.shape[:2], *((1, weight.shape[2]) if flat else weight.shape[2:]))
    stride, dilation = (_numbers(getattr(node, key), name, key, flat, 1) for key in ("stride", "dilation"))
    padding = _padding(node.padding, name, kernel.shape[2:], stride, dilation, flat)
    groups = int(node.groups)
    made = Convolution(maps, kernel.shape[0], kernel.shape[2:], stride, padding, dilation, groups)
    held = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0))
    if held.shape != made.shape:
        raise ConfigError(name, f"must take {maps[0]} maps in {groups} groups, has weights {weight.shape}")
    bias = None if node.bias is None else real_numbers(node.bias, f"{name}.bias")
    if bias is not None:
        if bias.shape != (made.channels,):
            raise ConfigError(f"{name}.bias", f"must be {made.channels} finite numbers")
        bias = np.repeat(bias, made.targets // made.channels) if bias.any() else None
    return LinearMap(made, held, bias), made.target[::2] if flat else made.target


def _as_maps(shape: Shape, kind: str, name: str) -> tuple[int, int, int]:
    """Return channels, height and width; what has one dimension less has height 1."""
    if len(shape) == 3 and kind != "Conv1d":
        return shape[0], shape[1], shape[2]
    if len(shape) == 2 and kind == "Conv1d":
        return shape[0], 1, shape[1]
    what = "(channels, length)" if kind == "Conv1d" else "(channels, height, width)"
    raise CapabilityError(f"{kind} (node '{name}')", f"takes {what}, and gets {shape}")


def _numbers(value: Any, name: str, key: str, flat: bool = False, along: int = 0) -> tuple[int, int]:
    """Return rows and columns of what may be one number for both; ``along`` is that of the rows of a line."""
    given = np.ravel(value)
    if given.dtype.kind not in "iu" or given.size not in ((1,) if flat else (1, 2)):
        raise ConfigError(
            f"{name}.{key}", f"must be one whole number{'' if flat else ' or two'}, got {value!r}"
        )
    numbers = [int(n) for n in given]
    return (along, numbers[0]) if flat else (numbers[0], numbers[-1])


def _padding(
    value: Any, name: str, kernel: Shape, stride: Shape, dilation: Shape, flat: bool
) -> tuple[int, int]:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.dtype.kind in "UOS" and value.ndim == 0:
        value = str(value)
    if isinstance(value, str) and value == "valid":
        return 0, 0
    if not (isinstance(value, str) and value == "same"):
        return _numbers(value, name, "padding", flat)
    spans = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    if set(stride) != {1} or any(span % 2 for span in spans):
        raise CapabilityError(
            f"{name}.padding", '"same" pads both sides alike, with stride 1 and an odd kernel; say how many'
        )
    return spans[0] // 2, spans[1] // 2


def maps_node(nir: Any, made: LinearMap, source: Shape, target: Shape) -> Any:
    """Return a convolution or pooling as a node of NIR, `None` where it has none for it, or shapes are not known."""
    connection = made.connection
    if not isinstance(connection, Convolution | Pooling) or connection.order != "channels-first":
        return None
    cut = connection.backward or connection.senders is not None or connection.receivers is not None
    line = len(source) == 2 and isinstance(connection, Convolution)
    ends = [(shape[0], 1, shape[1]) if line and len(shape) == 2 else shape for shape in (source, target)]
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
