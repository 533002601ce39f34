"""What a long command was asked for, stored whole with its first files: `--resume` needs nothing but the folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from neurochip.durable.seal import checksum, sealed_json, unsealed_json
from neurochip.errors import CheckpointError
from neurochip.files import Foreign, read_bytes

__all__ = ["REQUEST", "Request", "read_request", "request_files"]

REQUEST = "request.json"
_FORMAT = 2


class Request(msgspec.Struct, frozen=True):
    """What was asked for.

    Attributes
    ----------
    format
        Of the file.
    command
        Of the command line that goes on with it.
    options
        Name → value, as JSON values, of all that decides what is done.
    files
        Name → checksum of the files that stand beside it and belong to what was asked for, e.g. ``run.toml``.
    """

    format: int
    command: str
    options: dict[str, Any]
    files: dict[str, str]

    def content(self, folder: Path, name: str) -> bytes:
        """Return a file that belongs to the request, as it was written.

        Raises
        ------
        CheckpointError
            When it is missing, damaged or edited.
        """
        file = Foreign(
            folder / name,
            f"the {name} of this folder",
            "restore it, or begin anew in another folder",
            error=CheckpointError,
        )
        content = read_bytes(file)
        if checksum(content) != self.files.get(name):
            raise file.fault("is damaged or was edited: it is not what was begun here")
        return content


def request_files(
    command: str, options: Mapping[str, object], files: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the first files of a folder: those given, and the request that they belong to."""
    sums = {name: checksum(content) for name, content in files.items()}
    request = Request(_FORMAT, command, dict(options), sums)
    return {**files, REQUEST: sealed_json(msgspec.to_builtins(request))}


def read_request(folder: Path, command: str) -> Request:
    """Return what was asked for in a folder.

    Raises
    ------
    CheckpointError
        When it is not a folder of that command, or the request is damaged.
    """
    if not folder.is_dir():
        raise CheckpointError(
            str(folder),
            "does not exist: nothing was begun there; begin it with --out",
        )
    path = folder / REQUEST
    if not path.is_file():
        raise CheckpointError(
            str(folder), f"has no {REQUEST}; name the folder of a {command} that was stopped"
        )
    file = Foreign(path, "a request", "begin anew in another folder", error=CheckpointError)
    text = read_bytes(file)
    request: Request = unsealed_json(text, file, Request)
    if request.format != _FORMAT:
        raise file.fault(
            f"has format {request.format}, this version reads {_FORMAT}", cure="use the one that wrote it"
        )
    if request.command != command:
        raise CheckpointError(
            str(folder), f"is of `neurochip {request.command}`; go on with that, --resume {folder}"
        )
    return request
