"""More epochs than a run was begun with: what it left is where the longer one begins."""

from __future__ import annotations

import dataclasses

from neurochip.description import RunSpec
from neurochip.errors import CheckpointError, ConfigError
from neurochip.training.folder import CHECKPOINT, RunFolder

__all__ = ["with_epochs"]


def with_epochs(begun: RunFolder, epochs: int) -> RunSpec:
    """Return the run of a folder with more epochs, which may begin with what that run left.

    No epoch depends on how many there will be, so that the longer run ends where one would that had been begun so.

    Raises
    ------
    ConfigError
        When the run has as many epochs, or trains nothing.
    CheckpointError
        When it has left nothing, or other weights than those of its last epoch.
    """
    run = begun.run
    if run.learning is None:
        raise ConfigError("epochs", f"are for runs that learn; {begun.path} is none, leave them out")
    if epochs <= run.learning.epochs:
        raise ConfigError(
            "epochs", f"must be more than the {run.learning.epochs} of {begun.path}, got {epochs}"
        )
    if run.learning.patience is not None:
        raise CheckpointError(
            str(begun.path),
            "keeps the weights of its best epoch (learning.patience), not its last; begin anew",
        )
    if not (begun.path / CHECKPOINT).exists():
        raise CheckpointError(str(begun.path), "has no checkpoint yet; go on with it first, without epochs")
    return dataclasses.replace(run, learning=dataclasses.replace(run.learning, epochs=epochs))
