"""The device on a network: one host at a time, the connection may break, the session goes on."""

from __future__ import annotations

import contextlib
import logging
import secrets
import socket
import struct
import threading
import time
from typing import Any

from firmware_sim.access import new_token, token_bytes
from firmware_sim.codes import Code
from firmware_sim.device import Device
from firmware_sim.door import Door
from firmware_sim.frames import MOST_BYTES, WELCOME, FrameError, FrameReader, Kind, frame_parts
from firmware_sim.session import Session
from firmware_sim.sockets import prepared, receiver, send_all
from firmware_sim.store import Store
from neurochip.durable.lock import hold_file

__all__ = ["Server"]

_LOG = logging.getLogger("neurochip.firmware")
MOST_HOSTS = 16  # connections with the token, at one moment: the host that is and those that would be
_MOST_HELLO = 5.0  # seconds from connecting until a HELLO must be there


class Server:
    """Serves one device.

    Parameters
    ----------
    device
        Nobody else may use it.
    host, port
        Address to listen on; port 0 takes a free one, see ``port``.
    store
        Where the device keeps its state; it is restored from there, if there is any. It is this server's own until
        `close`.
    token
        What a host must know, 32 hexadecimal digits; `None` takes that of the store, or makes a new one: see ``token``.
    lease
        Seconds for which a session whose connection broke is kept from other hosts.
    patience
        Seconds that a host may take for a frame, and for reading an answer.

    Raises
    ------
    CheckpointError
        When another served chip keeps its state there.
    """

    def __init__(
        self,
        device: Device,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        store: Store | None = None,
        token: str | None = None,
        lease: float = 2.0,
        patience: float = 30.0,
    ) -> None:
        self.device = device
        self._store = store
        self._lease, self._patience = lease, patience
        self._held = None if store is None else hold_file(store.path, "served chip")
        try:
            self._session = None if store is None else store.read(device)
            known = None if store is None else store.token
            self.token = token or known or new_token()
            if store is not None:
                store.token = self.token
            listener = socket.create_server((host, port), backlog=1024)
        except BaseException:
            if self._held is not None:
                self._held.release()
            raise
        self.host, self.port = listener.getsockname()[:2]
        self._door = Door(listener, token_bytes(self.token), min(_MOST_HELLO, patience), self._enter)
        self._lock = threading.Lock()
        self._owner: socket.socket | None = None
        self._left = threading.Event()  # set while nobody owns the device
        self._left.set()
        # A host that was there when the device was killed has as long as after a broken connection to come back.
        self._left_at = time.monotonic() - (lease if self._session is None else 0)
        self._hosts = threading.Semaphore(MOST_HOSTS)

    def serve(self) -> None:
        """Take connections until `close`."""
        self._door.serve()

    def close(self) -> None:
        """Stop; the connection of the host is cut."""
        self._door.close()
        with self._lock:
            if self._owner is not None:
                _cut(self._owner)
        self._left.wait(self._patience)
        if self._held is not None:
            self._held.release()

    def _enter(self, connection: socket.socket, number: int) -> None:
        """Give a host that knows the token a thread, if there are not too many."""
        if not self._hosts.acquire(blocking=False):
            connection.close()
            return
        threading.Thread(target=self._handle, args=(connection, number), daemon=True).start()

    def _handle(self, connection: socket.socket, number: int) -> None:
        try:
            self._converse(connection, number)
        except (OSError, EOFError):
            pass  # the host has gone, or is too slow; its session stays for a while
        finally:
            with self._lock:
                if self._owner is connection:
                    self._owner, self._left_at = None, time.monotonic()
                    self._left.set()
            connection.close()
            self._hosts.release()

    def _converse(self, connection: socket.socket, number: int) -> None:
        prepared(connection, min(_MOST_HELLO, self._patience))
        try:
            session = self._admit(connection, number)
            if isinstance(session, Code):
                self._refuse(connection, session)
                return
            stored = int(self.device.has_store)
            welcome = WELCOME.pack(session.token, session.executed, MOST_BYTES, stored)
            send_all(connection, frame_parts(Kind.WELCOME, 0, [welcome]))
            self._attend(connection, session)
        except FrameError as error:
            self._refuse(connection, error.code)

    def _attend(self, connection: socket.socket, session: Session) -> None:
        """Answer a host until it leaves."""
        prepared(connection, self._patience)

        def wait(begun: bool) -> None:
            if begun:
                raise TimeoutError("the host stopped in the middle of a frame")

        reader = FrameReader(receiver(connection), wait, self._patience)
        while True:
            frame = reader.read()
            if frame.kind == Kind.BYE:
                with self._lock:
                    self._session = None
                    self._left_at = time.monotonic() - self._lease
                send_all(connection, frame_parts(Kind.BYE, frame.sequence))
                return
            send_all(connection, session.answer(frame))

    def _admit(self, connection: socket.socket, number: int) -> Session | Code:
        """Give the device to this host, if it is free or was this host's."""
        with self._lock:
            session, owner = self._session, self._owner
            same = session is not None and number == session.token
            if owner is not None and same:
                _cut(owner)  # the host knows better than we do that this connection is dead
        if same and not self._left.wait(self._patience):
            return Code.BUSY
        with self._lock:
            session = self._session
            if number and (session is None or session.token != number):
                return Code.UNKNOWN_SESSION
            if self._owner is not None:
                return Code.BUSY
            if not number:
                if session is not None and time.monotonic() - self._left_at < self._lease:
                    return Code.BUSY
                self.device.reset()
                save = None if self._store is None else self._store.write
                session = self._session = Session(self.device, secrets.randbits(63) | 1, save)
                if save is not None:
                    save(session)  # killed before its first SAVE, the device still knows its host
            if session is None:
                return Code.UNKNOWN_SESSION
            self._owner = connection
            self._left.clear()
            return session

    def _refuse(self, connection: socket.socket, code: Code) -> None:
        with contextlib.suppress(OSError):
            send_all(connection, frame_parts(Kind.REFUSED, 0, code=code))
            # What the host still sends would otherwise turn the refusal into a reset connection.
            connection.shutdown(socket.SHUT_WR)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 200_000))
            scrap: Any = bytearray(1 << 16)
            for _ in range(64):
                if not connection.recv_into(scrap):
                    break


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
