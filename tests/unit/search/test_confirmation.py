"""Trainings of the best trials are kept one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from neurochip.errors import CheckpointError
from neurochip.search.confirmation import CONFIRMED, confirmed


def test_a_stop_loses_no_training(tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []

    def train(trainings: Sequence[tuple[int, int]]) -> Iterator[float]:
        for number, k in trainings:
            if len(asked) == 3:
                raise KeyboardInterrupt
            asked.append((number, k))
            yield number + k / 8

    with pytest.raises(KeyboardInterrupt):
        confirmed(tmp_path, (4, 2), 2, train)
    asked.pop(0)  # room for one more
    told: list[tuple[int, int, float]] = []
    found = confirmed(tmp_path, (4, 2), 2, train, lambda *training: told.append(training))
    assert told == [(2, 1, 2.125)]
    assert found == [
        {"trial": 4, "mean": 4.0625, "std": pytest.approx(0.125 / 2**0.5), "errors": [4.0, 4.125]},
        {"trial": 2, "mean": 2.0625, "std": pytest.approx(0.125 / 2**0.5), "errors": [2.0, 2.125]},
    ]


def test_fewer_are_asked_for_than_there_are(tmp_path: Path) -> None:
    confirmed(tmp_path, (0,), 3, lambda trainings: (float(k) for _, k in trainings))
    (one,) = confirmed(
        tmp_path, (0,), 1, lambda trainings: (pytest.fail("it was trained before") for _ in trainings)
    )
    assert one == {"trial": 0, "mean": 0.0, "std": 0.0, "errors": [0.0]}


@pytest.mark.parametrize("content", ["x\n", "[]\n", '{"checksum": "0", "entry": 1}\n'])
def test_damage_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / CONFIRMED).write_text(content)
    with pytest.raises(
        CheckpointError, match="confirmed.jsonl: line 1: is damaged.*; remove it, and the best trials are"
    ):
        confirmed(tmp_path, (0,), 1, lambda trainings: (0.0 for _ in trainings))
