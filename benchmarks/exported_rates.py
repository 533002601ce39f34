"""What is lost when a trained network is exported as integrate-and-fire neurons: its error beside the run's own.

    python -m benchmarks.exported_rates RUN [--digits N] [--ticks N]

RUN is the folder of a finished mnist-small run. Each test digit is shown for so many ticks, its pixels as sigma-delta
bits (the encoder of the run), and the answer is the output that fired most in the last two thirds.
"""

from __future__ import annotations

import os

# Before NumPy is imported, which reads them once.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from neurochip import data  # noqa: E402
from neurochip.replays.spiking import run_spiking  # noqa: E402
from neurochip.report.reading import read_document  # noqa: E402
from neurochip.runs.exporting import rate_network  # noqa: E402


def bits_of(values: np.ndarray[Any, Any], ticks: int) -> np.ndarray[Any, Any]:
    """Return u8[tick, unit]: φ ← φ + x, q = [φ > ½], φ ← φ − q."""
    residue, bits = np.zeros(values.shape), np.zeros((ticks, values.size), dtype=np.uint8)
    for t in range(ticks):
        residue += values
        bits[t] = residue > 0.5
        residue -= bits[t]
    return bits


def main() -> None:
    """Print both errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run", type=Path)
    parser.add_argument("--digits", type=int, default=1000)
    parser.add_argument("--ticks", type=int, default=300)
    options = parser.parse_args()
    network = rate_network(options.run, dt=1e-3)
    samples = data.load("mnist-small", test=options.digits)
    wrong = 0
    for k, label in enumerate(samples.labels("test")):
        raster = bits_of(samples.inputs(np.array([k]), "test")[0], options.ticks)
        output = run_spiking(network, raster, "cmos45").replay.spikes[-1]
        wrong += int(output[options.ticks // 3 :].sum(axis=0, dtype=np.int64).argmax() != label)
    own = read_document(options.run)["result"]["test_error"]
    print(f"as IF neurons: {100 * wrong / len(samples.test):.2f} % of {len(samples.test)} test digits")
    print(f"as trained: {'–' if own is None else format(100 * own, '.2f')} %")


if __name__ == "__main__":
    main()
