"""The best trials of a search trained anew, and judged by the test set; each training is kept as soon as it ends."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from neurochip.durable.atomic import replacing
from neurochip.errors import CheckpointError

__all__ = ["CONFIRMED", "confirmed"]

CONFIRMED = "confirmed.json"
_FORMAT = 1


def confirmed(
    folder: Path,
    front: Sequence[int],
    times: int,
    train: Callable[[int, int], float],
    on_training: Callable[[int, int, float], None] | None = None,
) -> list[dict[str, Any]]:
    """Train every trial of ``front`` so often, unless that was done before, and return their test errors.

    Parameters
    ----------
    folder
        Of the search; `CONFIRMED` in it holds what was trained before.
    times
        Trainings of each trial.
    train
        Trains a trial (its number, and 0, 1, … for the training), and returns its test error.
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
    path = folder / CONFIRMED
    known = _read(path)
    found = []
    for number in front:
        errors = known.setdefault(number, [])
        for k in range(len(errors), times):
            errors.append(train(number, k))
            content = json.dumps({"format": _FORMAT, "errors": known})
            with replacing(path) as file:
                file.write(content.encode())
            if on_training is not None:
                on_training(number, k, errors[-1])
        taken = errors[:times]
        spread = statistics.stdev(taken) if times > 1 else 0.0
        found.append({"trial": number, "mean": statistics.fmean(taken), "std": spread, "errors": taken})
    return found


def _read(path: Path) -> dict[int, list[float]]:
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != _FORMAT:
            raise ValueError(f"format {stored['format']!r}, {_FORMAT} needed")
        return {int(number): [float(e) for e in errors] for number, errors in stored["errors"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            str(path), f"is damaged ({error}); remove it, and the best trials are trained again"
        ) from None
