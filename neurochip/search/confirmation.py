"""The best trials of a search trained anew, and judged by the test set; each training is kept as soon as it ends."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from neurochip.durable.log import Log
from neurochip.errors import CheckpointError
from neurochip.files import Foreign

__all__ = ["CONFIRMED", "confirmed"]

CONFIRMED = "confirmed.jsonl"


class _Training(TypedDict):
    trial: int
    k: int
    error: float


def confirmed(
    folder: Path,
    front: Sequence[int],
    times: int,
    train: Callable[[Sequence[tuple[int, int]]], Iterator[float]],
    on_training: Callable[[int, int, float], None] | None = None,
) -> list[dict[str, object]]:
    """Train every trial of ``front`` so often, unless that was done before, and return their test errors.

    Parameters
    ----------
    folder
        Of the search; `CONFIRMED` in it holds what was trained before.
    times
        Trainings of each trial.
    train
        Trains trials, each given as its number and 0, 1, … for the training, and yields their test errors in this
        order.
    on_training
        Told of each training that has ended, in the same words, and its test error.

    Returns
    -------
    One for each trial: its number, the errors in the order of the trainings, their mean and standard deviation.

    Raises
    ------
    CheckpointError
        When the file of earlier trainings is damaged.
    """
    cure = "remove it, and the best trials are trained again"
    log = Log(Foreign(folder / CONFIRMED, "a log of trainings", cure, error=CheckpointError), _Training)
    known: dict[int, list[float]] = {}
    for training in log.entries:
        known.setdefault(training["trial"], []).append(training["error"])
    wanted = [(number, k) for number in front for k in range(len(known.get(number, ())), times)]
    for (number, k), error in zip(wanted, train(wanted), strict=True):
        log.append({"trial": number, "k": k, "error": error})
        known.setdefault(number, []).append(error)
        if on_training is not None:
            on_training(number, k, error)
    found = []
    for number in front:
        taken = known[number][:times]
        spread = statistics.stdev(taken) if times > 1 else 0.0
        found.append({"trial": number, "mean": statistics.fmean(taken), "std": spread, "errors": taken})
    return found
