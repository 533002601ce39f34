"""The built-in connectivities keep the contract that those of packages are tested by."""

from __future__ import annotations

import numpy as np

from neurochip.elements.connections import Convolution, Dense, OneToOne, Sparse
from neurochip.testing import ConnectionContract


class TestConnections(ConnectionContract):
    connections = (
        Dense(5, 7),
        Sparse.from_pairs(6, 9, [0, 0, 2, 5, 5, 5], [1, 8, 3, 0, 4, 5])[0],
        Sparse(3, 4, np.array([0, 0, 2, 2]), np.array([0, 3])),
        OneToOne(8, 8),
        Convolution((2, 5, 4), 4, (3, 2), stride=(2, 1), padding=(1, 0), groups=2),
    )
