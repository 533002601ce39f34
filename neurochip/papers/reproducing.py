"""`reproduce`: one experiment from its name to its folder: result.json, figure.svg, report.html."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path

from neurochip.durable.dated import dated
from neurochip.durable.folder import appearing, write_synced
from neurochip.durable.lock import LOCK, hold
from neurochip.durable.signals import stoppable
from neurochip.errors import CheckpointError, ConfigError, NeurochipError, OutputError
from neurochip.machine import check_parallel, usable_cores
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
from neurochip.papers.parts import Head, Identity, Parts, parts_folder, read_head, source_digest
from neurochip.papers.table import EXPERIMENTS, find
from neurochip.report.drawn import drawn

__all__ = [
    "Reproduction",
    "check_version",
    "finished",
    "new_folder_for",
    "nothing_kept",
    "reproduce",
    "versions_now",
    "write_reproduction",
]

RESULT = "result.json"


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
    name: str | None = None,
    *,
    quick: bool = False,
    out: Path | str | None = None,
    seed: int = 1,
    threads: int | None = None,
    resume: Path | str | None = None,
    on_progress: Tell | None = None,
    write: bool = True,
) -> Reproduction:
    """Run an experiment, judge its claims, and write its folder, whole or not at all.

    While it runs, the parts that it has finished are kept in a hidden folder beside that one (`parts`), so that it can
    be resumed after it was interrupted or failed. The result is that of an undisturbed run.

    Parameters
    ----------
    name
        Of the table, e.g. ``"oconnor2019-fig2"``; left out when resumed.
    quick
        The short form.
    out
        Folder to make; `None` makes ``reproduced/<name>-<time>``.
    seed
        Every random draw follows from it.
    threads
        `None` uses every core. The result does not depend on it.
    resume
        The folder that a stopped reproduction would have made: goes on with it, in its form and with its seed.
    on_progress
        Called with the share done and what is being done.
    write
        Whether to write a folder at all.

    Raises
    ------
    NeurochipError
        One of its family: no such experiment, a folder that exists, parts of another version.
    Interrupted
        On SIGINT: finished parts are kept.
    """
    # Around all of it: an interruption names the folder before its parts are read again, and once they are removed.
    with stoppable("reproduce", None if resume is None else Path(resume), asks=False) as place:
        versions, started = versions_now(), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        if resume is not None:
            head = _resumed(Path(resume), versions)
            name, quick, seed, out = head.identity.experiment, head.identity.quick, head.identity.seed, resume
            started, threads = head.started, head.threads if threads is None else threads
        elif name is None:
            raise ConfigError("experiment", f"must be named (there are {', '.join(EXPERIMENTS)})")
        experiment = find(name)
        if seed < 0:
            raise ConfigError("seed", f"must be ≥ 0, got {seed}")
        workers = threads if threads is not None else usable_cores()
        check_parallel(workers, "threads")
        folder = (
            new_folder_for(name, out, is_resumed=resume is not None) if write or resume is not None else None
        )
        parts = None
        if folder is not None:
            parts = Parts(folder, Identity(name, quick, seed, versions, source_digest()), started, threads)
            place.folder = folder
        settings = Settings(quick=quick, seed=seed, threads=workers, parts=parts)
        began = time.perf_counter()
        try:
            with stoppable("reproduce", folder, asks=False):
                outcome = experiment.run(settings, on_progress or (lambda share, doing: None))
                rows = _rows(experiment, outcome, quick)
                done = Reproduction(
                    experiment=experiment,
                    settings=settings,
                    outcome=outcome,
                    rows=rows,
                    verdict=verdict_of([verdict for _, _, verdict in rows]),
                    seconds=time.perf_counter() - began if parts is None else parts.seconds,
                    started=started,
                    versions=versions,
                    folder=folder,
                )
                if folder is not None:
                    write_reproduction(done, folder)
        except OutputError as error:
            if folder is not None and (folder / RESULT).is_file():  # all of it but a picture
                if parts is not None:
                    parts.remove()
                raise
            if parts is None or nothing_kept(parts):
                raise
            problem = f"{error.problem}; what was computed is kept, go on with --resume {folder}"
            raise OutputError(error.place, problem) from error
        except NeurochipError:
            if parts is not None:
                nothing_kept(parts)
            raise
        finally:
            if parts is not None:
                parts.close()
        if parts is not None:
            parts.remove()
        return done


def nothing_kept(parts: Parts) -> bool:
    """Whether nothing was computed; then nothing is left either."""
    if parts.is_empty:
        parts.remove()
        return True
    return False


def finished(folder: Path) -> bool:
    """Whether the results of a reproduction stand in a folder; parts that a kill left beside them are removed.

    Raises
    ------
    CheckpointError
        When another process is at work there.
    """
    if not (folder / RESULT).is_file():
        return False
    beside = parts_folder(folder)
    if beside.is_dir():
        hold(beside, "reproduction").release()
        shutil.rmtree(beside, ignore_errors=True)
    return True


def _resumed(folder: Path, versions: dict[str, str]) -> Head:
    """Return what is to be gone on with; nothing may be, that this version would have computed otherwise."""
    if finished(folder):
        raise CheckpointError(str(folder), "is finished; its results are in it")
    head = read_head(folder)
    check_version(folder, head.identity, versions)
    if head.shard is not None:
        raise CheckpointError(
            str(folder), f"is shard {head.shard} of a reproduction, which has no results of its own"
        )
    return head


def check_version(folder: Path, identity: Identity, versions: dict[str, str]) -> None:
    """Refuse parts that this version would have computed otherwise."""
    now = replace(identity, versions=versions, source=source_digest())
    if now != identity:
        differs = [
            f"{k} {v}, now {versions.get(k)}" for k, v in identity.versions.items() if v != versions.get(k)
        ]
        raise CheckpointError(
            str(folder),
            f"was begun by another version ({', '.join(differs) or 'the source has changed'}), and its parts may "
            f"differ from this one's; begin anew, or go on with that version",
        )


def new_folder_for(name: str, out: Path | str | None, *, is_resumed: bool = False) -> Path:
    """Return the folder to make; what would be in its way should be known of before the run, not after it."""
    folder = Path(out) if out is not None else _dated(name)
    if folder.exists():
        raise OutputError(str(folder), "exists already; choose another folder with --out or remove it")
    unfinished = parts_folder(folder)
    if unfinished.exists() and not is_resumed:
        raise OutputError(
            str(folder),
            f"is unfinished; go on there with --resume, choose another with --out or remove {unfinished}",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(str(folder), f"cannot be made: {error.strerror}") from error
    if not os.access(folder.parent, os.W_OK):
        raise OutputError(str(folder), "cannot be made: the folder above it is not writable")
    return folder


def _dated(name: str) -> Path:
    """Return a folder that nobody is at work for: two reproductions may be begun in the same second."""
    first = dated("reproduced", name)
    numbered = (first.with_name(f"{first.name}-{n}") for n in count(2))
    return next(path for path in chain([first], numbered) if not parts_folder(path).exists())


def _rows(
    experiment: Experiment, outcome: Outcome, quick: bool
) -> tuple[tuple[Claim, Finding, Verdict], ...]:
    found = {finding.claim: finding for finding in outcome.findings}
    wanted = {claim.key for claim in experiment.claims}
    if found.keys() != wanted or len(found) != len(outcome.findings):
        raise RuntimeError(f"{experiment.name} must find {sorted(wanted)}, found {sorted(found)}")
    return tuple(
        (claim, found[claim.key], judge(claim, found[claim.key], quick=quick)) for claim in experiment.claims
    )


def write_reproduction(done: Reproduction, folder: Path) -> None:
    """Write all files into a folder beside, then give it its name.

    Raises
    ------
    OutputError
        When they cannot be written; or when a picture cannot be drawn: the folder has all numbers then.
    """
    from neurochip.papers.pages import numbers_of, pictures_of

    files, fault = {RESULT: numbers_of(done)}, None
    try:
        with drawn(folder / "report.html", folder / RESULT):
            files |= pictures_of(done)
    except OutputError as error:
        fault = error
    with appearing(folder, "reproduction") as (building, held):
        for name, content in files.items():
            write_synced(building / name, content)
    held.release()
    (folder / LOCK).unlink(missing_ok=True)  # nothing is done there any more
    if fault is not None:
        raise fault


def versions_now() -> dict[str, str]:
    """Return the versions that decide what an experiment computes."""
    return {
        "neurochip": version("neurochip"),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
    }
