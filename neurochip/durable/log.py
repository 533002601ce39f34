"""A log of finished work: a line for each piece, on the disk before it counts, every one with a checksum.

The checksum of a line holds that of the line before it: none can be changed, left out or put elsewhere without notice.
A line that a kill cut short is taken away, and its work is done again.
"""

from __future__ import annotations

import json
import os
from typing import Any, TypedDict

from neurochip.durable.seal import checksum
from neurochip.errors import NeurochipError, OutputError
from neurochip.files import Foreign, decode_json, read_bytes

__all__ = ["Log"]


class _Line(TypedDict):
    """A line of the file."""

    checksum: str
    entry: Any


class Log:
    """The log in a file; nobody else may write to it.

    Parameters
    ----------
    file
        Where it is, or will be with its first entry.
    type
        What each entry must be.

    Attributes
    ----------
    entries
        In their order, as values of that type.

    Raises
    ------
    NeurochipError
        Of the file's kind, when a line is damaged, with its number.
    """

    def __init__(self, file: Foreign, type: object = Any) -> None:
        self._file, self._type = file, type
        self.entries: list[Any] = []
        self._last = ""
        self._size = 0
        if os.path.lexists(file.path):
            self._read()

    def append(self, entry: object) -> None:
        """Add an entry, as JSON values: it is on the disk when this returns.

        Raises
        ------
        OutputError
            When it cannot be written; the log then stays as it was.
        """
        body = json.dumps(entry, sort_keys=True)
        line, last = _line(self._last, body)
        path = self._file.path
        try:
            with path.open("ab") as stream:
                try:
                    stream.write(line)
                    stream.flush()
                    os.fsync(stream.fileno())
                except OSError:
                    os.ftruncate(stream.fileno(), self._size)
                    raise
        except OSError as error:
            raise OutputError(str(path), f"cannot be written: {error.strerror or error}") from error
        self._last, self._size = last, self._size + len(line)
        self.entries.append(decode_json(body, self._file, self._type, nan=True))

    def _read(self) -> None:
        content = read_bytes(self._file)
        *lines, rest = content.split(b"\n")
        if rest and self._is_whole(
            lines, rest[:-1]
        ):  # a kill leaves the beginning of a line, and no more of it
            raise self._file.fault("is damaged: its last line has another end", f"line {len(lines) + 1}")
        for number, line in enumerate(lines, start=1):
            self._take(line, f"line {number}")
        if rest:
            try:
                os.truncate(self._file.path, self._size)
            except OSError as error:
                raise OutputError(str(self._file.path), f"cannot be written: {error.strerror}") from error

    def _take(self, line: bytes, place: str) -> None:
        try:
            found: _Line = decode_json(line, self._file, _Line, place, nan=True)
        except NeurochipError:
            raise self._file.damaged("it is no line of a log", place) from None
        body = json.dumps(found["entry"], sort_keys=True)
        whole, last = _line(self._last, body)
        if whole != line + b"\n":
            raise self._file.fault(
                "is damaged: it does not have the checksum that it was written with", place
            )
        self.entries.append(decode_json(body, self._file, self._type, place, nan=True))
        self._last, self._size = last, self._size + len(whole)

    def _is_whole(self, lines: list[bytes], line: bytes) -> bool:
        """Whether a line is one of the log, whatever was before it."""
        last = ""
        try:
            if lines:
                last = decode_json(lines[-1], self._file, _Line, nan=True)["checksum"]
            found: _Line = decode_json(line, self._file, _Line, nan=True)
        except NeurochipError:
            return False
        return _line(last, json.dumps(found["entry"], sort_keys=True))[0] == line + b"\n"


def _line(last: str, body: str) -> tuple[bytes, str]:
    """Return the line of an entry, and its checksum."""
    found = checksum(f"{last}\n{body}".encode())
    return f'{{"checksum": "{found}", "entry": {body}}}\n'.encode(), found
