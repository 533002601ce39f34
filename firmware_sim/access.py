"""The token of a served device: 128 random bits, without which it accepts nothing."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from neurochip.errors import ConfigError, OutputError
from neurochip.files import Foreign, read_text

__all__ = ["TOKEN_BYTES", "new_token", "read_token", "token_bytes", "write_token"]

TOKEN_BYTES = 16
_MOST = 4096  # bytes of a file that is looked at


def new_token() -> str:
    """Return a token that nobody knows: 32 hexadecimal digits."""
    return secrets.token_hex(TOKEN_BYTES)


def token_bytes(token: str, place: str = "token") -> bytes:
    """Return a token as it crosses the wire.

    Raises
    ------
    ConfigError
        When it is none; the error does not repeat it.
    """
    if re.fullmatch(r"[0-9A-Fa-f]{32}", token) is None:
        raise ConfigError(
            place, f"must be the {2 * TOKEN_BYTES} hexadecimal digits that `neurochip firmware serve` printed"
        )
    return bytes.fromhex(token)


def read_token(path: Path) -> str:
    """Return the token that a file holds."""
    cure = "name the file that `neurochip firmware serve --token-file` wrote"
    token = read_text(Foreign(path, "a token", cure, error=ConfigError), most=_MOST).strip()
    token_bytes(token, str(path))
    return token


def write_token(path: Path, token: str) -> None:
    """Write a token into a new file that only its owner may read."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
    except OSError as error:
        raise OutputError(str(path), f"cannot be written: {error.strerror or error}") from error
