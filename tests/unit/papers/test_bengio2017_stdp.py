"""The sums of the timing experiment do not depend on who adds them up."""

from __future__ import annotations

import numpy as np

from neurochip.papers.bengio2017_movement import movement
from neurochip.papers.bengio2017_stdp import tables_of


def test_threads_do_not_change_a_bit() -> None:
    one, three = (tables_of(3, 60, 4, threads, lambda share: None) for threads in (1, 3))
    assert one.events.sum() > 100
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_updates_every_round_moves_as_much() -> None:
    still, learning = movement(1, 6, 0.0), movement(1, 6, 0.02)
    np.testing.assert_allclose(still[1:], still[1], rtol=0.05)
    assert learning[-1] < 0.5 * still[-1]
