"""Connectivities: which unit reaches which, one file each."""

from neurochip.elements.connections.connection import Connection, Edges, Memory, memory_of
from neurochip.elements.connections.convolution import Convolution
from neurochip.elements.connections.dense import Dense
from neurochip.elements.connections.derived import DerivedConnection
from neurochip.elements.connections.one_to_one import OneToOne
from neurochip.elements.connections.parts import fan_out_by_part
from neurochip.elements.connections.pooling import Pooling
from neurochip.elements.connections.sparse import Sparse
from neurochip.elements.connections.table import CONNECTIONS, connectivity_of

__all__ = [
    "CONNECTIONS",
    "Connection",
    "Convolution",
    "Dense",
    "DerivedConnection",
    "Edges",
    "Memory",
    "OneToOne",
    "Pooling",
    "Sparse",
    "connectivity_of",
    "fan_out_by_part",
    "memory_of",
]
