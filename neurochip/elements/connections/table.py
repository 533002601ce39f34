"""Connectivities by name: those that are built in, and those of other packages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from neurochip import plugins
from neurochip.elements.connections.connection import Connection
from neurochip.elements.connections.convolution import Convolution
from neurochip.elements.connections.dense import Dense
from neurochip.elements.connections.one_to_one import OneToOne
from neurochip.elements.connections.pooling import Pooling
from neurochip.elements.connections.sparse import Sparse
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel

__all__ = ["CONNECTIONS", "connectivity_of", "missing_of"]

CONNECTIONS: Mapping[str, type[Connection]] = MappingProxyType(
    {
        "dense": Dense,
        "sparse": Sparse,
        "convolution": Convolution,
        "pooling": Pooling,
        "one-to-one": OneToOne,
    }
)
_GROUP = "connections"
_MUST_HAVE = (
    "sources", "targets", "shape", "synapses", "scale", "fan_out", "fan_in", "memory_bits", "memory", "values",
    "edges", "part", "kept", "transposed", "transposed_weights",
)  # fmt: skip


def connectivity_of(kind: str, place: str) -> Any:
    """Return the class of a connectivity by its name, built in or of an installed package.

    Raises
    ------
    ConfigError
        At ``place``, where there is none, or the package's is not one.
    """
    if kind in CONNECTIONS:
        plugins.find(_GROUP, kind, CONNECTIONS, place)  # refuses a name that is taken twice
        return CONNECTIONS[kind]
    found = plugins.find(_GROUP, kind, CONNECTIONS, place)
    if found is None:
        known = ", ".join(plugins.names(_GROUP, CONNECTIONS))
        raise ConfigError(place, f"must be one of {known}, got {kind!r}")
    cls = plugins.load(found, place)
    fault = missing_of(cls, kind)
    if fault is not None:
        raise plugins.unusable(found, place, fault)
    return cls


def missing_of(cls: object, kind: str) -> str | None:
    """Return what keeps a class from being a connectivity, as the end of a sentence, or `None`."""
    if not isinstance(cls, type) or not hasattr(cls, "__dataclass_fields__"):
        return "must be a dataclass"
    if getattr(cls, "kind", None) != kind:
        return f"must have kind = '{kind}', got {getattr(cls, 'kind', None)!r}"
    if not isinstance(getattr(cls, "deliver", None), Kernel):
        return "must have a kernel as deliver"
    missing = [name for name in _MUST_HAVE if name not in dir(cls) and name not in cls.__dataclass_fields__]
    return f"lacks {', '.join(missing)}" if missing else None
