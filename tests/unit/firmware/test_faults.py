"""Whatever happens to the connection, the host or the device: training ends with the undisturbed result."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_sim.codes import Code, LinkError
from firmware_sim.frames import HELLO, FrameReader, Kind, frame_parts
from firmware_sim.regmap import by_name
from firmware_sim.tcp import TcpLink, address_of
from firmware_sim.transaction import Transaction
from neurochip.errors import ConfigError, Interrupted
from tests.unit.firmware.networked import TINY, TOKEN, Cutter, facts, outcome_of, served


@pytest.fixture(scope="module")
def undisturbed() -> tuple[Any, ...]:
    return facts(outcome_of(None))


def link(port: int, **how: Any) -> TcpLink:
    return TcpLink(f"tcp://127.0.0.1:{port}", TOKEN, **{"patience": 5.0, **how})


def test_over_tcp_it_is_the_same_run(undisturbed: tuple[Any, ...]) -> None:
    with served() as server:
        driven = outcome_of(lambda: link(server.port))
    assert facts(driven) == undisturbed
    here = outcome_of(lambda: _local())
    assert driven.record.counters.to_json() == here.record.counters.to_json(), (
        "control cost does not depend on the link"
    )


def _local() -> Any:
    from firmware_sim.local import LocalLink
    from firmware_sim.through import device_of
    from neurochip.description import read_run
    from neurochip.runs.building import build

    spec = read_run("mnist-small", TINY)
    return LocalLink(device_of(spec, build(spec)))


# Bytes until a connection is cut: in its hello, in the middle of headers and payloads, in the image, between frames,
# and in what the device answers.
CUTS = [
    [5, 20, 31, 32, 33, 50, 60, 100, 300, 1000, 5000, 40_000, 60_000, 75_000, 76_000, 80_000],
    [-1, -30, -48, -49, -60, -72, -100, -110, -150, -300, -1000, -2500],
    [32 + 24 * k for k in range(1, 12)] + [-(48 + 32 * k) for k in range(1, 12)],
    [40_000 + 3_001 * k for k in range(8)],
]


@pytest.mark.parametrize("cuts", CUTS)
def test_a_connection_that_is_cut_changes_nothing(cuts: list[int], undisturbed: tuple[Any, ...]) -> None:
    with served() as server:
        cutter = Cutter(server.port, cuts)
        try:
            driven = outcome_of(lambda: link(cutter.port, patience=20.0))
        finally:
            cutter.close()
    assert cutter.made > len(cuts), "every cut was made"
    assert facts(driven) == undisturbed


def test_a_second_host_is_refused_and_let_in_later() -> None:
    with served() as server:
        first = link(server.port)
        with pytest.raises(LinkError) as caught:
            link(server.port, patience=0.3)
        assert caught.value.code is Code.BUSY
        assert str(caught.value).startswith(f"tcp://127.0.0.1:{server.port}: refuses: the device has a host;")
        assert first.exchange(Transaction().read(by_name("MAGIC")), idempotent=True)[2] == 0x3150434E
        first.close()
        link(server.port, patience=0.3).close()


def test_the_session_of_a_broken_connection_is_kept_for_a_while() -> None:
    with served(lease=0.6) as server:
        first = link(server.port)
        first.exchange(Transaction().write(by_name("T"), 41))
        first._drop()  # as when a cable is pulled: no goodbye
        time.sleep(0.1)
        with pytest.raises(LinkError):
            link(server.port, patience=0.05)
        assert first.exchange(Transaction().read(by_name("T"), 1))[2] == 41
        first._drop()
        second = link(server.port, patience=3.0)  # in the end it is free
        assert second.exchange(Transaction().read(by_name("T"), 1))[2] == 0, "a new host finds it reset"
        with pytest.raises(LinkError, match="was started anew and does not know this run any more"):
            first.exchange(Transaction().write(by_name("T"), 1))
        second.close()


def test_a_host_that_connects_again_need_not_say_goodbye_first() -> None:
    with served() as server:
        first = link(server.port)
        first.exchange(Transaction().write(by_name("T"), 9))
        kept = first._socket  # a connection that only the device still believes in
        first._socket = first._reader = None
        assert first.exchange(Transaction().read(by_name("T"), 1))[2] == 9
        assert kept is not None
        kept.close()
        first.close()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: chip\r\n\r\n", Code.BAD_MAGIC),
        (b"NCFW\x09" + bytes(19), Code.BAD_VERSION),
        (struct.pack("<4sBBHQII", b"NCFW", 2, 1, 0, 0, 2**32 - 1, 0), Code.TOO_LONG),
        (struct.pack("<4sBBHQII", b"NCFW", 2, 1, 0, 0, 24, 7) + bytes(24), Code.BAD_CRC),
        (b"".join(frame_parts(Kind.TRANSACT, 1)), Code.NO_SESSION),
        (b"".join(frame_parts(Kind.HELLO, 1, [b"abc"])), Code.BAD_PAYLOAD),
        (b"".join(frame_parts(Kind.HELLO, 1, [HELLO.pack(99, bytes.fromhex(TOKEN))])), Code.UNKNOWN_SESSION),
        (b"".join(frame_parts(Kind.HELLO, 1, [HELLO.pack(0, bytes(16))])), Code.WRONG_TOKEN),
        (b"".join(frame_parts(Kind.HELLO, 1, [bytes(1 << 20)])), Code.BAD_PAYLOAD),
    ],
)
def test_a_stranger_is_told_why_and_sent_away(raw: bytes, code: Code) -> None:
    with served() as server, socket.create_connection(("127.0.0.1", server.port), timeout=5) as stranger:
        stranger.sendall(raw)
        frame = FrameReader(stranger.recv_into).read()
        assert (frame.kind, frame.code) == (Kind.REFUSED, code)
        assert stranger.recv(1) == b""
        link(server.port).close()


def test_a_host_that_stops_in_a_frame_or_does_not_read_loses_its_connection_only() -> None:
    with served(patience=0.4) as server:
        slow = link(server.port)
        slow.exchange(Transaction().write(by_name("T"), 8))
        assert slow._socket is not None
        slow._socket.sendall(b"NCFW")
        time.sleep(0.9)
        assert slow.exchange(Transaction().read(by_name("T"), 1))[2] == 8
        # Asks for far more than the buffers of the connection hold, and reads nothing of it.
        raw = slow._socket
        many = Transaction()
        for _ in range(250):
            many.read(by_name("RATES"))
        payload = b"".join(frame_parts(Kind.READ, 5, many.parts()))
        with pytest.raises(OSError):
            for _ in range(3000):
                raw.sendall(payload)
        assert slow.exchange(Transaction().read(by_name("T"), 1))[2] == 8
        assert slow.reconnected >= 2
        slow.close()


def test_many_connections_one_after_another() -> None:
    with served(lease=0.0) as server:
        before = threading.active_count()
        for _ in range(300):
            link(server.port).close()
        time.sleep(0.2)
        assert threading.active_count() <= before + 2


def test_crowds_are_refused_without_a_thread_each() -> None:
    with served() as server:
        crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(60)]
        time.sleep(0.3)
        assert threading.active_count() < 40
        for one in crowd:
            one.close()
        link(server.port, patience=10.0).close()


def test_a_host_that_was_killed_goes_on_from_its_checkpoint(
    tmp_path: Path, undisturbed: tuple[Any, ...]
) -> None:
    with served() as server:
        count = [0]

        def stop(progress: Any) -> None:
            count[0] += 1
            if count[0] == 6:
                os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(Interrupted):
            outcome_of(
                lambda: link(server.port), write=True, out=tmp_path / "run", on_progress=_everything(stop)
            )
        resumed = outcome_of(lambda: link(server.port), write=True, resume=tmp_path / "run")
    assert resumed.record.resumed == 1
    assert facts(resumed) == undisturbed


def test_another_chip_is_refused_before_anything_is_written() -> None:
    with served([*TINY, "seed=2"]) as server, pytest.raises(LinkError) as caught:
        outcome_of(lambda: link(server.port))
    assert caught.value.code is Code.OTHER_CHIP
    assert "holds another network or chip ([784-12-10]," in str(caught.value)


def test_no_device() -> None:
    with pytest.raises(LinkError, match=r"tcp://127.0.0.1:1: cannot be reached \(.*\); start it with"):
        TcpLink("tcp://127.0.0.1:1", TOKEN, patience=0.1)
    for bad in ("127.0.0.1:80", "tcp://host", "tcp://host:0", "tcp://host:99999", "udp://h:1", "tcp://a:b:1"):
        with pytest.raises(ConfigError) as caught:
            address_of(bad)
        assert str(caught.value) == f"device: is written tcp://host:port, got {bad}"
    assert address_of("tcp://[::1]:80") == ("::1", 80)


def serve(port: int, state: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a device in a process of its own; return it and its port."""
    state.with_name("token").write_text(TOKEN, encoding="ascii")
    sets = [word for override in TINY for word in ("--set", override)]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "neurochip",
            "firmware",
            "serve",
            *sets,
            "--port",
            str(port),
            "--state",
            str(state),
            "--token-file",
            str(state.with_name("token")),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"tcp://127\.0\.0\.1:(\d+)", process.stdout.readline())
    assert found is not None
    return process, int(found[1])


def test_a_device_that_was_killed_goes_on_from_its_file(tmp_path: Path, undisturbed: tuple[Any, ...]) -> None:
    process, port = serve(0, tmp_path / "state")
    kills, replayed = [3, 9], []
    processes = [process]

    def connect() -> TcpLink:
        made = link(port, patience=60.0, save_seconds=0.0)
        replayed.append(made)
        return made

    seen = [0]

    def kill(_: Any) -> None:
        seen[0] += 1
        if seen[0] in kills:
            processes[-1].kill()
            processes[-1].wait()
            processes.append(serve(port, tmp_path / "state")[0])

    try:
        driven = outcome_of(connect, on_progress=_everything(kill))
    finally:
        for one in processes:
            one.kill()
            one.wait()
            assert one.stdout is not None
            one.stdout.close()
    assert len(processes) == 1 + len(kills)
    assert replayed[0].reconnected >= len(kills)
    assert facts(driven) == undisturbed


def _everything(call: Any) -> Any:
    """Progress is told about ten times a second; wait so that every batch is told."""

    def told(progress: Any) -> None:
        time.sleep(0.11)
        call(progress)

    return told


def test_a_device_without_a_file_that_was_killed_says_what_to_do() -> None:
    with served() as server:
        port = server.port
        made = link(port)
        made.exchange(Transaction().write(by_name("T"), 1))
    with served(port=port), pytest.raises(LinkError) as caught:
        made.exchange(Transaction().write(by_name("T"), 2))
    assert caught.value.code is Code.UNKNOWN_SESSION
    assert str(caught.value) == (
        f"tcp://127.0.0.1:{port}: was started anew and does not know this run any more; go on from the last checkpoint "
        "with `neurochip simulate --resume`"
    )


def test_a_device_that_went_away_for_good_says_what_to_do() -> None:
    with served() as server:
        port = server.port
        made = link(port, patience=0.2)
        made.exchange(Transaction().write(by_name("T"), 1))
    with pytest.raises(LinkError) as caught:
        made.exchange(Transaction().write(by_name("T"), 2))
    assert str(caught.value) == (
        f"tcp://127.0.0.1:{port}: cannot be reached (Connection refused); gone for 0.2 s; "
        "go on from the last checkpoint with `neurochip simulate --resume`"
    )


def test_large_transfers_come_through_whole() -> None:
    with served() as server:
        made = link(server.port)
        data = np.random.default_rng(1).integers(0, 2**32, 1 << 20, dtype=np.uint32)
        assert made.exchange(Transaction().fill(by_name("DATA"), data))[0] == Code.OK
        assert made.exchange(Transaction().read(by_name("LEVELS")), idempotent=True)[4] == data.size
        assert server.device.queues["DATA"].take(data.size).tobytes() == data.tobytes()
        made.close()


def test_a_peer_that_is_gone_is_an_error_even_where_sigpipe_kills() -> None:
    script = (
        "import signal, socket\n"
        "from firmware_sim.sockets import send_all\n"
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "for parts in ([b'x'], [b'x' * 40000, b'y' * 40000]):\n"
        "    one, other = socket.socketpair()\n"
        "    other.close()\n"
        "    try:\n"
        "        send_all(one, parts)\n"
        "    except OSError:\n"
        "        print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\nrefused\n"), done.stderr
