"""Labelled samples here and in snnTorch, in turn: python -m benchmarks.snntorch_samples PYTHON [ROUNDS].

PYTHON has snnTorch. The network is that of `labelled_samples`: [784-500-10], 25 ticks, 1000 samples in one call, one
thread each. CPU time of the call alone, compiled and warm; here everything is counted as well, there nothing is.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

SAMPLES = 1000
HERE = """
import time
import numpy as np
from benchmarks.labelled_samples import SIZES, TICKS, network
from neurochip.inference.inferring import LabelledSamples, infer
made, rng = network(), np.random.default_rng(1)
spikes = (rng.random((SAMPLES, TICKS, SIZES[0])) < 0.13).astype(np.uint8)
labels = rng.integers(0, 10, SAMPLES)
infer(made, LabelledSamples(spikes[:20], labels[:20]), "cmos45")
began = time.process_time()
infer(made, LabelledSamples(spikes, labels), "cmos45")
print(time.process_time() - began)
"""
THERE = """
import time
import numpy as np, torch, snntorch
torch.set_num_threads(1)
rng = np.random.default_rng(0)
first, last = torch.nn.Linear(784, 500, bias=False), torch.nn.Linear(500, 10, bias=False)
for layer in (first, last):
    shape = tuple(layer.weight.shape)
    layer.weight.data = torch.from_numpy(rng.normal(0.01, 0.1, shape).astype(np.float32))
how = {"beta": 0.9, "threshold": 1.0, "reset_mechanism": "zero"}
one, two = snntorch.Leaky(**how), snntorch.Leaky(**how)
x = torch.from_numpy((np.random.default_rng(1).random((25, SAMPLES, 784)) < 0.13).astype(np.float32))
def run():
    with torch.no_grad():
        a, b = one.reset_mem(), two.reset_mem()
        found = []
        for t in range(25):
            s, a = one(first(x[t]), a)
            s, b = two(last(s), b)
            found.append(s)
        return torch.stack(found).sum(0).argmax(1)
run()
began = time.process_time()
run()
print(time.process_time() - began)
"""


def main(python: str, rounds: int) -> None:
    """Print both medians and their ratio."""
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    environment |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    environment["NUMBA_NUM_THREADS"] = "1"
    took: dict[str, list[float]] = {"here": [], "snnTorch": []}
    for _ in range(rounds):
        for name, program, code in (("here", sys.executable, HERE), ("snnTorch", python, THERE)):
            said = subprocess.run(
                [program, "-c", code.replace("SAMPLES", str(SAMPLES))],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            took[name].append(float(said.stdout.split()[-1]))
    for name, seconds in took.items():
        print(f"{name}: {statistics.median(seconds):.3f} s of CPU ({min(seconds):.3f} to {max(seconds):.3f})")
    ratios = [there / here for here, there in zip(took["here"], took["snnTorch"], strict=True)]
    print(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5)
