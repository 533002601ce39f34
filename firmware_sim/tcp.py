"""The link over TCP: every transaction is carried out once, whatever happens to the connection."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from typing import Any

import numpy as np

from firmware_sim.access import token_bytes
from firmware_sim.codes import CODES, Code, LinkError
from firmware_sim.frames import HELLO, WELCOME, Frame, FrameError, FrameReader, Kind, frame_parts
from firmware_sim.queues import WORD, Words
from firmware_sim.sockets import prepared, receiver, send_all
from firmware_sim.transaction import Transaction
from neurochip.errors import ConfigError

__all__ = ["TcpLink", "address_of"]

_MOST_JOURNAL = 1 << 29  # bytes that the host keeps for a device that may come back from its file


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of ``tcp://host:port``."""
    found = re.fullmatch(r"tcp://(\[[0-9A-Fa-f:.]+\]|[^:/\[\]]+):(\d{1,5})", text)
    if found is None or not 0 < int(found[2]) < 65536:
        raise ConfigError("device", f"is written tcp://host:port, got {text}")
    return found[1].strip("[]"), int(found[2])


class TcpLink:
    """Talks to a served device, and to it again when the connection breaks or the device is started anew.

    Parameters
    ----------
    address
        ``tcp://host:port``.
    token
        What the device printed when it was started (`firmware_sim.access`).
    patience
        Seconds for which a device that does not answer, or has another host, is tried again.
    answer
        Seconds that one transaction may take on the device.
    save_seconds, save_bytes
        How much may have to be done again by a device that keeps its state: it is asked to save when so much time has
        passed, or so many bytes were sent, since it last did.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        patience: float = 30.0,
        answer: float = 600.0,
        save_seconds: float = 5.0,
        save_bytes: int = 1 << 26,
    ) -> None:
        self.address = address
        self._where, self._access = address_of(address), token_bytes(token)
        self._patience, self._answer = patience, answer
        self._save_seconds, self._save_bytes = save_seconds, save_bytes
        self._socket: socket.socket | None = None
        self._reader: FrameReader | None = None
        self._number = self._sequence = self._tag = 0
        self._stores = False
        self._journal: dict[int, bytes] = {}  # what a device that comes back from its file must be told again
        self._journal_bytes, self._saved_at = 0, time.monotonic()
        self.reconnected = 0
        self._connect()

    # Connections.

    def _connect(self) -> int:
        """Connect, say hello; return the last transaction that the device has carried out.

        Raises
        ------
        LinkError
            When the device is not there, or has another host, for as long as patience lasts; or does not know us.
        """
        until, pause = time.monotonic() + self._patience, 0.02
        while True:
            code, problem = Code.OK, "cannot be reached"
            try:
                return self._hello()
            except LinkError as error:
                self._drop()
                if error.code is not Code.BUSY:
                    raise
                code, problem = error.code, error.problem
            except FrameError as error:
                problem = f"answers with what is no frame ({error.code.name})"
            except (OSError, EOFError) as error:
                problem = f"cannot be reached ({getattr(error, 'strerror', None) or 'it hung up'})"
            self._drop()
            if time.monotonic() + pause > until:
                cure = "start it with `neurochip firmware serve`, or wait"
                if self._number:
                    cure = (
                        f"gone for {self._patience:g} s; go on from the last checkpoint "
                        "with `neurochip simulate --resume`"
                    )
                raise LinkError(self.address, f"{problem}; {cure}", code) from None
            time.sleep(pause)
            pause = min(2 * pause, 0.5)

    def _hello(self) -> int:
        left = max(0.5, min(5.0, self._patience))
        self._socket = prepared(socket.create_connection(self._where, timeout=left), left)
        self._reader = FrameReader(receiver(self._socket))
        send_all(self._socket, frame_parts(Kind.HELLO, 0, [HELLO.pack(self._number, self._access)]))
        frame = self._reader.read()
        if frame.kind == Kind.REFUSED:
            code = _code(frame.code)
            if code is Code.UNKNOWN_SESSION:
                raise LinkError(
                    self.address,
                    "was started anew and does not know this run any more; go on from the last checkpoint "
                    "with `neurochip simulate --resume`",
                    code,
                )
            raise LinkError(self.address, f"refuses: {CODES[code]}", code)
        if frame.kind != Kind.WELCOME or len(frame.payload) != WELCOME.size:
            raise FrameError(Code.BAD_KIND)
        self._number, executed, _, stores = WELCOME.unpack(frame.payload)
        self._stores = bool(stores)
        prepared(self._socket, self._answer)
        return int(executed)

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._reader = None

    # Transactions.

    def exchange(self, transaction: Transaction, *, idempotent: bool = False) -> Words:
        """Return the answer; it is the caller's until the next call."""
        parts = transaction.parts()
        if idempotent:
            self._tag = self._tag + 1 & 0xFFFFFFFF
            return self._ask(frame_parts(Kind.READ, self._tag, parts), self._tag)
        sequence = self._sequence + 1
        frame = frame_parts(Kind.TRANSACT, sequence, parts)
        if self._stores:
            self._note(sequence, frame)
        answer = self._ask(frame, sequence, is_transaction=True)
        self._sequence = sequence
        return answer

    def _ask(self, parts: list[Any], sequence: int, *, is_transaction: bool = False) -> Words:
        tries_until = time.monotonic() + self._answer + self._patience
        while True:
            try:
                if self._socket is None or self._reader is None:
                    executed = self._connect()
                    self.reconnected += 1
                    if is_transaction or executed < self._sequence:
                        self._catch_up(executed, sequence if is_transaction else self._sequence + 1)
                return self._once(parts, sequence)
            except (OSError, EOFError, FrameError) as error:
                self._drop()
                if time.monotonic() > tries_until:
                    raise LinkError(self.address, f"does not answer ({error})") from None

    def _once(self, parts: list[Any], sequence: int) -> Words:
        if self._socket is None or self._reader is None:
            raise OSError("no connection")
        send_all(self._socket, parts)
        while True:
            frame = self._reader.read()
            if frame.sequence == sequence or frame.kind == Kind.REFUSED:
                break  # others answer what was asked before the connection broke
        return self._words(frame)

    def _words(self, frame: Frame) -> Words:
        if frame.kind == Kind.REFUSED:
            code = _code(frame.code)
            if code in (Code.BAD_MAGIC, Code.BAD_CRC, Code.BAD_VERSION, Code.TOO_LONG, Code.BAD_KIND):
                raise FrameError(code)  # damaged on its way: once more, on a new connection
            raise LinkError(self.address, f"refuses {code.name}: {CODES[code]}", code)
        if frame.kind != Kind.ANSWER or len(frame.payload) % 4 or len(frame.payload) < 8:
            raise FrameError(Code.BAD_KIND)
        return np.frombuffer(frame.payload, dtype=WORD)

    def _catch_up(self, executed: int, sequence: int) -> None:
        """Tell a device that came back from its file what it has forgotten."""
        if executed > sequence:
            raise LinkError(self.address, f"is at transaction {executed}, and this host at {sequence}")
        for earlier in range(executed + 1, sequence):
            if earlier not in self._journal:
                raise LinkError(
                    self.address,
                    f"came back at transaction {executed}, and {earlier} is not kept any more; go on from the last "
                    "checkpoint with `neurochip simulate --resume`",
                )
            self._once([self._journal[earlier]], earlier)

    # What is kept for a device that may come back.

    def _note(self, sequence: int, frame: list[Any]) -> None:
        whole = b"".join(frame)
        self._journal[sequence] = whole
        self._journal_bytes += len(whole)
        if self._journal_bytes > _MOST_JOURNAL:
            self._forget()

    def _forget(self) -> None:
        self._journal.clear()
        self._journal_bytes, self._saved_at = 0, time.monotonic()

    def wants_save(self) -> bool:
        """Whether the device should save, so that little has to be told again."""
        if not self._stores:
            return False
        late = time.monotonic() - self._saved_at > self._save_seconds
        return late or self._journal_bytes > self._save_bytes

    def saved(self) -> None:
        """Note that the device has kept everything so far."""
        self._forget()

    def close(self) -> None:
        """Say goodbye, so that another host need not wait."""
        if self._socket is not None:
            with contextlib.suppress(OSError, EOFError, FrameError):
                prepared(self._socket, 2.0)
                send_all(self._socket, frame_parts(Kind.BYE, self._sequence))
                if self._reader is not None:
                    self._reader.read()
        self._drop()


def _code(number: int) -> Code:
    return Code(number) if number in Code._value2member_map_ else Code.INTERNAL
