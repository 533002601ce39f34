"""Callbacks: functions of the user that are told of each epoch, and may end the training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from neurochip.errors import CallbackError
from neurochip.training.record import EpochRecord

__all__ = ["Callback", "Failure", "call_all"]

Callback = Callable[[EpochRecord], bool | None]


class Failure(NamedTuple):
    """An exception that a callback raised: which one, after which epoch, and what."""

    name: str
    epoch: int
    cause: Exception

    def error(self, folder: Path | None) -> CallbackError:
        """Return the sentence for it; ``folder`` keeps a checkpoint, if any."""
        kept = "nothing was written" if folder is None else f"go on with neurochip simulate --resume {folder}"
        return CallbackError(
            "callbacks",
            f"{self.name} raised {type(self.cause).__name__} ({self.cause}) after epoch {self.epoch}, which ended the "
            f"training; the error's outcome or model has what was learnt until then, and {kept}",
        )


def call_all(callbacks: Sequence[Callback], epoch: EpochRecord) -> tuple[bool, Failure | None]:
    """Tell all callbacks of an epoch, in order.

    Returns
    -------
    wants
        Whether one of them, by returning True, asked to end the training.
    failure
        The first exception that one of them raised; those behind it are not called.
    """
    wants = False
    for callback in callbacks:
        try:
            wants = callback(epoch) is True or wants
        except Exception as error:  # whatever a function of the user raises
            name = getattr(callback, "__name__", type(callback).__name__)
            return wants, Failure(name, int(epoch.epoch), error)
    return wants, None
