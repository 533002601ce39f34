"""The options that put a controller between a run and its chip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firmware_sim.link import Link

__all__ = ["connector", "through_controller"]


def connector(device: str | None) -> Callable[[], Link] | None:
    """Return what connects to ``tcp://host:port``; `None` for a device in this process."""
    if device is None:
        return None
    from firmware_sim.tcp import TcpLink, address_of

    address = device
    address_of(address)  # says at once when it is none
    return lambda: TcpLink(address)


@contextmanager
def through_controller(through: str | None, device: str | None) -> Iterator[dict[str, Any]]:
    """Give the options of `simulate` for --through and --device: none, if neither was given."""
    if through is None and device is None:
        yield {}
        return
    from firmware_sim.through import through_firmware

    with through_firmware(connector(device), device or "firmware") as put_between:
        yield {"through": put_between}
