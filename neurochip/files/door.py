"""Opening a foreign file: a regular one, of a stated size at most, with every fault as one sentence."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from neurochip.errors import DataError, NeurochipError
from neurochip.files.limits import LIMIT_VARIABLE, MOST_TEXT, file_limit, in_bytes

__all__ = ["Foreign", "briefly", "check_regular", "opened", "read_bytes", "read_text"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_PIECE = 1 << 20
# Of the disk or the network below a file, not of what stands in it.
_OF_THE_DISK = {errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.EMFILE}


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file that somebody else may have written.

    Attributes
    ----------
    path
        Where it is.
    what
        What it should be, with its article: ``a die``.
    cure
        What to do when it is damaged: ``save the die anew``.
    absent
        What to do when it is not there; empty: the same as ``cure``.
    error
        Makes the error of a place and a problem.
    """

    path: Path
    what: str
    cure: str
    absent: str = ""
    error: Callable[[str, str], NeurochipError] = DataError

    def fault(self, problem: str, within: str = "", *, cure: str | None = None) -> NeurochipError:
        """Return the error about the file, or about a place ``within`` it; an empty ``cure`` adds none."""
        place = f"{self.path}: {briefly(within)}" if within else str(self.path)
        cure = self.cure if cure is None else cure
        return self.error(place, _joined(problem, cure))

    def damaged(self, why: object = "", within: str = "") -> NeurochipError:
        """Return the error that it is not what it should be; ``why`` may be what a library said."""
        if isinstance(why, BaseException):
            said = briefly(str(why))
            why = f"{type(why).__name__}: {said}" if said else type(why).__name__
        return self.fault(f"is damaged or not {self.what}{f' ({why})' if why else ''}", within)

    @contextmanager
    def guarded(self, within: str = "") -> Iterator[None]:
        """Turn whatever comes up while the content is read into one sentence about the file.

        Libraries answer damage with whatever they run into; a list of their errors would never be whole. Errors of
        the family stay what they are, and are told of the file.
        """
        try:
            yield
        except NeurochipError as error:
            if str(self.path) in error.place:
                raise
            inner = ": ".join(part for part in (str(self.path), within, error.place) if part)
            raise type(error)(inner, error.problem) from None
        except MemoryError:
            raise self.fault("needs more memory than there is", within) from None
        except RecursionError:
            raise self.fault("is nested too deeply", within) from None
        except OSError as error:
            if error.errno in _OF_THE_DISK:
                raise self.error(str(self.path), f"cannot be read: {error.strerror}") from None
            raise self.damaged(error, within) from error
        except Exception as error:
            raise self.damaged(error, within) from error


def _joined(problem: str, cure: str) -> str:
    return f"{problem}; {cure}" if cure else problem


def briefly(text: str, most: int = 120) -> str:
    """Return foreign text as part of a sentence: one line, nothing that a terminal would obey, cut short."""
    line = "".join(
        c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text
    )
    line = " ".join(line.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


@contextmanager
def opened(file: Foreign, *, most: int | None = None) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Parameters
    ----------
    most
        Bytes that it may have; `None` takes `file_limit`.

    Raises
    ------
    NeurochipError
        Of the file's kind: it is not there, cannot be read, is no regular file or too large.
    """
    limit = file_limit() if most is None else most
    handle = _descriptor(file)
    try:
        found = os.fstat(handle)
        _check_kind(file, found.st_mode)
        if found.st_size > limit:
            raise _too_large(file, found.st_size, limit, raisable=most is None)
        stream = os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise
    with stream:
        yield stream


def _descriptor(file: Foreign) -> int:
    flags = os.O_RDONLY
    # Without O_NONBLOCK a pipe that nobody writes to would be waited for; without O_NOCTTY a terminal taken over.
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        # A device may act on being opened, so it is asked what it is before as well.
        _check_kind(file, os.stat(file.path).st_mode)
        return os.open(file.path, flags)
    except NeurochipError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise file.error(str(file.path), _joined("no such file", file.absent or file.cure)) from None
    except ValueError:  # a NUL in the name
        raise file.error(briefly(str(file.path)), "is no name of a file") from None
    except OSError as error:
        raise file.error(str(file.path), f"cannot be read: {error.strerror or error}") from None


def _check_kind(file: Foreign, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kind = next((word for test, word in _KINDS if test(mode)), "something else")
    problem = f"is {kind}, and a regular file is needed"
    raise file.error(str(file.path), _joined(problem, file.absent or file.cure))


def check_regular(file: Foreign) -> None:
    """Refuse a path at which no regular file is, before a library that opens by name is let at it."""
    os.close(_descriptor(file))


def _too_large(file: Foreign, size: int, limit: int, *, raisable: bool) -> NeurochipError:
    cure = f"set {LIMIT_VARIABLE} to read more" if raisable else f"this is not {file.what}"
    return file.fault(f"has {in_bytes(size)}, and at most {in_bytes(limit)} are read; {cure}", cure="")


def read_bytes(file: Foreign, *, most: int | None = None) -> bytes:
    """Return the content of a file; see `opened`.

    What a file says of its size is not believed: files of /proc say 0, and others grow while they are read.
    """
    limit = file_limit() if most is None else most
    pieces: list[bytes] = []
    size = 0
    with opened(file, most=most) as stream, file.guarded():
        while piece := stream.read(min(_PIECE, limit + 1 - size)):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise file.fault(f"has more than the {in_bytes(limit)} that are read", cure="")
    return b"".join(pieces)


def read_text(file: Foreign, *, most: int = MOST_TEXT) -> str:
    """Return the content of a file of UTF-8 text."""
    try:
        # As the text mode of Python reads it, but for the mark that editors of Windows write first.
        return read_bytes(file, most=most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise file.error(
            str(file.path), _joined(f"is not UTF-8 text (byte {error.start} cannot be read)", file.cure)
        ) from None
