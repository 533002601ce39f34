"""What cores tell one another of the weights that they share, against a loop over weights and cores."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.compile import compile_network
from neurochip.cores.listed_learning import ListedLearning
from neurochip.elements.connections import Connection, Convolution, Sparse
from neurochip.network import Network, Population, Projection
from neurochip.testing import small_chip

LISTED = Sparse(16, 18, np.arange(0, 34, 2), np.tile([3, 11], 16))


@pytest.mark.parametrize("connection", [Convolution((1, 4, 4), 2, 2), LISTED])
@pytest.mark.parametrize("neurons", [4, 5, 40])
def test_a_weight_is_told_by_every_core_but_the_first(connection: Connection, neurons: int) -> None:
    network = Network(
        (Population("in", 16, clamped=True), Population("out", connection.targets)),
        (Projection(0, 1, connection=connection),),
    )
    image = compile_network(network, small_chip(neurons), precision="float32", state_words=1)
    learning = ListedLearning(image, network.projections[0], connection, np.dtype(np.float32))
    _, target, weight = connection.edges()
    words = np.zeros(len(image.cores), dtype=np.int64)
    for number in range(int(weight.max()) + 1):
        first, last = (np.array([getattr(core, end) for core in image.cores]) for end in ("first", "last"))
        has = [
            c
            for c in image.cores_of(1)
            if np.any((weight == number) & (first[c] <= target) & (target < last[c]))
        ]
        for c in has[1:]:
            words[c] += 1
            words[has[0]] += 1
    np.testing.assert_array_equal(learning.exchanged, words)
    assert learning.exchanged is learning.exchanged, "computed once"
    assert bool(words.any()) == (isinstance(connection, Convolution) and neurons < 32)
