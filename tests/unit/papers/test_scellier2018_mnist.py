"""Alignment of feedback with forward weights."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.papers.alignment import alignment
from neurochip.substrate import Parameters


def test_alignment_is_a_trace_over_norms() -> None:
    draws = np.random.default_rng(1)
    first, second = draws.normal(size=(5, 4)), draws.normal(size=(4, 3))
    back = draws.normal(size=(3, 4))
    for feedback, wanted in (
        (second.T, 1.0),
        (-2 * second.T, -1.0),
        (back, np.trace(second @ back) / (np.linalg.norm(second) * np.linalg.norm(back))),
    ):
        parameters = Parameters((first, second), (feedback,), (np.zeros(4), np.zeros(3)))
        assert alignment(parameters) == [pytest.approx(wanted)]
