"""The door of a served device: it takes connections and reads their HELLO, and never waits for one of them.

Until its token is known a connection costs a socket and 64 bytes, for a few seconds at most. Whoever is slow, silent or
wrong is sent away from here; only a host with the token gets a thread.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import logging
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

from firmware_sim.codes import Code
from firmware_sim.frames import (
    HEADER,
    HELLO,
    MAGIC,
    MOST_BYTES,
    VERSION,
    FrameError,
    FrameReader,
    Kind,
    frame_parts,
)

__all__ = ["Door"]

_LOG = logging.getLogger("neurochip.firmware")
MOST_WAITING = (
    256  # connections whose HELLO is not there yet; the one that waits longest goes when another comes
)
_AT_ONCE = 64  # connections that are taken before those that wait are looked at
_LINGER = (
    0.5  # seconds in which one that is sent away may still send what would turn the refusal into a reset
)
_SIZE = HEADER.size + HELLO.size


class _Guest:
    """A connection that has not said who it is, or is being sent away."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self.connection, self.until = connection, until
        self.said = bytearray()
        self.leaving = False


class Door:
    """Takes connections for a device.

    Parameters
    ----------
    listener
        A listening socket.
    token
        What a HELLO must hold.
    patience
        Seconds from connecting until the HELLO must be whole.
    enter
        Called with the socket, blocking again, and the session that its host asks for; it must not wait.
    """

    def __init__(
        self,
        listener: socket.socket,
        token: bytes,
        patience: float,
        enter: Callable[[socket.socket, int], None],
    ) -> None:
        self._listener, self._token, self._patience, self._enter = listener, token, patience, enter
        self._guests: dict[socket.socket, _Guest] = {}  # in the order in which they came
        self._selector = selectors.DefaultSelector()
        self._awake, self._wake = socket.socketpair()
        self._closed = False

    def serve(self) -> None:
        """Take connections until `close`."""
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._awake, selectors.EVENT_READ)
        try:
            while not self._closed:
                for key, _ in self._selector.select(self._until_next()):
                    if key.fileobj is self._listener:
                        self._take()
                    elif key.fileobj in self._guests:
                        self._listen(self._guests[key.fileobj])
                now = time.monotonic()
                for guest in [guest for guest in self._guests.values() if guest.until <= now]:
                    self._forget(guest)
        finally:
            for guest in list(self._guests.values()):
                self._forget(guest)
            self._selector.close()
            self._listener.close()
            self._awake.close()
            self._wake.close()

    def close(self) -> None:
        """Let `serve` end; from any thread."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._wake.send(b"x")

    def _until_next(self) -> float | None:
        ends = [guest.until for guest in self._guests.values()]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _take(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:  # no sockets left, or it was gone before it was taken
                if self._closed:
                    return
                _LOG.warning("a connection was lost before it was taken")
                if self._guests:
                    self._forget(next(iter(self._guests.values())))
                else:
                    time.sleep(0.05)
                return
            if len(self._guests) >= MOST_WAITING:
                self._forget(next(iter(self._guests.values())))
            connection.setblocking(False)
            guest = self._guests[connection] = _Guest(connection, time.monotonic() + self._patience)
            self._selector.register(connection, selectors.EVENT_READ)
            self._listen(guest)  # what a host sends at once is often there

    def _forget(self, guest: _Guest, *, close: bool = True) -> None:
        self._guests.pop(guest.connection, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(guest.connection)
        if close:
            guest.connection.close()

    def _listen(self, guest: _Guest) -> None:
        try:
            some = guest.connection.recv(1 << 16 if guest.leaving else _SIZE - len(guest.said))
        except BlockingIOError:
            return
        except OSError:
            self._forget(guest)
            return
        if not some:
            self._forget(guest)
            return
        if guest.leaving:
            return
        guest.said += some
        found = _hello(guest.said)
        if found is None:
            return
        if isinstance(found, Code):
            self._refuse(guest, found)
            return
        session, token = found
        if not hmac.compare_digest(token, self._token):
            self._refuse(guest, Code.WRONG_TOKEN)
            return
        self._forget(guest, close=False)
        guest.connection.setblocking(True)
        self._enter(guest.connection, session)

    def _refuse(self, guest: _Guest, code: Code) -> None:
        """Say why, and let the connection go as soon as the other side has read it, or soon after."""
        guest.leaving, guest.until = True, time.monotonic() + min(_LINGER, self._patience)
        try:
            guest.connection.send(b"".join(frame_parts(Kind.REFUSED, 0, code=code)))
            guest.connection.shutdown(socket.SHUT_WR)
        except OSError:
            self._forget(guest)


def _hello(said: bytearray) -> tuple[int, bytes] | Code | None:
    """Return session and token of a HELLO, why it is none, or `None` while it may still become one."""
    if not MAGIC.startswith(said[: len(MAGIC)]):
        return Code.BAD_MAGIC
    if len(said) < HEADER.size:
        return None
    _, version, kind, _, _, length, _ = HEADER.unpack_from(said)
    if version != VERSION:
        return Code.BAD_VERSION
    if length > MOST_BYTES:
        return Code.TOO_LONG
    if kind != Kind.HELLO:
        return Code.NO_SESSION
    if length != HELLO.size:
        return Code.BAD_PAYLOAD
    if len(said) < _SIZE:
        return None
    try:
        payload: Any = FrameReader(io.BytesIO(said).readinto).read().payload
    except (FrameError, EOFError):
        return Code.BAD_CRC
    session, token = HELLO.unpack(payload)
    return session, token
