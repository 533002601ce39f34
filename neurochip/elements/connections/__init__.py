"""Connectivities: which unit reaches which, one file each."""

from collections.abc import Mapping
from types import MappingProxyType

from neurochip.elements.connections.connection import Connection, Edges, Memory
from neurochip.elements.connections.convolution import Convolution
from neurochip.elements.connections.dense import Dense
from neurochip.elements.connections.one_to_one import OneToOne
from neurochip.elements.connections.pooling import Pooling
from neurochip.elements.connections.sparse import Sparse

__all__ = [
    "CONNECTIONS",
    "Connection",
    "Convolution",
    "Dense",
    "Edges",
    "Memory",
    "OneToOne",
    "Pooling",
    "Sparse",
]

CONNECTIONS: Mapping[str, type[Connection]] = MappingProxyType(
    {
        "dense": Dense,
        "sparse": Sparse,
        "convolution": Convolution,
        "pooling": Pooling,
        "one-to-one": OneToOne,
    }
)
