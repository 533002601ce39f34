"""The options that put a controller between a run and its chip."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from firmware_sim.link import Link

__all__ = ["TOKEN_FILE", "connector", "through_controller"]


TOKEN_VARIABLE = "NEUROCHIP_TOKEN"
TOKEN_FILE = click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"Holds the token of the served chip.  [default: {TOKEN_VARIABLE} of the environment]",
)


def connector(device: str | None, token_file: Path | None) -> Callable[[], Link] | None:
    """Return what connects to ``tcp://host:port`` with its token; `None` for a device in this process."""
    if device is None:
        return None
    from firmware_sim.access import read_token, token_bytes
    from firmware_sim.tcp import TcpLink, address_of
    from neurochip.errors import ConfigError

    address = device
    address_of(address)  # says at once when it is none
    token = os.environ.get(TOKEN_VARIABLE, "").strip() if token_file is None else read_token(token_file)
    if not token:
        raise ConfigError(
            "token",
            "is missing; `neurochip firmware serve` printed it: give it as --token-file FILE, or in the environment "
            f"as {TOKEN_VARIABLE}",
        )
    token_bytes(token, TOKEN_VARIABLE if token_file is None else str(token_file))
    return lambda: TcpLink(address, token)


@contextmanager
def through_controller(
    through: str | None, device: str | None, token_file: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Give the options of `simulate` for --through and --device: none, if neither was given."""
    if through is None and device is None:
        yield {}
        return
    from firmware_sim.through import through_firmware

    with through_firmware(connector(device, token_file), device or "firmware") as put_between:
        yield {"through": put_between}
