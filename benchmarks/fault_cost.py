"""What faults cost the emulation: samples per second of one thread, with and without the kernel of faults.

    python -m benchmarks.fault_cost [--repeats N]

[784-500-10] float32 on ``cmos45``, 20 lanes, 100 free and 50 nudged ticks; all cases in turn, medians.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from neurochip import data
from neurochip.building import build
from neurochip.description import read_run
from neurochip.substrate import Phase
from neurochip.training.streams import glorot

CASES = {
    "no faults": (),
    # At test only: none is at work while it learns, which is what is timed here.
    "faults, none at work": ("faults.spike_drop.rate=0.01", "faults.spike_drop.when=test"),
    "1 % lost": ("faults.spike_drop.rate=0.01",),
    "1 % late": ("faults.spike_delay.rate=0.01",),
    "0.1 % spurious": ("faults.spike_spurious.rate=0.001",),
}
LANES = 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    digits = data.load("mnist-small")
    inputs = digits.images(slice(0, LANES), split="train")
    targets = np.eye(10, dtype=np.float32)[digits.train_labels[:LANES]]
    numbers = np.arange(LANES, dtype=np.uint64)
    machines = {}
    for name, overrides in CASES.items():
        run = read_run("mnist-small", overrides)
        built = build(run, threads=1)
        built.substrate.load(glorot(built.network, run.seed))
        machines[name] = built.substrate

    def present(name: str) -> float:
        began = time.perf_counter()
        machines[name].begin(inputs, numbers)
        machines[name].run(Phase.FREE, 100)
        machines[name].run(Phase.NUDGED, 50, beta=0.5, targets=targets)
        return LANES / (time.perf_counter() - began)

    for name in CASES:
        present(name)  # compiles
    speeds: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(repeats):
        for name in CASES:
            speeds[name].append(present(name))
    reference = statistics.median(speeds["no faults"])
    for name, found in speeds.items():
        middle = statistics.median(found)
        print(
            f"{name:22} {middle:7.0f} samples/s  {middle / reference:.2f}  ({min(found):.0f} to {max(found):.0f})"
        )


if __name__ == "__main__":
    main()
