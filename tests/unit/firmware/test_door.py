"""The door of a served device: crowds, dawdlers and strangers cost the host that has the token nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.access import new_token, read_token, token_bytes, write_token
from firmware_sim.frames import HELLO, FrameReader, Kind, frame_parts
from firmware_sim.regmap import by_name
from firmware_sim.server import Server
from firmware_sim.store import Store
from firmware_sim.tcp import TcpLink
from firmware_sim.through import device_of
from firmware_sim.transaction import Transaction
from neurochip.description import read_run
from neurochip.durable.lock import hold_file
from neurochip.errors import CheckpointError, ConfigError, OutputError
from neurochip.runs.building import build
from tests.unit.firmware.networked import TINY, TOKEN, facts, outcome_of, served

WHOLE = b"".join(frame_parts(Kind.HELLO, 0, [HELLO.pack(0, token_bytes(TOKEN))]))


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


@contextmanager
def dawdling(port: int, n: int, said: bytes, every: float) -> Iterator[list[socket.socket]]:
    """Keep n connections up that say something byte by byte, and are made again when they are sent away."""
    guests = [connected(port) for _ in range(n)]
    over = threading.Event()

    def dawdle() -> None:
        at = 0
        while not over.wait(every):
            for k, guest in enumerate(guests):
                try:
                    guest.send(said[at % len(said) : at % len(said) + 1])
                except OSError:
                    guest.close()
                    with contextlib.suppress(OSError):
                        guests[k] = connected(port)
            at += 1

    thread = threading.Thread(target=dawdle, daemon=True)
    thread.start()
    try:
        yield guests
    finally:
        over.set()
        thread.join(5)
        for guest in guests:
            guest.close()


def test_a_host_enters_past_idle_and_slow_clients_and_trains_undisturbed() -> None:
    alone = facts(outcome_of(None))
    with served() as server:
        idle = [connected(server.port) for _ in range(200)]
        with dawdling(server.port, 32, WHOLE[:40] + b"x" * 8, 0.05):
            began = time.perf_counter()
            link = TcpLink(f"tcp://127.0.0.1:{server.port}", TOKEN, patience=5.0)
            assert time.perf_counter() - began < 1.0
            link.close()
            driven = outcome_of(lambda: TcpLink(f"tcp://127.0.0.1:{server.port}", TOKEN, patience=5.0))
        for one in idle:
            one.close()
    assert facts(driven) == alone


def test_whoever_says_nothing_or_too_little_in_time_is_sent_away() -> None:
    with served(patience=0.3) as server:
        silent, slow = connected(server.port), connected(server.port)
        began = time.perf_counter()
        with contextlib.suppress(OSError):
            for byte in WHOLE * 10:  # a byte now and then does not keep the connection
                slow.send(bytes([byte]))
                time.sleep(0.05)
        assert time.perf_counter() - began < 3
        assert silent.recv(1) == b""
        silent.close()
        slow.close()


def test_a_frame_of_a_host_has_a_deadline_too() -> None:
    with served(patience=0.4) as server:
        link = TcpLink(f"tcp://127.0.0.1:{server.port}", TOKEN, patience=5.0)
        link.exchange(Transaction().write(by_name("T"), 8))
        raw = link._socket
        assert raw is not None
        frame = b"".join(frame_parts(Kind.TRANSACT, 2, Transaction().write(by_name("T"), 9).parts()))
        sent = 0
        with contextlib.suppress(OSError):
            for byte in frame * 3:
                raw.send(bytes([byte]))
                sent += 1
                time.sleep(0.05)
        assert sent < len(frame), "one byte every 50 ms never is a whole frame in 0.4 s"
        assert link.exchange(Transaction().read(by_name("T"), 1))[2] == 8
        link.close()


@pytest.mark.parametrize("flip", [0, 7, 127])
def test_a_token_is_right_to_the_last_bit(flip: int) -> None:
    wrong = bytearray(token_bytes(TOKEN))
    wrong[flip // 8] ^= 1 << flip % 8
    with served() as server, connected(server.port) as stranger:
        stranger.sendall(b"".join(frame_parts(Kind.HELLO, 0, [HELLO.pack(0, bytes(wrong))])))
        frame = FrameReader(stranger.recv_into).read()
        assert (frame.kind, frame.code) == (Kind.REFUSED, 13)
        assert stranger.recv(1) == b""


def test_tokens(tmp_path: Path) -> None:
    token = new_token()
    assert len({new_token() for _ in range(100)}) == 100
    write_token(tmp_path / "t", token)
    assert read_token(tmp_path / "t") == token
    with pytest.raises(OutputError, match="cannot be written: File exists"):
        write_token(tmp_path / "t", token)
    (tmp_path / "bad").write_text("secret words")
    for path in (tmp_path / "bad", tmp_path / "missing", tmp_path):
        with pytest.raises(ConfigError) as caught:
            read_token(path)
        assert "secret words" not in str(caught.value)


def test_state_and_token_are_kept_from_the_first_hello_on(tmp_path: Path) -> None:
    """Killed before its first SAVE, and started anew, the device still knows its host."""

    def made(state: str) -> Server:
        spec = read_run("mnist-small", TINY)
        device = device_of(spec, build(spec), has_store=True)
        return Server(device, store=Store(tmp_path / state), patience=2.0)

    first = made("state")
    thread = threading.Thread(target=first.serve, daemon=True)
    thread.start()
    link = TcpLink(f"tcp://127.0.0.1:{first.port}", first.token, patience=5.0, save_seconds=1e9)
    link.exchange(Transaction().write(by_name("T"), 5))
    with pytest.raises(CheckpointError) as caught:
        made("state")
    assert str(caught.value).startswith(f"{tmp_path / 'state'}: is in use by another served chip (process ")
    (tmp_path / "copy").write_bytes((tmp_path / "state").read_bytes())
    again: Any = made("copy")  # from the file, as a new process would
    assert again.token == first.token
    link._drop()
    link._where = ("127.0.0.1", again.port)
    first.close()
    thread.join(5)
    other = threading.Thread(target=again.serve, daemon=True)
    other.start()
    assert link.exchange(Transaction().read(by_name("T"), 1))[2] == 5
    link.close()
    again.close()
    other.join(5)
    hold_file(tmp_path / "state", "served chip").release()  # the first one has gone
