"""Whether kernels are handed what they say: looked at where they run as Python, with ``NUMBA_DISABLE_JIT=1``.

numba compiles a kernel for whatever comes, so that what its annotations say would be nobody's promise. Here it is one:
tests that run kernels as Python run them through their annotations (`types`).
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

__all__ = ["checked", "fits"]

P = ParamSpec("P")
R = TypeVar("R")


def fits(value: Any, wanted: Any) -> bool:
    """Return whether a value is of the kind that an annotation names; what is not known here fits anything."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in arguments)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray) and _is_array_of(value, *arguments)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return all(fits(one, arguments[0]) for one in value)
        return len(value) == len(arguments) and all(map(fits, value, arguments))
    if origin is not None:
        return fits(value, origin)
    if wanted is Any:
        return True
    if wanted is None:
        return value is None
    if wanted is float:  # a float32 is a number where a float is asked for, and so is a whole one
        return isinstance(value, float | int | np.floating | np.integer) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int | np.integer)
    if wanted is bool:
        return isinstance(value, bool | np.bool_)
    return isinstance(value, wanted) if isinstance(wanted, type) else True


def _is_array_of(
    value: np.ndarray[tuple[int, ...], np.dtype[np.generic]], shape: object, dtype: object
) -> bool:
    dimensions, kinds = typing.get_args(shape), typing.get_args(dtype)
    if dimensions and Ellipsis not in dimensions and value.ndim != len(dimensions):
        return False
    for kind in kinds:
        one_of = (
            typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
        )
        if not any(issubclass(value.dtype.type, typing.get_origin(one) or one) for one in one_of):
            return False
    return True


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that looks at its arguments each time they are of kinds that it has not seen.

    Raises
    ------
    TypeError
        When it is called with something else than its annotations say.
    """
    seen: set[tuple[object, ...]] = set()

    @functools.cache
    def wanted() -> tuple[inspect.Signature, dict[str, Any]]:
        return inspect.signature(function), typing.get_type_hints(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        kinds = tuple(map(_kind, args))
        if kwargs or kinds not in seen:
            signature, hints = wanted()
            given = signature.bind(*args, **kwargs).arguments
            for name, value in given.items():
                many = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
                for one in value if many else (value,):
                    if name in hints and not fits(one, hints[name]):
                        raise TypeError(
                            f"{function.__qualname__}: {name} must be {hints[name]}, got {_told(one)}"
                        )
            seen.add(kinds)
        return function(*args, **kwargs)

    return call


def _kind(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.dtype, value.ndim
    if type(value) is tuple:
        return tuple(map(_kind, value))
    return type(value)


def _told(value: object) -> str:
    return f"{value.dtype}[{value.ndim} dimensions]" if isinstance(value, np.ndarray) else f"{value!r}"
