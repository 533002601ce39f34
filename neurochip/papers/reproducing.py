"""`reproduce`: one experiment from its name to its folder: result.json, figure.png, report.html."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from neurochip.data.dated import dated
from neurochip.durable.signals import stoppable
from neurochip.errors import CheckpointError, ConfigError, Interrupted, OutputError
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
from neurochip.papers.parts import Identity, Parts, parts_folder, read_identity, source_digest
from neurochip.papers.table import EXPERIMENTS, find

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
    versions, started = _versions(), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    if resume is not None:
        identity, started = _resumed(Path(resume), versions)
        name, quick, seed, out = identity.experiment, identity.quick, identity.seed, resume
    elif name is None:
        raise ConfigError("experiment", f"must be named (there are {', '.join(EXPERIMENTS)})")
    experiment = find(name)
    if seed < 0:
        raise ConfigError("seed", f"must be ≥ 0, got {seed}")
    workers = threads if threads is not None else len(os.sched_getaffinity(0))
    if workers < 1:
        raise ConfigError("threads", f"must be ≥ 1, got {workers}")
    folder = _folder(name, out, is_resumed=resume is not None) if write or resume is not None else None
    parts = None
    if folder is not None:
        parts = Parts(folder, Identity(name, quick, seed, versions, source_digest()), started)
    settings = Settings(quick=quick, seed=seed, threads=workers, parts=parts)
    began = time.perf_counter()
    try:
        with stoppable("reproduce", asks=False):
            outcome = experiment.run(settings, on_progress or (lambda share, doing: None))
            rows = _rows(experiment, outcome)
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
                _write(done, folder)
    except KeyboardInterrupt:
        is_kept = parts is not None and not parts.is_empty
        raise Interrupted(str(folder) if is_kept else None, command="reproduce") from None
    except OutputError as error:
        if parts is None or parts.is_empty:
            raise
        problem = f"{error.problem}; what was computed is kept, go on with --resume {folder}"
        raise OutputError(error.place, problem) from error
    finally:
        if parts is not None:
            parts.close()
    if parts is not None:
        parts.remove()
    return done


def _resumed(folder: Path, versions: dict[str, str]) -> tuple[Identity, str]:
    """Return what is to be gone on with; nothing may be, that this version would have computed otherwise."""
    identity, started = read_identity(folder)
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
    return identity, started


def _folder(name: str, out: Path | str | None, *, is_resumed: bool) -> Path:
    """Return the folder to make; what would be in its way should be known of before the run, not after it."""
    folder = Path(out) if out is not None else dated("reproduced", name)
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


def _versions() -> dict[str, str]:
    return {
        "neurochip": version("neurochip"),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
    }
