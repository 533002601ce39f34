"""What driving a chip through its firmware costs in time: in this process and over TCP, against driving it directly.

``python benchmarks/firmware_link.py --repeats 3``. One run, every way in turn, medians, ratios within a round:

- ``mnist-small`` (two epochs unless --epochs says otherwise): direct, through firmware in this process, over TCP to a
  device in a process of its own. Each run is timed from the first minibatch's epoch to the end of the last evaluation.
- a weight image of 64 MB written over loopback, checked section by section and loaded;
- small register round trips: READ of one register.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np

from firmware_sim.regmap import by_name
from firmware_sim.tcp import TcpLink
from firmware_sim.through import driven, through_firmware
from firmware_sim.transaction import Transaction
from neurochip.building import build
from neurochip.description import read_run
from neurochip.simulation import simulate
from neurochip.substrate import Parameters


def served(overrides: list[str], threads: int) -> tuple[subprocess.Popen[str], str]:
    """Start a device in a process of its own; return it and its address."""
    sets = [word for override in overrides for word in ("--set", override)]
    process = subprocess.Popen(
        [sys.executable, "-m", "neurochip._cli", "firmware", "serve", "mnist-small", *sets, "--port", "0"]
        + ["--threads", str(threads)],
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout is None:
        raise SystemExit("the device says nothing")
    found = re.search(r"tcp://\S+", process.stdout.readline())
    if found is None:
        raise SystemExit("the device did not start")
    return process, found[0]


def seconds_of(overrides: list[str], threads: int, through: Any = None) -> tuple[float, Any]:
    """Return the seconds of all epochs of a run, and its confusion matrix."""
    outcome = simulate("mnist-small", overrides=overrides, threads=threads, write=False, through=through)
    return sum(epoch.seconds for epoch in outcome.record.epochs), outcome.record.confusion


def ways(epochs: int, repeats: int, threads: int) -> None:
    """Time the three ways in turn."""
    overrides = [f"learning.epochs={epochs}", "record.presentations=0"]
    process, address = served(overrides, threads)
    taken: dict[str, list[float]] = {"direct": [], "in process": [], "over TCP": []}
    try:
        for round_ in range(repeats + 1):
            results = []
            for name in taken:
                if name == "direct":
                    seconds, confusion = seconds_of(overrides, threads)
                else:
                    connect = None if name == "in process" else lambda: TcpLink(address)
                    with through_firmware(connect) as through:
                        seconds, confusion = seconds_of(overrides, threads, through)
                results.append(confusion)
                if round_:  # the first round warms caches up
                    taken[name].append(seconds)
            if not all(np.array_equal(results[0], other) for other in results):
                raise SystemExit("the ways do not agree")
    finally:
        process.kill()
        process.wait()
    for name, all_of in taken.items():
        # Against the direct run of the same round: the machine's own speed changes from round to round.
        ratio = statistics.median(a / b for a, b in zip(all_of, taken["direct"], strict=True))
        each = ", ".join(f"{s:.2f}" for s in all_of)
        print(f"{name:12} {statistics.median(all_of):6.2f} s  {ratio:5.3f} × direct   ({each})")


def image(repeats: int) -> None:
    """Time the load of a large weight image, and small round trips."""
    overrides = ["network.layers=[784, 20000, 10]", "chip=ideal-bits"]
    process, address = served(overrides, 1)
    try:
        spec = read_run("mnist-small", overrides)
        built = build(spec)
        chip = driven(TcpLink(address), spec, built)
        rng = np.random.default_rng(1)
        sizes = built.network.sizes
        parameters = Parameters(
            tuple(
                rng.standard_normal((a, b), dtype=np.float32) for a, b in zip(sizes, sizes[1:], strict=False)
            ),
            (),
            tuple(np.zeros(n, np.float32) for n in sizes[1:]),
        )
        size = sum(a.nbytes for a in (*parameters.weights, *parameters.biases))
        loaded, queued = [], []
        for _ in range(repeats + 1):
            began = time.perf_counter()
            chip.load(parameters)
            loaded.append(size / (time.perf_counter() - began) / 1e6)
            data = parameters.weights[0].reshape(-1).view(np.uint32)
            began = time.perf_counter()
            for at in range(0, data.size, 1 << 20):
                chip.link.exchange(Transaction().fill(by_name("DATA"), data[at : at + (1 << 20)]))
            queued.append(data.nbytes / (time.perf_counter() - began) / 1e6)
            chip.link.exchange(Transaction().write(by_name("CONTROL"), 2))
        print(
            f"weight image of {size / 1e6:.0f} MB: {statistics.median(loaded[1:]):6.0f} MB/s, loaded on its cores"
        )
        print(f"into the queue only:      {statistics.median(queued[1:]):6.0f} MB/s")
        trips = []
        for _ in range(repeats + 1):
            n = 20_000
            began = time.perf_counter()
            for _ in range(n):
                chip.link.exchange(Transaction().read(STATUS), idempotent=True)
            trips.append(n / (time.perf_counter() - began))
        print(
            f"small round trips: {statistics.median(trips[1:]):8.0f} /s   ({', '.join(f'{t:.0f}' for t in trips[1:])})"
        )
        chip.close()
    finally:
        process.kill()
        process.wait()


STATUS = by_name("STATUS")


def main() -> None:
    """Run everything, or one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--part", choices=["all", "ways", "image"], default="all")
    given = parser.parse_args()
    if given.part != "image":
        ways(given.epochs, given.repeats, given.threads)
    if given.part != "ways":
        image(given.repeats)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
