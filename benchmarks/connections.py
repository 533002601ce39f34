"""Speed and memory of the kernels of connectivities: synaptic operations per CPU-second, beside a bare loop in one run.

    python -m benchmarks.connections [--repeats N] [NAME …]

A tenth of the sources is active in each call. The figure is that of the median call, and of the fastest; calls of all
kernels take turns. Memory is that of the emulator, over what targets and weights alone would take.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from neurochip.elements.connections import Connection, Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.kernels._jit import Kernel, unstored_entry

ACTIVE = 0.1


def _bare(memory: Any, active: Any, n_active: Any, sums: Any) -> None:
    """The plain loop over a list of targets, for comparison."""
    for a in range(np.uint64(0), n_active):
        i = active[a]
        for k in range(np.uint64(memory.table[i]), np.uint64(memory.table[i + np.uint64(1)])):
            if memory.far.shape[0] == 0:
                sums[memory.near[k]] += memory.weights[k]
            else:
                sums[memory.far[k]] += memory.weights[k]


def _calls(deliver: Any, memory: Any, active: Any, n_active: Any, sums: Any, times: int) -> None:
    """Call a kernel as the emulator does, from compiled code."""
    for _ in range(times):
        deliver(memory, active, n_active, sums)


BARE = Kernel(_bare, inline=True, cached=False, separate=True)
CALLS = unstored_entry(_calls)


def random_sparse(n: int, density: float, seed: int) -> Sparse:
    """Return n × n units, each source with targets drawn at random, without one twice."""
    rng = np.random.default_rng(seed)
    lists = [np.flatnonzero(rng.random(n, dtype=np.float32) < density).astype(np.uint32) for _ in range(n)]
    return Sparse(n, n, np.cumsum([0, *(ends.size for ends in lists)]), np.concatenate(lists))


CASES: dict[str, Callable[[], Connection]] = {
    "sparse 10 % of 4096 × 4096": lambda: random_sparse(4096, 0.1, 1),
    "sparse 1 % of 65 536 × 65 536": lambda: random_sparse(65_536, 0.01, 2),
    "dense 784 × 512": lambda: Dense(784, 512),
    "convolution 16 → 32 maps, 5 × 5, channels last": lambda: Convolution(
        (16, 14, 14), 32, 5, order="channels-last"
    ),
    "convolution 16 → 32 maps, 5 × 5, channels first": lambda: Convolution((16, 14, 14), 32, 5),
    "pooling 2 × 2 of 32 maps": lambda: Pooling((32, 28, 28), 2, order="channels-last"),
    "one to one, 65 536": lambda: OneToOne(65_536, 65_536),
}
FORMATS = (("int8", np.int8, np.int32), ("float32", np.float32, np.float32))


def measured(name: str, made: Connection, repeats: int) -> None:
    """Print a line for each format, and for the bare loop where there is one."""
    rng = np.random.default_rng(3)
    n = max(1, int(ACTIVE * made.sources))
    lists = [np.sort(rng.choice(made.sources, n, replace=False)).astype(np.uint64) for _ in range(8)]
    fan_out = made.fan_out()
    for label, dtype, wide in FORMATS:
        weights = None if made.kind == "pooling" else rng.integers(-90, 90, made.shape).astype(dtype)
        memory, sums = made.memory(weights, dtype), np.zeros(made.targets, dtype=wide)
        kernels = {"": made.deliver} | ({", bare loop": BARE} if isinstance(made, Sparse) else {})
        speeds: dict[str, list[float]] = {which: [] for which in kernels}
        for kernel in kernels.values():
            CALLS(kernel, memory, lists[0], np.uint64(n), sums, 1)  # compiled
        loops = max(1, int(2e7 / max(1, fan_out.mean() * n)))
        for repeat in range(repeats):
            active = lists[repeat % len(lists)]
            for which, kernel in kernels.items():
                began = time.process_time()
                CALLS(kernel, memory, active, np.uint64(n), sums, loops)
                took = time.process_time() - began
                speeds[which].append(loops * int(fan_out[active.astype(np.int64)].sum()) / took)
        held = ""
        if isinstance(made, Sparse):
            bytes_held = sum(array.nbytes for array in memory)
            needed = made.synapses * (made.ends.itemsize + memory.weights.itemsize)
            held = f", memory × {bytes_held / needed:.3f}"
        for which, found in speeds.items():
            print(
                f"{name}, {label}{which}: {np.median(found) / 1e9:.2f} · 10⁹ SOP/s, fastest {max(found) / 1e9:.2f}"
                + ("" if which else held),
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only cases whose name contains one of these")
    parser.add_argument("--repeats", type=int, default=25)
    given = parser.parse_args()
    for name, make in CASES.items():
        if not given.names or any(word in name for word in given.names):
            measured(name, make(), given.repeats)


if __name__ == "__main__":
    main()
