"""How well heads do, against counts that were made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.data import Head, Heads
from neurochip.data.scaling import Scaling
from neurochip.training.head_results import all_right, head_results

HEADS = Heads((
    Head("colour", "classes", ("a", "b", "c")),
    Head("tags", "labels", ("p", "q", "never")),
    Head("size", "numbers", ("size",), Scaling("range", np.zeros(1), np.ones(1))),
))  # fmt: skip
TRUE = np.array([[0, 1, 0, 0, 1.0], [2, 0, 0, 0, 3.0], [1, 1, 1, 0, 5.0], [0, 1, 1, 0, 7.0]])
SAID = np.array([[0, 1, 1, 0, 1.0], [1, 0, 0, 0, 3.0], [1, 0, 1, 0, 5.0], [0, 1, 1, 0, 5.0]])


def test_each_head_is_measured_as_by_hand() -> None:
    colour, tags, size = head_results(HEADS, TRUE, SAID)
    assert colour.error == 1 / 4 and colour.confusion is not None
    assert colour.confusion.tolist() == [[2, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert tags.error == pytest.approx(2 / 12) and tags.exact == 2 / 4
    p, q, never = tags.labels
    assert (p.holds, p.said, p.both, p.error) == (3, 2, 2, 1 / 4)
    precision, recall = 1.0, 2 / 3
    assert p.f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert q.f1 == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert (never.holds, never.said, never.f1, never.error) == (0, 0, 0.0, 0.0)
    assert tags.f1 == pytest.approx((p.f1 + q.f1) / 3)
    assert size.rms is not None and size.rms.tolist() == [1.0]
    assert size.error == pytest.approx(1 / np.var(TRUE[:, 4]))


def test_a_sample_is_all_right_where_classes_and_labels_are() -> None:
    assert all_right(HEADS, TRUE, SAID) == 1 / 4  # the last one, whose number is off
    assert all_right(HEADS, TRUE, TRUE) == 1
    assert all_right(Heads((HEADS.all[2],)), TRUE[:, 4:], SAID[:, 4:]) is None


def test_what_is_told_stands_in_json() -> None:
    colour, tags, size = (found.to_json() for found in head_results(HEADS, TRUE, SAID))
    assert colour == {
        "name": "colour", "kind": "classes", "names": ["a", "b", "c"], "error": 0.25,
        "confusion": [[2, 0, 0], [0, 1, 0], [0, 1, 0]],
    }  # fmt: skip
    assert tags["labels"][0]["name"] == "p" and set(size) == {"name", "kind", "names", "error", "rms"}
