"""Speed of integrate-and-fire networks on the chip, with the full ledger: one command, one table.

    python -m benchmarks.lif_delivery [--json FILE] [--repeats N]

[784-500-10], 13 % Bernoulli input, 1000 ticks, one thread. A figure is the CPU time of a whole call of
`neurochip.replay`: input checked, weights put into rows, dynamics, books, prices. For scale, synaptic operations per
CPU-second of others on a network of this size and activity (a 2-core virtual machine, measured apart from this
run): SANA-FE 2.2.9 1.5 · 10⁷, Brian2 with Cython, without books, 2.7 · 10⁸.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from neurochip import LIF, read_chip, replay  # noqa: E402
from neurochip.replaying import Replay, Timing  # noqa: E402

SIZES, TICKS, RATE = (784, 500, 10), 1000, 0.13
# name: weights, chip, cores of each layer, dynamics, model of time
VARIANTS: dict[str, tuple[str, str, tuple[int, int, int], bool, Timing]] = {
    "float32": ("float32", "ideal-bits", (1, 1, 1), True, "tick"),
    "int8": ("int8", "ideal-bits", (1, 1, 1), True, "tick"),
    "int8 on loihi, 6 cores": ("int8", "loihi", (1, 4, 1), True, "tick"),
    "int8, 128 cores": ("int8", "loihi", (64, 62, 2), True, "tick"),
    "recorded, int8 on loihi, 6 cores": ("int8", "loihi", (1, 4, 1), False, "tick"),
    "6 cores, analytic": ("int8", "loihi", (1, 4, 1), True, "analytic"),
    "128 cores, analytic": ("int8", "loihi", (64, 62, 2), True, "analytic"),
    "6 cores, cycle": ("int8", "loihi", (1, 4, 1), True, "cycle"),
    "128 cores, cycle": ("int8", "loihi", (64, 62, 2), True, "cycle"),
}
MOST_OF_CYCLE = 5  # calls that walk through cycles
# Integer units; hidden neurons then fire in a tenth of the ticks.
NEURON = LIF(threshold=600.0, leak=0.9)


def network(seed: int = 1) -> tuple[np.ndarray[Any, Any], list[np.ndarray[Any, Any]]]:
    """Return the input raster u8[tick, unit] and whole-numbered weights."""
    rng = np.random.default_rng(seed)
    raster = (rng.random((TICKS, SIZES[0])) < RATE).astype(np.uint8)
    weights = [
        np.clip(np.rint(rng.normal(1.0, 12.0, shape)), -127, 127).astype(np.int8)
        for shape in zip(SIZES, SIZES[1:], strict=False)
    ]
    return raster, weights


def placement(cores: tuple[int, int, int]) -> list[np.ndarray[Any, Any]]:
    """Return the core of each neuron: layer after layer, ranges of nearly equal length."""
    first = [0, cores[0], cores[0] + cores[1]]
    return [first[k] + np.arange(size) * cores[k] // size for k, size in enumerate(SIZES)]


def variant(name: str) -> Callable[[], Replay]:
    """Return a function that runs one variant once."""
    kind, chip, cores, dynamics, timing = VARIANTS[name]
    raster, weights = network()
    held = [w.astype(kind) for w in weights]
    sheet, on = read_chip(chip), placement(cores)
    if dynamics:
        return lambda: replay([raster], held, sheet, on, neuron=NEURON, timing=timing)
    spikes = replay([raster], held, "ideal-bits", placement((1, 1, 1)), neuron=NEURON).spikes
    return lambda: replay(spikes, held, sheet, on, timing=timing)


def measure(repeats: int) -> dict[str, Any]:
    """Time all variants in turn."""
    runs = {name: variant(name) for name in VARIANTS}
    seen = {name: run() for name, run in runs.items()}  # compile, touch memory
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats):
        for name, run in runs.items():
            if VARIANTS[name][-1] == "cycle" and turn >= MOST_OF_CYCLE:
                continue
            began = time.process_time()
            run()
            seconds[name].append(time.process_time() - began)
    rows = {}
    for name, times in seconds.items():
        ledger = seen[name].ledger
        rows[name] = {
            "sops": ledger.sops,
            "packets": ledger.packets,
            "hops": ledger.hops,
            "hops_per_cpu_s": ledger.hops / statistics.median(times),
            "hidden_rate": float(seen[name].spikes[1].mean()),
            "ms": 1e3 * statistics.median(times),
            "sops_per_cpu_s": ledger.sops / statistics.median(times),
            "best": ledger.sops / min(times),
            "worst": ledger.sops / max(times),
        }
    return {
        "machine": {
            "processor": platform.machine(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "load": os.getloadavg()[0],
        },
        "repeats": repeats,
        "variants": rows,
    }


def main() -> None:
    """Print the table; write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--repeats", type=int, default=25)
    options = parser.parse_args()
    result = measure(options.repeats)
    print(f"{'10⁹ SOP per CPU-second':34}{'median':>9}{'best':>9}{'worst':>9}{'ms':>9}{'packets':>11}")
    for name, row in result["variants"].items():
        print(
            f"{name:34}{row['sops_per_cpu_s'] / 1e9:9.3g}{row['best'] / 1e9:9.3g}{row['worst'] / 1e9:9.3g}"
            f"{row['ms']:9.2f}{row['packets']:11d}"
        )
    one = result["variants"]["int8"]
    print(
        f"\n{one['sops']:,} SOPs, {100 * one['hidden_rate']:.1f} % of hidden neurons fire in a tick;"
        f" int8 / float32: {one['sops_per_cpu_s'] / result['variants']['float32']['sops_per_cpu_s']:.2f}"
        f"   128 cores / 3: {result['variants']['int8, 128 cores']['sops_per_cpu_s'] / one['sops_per_cpu_s']:.2f}"
    )
    walked = result["variants"]["128 cores, cycle"]
    print(f"128 cores, cycle: {walked['hops_per_cpu_s'] / 1e6:.2f} · 10⁶ flit-hops per CPU-second")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
