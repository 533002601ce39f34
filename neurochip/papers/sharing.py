"""One experiment on machines that share nothing but files: each does the jobs of a shard, and what they kept is joined.

The folder of a shard holds the parts that its jobs have kept (`parts`), and no results. Joined they are those of a
reproduction that was stopped after its jobs: it goes on from there.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Sequence
from pathlib import Path

from neurochip.durable.atomic import replacing
from neurochip.durable.lock import LOCK
from neurochip.durable.shard import Shard, parse_shard, shards_missing
from neurochip.durable.signals import stoppable
from neurochip.errors import CheckpointError, ConfigError, NeurochipError, OutputError
from neurochip.files import Foreign, read_bytes
from neurochip.machine import check_parallel, usable_cores
from neurochip.papers.experiment import Settings, Tell
from neurochip.papers.parts import (
    HEAD,
    Head,
    Identity,
    Parts,
    new_parts,
    parts_folder,
    read_head,
    read_head_file,
    source_digest,
)
from neurochip.papers.reproducing import (
    Reproduction,
    check_version,
    new_folder_for,
    nothing_kept,
    reproduce,
    versions_now,
)
from neurochip.papers.side_by_side import ShardDone
from neurochip.papers.table import find

__all__ = ["merge_reproductions", "reproduce_shard", "shard_of"]


def shard_of(folder: Path) -> str | None:
    """Return which shard a folder is, or was to be; `None` when it is none."""
    for place in (folder, parts_folder(folder)):
        if (place / HEAD).is_file():
            return read_head_file(place / HEAD).shard
    return None


def reproduce_shard(
    name: str | None = None,
    shard: str | None = None,
    *,
    quick: bool = False,
    out: Path | str | None = None,
    seed: int = 1,
    threads: int | None = None,
    resume: Path | str | None = None,
    on_progress: Tell | None = None,
) -> Path:
    """Do the jobs of one shard of an experiment, and return the folder with what they found.

    Parameters
    ----------
    name, quick, out, seed, threads, on_progress
        As for `neurochip.papers.reproduce`.
    shard
        ``K/N``: every N-th job, beginning with the K-th longest.
    resume
        The folder that a stopped shard would have made: goes on with it.

    Raises
    ------
    NeurochipError
        One of its family: no such experiment, or one that has no jobs to share.
    Interrupted
        On SIGINT: finished parts are kept.
    """
    with stoppable("reproduce", None if resume is None else Path(resume), asks=False) as place:
        versions, started = versions_now(), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        if resume is not None:
            head = read_head(Path(resume))
            check_version(Path(resume), head.identity, versions)
            name, quick, seed, out = head.identity.experiment, head.identity.quick, head.identity.seed, resume
            started, shard, threads = head.started, head.shard, head.threads if threads is None else threads
        if name is None or shard is None:
            raise ConfigError("experiment", "must be named, and which shard of it")
        part, experiment = parse_shard(shard), find(name)
        if not experiment.in_jobs:
            raise ConfigError(
                "--shard",
                f"{name} is one piece of work, which machines cannot share; share out whole experiments with --all and "
                "--workers or --scheduler",
            )
        workers = threads if threads is not None else usable_cores()
        check_parallel(workers, "threads")
        named = f"{name}-shard-{part.number}-of-{part.of}"
        folder = new_folder_for(named, out, is_resumed=resume is not None)
        parts = Parts(
            folder, Identity(name, quick, seed, versions, source_digest()), started, threads, part.words
        )
        place.folder = folder
        settings = Settings(quick=quick, seed=seed, threads=workers, parts=parts, shard=part)
        try:
            with stoppable("reproduce", folder, asks=False):
                experiment.run(settings, on_progress or (lambda share, doing: None))
            raise RuntimeError(f"{name} has no jobs side by side")
        except ShardDone:
            pass
        except NeurochipError:
            nothing_kept(parts)
            raise
        finally:
            parts.close()
        try:
            (parts.folder / LOCK).unlink(missing_ok=True)
            parts.folder.rename(folder)
        except OSError as error:
            raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
        return folder


def merge_reproductions(
    folders: Sequence[Path | str],
    out: Path | str,
    *,
    threads: int | None = None,
    on_progress: Tell | None = None,
) -> Reproduction:
    """Join the shards of one experiment, compute what is left of it, and write its folder.

    The results are those of `neurochip.papers.reproduce`.

    Raises
    ------
    CheckpointError
        When they are of different experiments or versions, damaged, or some are missing.
    """
    if not folders:
        raise ConfigError("merge", "needs the folders to join; name them")
    found = [(Path(folder), _head(Path(folder))) for folder in folders]
    first_folder, first = found[0]
    check_version(first_folder, first.identity, versions_now())
    for folder, head in found[1:]:
        if head.identity != first.identity:
            raise CheckpointError(
                str(folder),
                f"is of another experiment than {first_folder}, or of another form, seed or version of it",
            )
    shards = {parse_shard(head.shard or "") for _, head in found}
    if len({shard.of for shard in shards}) > 1:
        raise CheckpointError(
            "merge", f"has shards of different numbers, {_words(shards)}; name those of one"
        )
    missing = shards_missing([head.shard for _, head in found])
    if missing:
        raise CheckpointError("merge", f"lacks shards {', '.join(missing)}; name them, too")
    whole = new_folder_for(first.identity.experiment, out)
    held = new_parts(whole, Head(first.format, first.identity, first.started, threads))
    try:
        for folder, _ in found:
            for path in sorted(folder.glob("*.npz")):
                file = Foreign(
                    path, "a part of an experiment", "carry out its shard again", error=CheckpointError
                )
                with replacing(parts_folder(whole) / path.name) as stream:
                    stream.write(read_bytes(file))
    finally:
        held.release()
    try:
        return reproduce(resume=whole, threads=threads, on_progress=on_progress)
    except CheckpointError:
        # A damaged part: the folders that were named still have all there is, and may be joined again.
        shutil.rmtree(parts_folder(whole), ignore_errors=True)
        raise


def _words(shards: set[Shard]) -> str:
    return ", ".join(shard.words for shard in sorted(shards, key=lambda shard: (shard.of, shard.number)))


def _head(folder: Path) -> Head:
    if not (folder / HEAD).is_file():
        unfinished = parts_folder(folder).is_dir()
        cure = f"go on there with --resume {folder}" if unfinished else "name the folders that --shard made"
        raise CheckpointError(str(folder), f"is {'an unfinished' if unfinished else 'no'} shard; {cure}")
    head = read_head_file(folder / HEAD)
    if head.shard is None:
        raise CheckpointError(str(folder), "is no shard; name the folders that --shard made")
    return head
