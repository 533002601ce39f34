"""A served chip that is killed at random moments while a host trains on it, and comes back from its file.

    python benchmarks/killed_device.py [--times 50] [--seed 1]

The device is a process of its own, killed by SIGKILL and started again on the same port with the same state; the host
knows nothing of it but that the connection is gone. Each run must end as the one that no chip was served for.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import socket
import sys
import tempfile
import threading
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware_sim.tcp import TcpLink
from tests.unit.firmware.networked import TINY, TOKEN, facts, outcome_of

RUN = [*TINY, "learning.epochs=12", "data.train=120"]
_NURSERY = multiprocessing.get_context("forkserver")


def serve(port: int, state: Path) -> None:
    """Serve the chip of the run until killed."""
    from firmware_sim.server import Server
    from firmware_sim.store import Store
    from firmware_sim.through import device_of
    from neurochip.description import read_run
    from neurochip.runs.building import build

    spec = read_run("mnist-small", RUN)
    device = device_of(spec, build(spec), has_store=True)
    Server(device, port=port, store=Store(state), token=TOKEN, lease=0.3, patience=5.0).serve()


class Served:
    """The device, and a thread that kills it."""

    def __init__(self, state: Path, moments: random.Random, seconds: float) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.kills = 0
        self._state, self._moments, self._seconds = state, moments, seconds
        self._is_over = threading.Event()
        self._process = self._started()
        self._thread = threading.Thread(target=self._kill, daemon=True)
        self._thread.start()

    def _started(self) -> BaseProcess:
        process = _NURSERY.Process(target=serve, args=(self.port, self._state), daemon=True)
        process.start()
        return process

    def _kill(self) -> None:
        while not self._is_over.wait(self._moments.uniform(0.0, self._seconds)):
            self._process.kill()
            self._process.join()
            self.kills += 1
            self._process = self._started()

    def close(self) -> None:
        """End it for good."""
        self._is_over.set()
        self._thread.join()
        self._process.kill()
        self._process.join()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no more runs after so long")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    _NURSERY.set_forkserver_preload(
        ["neurochip.runs.simulation", "firmware_sim.server", "firmware_sim.through"]
    )
    rng = random.Random(given.seed)
    whole = facts(outcome_of(None, overrides=RUN))
    began = time.monotonic()
    outcome_of(None, overrides=RUN)
    seconds = time.monotonic() - began
    tally: dict[str, Any] = {"kills": 0, "runs": 0, "identical": 0, "wrong": []}
    end = time.monotonic() + given.seconds
    while tally["kills"] < given.times and time.monotonic() < end:
        with tempfile.TemporaryDirectory(prefix="killed-device-") as folder:
            # A device needs a moment to begin again; killed more often than that, no run would ever end.
            served = Served(Path(folder) / "state", rng, 3 * seconds + 4.0)
            saving = rng.choice((0.0, 0.3, 5.0))
            try:
                driven = outcome_of(
                    lambda at=served.port, each=saving: TcpLink(
                        f"tcp://127.0.0.1:{at}", TOKEN, patience=60.0, save_seconds=each
                    ),
                    overrides=RUN,
                )
                tally["identical"] += facts(driven) == whole
            except Exception as error:  # whatever it is, it is what was looked for
                tally["wrong"].append(f"{type(error).__name__}: {error}")
            finally:
                served.close()
        tally["kills"] += served.kills
        tally["runs"] += 1
    print(json.dumps(tally, ensure_ascii=False))
    return int(tally["identical"] != tally["runs"])


if __name__ == "__main__":
    sys.exit(main())
