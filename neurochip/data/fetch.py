"""Get the full MNIST: from files already on disk, or from one of several origins, each byte verified.

All four files or none: they are gathered in a hidden folder inside the target, checked there, and moved out
at the end. Files that are there already and are right are kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from neurochip.data.folder import ENVIRONMENT_VARIABLE, data_folder
from neurochip.data.idx import GZIP_MAGIC, read_idx, write_idx
from neurochip.data.mnist import FILES, ORIGINS, OfficialFile, find_file
from neurochip.errors import DataError, OutputError

__all__ = ["FETCHABLE", "Progress", "fetch"]

FETCHABLE = ("mnist",)

#: Called with the file name, the bytes received so far and the bytes expected.
Progress = Callable[[str, int, int], None]

# Seconds without a byte until an origin counts as dead.
TIMEOUT_S = 30


def fetch(
    name: str,
    *,
    source_folder: Path | str | None = None,
    folder: Path | str | None = None,
    origins: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Put the official files of the data set ``name`` ("mnist") into ``folder`` and return it.

    Parameters
    ----------
    source_folder
        Take the files from here, compressed or not, instead of downloading them.
    folder
        Where to put them; None = ``data_folder(name)``.
    origins
        Addresses of folders to try in turn; None = the known ones.
    progress
        Told about each piece that arrives.
    """
    if name not in FETCHABLE:
        raise DataError(
            "data set",
            f"'{name}' cannot be fetched; known: {', '.join(FETCHABLE)}; a folder of your own is named by data.file",
        )
    target = data_folder(name) if folder is None else Path(folder)
    source = None if source_folder is None else Path(source_folder)
    missing = [official for official in FILES.values() if not _is_there(target, official)]
    if not missing:
        return target
    new_folders = _make(target)
    done = False
    try:
        with tempfile.TemporaryDirectory(dir=target, prefix=".fetch-") as staging:
            if source is not None:
                for official in missing:
                    _take(official, source, Path(staging))
            else:
                _download_all(missing, ORIGINS if origins is None else origins, Path(staging), progress)
            for official in missing:
                (Path(staging) / f"{official.name}.gz").replace(target / f"{official.name}.gz")
        done = True
    except OutputError as error:
        # The user knows the target, not the hidden folder.
        raise OutputError(str(target), error.problem) from error
    except OSError as error:
        raise OutputError(str(target), f"cannot be written: {error.strerror or error}") from error
    finally:
        if not done:
            for made in new_folders:
                with contextlib.suppress(OSError):
                    made.rmdir()
    return target


def _is_there(folder: Path, official: OfficialFile) -> bool:
    try:
        read_idx(find_file(folder, official), sha256=official.sha256)
    except DataError:
        return False
    return True


def _make(folder: Path) -> list[Path]:
    """Make ``folder`` and the folders above it; return those that are new, innermost first."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = (
            f"cannot be made: {error.strerror or error}; set {ENVIRONMENT_VARIABLE} to a folder that can"
        )
        raise OutputError(str(folder), problem) from error
    return new


def _take(official: OfficialFile, source: Path, staging: Path) -> None:
    path = find_file(source, official)
    values = read_idx(path, sha256=official.sha256)
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP_MAGIC
    copy = staging / f"{official.name}.gz"
    if compressed:
        shutil.copyfile(path, copy)
    else:
        write_idx(copy, values)


def _download_all(
    files: Sequence[OfficialFile], origins: Sequence[str], staging: Path, progress: Progress | None
) -> None:
    order = list(origins)
    for official in files:
        failures: list[str] = []
        for origin in tuple(order):
            try:
                _download(official, origin, staging, progress)
                break
            except DataError as error:
                failures.append(str(error))
                # The next file is asked for elsewhere first: a dead origin costs its time-out only once.
                order.remove(origin)
                order.append(origin)
        else:
            raise DataError(
                f"{official.name}.gz",
                f"no origin gave it ({'; '.join(failures) or 'none to try'}); "
                "try later, or give a folder that has the files with --from",
            )


def _download(official: OfficialFile, origin: str, staging: Path, progress: Progress | None) -> None:
    import pooch
    import requests

    address = f"{origin.rstrip('/')}/{official.name}.gz"
    path = staging / f"{official.name}.gz"
    with path.open("wb") as file:
        sink = _Sink(file, address, official, progress)
        try:
            pooch.HTTPDownloader(timeout=TIMEOUT_S)(address, sink, None)
        except requests.HTTPError as error:
            answer = error.response
            status = f"{answer.status_code} {answer.reason}" if answer is not None else str(error)
            raise DataError(address, f"answers {status}") from error
        except requests.Timeout as error:
            raise DataError(address, f"no answer within {TIMEOUT_S} s") from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise DataError(address, "no connection, or it broke off") from error
        except requests.RequestException as error:
            raise DataError(address, f"cannot be fetched ({error})") from error
    found = sink.digest.hexdigest()
    if found != official.gzip_sha256:
        raise DataError(
            address,
            f"wrong checksum: SHA-256 of {sink.received} bytes is {found}, {official.gzip_sha256} needed",
        )
    read_idx(path, sha256=official.sha256)


class _Sink:
    """The file-like thing that the downloader writes to: counts, hashes, and stops at too many bytes."""

    def __init__(
        self, file: BinaryIO, address: str, official: OfficialFile, progress: Progress | None
    ) -> None:
        self.file = file
        self.address = address
        self.official = official
        self.progress = progress
        self.received = 0
        self.digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self.received += len(piece)
        if self.received > self.official.gzip_bytes:
            raise DataError(self.address, f"more than the {self.official.gzip_bytes} bytes that the file has")
        self.digest.update(piece)
        self.file.write(piece)
        if self.progress is not None:
            self.progress(f"{self.official.name}.gz", self.received, self.official.gzip_bytes)

    def flush(self) -> None:
        """Do nothing: the file is flushed when it is closed."""
