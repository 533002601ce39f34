"""Finished parts of an experiment, kept on disk while the rest is computed: nothing that was computed is lost.

The parts stand in a hidden folder beside the one that the results will have: one file for each, written whole or not
at all, and `HEAD`, which says what they are parts of. It holds all that decides a result: experiment, form, seed,
versions, and a digest of the package's source. So a part that another source would have computed is never taken.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from neurochip.durable.atomic import remove_unfinished, replacing
from neurochip.durable.folder import new_folder
from neurochip.durable.lock import Held, hold
from neurochip.durable.seal import sealed, sealed_json, unsealed, unsealed_json
from neurochip.errors import CheckpointError, OutputError
from neurochip.files import Foreign, read_bytes
from neurochip.papers.packing import packed, unpacked

__all__ = [
    "HEAD",
    "Head",
    "Identity",
    "Parts",
    "begun",
    "new_parts",
    "parts_folder",
    "read_head",
    "read_head_file",
    "source_digest",
]

HEAD = "experiment.json"
_FORMAT = 2
_PACKAGE = Path(__file__).resolve().parent.parent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """All that decides what an experiment computes.

    Attributes
    ----------
    experiment, quick, seed
        As asked for.
    versions
        Package → version.
    source
        Digest of every file of the package.
    """

    experiment: str
    quick: bool
    seed: int
    versions: dict[str, str]
    source: str

    def digest(self) -> str:
        """Return a short name for it."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def source_digest() -> str:
    """Return a digest of every file of the package that is part of its source, with its name."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(_PACKAGE).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def parts_folder(folder: Path) -> Path:
    """Return where the parts of the reproduction stand that will be written to ``folder``."""
    return folder.parent / f".{folder.name}.parts"


class Head(msgspec.Struct, frozen=True):
    """What stands at the head of parts: what they are parts of, what else was asked for, and which shard they are."""

    format: int
    identity: Identity
    started: str
    threads: int | None
    shard: str | None = None


def read_head(folder: Path) -> Head:
    """Return what the parts of an unfinished reproduction are parts of.

    Raises
    ------
    CheckpointError
        When there are none, or their head is damaged.
    """
    path = parts_folder(folder) / HEAD
    if not path.is_file():
        raise CheckpointError(
            str(folder),
            "was not begun, or has gone; name the folder that a stopped reproduction would have made",
        )
    return read_head_file(path)


def read_head_file(path: Path) -> Head:
    """Return what stands in a head."""
    cure = f"remove {path.parent} and begin anew"
    file = Foreign(path, "the head of a reproduction", cure, error=CheckpointError)
    head: Head = unsealed_json(read_bytes(file), file, Head)
    if head.format != _FORMAT:
        raise CheckpointError(str(path), f"has format {head.format}, this version reads {_FORMAT}; {cure}")
    return head


def new_parts(folder: Path, head: Head) -> Held:
    """Make the folder of the parts of a reproduction, and hold it."""
    return new_folder(parts_folder(folder), {HEAD: sealed_json(msgspec.to_builtins(head))}, "reproduction")


def begun(folder: Path, file: str) -> Path | None:
    """Return a folder inside that of a part, if it is to be gone on with; `None` if it is to be made.

    ``file`` is the one without which there is nothing to go on with; what was left without it is removed.
    """
    if (folder / file).is_file():
        return folder
    if folder.exists():
        shutil.rmtree(folder)
    return None


class Parts:
    """The parts of one reproduction, in a folder that this process holds.

    Parameters
    ----------
    folder
        Where the results will be written; the parts stand beside it.
    identity
        What they are parts of.
    started
        When the reproduction was begun.
    threads, shard
        As asked for.

    Raises
    ------
    CheckpointError
        When another process is at work there, or a part is damaged.
    """

    def __init__(
        self,
        folder: Path,
        identity: Identity,
        started: str,
        threads: int | None = None,
        shard: str | None = None,
    ) -> None:
        self.folder = parts_folder(folder)
        self._identity, self._digest = identity, identity.digest()
        self._guard = threading.Lock()
        self._asked: set[str] = set()
        self._began = time.perf_counter()
        self._earlier = 0.0
        self._lock: Held | None
        if self.folder.is_dir():
            self._lock = hold(self.folder, "reproduction")
            remove_unfinished(self.folder)
        else:
            self._lock = new_parts(folder, Head(_FORMAT, identity, started, threads, shard))
        try:
            for path in self.folder.glob("*.npz"):
                found = self._read(path)
                if found is not None:
                    self._earlier = max(self._earlier, found[2])
        except BaseException:
            self.close()
            raise

    @property
    def seconds(self) -> float:
        """Seconds of this process, and of those before it up to the last part that they finished."""
        return self._earlier + time.perf_counter() - self._began

    @property
    def is_empty(self) -> bool:
        """Whether nothing was computed yet."""
        return next(self.folder.glob("*.npz"), None) is None and next(self.folder.glob("*.d"), None) is None

    def kept(self, part: str, make: Callable[[], T]) -> T:
        """Return what ``make`` returns; from disk if that was done before.

        Parameters
        ----------
        part
            Its name, one of a kind within the experiment.
        make
            Computes it: numbers, words, `None`, arrays of numbers, and lists, tuples and dicts of them.
        """
        found = self._made(part)
        return self._write(part, make()) if found is None else found[0]

    def kept_in(self, part: str, make: Callable[[Path], T]) -> T:
        """Do as `kept`; ``make`` is given a folder for what it has when it is stopped, and finds it there again."""
        found = self._made(part)
        if found is not None:
            value: T = found[0]
            return value
        workplace = self._path(part).with_suffix(".d")
        try:
            workplace.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(str(workplace), f"cannot be made: {error.strerror or error}") from error
        done = self._write(part, make(workplace))
        shutil.rmtree(workplace, ignore_errors=True)
        return done

    def close(self) -> None:
        """Let other processes in."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def remove(self) -> None:
        """Remove everything; what was computed is no longer needed."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _made(self, part: str) -> tuple[Any] | None:
        """Return what was made before of a part that is asked for, once; `None`: nothing."""
        with self._guard:
            if part in self._asked:
                raise RuntimeError(f"{self._identity.experiment} has two parts of the name {part!r}")
            self._asked.add(part)
        found = self._read(self._path(part))
        return (found[1],) if found is not None and found[0] == part else None

    def _path(self, part: str) -> Path:
        return self.folder / (hashlib.blake2b(part.encode(), digest_size=12).hexdigest() + ".npz")

    def _write(self, part: str, value: T) -> T:
        """Write a part and return it as it would be read again."""
        head = {"part": part, "of": self._digest, "seconds": self.seconds}
        content = packed(value, head)
        with replacing(self._path(part)) as file:
            file.write(content)
            file.write(sealed(content))
        done: T = unpacked(content)[1]
        return done

    def _read(self, path: Path) -> tuple[str, Any, float] | None:
        """Return name, value and time of a part; `None` when it is not there, or of something else."""
        if not path.is_file():
            return None
        file = Foreign(
            path,
            "a part of an experiment",
            "remove it, and --resume computes it again",
            error=CheckpointError,
        )
        content = unsealed(read_bytes(file), file)
        with file.guarded():
            head, value = unpacked(content)
            return (head["part"], value, head["seconds"]) if head["of"] == self._digest else None
