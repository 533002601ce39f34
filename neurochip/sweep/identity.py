"""What decides a result: the values of a run that take part in it, the contents of files, the source, libraries.

Two tasks with the same digest give the same result, so that one is measured for both. Whatever may change a result is
part of its digest; what cannot is not, so that an axis over a key without effect is found out.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from neurochip.description import RunSpec
from neurochip.description.used_plugins import plugins_of
from neurochip.errors import ConfigError, DataError
from neurochip.keys.reading import Table
from neurochip.source import package_digest
from neurochip.sweep.effective import effective

__all__ = [
    "Identity",
    "changed",
    "check_environment",
    "check_files",
    "contents",
    "digest_of",
    "environment",
    "files_of",
    "identity_of",
    "package_version",
    "run_digest",
]

# What is compared → its version or digest.
Identity = dict[str, str]

_LIBRARIES = ("numpy", "numba")
SOURCE = "source of neurochip"


def package_version(package: str = "neurochip") -> str:
    """Return the version of a package that is installed here."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def environment() -> Identity:
    """Return what computes here: neurochip, by version and by source, and the libraries whose numbers it uses."""
    found = {name: package_version(name) for name in ("neurochip", *_LIBRARIES)}
    return {**found, SOURCE: package_digest()}


def digest_of(value: object) -> str:
    """Return a digest of a JSON value, 32 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def files_of(table: Table) -> tuple[str, ...]:
    """Return the files and folders that the values of a run name, each once.

    A run that was read has absolute paths, wherever it names a file.
    """
    found = [value for value in _texts(table) if os.path.isabs(value) and os.path.exists(_on_disk(value))]
    return tuple(dict.fromkeys(found))


def contents(path: str) -> str:
    """Return a digest of a file, or of all files of a folder, 16 hexadecimal digits.

    Raises
    ------
    DataError
        When it cannot be read.
    """
    on_disk = _on_disk(path)
    try:
        return _contents(on_disk, _state(on_disk)) + path[len(on_disk) :]
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror or error}") from None


def _on_disk(path: str) -> str:
    """Leave out which die of a table is meant."""
    return path if os.path.exists(path) else path.rpartition("#")[0] or path


def _state(path: str) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of each file: while these stay, it is not read again."""
    found = []
    for file in _files(Path(path)):
        stat = file.stat()
        found.append((str(file), stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


@functools.lru_cache(maxsize=4096)
def _contents(path: str, state: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for file, size, _ in state:
        digest.update(f"{os.path.relpath(file, path)} {size}\n".encode())
        with open(file, "rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def run_digest(run: RunSpec) -> str:
    """Return a digest of everything about a run that decides what it measures, but for seed and die.

    Contents stand for files, so that one may be moved but not changed.
    """
    told = _with_contents(effective(run))
    return digest_of([told, _plugins(run)])


def _plugins(run: RunSpec) -> Identity:
    return {
        f"{plugin.distribution} {plugin.version}": package_digest(plugin.entry.value)
        for plugin in plugins_of(run)
    }


def identity_of(runs: Iterator[RunSpec]) -> Identity:
    """Return all that is compared when a sweep over these runs goes on, or goes elsewhere."""
    found = environment()
    for run in runs:
        found |= _plugins(run)
        found |= {path: contents(path) for path in files_of(run.to_dict())}
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say what stands in both and differs, e.g. ``numba 0.61 there, 0.62 here``."""
    return [
        f"{name} {before[name]} there, {now[name]} here"
        for name in before
        if name in now and before[name] != now[name]
    ]


def check_files(wanted: Mapping[str, str]) -> None:
    """Refuse files whose contents are not what they were when the sweep was planned.

    Raises
    ------
    DataError
        For the first that has changed or is not there.
    """
    for path, before in wanted.items():
        if contents(path) != before:
            raise DataError(path, "has changed since the sweep began; restore it, or begin a new sweep")


def check_environment(wanted: Mapping[str, str]) -> None:
    """Refuse to measure with another source or other libraries than were asked for."""
    differing = changed(wanted, environment())
    if differing:
        raise ConfigError("worker", f"has {'; '.join(differing)}; install the same everywhere")


def _with_contents(value: object) -> object:
    if isinstance(value, dict):
        return {name: _with_contents(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_contents(entry) for entry in value]
    if isinstance(value, str) and os.path.isabs(value) and os.path.exists(_on_disk(value)):
        return {"contents": contents(value)}
    return value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = [entry for name, entry in value.items() if name not in ("name", "about")]
    if isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, str):
        yield value
