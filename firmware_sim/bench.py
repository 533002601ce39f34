"""What driving a chip through its firmware costs in time: rows of the benchmark table.

``mnist-small``, two epochs: direct, through firmware in this process, and over TCP to a device in a process of its own,
in turn; seconds from the first minibatch to the end of the last evaluation, all cores. A weight image of 64 MB written
over loopback, checked section by section and loaded. Small register round trips: READ of one register.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from firmware_sim.regmap import by_name
from firmware_sim.tcp import TcpLink
from firmware_sim.through import driven, through_firmware
from firmware_sim.transaction import Transaction
from neurochip.bench.machine import cores
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.description import read_run
from neurochip.errors import CapabilityError
from neurochip.runs.building import build
from neurochip.runs.simulation import simulate
from neurochip.substrate import Parameters

__all__ = ["FAMILY"]

_DIRECT = "the direct run's time"
_ROWS = (
    Row("firmware-in-process", "a run driven by registers, in this process", "s", _DIRECT),
    Row("firmware-tcp", "a run driven by registers, over TCP", "s", _DIRECT),
    Row(
        "firmware-image",
        "a weight image over loopback, checked and loaded",
        "MB/s",
    ),
    Row(
        "firmware-round-trips",
        "small register round trips over loopback",
        "1/s",
    ),
)
# A device in a process of its own; it ends with its standard input.
_SERVE = """
import sys, threading
from firmware_sim.server import Server
from firmware_sim.through import device_of
from neurochip.runs.building import build
from neurochip.description import read_run
spec = read_run("mnist-small", {overrides!r})
server = Server(device_of(spec, build(spec, threads={threads})), port=0)
threading.Thread(target=server.serve, daemon=True).start()
print(f"tcp://{{server.host}}:{{server.port}} {{server.token}}", flush=True)
sys.stdin.read()
server.close()
"""


@contextmanager
def _served(overrides: Sequence[str], threads: int) -> Iterator[str]:
    """Start a device and give its address."""
    code = _SERVE.format(overrides=list(overrides), threads=threads)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a pipe was asked for")
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise CapabilityError("firmware", "the device did not start")
        yield address
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    if wanted & {"firmware-in-process", "firmware-tcp"}:
        yield from _ways(effort, wanted)
    if wanted & {"firmware-image", "firmware-round-trips"}:
        yield from _wire(effort, wanted)


def _ways(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    small = ["data.train=40", "data.test=20", "evaluation.train=0", "phases.free=10", "phases.nudged=5"]
    overrides = ["learning.epochs=2", "record.presentations=0", *effort.pick(small, [], [])]
    threads = cores()
    taken: dict[str, list[float]] = {"direct": [], "firmware-in-process": [], "firmware-tcp": []}
    with _served(overrides, threads) as address:
        for round_ in range(effort.times(3, 5) + 1):
            results = []
            for name in taken:
                if name != "direct" and name not in wanted:
                    continue
                seconds, confusion = _run(name, overrides, threads, address)
                results.append(confusion)
                if round_:  # the first warms caches up
                    taken[name].append(seconds)
            if not all(np.array_equal(results[0], other) for other in results):
                raise CapabilityError("firmware", "the driven runs and the direct one do not agree")
    for name in ("firmware-in-process", "firmware-tcp"):
        if name in wanted:
            yield Figure(
                name, tuple(taken[name]), within_rounds(taken[name], taken["direct"]), "same results"
            )


def _run(name: str, overrides: list[str], threads: int, address: str) -> tuple[float, Any]:
    """Return the seconds of all epochs of a run, and its confusion matrix."""
    if name == "direct":
        record = simulate("mnist-small", overrides=overrides, threads=threads, write=False).record
    else:
        connect = None if name == "firmware-in-process" else lambda: TcpLink(*address.split())
        with through_firmware(connect) as through:
            record = simulate(
                "mnist-small", overrides=overrides, threads=threads, write=False, through=through
            ).record
    return sum(epoch.seconds for epoch in record.epochs), record.confusion


def _wire(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    hidden = effort.pick(50, 20_000, 20_000)
    overrides = [f"network.layers=[784, {hidden}, 10]", "chip=ideal-bits"]
    with _served(overrides, 1) as address:
        spec = read_run("mnist-small", overrides)
        built = build(spec)
        chip = driven(TcpLink(*address.split()), spec, built)
        try:
            if "firmware-image" in wanted:
                parameters, size = _weights(built.network.sizes)
                speeds = []
                for _ in range(effort.times(3, 5) + 1):
                    began = time.perf_counter()
                    chip.load(parameters)
                    speeds.append(size / (time.perf_counter() - began) / 1e6)
                yield Figure(
                    "firmware-image", tuple(speeds[1:]), note=f"{size / 1e6:.0f} MB", extra={"bytes": size}
                )
            if "firmware-round-trips" in wanted:
                trips, status, found = effort.pick(100, 10_000, 20_000), by_name("STATUS"), []
                for _ in range(effort.times(3, 5) + 1):
                    began = time.perf_counter()
                    for _ in range(trips):
                        chip.link.exchange(Transaction().read(status), idempotent=True)
                    found.append(trips / (time.perf_counter() - began))
                yield Figure("firmware-round-trips", tuple(found[1:]))
        finally:
            chip.close()


def _weights(sizes: Sequence[int]) -> tuple[Parameters, int]:
    """Return random weights of a tied network, and their bytes."""
    rng = np.random.default_rng(1)
    pairs = zip(sizes, sizes[1:], strict=False)
    parameters = Parameters(
        tuple(rng.standard_normal((a, b), dtype=np.float32) for a, b in pairs),
        (),
        tuple(np.zeros(n, np.float32) for n in sizes[1:]),
    )
    return parameters, sum(array.nbytes for array in (*parameters.weights, *parameters.biases))


FAMILY = Family("firmware", "the controller: driven runs, weight images, round trips", _ROWS, _measure)
