"""Speed of the settle loop against plain NumPy: one command, one table, ratios measured in one run.

    python -m benchmarks.settle_loop [--json FILE] [--repeats N]

[784-500-10], 20 digits, 100 free + 50 nudged ticks, sigma-delta, predictive λ = 0.275, OSA ν̄ = 0.0346. NumPy is
`benchmarks.numpy_dense`, one BLAS thread. The variants are timed in turn, five minibatches each, again and again;
medians are given.
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

from benchmarks.numpy_dense import settle_numpy  # noqa: E402
from neurochip import data  # noqa: E402
from neurochip.building import build  # noqa: E402
from neurochip.compile import compile_network  # noqa: E402
from neurochip.description import CodingSpec, read_chip, read_run  # noqa: E402
from neurochip.description.network import layered  # noqa: E402
from neurochip.description.neuron import state_words  # noqa: E402
from neurochip.digital.substrate import DigitalSubstrate  # noqa: E402
from neurochip.learning.eqprop import EquilibriumPropagation  # noqa: E402
from neurochip.substrate import Parameters, Phase  # noqa: E402
from neurochip.training.streams import glorot  # noqa: E402

LANES, FREE, NUDGED, BETA = 20, 100, 50, 0.5
SIZES = (784, 500, 10)
IN_A_ROW = 5  # minibatches per timing
# name: chip, precision, threads
VARIANTS = {
    "float32": ("ideal-bits", "float32", 1),
    "int8": ("ideal-bits", "int8", 1),
    "int8 on loihi": ("loihi", "int8", 1),
    "float32 on cmos45": ("cmos45", "float32", 1),
    "float32, 2 threads": ("ideal-bits", "float32", 2),
    "int8, 2 threads": ("ideal-bits", "int8", 2),
    "float64": ("ideal-bits", "float64", 1),
}


def trained(updates: int) -> Parameters:
    """Return weights after so many minibatches of the default run: what the loop meets in training.

    Fresh Glorot weights let twice as many hidden neurons fire.
    """
    run = read_run("mnist-small")
    assert run.learning is not None
    samples, built = data.load("mnist-small"), build(run)
    rule = EquilibriumPropagation(built.network, run.learning, run.phases)
    built.substrate.load(glorot(built.network, run.seed))
    for at in range(updates):
        chosen = np.arange(at * LANES, (at + 1) * LANES) % len(samples.train_labels)
        built.substrate.begin(samples.images(chosen, split="train"), chosen.astype(np.uint64))
        targets = np.eye(10, dtype=np.float32)[samples.train_labels[chosen]]
        presented = rule.present(built.substrate, targets, run.learning.beta)
        built.substrate.write_weights(presented.updates, presented.biases)
    return built.substrate.parameters()


def chip_settle(
    name: str, parameters: Parameters, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
) -> Callable[[], Any]:
    """Return a function that settles the minibatch once and counts everything (the books are made up at the end)."""
    chip, precision, threads = VARIANTS[name]
    coding = CodingSpec()
    image = compile_network(
        layered(SIZES),
        read_chip(chip),
        precision=precision,  # type: ignore[arg-type]
        state_words=state_words(coding),
    )
    substrate = DigitalSubstrate(image, coding, threads=threads)
    substrate.load(parameters)
    lanes = np.arange(x.shape[0], dtype=np.uint64)

    def run() -> None:
        substrate.begin(x, lanes)
        substrate.run(Phase.FREE, FREE)
        substrate.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y)

    return run


def measure(repeats: int, fresh: bool) -> dict[str, Any]:
    """Time all variants in turn, on trained weights or on fresh ones."""
    samples = data.load("mnist-small")
    x = samples.images(np.arange(LANES), split="train")
    y = np.eye(10, dtype=np.float32)[samples.train_labels[:LANES]]
    parameters = glorot(layered(SIZES), 1) if fresh else trained(100)
    weights = [w.astype(np.float32) for w in parameters.weights]
    biases = [b.astype(np.float32) for b in parameters.biases]
    runs: dict[str, Callable[[], Any]] = {
        "numpy float32": lambda: settle_numpy(weights, biases, x, y, FREE, NUDGED, BETA, 0.275, 0.0346, 1e-15)
    }
    runs |= {name: chip_settle(name, parameters, x, y) for name in VARIANTS}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # compile, touch memory
    for _ in range(repeats):
        for name, run in runs.items():
            run()  # the others have taken the caches; in training the same chip runs on and on
            began = time.perf_counter()
            for _ in range(IN_A_ROW):
                run()
            seconds[name].append((time.perf_counter() - began) / IN_A_ROW)
    base = statistics.median(seconds["numpy float32"])
    return {
        "machine": {
            "processor": platform.machine(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "load": os.getloadavg()[0],
        },
        "repeats": repeats,
        "weights": "fresh Glorot" if fresh else "after 100 minibatches of mnist-small",
        "variants": {
            name: {
                "samples_per_s": LANES / statistics.median(times),
                "best": LANES / min(times),
                "worst": LANES / max(times),
                "ratio_to_numpy": base / statistics.median(times),
            }
            for name, times in seconds.items()
        },
    }


def main() -> None:
    """Print the table; write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--fresh", action="store_true", help="untrained weights, which fire more")
    options = parser.parse_args()
    result = measure(options.repeats, options.fresh)
    print(f"{'variant':22}{'samples/s':>12}{'best':>10}{'worst':>10}{'× NumPy':>10}")
    for name, row in result["variants"].items():
        print(
            f"{name:22}{row['samples_per_s']:12.0f}{row['best']:10.0f}{row['worst']:10.0f}"
            f"{row['ratio_to_numpy']:10.2f}"
        )
    v = result["variants"]
    print(
        f"\ntwo threads / one: {v['float32, 2 threads']['samples_per_s'] / v['float32']['samples_per_s']:.2f}"
        f"   int8 / float32: {v['int8']['samples_per_s'] / v['float32']['samples_per_s']:.2f}"
        f"   loihi / ideal-bits (int8): {v['int8 on loihi']['samples_per_s'] / v['int8']['samples_per_s']:.2f}"
    )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
