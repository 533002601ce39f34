"""What a connectivity refuses, each in its whole sentence, and what it takes on a core, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.elements.connections import Connection, Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.errors import ConfigError

OFFSETS = np.array([0, 2, 2, 3])
SPARSE = Sparse(3, 5, OFFSETS, np.array([1, 4, 0]))

REFUSED: list[tuple[Any, str]] = [
    (lambda: Dense(-1, 2), "connection.sources: must be a whole number, 0 or more, got -1"),
    (lambda: OneToOne(2, 2.0), "connection.targets: must be a whole number, 0 or more, got 2.0"),  # type: ignore[arg-type]
    (lambda: OneToOne(2, 2, 0.5), "connection.shift: must be a whole number, -4294967296 to 4294967296, got 0.5"),  # type: ignore[arg-type]
    (lambda: OneToOne(2, 2, -(1 << 33)),
     "connection.shift: must be a whole number, -4294967296 to 4294967296, got -8589934592"),
    (lambda: Convolution((1 << 32, 1 << 32, 1), 1, 1),
     "connection: must have fewer than 2³² units at both ends, and weights"),
    (lambda: Convolution((1, 4, 4), 1, 1 << 32, padding=1 << 32),
     "connection: must have fewer than 2³² units at both ends, and weights"),
    (lambda: Pooling((1 << 32, 1 << 32, 1), 1), "connection: must have fewer than 2³² units at both ends, and weights"),
    (lambda: Sparse(2, 5, OFFSETS, np.array([1, 4, 0])), "connection.offsets: must be 3 whole numbers, got int64 (4,)"),
    (lambda: Sparse(3, 5, OFFSETS, np.array([1, 4])), "connection.offsets: must ascend from 0 to the 2 synapses"),
    (lambda: Sparse(3, 5, OFFSETS[::-1], np.array([1, 4, 0])),
     "connection.offsets: must ascend from 0 to the 3 synapses"),
    (lambda: Sparse(3, 5, OFFSETS, np.array([1.0, 4, 0])),
     "connection.ends: must be a list of whole numbers, got float64 (3,)"),
    (lambda: Sparse(3, 4, OFFSETS, np.array([1, 4, 0])), "connection.ends[1]: must be 0 to 3, got 4"),
    (lambda: Sparse(3, 5, OFFSETS, np.array([1, -1, 0])), "connection.ends[1]: must be 0 to 4, got -1"),
    (lambda: Sparse(3, 5, OFFSETS, np.array([4, 1, 0])),
     "connection.ends[1]: must ascend within the list of a source, each target once"),
    (lambda: Sparse.from_pairs(2, 5, [0, 0], [3, 3]),
     "connection.ends[1]: must ascend within the list of a source, each target once"),
    (lambda: Sparse.from_pairs(2, 5, [0, 2], [3, 3]),
     "connection.pairs: must be lists of as many sources, 0 to 1, and targets"),
    (lambda: Sparse.from_pairs(2, 5, [0], [3, 3]),
     "connection.pairs: must be lists of as many sources, 0 to 1, and targets"),
    (lambda: Convolution((1, 4, 4), 1, 5), "connection.kernel: spans 5, more than the height with padding, 4"),
    (lambda: Convolution((1, 9, 4), 1, 3, dilation=2),
     "connection.kernel: spans 5, more than the width with padding, 4"),
    (lambda: Convolution((2, 4, 4), 3, 3, groups=2), "connection.groups: must divide channels, 3, got 2"),
    (lambda: Convolution((3, 4, 4), 2, 3, groups=2), "connection.groups: must divide source, 3, got 2"),
    (lambda: Convolution((1, 4, 4), 1, 3, stride=0), "connection.stride: must be a whole number, 1 or more, got 0"),
    (lambda: Convolution((1, 4, 4), 1, (1, 2, 3)),  # type: ignore[arg-type]
     "connection.kernel: must be one number, or rows and columns, got (1, 2, 3)"),
    (lambda: Convolution((4, 4), 1, 3), "connection.source: must be channels, height, width, got (4, 4)"),  # type: ignore[arg-type]
    (lambda: Convolution((1, 4, 4), 1, 3, order="maps"),  # type: ignore[arg-type]
     "connection.order: must be one of channels-first, channels-last, got 'maps'"),
    (lambda: Convolution((1, 4, 4), 1, 3, senders=(15, 17)),
     "connection.senders: must be a range within 0 to 16, got (15, 17)"),
    (lambda: Pooling((1, 4, 4), 2, receivers=(3,)),  # type: ignore[arg-type]
     "connection.receivers: must be a range within 0 to 4, got (3,)"),
    (lambda: Pooling((1, 4, 4), 2, receivers=(-1, 2)),
     "connection.receivers: must be a range within 0 to 4, got (-1, 2)"),
    (lambda: Dense(2, -1), "connection.targets: must be a whole number, 0 or more, got -1"),
    (lambda: Pooling((1, 4, 4), 2, receivers=(3, 2)),
     "connection.receivers: must be a range within 0 to 4, got (3, 2)"),
    (lambda: Pooling((1, 4, 4), 2, reduction="max"),  # type: ignore[arg-type]
     "connection.reduction: must be one of sum, average, got 'max'"),
    (lambda: Pooling((1, 4, 4), 5), "connection.kernel: spans 5, more than the height with padding, 4"),
    (lambda: Pooling((1, 4, 4), 2).memory(np.ones(4), np.float32),
     "weights: must be none, pooling has no weights, got (4,)"),
    (lambda: Dense(2, 3).memory(None, np.float32), "weights: must have shape (2, 3), got none"),
    (lambda: Dense(2, 3).memory(np.ones((3, 2)), np.float32), "weights: must have shape (2, 3), got (3, 2)"),
    (lambda: Dense(1, 2).memory(np.array([[1, 128]]), np.int8), "weights[0, 1]: must fit int8, got 128"),
    (lambda: Dense(1, 2).memory(np.array([[1, 0.5]]), np.int8), "weights[0, 1]: must fit int8, got 0.5"),
    (lambda: Dense(4, 4).part(range(2, 5), range(4)), "sources: must be a range within 0 to 4, got 2 to 5"),
    (lambda: SPARSE.part(range(2), range(1, 6)), "targets: must be a range within 0 to 5, got 1 to 6"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), REFUSED)
def test_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value) == sentence


TAKES: list[tuple[Connection, int]] = [
    (Dense(20, 30), 20 * 30 * 8),
    (SPARSE, 3 * (8 + 3) + 3 * 2),  # a target of five in three bits; where a list begins, 0 to 3, in two
    (OneToOne(4096, 4096), 4096 * 8),
    (Convolution((2, 12, 12), 16, 5), 5 * 5 * 2 * 16 * 8),  # however many positions share it
    (Convolution((4, 12, 12), 8, 3, groups=2), 3 * 3 * 2 * 8 * 8),
    (Convolution((2, 12, 12), 16, 5).transposed(), 5 * 5 * 2 * 16 * 8),
    (Pooling((16, 12, 12), 2), 8),
    # Of a part, the kernels between the maps that it has units of: 3 of 16, the last for a single unit.
    (Convolution((2, 12, 12), 16, 5).part(range(288), range(64, 64 * 3 + 1)), 5 * 5 * 2 * 3 * 8),
    (Convolution((2, 12, 12), 16, 5, order="channels-last").part(range(288), range(64)), 5 * 5 * 2 * 16 * 8),
    (Dense(20, 30).part(range(5), range(10, 20)), 5 * 10 * 8),
    (SPARSE.part(range(3), range(4, 5)), 1 * (8 + 0) + 3 * 1),
]


@pytest.mark.parametrize(("made", "bits"), TAKES)
def test_memory_of_a_core(made: Connection, bits: int) -> None:
    assert made.memory_bits(8) == bits


def test_a_core_keeps_the_pairs_whose_targets_it_has() -> None:
    shifted = OneToOne(6, 4, shift=-1)  # 1 → 0 … 4 → 3
    held = [], [0, 3], [2], [0, 1, 2, 3]
    assert [shifted.memory_bits(8, np.array(some)) for some in held] == [0, 16, 8, 32]
    later = OneToOne(3, 6, shift=2)  # 0 → 2 … 2 → 4
    assert [later.memory_bits(8, np.array(held)) for held in ([0, 1, 5], [1, 2], [4, 5])] == [0, 8, 8]


def test_edges_of_a_map_by_hand() -> None:
    """A kernel of 3 × 3 over 4 × 4 without padding: a corner is seen once, an edge twice, the middle four times."""
    corner = [1, 2, 2, 1]
    assert Convolution((1, 4, 4), 1, 3).fan_out().reshape(4, 4).tolist() == np.outer(corner, corner).tolist()
    padded = [2, 3, 3, 2]
    assert (
        Convolution((1, 4, 4), 1, 3, padding=1).fan_out().reshape(4, 4).tolist()
        == np.outer(padded, padded).tolist()
    )
    assert Pooling((1, 4, 5), 2).fan_out().reshape(4, 5)[:, 4].tolist() == [
        0,
        0,
        0,
        0,
    ]  # beyond the last square


def test_memory_of_the_emulator() -> None:
    """Two bytes for a target, and the weight, but for the offsets; four where targets need more than 16 bits."""
    rng = np.random.default_rng(1)
    for targets, width in ((4096, 2), (70_000, 4)):
        pre, post = np.nonzero(rng.random((64, targets)) < 0.1)
        made, _ = Sparse.from_pairs(64, targets, pre, post)
        for dtype in (np.int8, np.float32):
            memory = made.memory(np.zeros(made.synapses, dtype), dtype)
            held = sum(array.nbytes for array in memory)
            assert held <= 1.25 * made.synapses * (width + np.dtype(dtype).itemsize)
            assert np.shares_memory(made.ends, memory.near if width == 2 else memory.far)  # no copy
