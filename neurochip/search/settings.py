"""What a search was asked for, and the folder that holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from neurochip.description import RunSpec, read_run, run_to_toml
from neurochip.durable.atomic import remove_unfinished, replacing
from neurochip.durable.folder import new_folder
from neurochip.durable.lock import Held, hold
from neurochip.durable.request import REQUEST, read_request, request_files
from neurochip.errors import CheckpointError

__all__ = ["Settings", "begin", "go_on", "store"]

_BASE, _COMMAND = "run.toml", "tune"
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Count = Annotated[int, msgspec.Meta(ge=0)]


class Settings(msgspec.Struct, frozen=True):
    """All that a search was asked for, but for its run.

    Attributes
    ----------
    vary, objective, sampler, seed, seeds, held_out
        As for `neurochip.studies.tuning.tune`: they decide what each trial is.
    together
        Trials that are proposed at once; this decides what they are, too.
    trials, confirm, threads, workers, scheduler
        How much of it, and by whom; a resumed search may be asked for more.
    shard
        ``K/N``: which of the trials; `None`: all.
    """

    vary: tuple[str, ...]
    objective: str
    sampler: str
    seed: int
    seeds: _Positive
    held_out: _Count
    trials: _Positive
    confirm: _Count
    threads: int | None
    together: _Positive = 1
    workers: int | None = None
    scheduler: str | None = None
    shard: str | None = None


def begin(folder: Path, run: RunSpec, settings: Settings) -> Held:
    """Make the folder of a search, with all that was asked for, and hold it."""
    return new_folder(folder, _files(run, settings), "search")


def go_on(folder: Path) -> tuple[RunSpec, Settings, Held]:
    """Take up the folder of a search that was begun.

    Raises
    ------
    CheckpointError
        When it is none, what was asked for is damaged, or another process is at work there.
    """
    request = read_request(folder, _COMMAND)
    held = hold(folder, "search")
    try:
        request.content(folder, _BASE)
        settings = msgspec.convert(request.options, Settings)
        remove_unfinished(folder)
        return read_run(str(folder / _BASE)), settings, held
    except msgspec.ValidationError as error:
        held.release()
        raise CheckpointError(
            str(folder / REQUEST), f"asks for what cannot be ({error}); begin anew"
        ) from None
    except BaseException:
        held.release()
        raise


def store(folder: Path, run: RunSpec, settings: Settings) -> None:
    """Write down that a search is now asked for more, or for less."""
    with replacing(folder / REQUEST) as file:
        file.write(_files(run, settings)[REQUEST])


def _files(run: RunSpec, settings: Settings) -> dict[str, bytes]:
    return request_files(_COMMAND, msgspec.to_builtins(settings), {_BASE: run_to_toml(run).encode()})
