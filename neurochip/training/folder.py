"""The folder of a run: what was asked for, where it stands, and whether it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurochip.data import Dataset
from neurochip.description import DataSpec, RunSpec, bound, read_run, run_to_toml
from neurochip.durable.atomic import remove_unfinished
from neurochip.durable.folder import new_folder
from neurochip.durable.lock import Held, hold
from neurochip.durable.request import read_request, request_files
from neurochip.errors import CheckpointError
from neurochip.training.checkpoint import read_checkpoint, write_checkpoint
from neurochip.training.state import TrainingState

__all__ = ["CHECKPOINT", "REPORT", "RESOLVED", "RunFolder", "read_resolved"]

CHECKPOINT, RESOLVED = "checkpoint.h5", "run.toml"
REPORT = ("raster.npz", "report.json", "report.html")  # in the order in which they are written
_COMMAND = "simulate"


def read_resolved(path: Path) -> RunSpec:
    """Return the run of a folder, and check that it is the one that was begun there.

    Raises
    ------
    CheckpointError
        When what was asked for is damaged or was edited.
    """
    read_request(path, _COMMAND).content(path, RESOLVED)
    return read_run(str(path / RESOLVED))


class RunFolder:
    """A folder of a run that this process holds; use it as a context.

    Attributes
    ----------
    path
        Where it is.
    run
        What is run there.
    options
        What else was asked for, by name: ``through`` (what drives the chip), ``threads``, ``mapping`` (what is told of
        a placement that was found).
    """

    def __init__(self, path: Path, run: RunSpec, options: dict[str, Any], held: Held) -> None:
        self.path, self.run, self.options = path, run, options
        self._held = held

    @classmethod
    def make(cls, path: Path, run: RunSpec, options: dict[str, Any]) -> RunFolder:
        """Make the folder with all that was asked for, or leave nothing behind.

        Raises
        ------
        OutputError
            When it is there already or cannot be made.
        """
        files = request_files(_COMMAND, options, {RESOLVED: run_to_toml(run).encode()})
        return cls(path, run, options, new_folder(path, files, "run"))

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Take up the folder of a run that was begun.

        Raises
        ------
        CheckpointError
            When it is none, what was asked for is damaged, or another process is at work there.
        """
        request = read_request(path, _COMMAND)
        held = hold(path, "run")
        try:
            request.content(path, RESOLVED)
            run = read_run(str(path / RESOLVED))
            remove_unfinished(path)
        except BaseException:
            held.release()
            raise
        return cls(path, run, request.options, held)

    def __enter__(self) -> RunFolder:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let other processes in."""
        self.release()

    def release(self) -> None:
        """Let other processes in; doing so twice does no harm."""
        self._held.release()

    @property
    def is_done(self) -> bool:
        """Whether its report is written: nothing is left to do then."""
        return all((self.path / name).is_file() for name in REPORT)

    def state(self, digest: str) -> TrainingState | None:
        """Return where the run stands, with the network of that digest; `None` when it has to begin anew."""
        path = self.path / CHECKPOINT
        return read_checkpoint(path, digest=digest) if path.exists() else None

    def save(self, state: TrainingState, digest: str, samples: Dataset | None = None) -> None:
        """Write where the run stands."""
        write_checkpoint(
            self.path / CHECKPOINT, state, run=run_to_toml(self.run), digest=digest, samples=samples
        )

    def check_options(self, through: str | None) -> None:
        """Refuse to go on with another chip driver than the run was begun with."""
        begun = self.options.get("through")
        if (begun is None) != (through is None):
            said = "none" if begun is None else begun
            raise CheckpointError(
                str(self.path), f"was begun with through {said}; drive the chip as it was, or begin anew"
            )

    def check_samples(self, samples: Dataset | None) -> None:
        """Refuse to go on with other samples than the run was begun with, or without those that nothing reads again."""
        begun = self.run.data
        if samples is None:
            if begun.given is not None:
                raise CheckpointError(
                    str(self.path),
                    f"was begun with samples given from Python, {_called(begun)}; give the same ones as samples",
                )
            return
        given = bound(self.run, samples).data
        if given != begun:
            raise CheckpointError(
                str(self.path),
                f"was begun with samples {_called(begun)}, and is given {_called(given)}; give the same ones, or begin "
                "anew",
            )


def _called(data: DataSpec) -> str:
    """Return name and digest of samples."""
    if data.digest is not None:
        return f"{data.title} of digest {data.digest}"
    more = ", ".join(f"{name} = {value}" for name, value in data.to_table().items() if name != "set")
    return f"{data.title} ({more})" if more else data.title
