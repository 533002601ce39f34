"""`reproduce`: one experiment from its name to its folder: result.json, figure.png, report.html."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from neurochip.errors import ConfigError, OutputError
from neurochip.papers.experiment import (
    Claim,
    Experiment,
    Finding,
    Outcome,
    Settings,
    Tell,
    Verdict,
    judge,
    verdict_of,
)
from neurochip.papers.table import find

__all__ = ["Reproduction", "reproduce"]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """An experiment that was run.

    Attributes
    ----------
    rows
        (claim, finding, verdict) in the order of the claims.
    verdict
        On the whole.
    folder
        Where it was written; `None` if it was not.
    """

    experiment: Experiment
    settings: Settings
    outcome: Outcome
    rows: tuple[tuple[Claim, Finding, Verdict], ...]
    verdict: Verdict
    seconds: float
    started: str
    versions: dict[str, str]
    folder: Path | None


def reproduce(
    name: str,
    *,
    quick: bool = False,
    out: Path | str | None = None,
    seed: int = 1,
    threads: int | None = None,
    on_progress: Tell | None = None,
    write: bool = True,
) -> Reproduction:
    """Run an experiment, judge its claims, and write its folder, whole or not at all.

    Parameters
    ----------
    name
        Of the table, e.g. ``"oconnor2019-fig2"``.
    quick
        The short form.
    out
        Folder to make; `None` makes ``reproduced/<name>-<time>``.
    seed
        Every random draw follows from it.
    threads
        `None` uses every core. The result does not depend on it.
    on_progress
        Called with the share done and what is being done.
    write
        Whether to write a folder at all.

    Raises
    ------
    NeurochipError
        One of its family: no such experiment, a folder that exists.
    """
    experiment = find(name)
    if seed < 0:
        raise ConfigError("seed", f"must be ≥ 0, got {seed}")
    workers = threads if threads is not None else len(os.sched_getaffinity(0))
    if workers < 1:
        raise ConfigError("threads", f"must be ≥ 1, got {workers}")
    settings = Settings(quick=quick, seed=seed, threads=workers)
    moment = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = None
    if write:
        folder = Path(out) if out is not None else Path("reproduced") / f"{name}-{moment}"
        if folder.exists():
            raise OutputError(str(folder), "exists already; choose another folder with --out or remove it")
        # A folder that cannot be made should be known of before the run, not after it.
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(str(folder), f"cannot be made: {error.strerror}") from error
        if not os.access(folder.parent, os.W_OK):
            raise OutputError(str(folder), "cannot be made: the folder above it is not writable")
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    began = time.perf_counter()
    outcome = experiment.run(settings, on_progress or (lambda share, doing: None))
    seconds = time.perf_counter() - began
    rows = _rows(experiment, outcome)
    done = Reproduction(
        experiment=experiment,
        settings=settings,
        outcome=outcome,
        rows=rows,
        verdict=verdict_of([verdict for _, _, verdict in rows]),
        seconds=seconds,
        started=started,
        versions=_versions(),
        folder=folder,
    )
    if folder is not None:
        _write(done, folder)
    return done


def _rows(experiment: Experiment, outcome: Outcome) -> tuple[tuple[Claim, Finding, Verdict], ...]:
    found = {finding.claim: finding for finding in outcome.findings}
    wanted = {claim.key for claim in experiment.claims}
    if found.keys() != wanted or len(found) != len(outcome.findings):
        raise RuntimeError(f"{experiment.name} must find {sorted(wanted)}, found {sorted(found)}")
    return tuple((claim, found[claim.key], judge(claim, found[claim.key])) for claim in experiment.claims)


def _write(done: Reproduction, folder: Path) -> None:
    """Write all files into a folder beside, then give it its name."""
    from neurochip.papers.pages import files_of

    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        for name, content in files_of(done).items():
            _write_file(unfinished / name, content)
        unfinished.chmod(0o777 & ~_umask())
        unfinished.rename(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise OutputError(str(folder), f"cannot be written: {error.strerror or error}") from error
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write_file(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _versions() -> dict[str, Any]:
    return {
        "neurochip": version("neurochip"),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
    }
