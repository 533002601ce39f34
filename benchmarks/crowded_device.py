"""A served chip in a crowd: 1000 idle and 64 slow clients, and how long an honest host takes to enter and to train.

python -m benchmarks.crowded_device [IDLE] [SLOW] [TRIES]
"""

from __future__ import annotations

import contextlib
import resource
import socket
import sys
import threading
import time

from firmware_sim.access import token_bytes
from firmware_sim.frames import HELLO, Kind, frame_parts
from firmware_sim.server import Server
from firmware_sim.tcp import TcpLink
from firmware_sim.through import device_of, through_firmware
from neurochip.description import read_run
from neurochip.runs.building import build
from neurochip.runs.simulation import simulate

RUN = [
    "network.layers=[784, 20, 10]",
    "data.train=200",
    "data.test=100",
    "learning.epochs=2",
    "evaluation.train=0",
    "record.presentations=0",
]


def main(idle: int = 1000, slow: int = 64, tries: int = 20) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    spec = read_run("mnist-small", RUN)
    server = Server(device_of(spec, build(spec)), lease=0.2)
    threading.Thread(target=server.serve, daemon=True).start()
    address = f"tcp://{server.host}:{server.port}"

    def enter() -> float:
        began = time.perf_counter()
        link = TcpLink(address, server.token, patience=30.0)
        took = time.perf_counter() - began
        link.close()
        time.sleep(0.05)
        return took

    def train() -> tuple[float, object]:
        began = time.perf_counter()
        with through_firmware(lambda: TcpLink(address, server.token, patience=30.0)) as through:
            record = simulate("mnist-small", overrides=RUN, through=through, threads=1, write=False).record
        return time.perf_counter() - began, record.confusion

    train()
    alone, (seconds_alone, answer) = sorted(enter() for _ in range(tries)), train()
    crowd = _Crowd(server.host, server.port, idle, slow, server.token)
    began = time.perf_counter()
    first = enter()
    while_it_comes = time.perf_counter() - began
    crowded, (seconds_crowded, same) = sorted(enter() for _ in range(tries)), train()
    crowd.over.set()
    print(f"{idle} idle clients and {slow} that send a byte a second; {tries} hosts one after the other")
    print(f"entering, alone:   median {1e3 * alone[tries // 2]:.1f} ms, longest {1e3 * alone[-1]:.1f} ms")
    print(f"entering, crowded: median {1e3 * crowded[tries // 2]:.1f} ms, longest {1e3 * crowded[-1]:.1f} ms, "
          f"the first {1e3 * first:.1f} ms ({while_it_comes:.2f} s with its goodbye)")  # fmt: skip
    print(f"training, alone:   {seconds_alone:.2f} s; crowded: {seconds_crowded:.2f} s; same result: "
          f"{bool((answer == same).all())}")  # type: ignore[union-attr] # fmt: skip
    server.close()


class _Crowd:
    """Clients that say nothing, and clients that say their HELLO with a wrong token a byte a second."""

    def __init__(self, host: str, port: int, idle: int, slow: int, token: str) -> None:
        self.over = threading.Event()
        self._where = (host, port)
        self._idle = [self._connected() for _ in range(idle)]
        self._slow = [self._connected() for _ in range(slow)]
        self._said = b"".join(frame_parts(Kind.HELLO, 0, [HELLO.pack(0, token_bytes(token)[::-1])]))
        threading.Thread(target=self._go_on, daemon=True).start()

    def _connected(self) -> socket.socket | None:
        with contextlib.suppress(OSError):
            return socket.create_connection(self._where, timeout=5)
        return None

    def _go_on(self) -> None:
        at = 0
        while not self.over.wait(1.0):
            for clients in (self._idle, self._slow):
                for k, client in enumerate(clients):
                    try:
                        if client is None:
                            raise OSError
                        client.setblocking(False)
                        if clients is self._slow:
                            client.send(self._said[at % 48 : at % 48 + 1])
                        elif not client.recv(1):
                            raise OSError
                    except BlockingIOError:
                        pass
                    except OSError:  # sent away: it comes again
                        if client is not None:
                            client.close()
                        clients[k] = self._connected()
            at += 1


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
