"""A served device, and a link that is cut where a test wants it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firmware_sim.server import Server
from firmware_sim.store import Store
from firmware_sim.through import device_of
from neurochip.description import read_run
from neurochip.runs.building import build

# A network and data so small that a run takes a moment.
TINY = [
    "network.layers=[784, 12, 10]",
    "phases.free=8",
    "phases.nudged=4",
    "data.train=40",
    "data.test=20",
    "evaluation.train=20",
    "learning.epochs=2",
    "learning.minibatch=10",
    "record.presentations=1",
]


TOKEN = "00112233445566778899aabbccddeeff"


@contextmanager
def served(
    overrides: list[str] = TINY,
    *,
    port: int = 0,
    state: Path | None = None,
    lease: float = 0.3,
    patience: float = 5.0,
) -> Iterator[Server]:
    """Serve the chip of a tiny run from a thread."""
    spec = read_run("mnist-small", overrides)
    device = device_of(spec, build(spec), has_store=state is not None)
    server = Server(
        device,
        port=port,
        store=None if state is None else Store(state),
        token=TOKEN,
        lease=lease,
        patience=patience,
    )
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(5)


class Cutter:
    """Stands between host and device, and cuts the connection when so many bytes have passed.

    Parameters
    ----------
    port
        Of the device.
    cuts
        Bytes after which a connection is cut, one for each connection in turn; negative counts those that the device
        sends. Later connections stay.
    """

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._target, self._cuts = port, list(cuts)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.made = 0
        self._threads: list[threading.Thread] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                host, _ = self._listener.accept()
            except OSError:
                return
            self.made += 1
            cut = self._cuts.pop(0) if self._cuts else None
            try:
                device = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                host.close()
                continue
            device.settimeout(None)
            thread = threading.Thread(target=self._carry, args=(host, device, cut), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, host: socket.socket, device: socket.socket, cut: int | None) -> None:
        upward = cut if cut is not None and cut >= 0 else None
        downward = -cut if cut is not None and cut < 0 else None
        with host, device:
            back = threading.Thread(target=self._pump, args=(device, host, downward), daemon=True)
            back.start()
            self._pump(host, device, upward)
            back.join()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if limit is not None and passed + len(data) > limit:
                    sink.sendall(data[: limit - passed])
                    break
                passed += len(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


def outcome_of(connect: Callable[[], Any] | None, **how: Any) -> Any:
    """Return what a tiny run came to, driven over this link, or directly."""
    from firmware_sim.through import through_firmware
    from neurochip.runs.simulation import simulate

    how = {"write": False, "threads": 1, **({} if "resume" in how else {"overrides": TINY}), **how}
    if connect is None:
        return simulate("mnist-small", **how)
    with through_firmware(connect) as through:
        return simulate("mnist-small", through=through, **how)


def facts(outcome: Any) -> tuple[Any, ...]:
    """Return everything of a run that must not depend on how its chip was driven."""
    record = outcome.record
    epochs = [(e.online_error, e.train_error, e.test_error, e.spikes_per_sample) for e in record.epochs]
    rasters = [(r.predicted, *(s.to_bytes() for s in r.spikes)) for r in record.rasters]
    return epochs, record.confusion.tolist(), record.counters.without_control().to_json(), rasters
