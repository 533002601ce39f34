"""Products of connectivities with real values: patches times kernels are what their synapses, one by one, come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.elements.connections import Convolution, OneToOne, Pooling, Sparse
from neurochip.ideal.products import product_of
from neurochip.network import Projection

OF: dict[str, Any] = {
    "strided": Convolution((4, 7, 6), 6, (3, 2), stride=(2, 1), padding=(1, 0)),
    "in groups": Convolution((4, 7, 6), 6, 3, groups=2),
    "position by position": Convolution((3, 6, 5), 4, (2, 3), padding=(1, 2), order="channels-last"),
    "spread": Convolution((2, 9, 8), 3, 3, dilation=(2, 1), stride=(1, 2)),
    "means": Pooling((3, 6, 6), 2),
    "sums": Pooling((3, 6, 6), (3, 2), reduction="sum"),
    "pairs": OneToOne(7, 7),
    "listed": Sparse(3, 4, np.array([0, 2, 2, 4]), np.array([0, 3, 1, 2])),
}


@pytest.mark.parametrize("name", OF)
@pytest.mark.parametrize("backward", [False, True])
def test_a_product_is_that_of_its_synapses(name: str, backward: bool) -> None:
    connection = OF[name].transposed() if backward else OF[name]
    rng = np.random.default_rng(3)
    weights = rng.normal(size=connection.shape)
    pre, post = rng.normal(size=(11, connection.sources)), rng.normal(size=(11, connection.targets))
    drive, change = np.ones((11, connection.targets)), np.zeros(int(np.prod(connection.shape)))
    outer = pre.T @ post
    wanted = np.ones((11, connection.targets))
    for i, j, w in zip(*connection.edges(), strict=True):
        value = weights.reshape(-1)[w] if weights.size else 1.0
        wanted[:, j] += connection.scale * value * pre[:, i]
        if change.size:
            change[w] += outer[i, j]
    product = product_of(Projection(0, 1, connection=connection))
    product.drive(pre, weights, drive)
    np.testing.assert_allclose(drive, wanted, atol=1e-12)
    np.testing.assert_allclose(product.change(pre, post).reshape(-1), change, atol=1e-12)
