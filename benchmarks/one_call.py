"""Speed of one call of `settle` against NumPy, in turns: 20 digits, 100 + 50 ticks, [784-500-10], one thread, CPU time.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.one_call [--rounds 31]

A call makes everything anew: it checks, compiles the network, lays it out, takes memory. NumPy is
`neurochip.bench.numpy_dense` in float32, with the kernels that its BLAS takes for this processor; making its arrays is
in it as well. Weights are those after 100 minibatches.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

import neurochip
from neurochip.bench.loads import digits, trained
from neurochip.bench.numpy_dense import settle_numpy


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    rounds = parser.parse_args().rounds
    parameters, (x, y) = trained(100), digits()
    weights = [w.astype(np.float32) for w in parameters.weights]
    biases = [b.astype(np.float32) for b in parameters.biases]
    how = dict(n_free=100, n_nudged=50, beta=0.5, record=())
    works = {
        "NumPy": lambda: settle_numpy(weights, biases, x, y, 100, 50, 0.5, 0.275, 0.0346, 1e-15),
        "float32": lambda: neurochip.settle(weights, biases, x, y, **how),
        "int8": lambda: neurochip.settle(weights, biases, x, y, precision="int8", **how),
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 2):
        for name, work in works.items():
            before = time.process_time()
            work()
            if turn > 1:
                seconds[name].append(time.process_time() - before)
    for name, took in seconds.items():
        ratios = [a / b for a, b in zip(seconds["NumPy"], took, strict=True)]
        print(f"{name}: {1e3 * statistics.median(took):.2f} ms, {statistics.median(ratios):.2f} × NumPy")


if __name__ == "__main__":
    main()
