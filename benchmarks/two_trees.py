"""Speed of one checkout against another, in turns: medians of ratios within rounds, CPU time, one thread.

    python benchmarks/two_trees.py OLD NEW [--rounds 7] [--work settle,lif-int8]

Each piece of work runs in a process of its own whose path begins with the checkout, once for each tree in every round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

_COMMON = """
import json, time
import numpy as np
import neurochip
from neurochip import LIF, OSA, Predictive, SigmaDelta

rng = np.random.default_rng(1)

def timed(work, times=3):
    work()
    found = []
    for _ in range(times):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    print(json.dumps(min(found)))
"""
_SETTLE = """
weights = [rng.normal(0, 0.05, (784, 500)), rng.normal(0, 0.05, (500, 10))]
from neurochip.data import load
images = getattr(load("mnist-small"), "inputs", None) or load("mnist-small").images
images = images(np.arange({n})).reshape({n}, -1)
how = dict(n_free=100, n_nudged=50, beta=0.5, encoder=SigmaDelta(), decoder=Predictive(lam=0.275),
           annealer=OSA(nu_bar=0.0346), record=(), precision="{precision}", chip="{chip}")
wanted = np.eye(10)[np.arange({n}) % 10]
timed(lambda: neurochip.settle(weights, [np.zeros(500), np.zeros(10)], images, wanted, **how))
"""
_LIF = """
side, ticks = 2048, 400
weights = [rng.integers(-7, 8, (side, side)).astype("{kind}")]
raster = (rng.random((ticks, side)) < 0.13).astype(np.uint8)
on = [np.zeros(side, int), np.ones(side, int)]
neuron = LIF(threshold=40.0, leak=0.9)
timed(lambda: neurochip.replay([raster], weights, "ideal-bits", on, neuron=neuron))
"""
_TRAIN = """
import tempfile
from neurochip import simulate
from pathlib import Path
k = [0]
folder = Path(tempfile.mkdtemp())
def work():
    k[0] += 1
    simulate("mnist-small", out=folder / str(k[0]), overrides=["data.train=200", "data.test=20", "learning.epochs=1",
             "record.presentations=0", *{more}])
timed(work)
"""
WORK = {
    "settle-float32": _SETTLE.format(n=100, precision="float32", chip="ideal-bits"),
    "settle-int8": _SETTLE.format(n=100, precision="int8", chip="ideal-bits"),
    "settle-cmos45": _SETTLE.format(n=100, precision="float32", chip="cmos45"),
    "lif-float32": _LIF.format(kind="float32"),
    "lif-int8": _LIF.format(kind="int8"),
    "train": _TRAIN.format(more="[]"),
    "train-1-percent-lost": _TRAIN.format(more='["faults.spike_drop.rate=0.01"]'),
}


def seconds(tree: Path, work: str) -> float:
    """Return the CPU time that a piece of work takes in a checkout."""
    environment = os.environ | {"PYTHONPATH": str(tree), "OPENBLAS_NUM_THREADS": "1"}
    text = f"import sys; sys.path.insert(0, {str(tree)!r})\n" + _COMMON + WORK[work]
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{tree}: {work}: {done.stderr.strip().splitlines()[-1]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Compare two checkouts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", default=",".join(WORK))
    asked = parser.parse_args()
    for work in asked.work.split(","):
        pairs = [(seconds(asked.old, work), seconds(asked.new, work)) for _ in range(asked.rounds)]
        ratios = sorted(old / new for old, new in pairs)
        middle = [f"{statistics.median(side):.3f} s" for side in zip(*pairs, strict=True)]
        spread = f"{ratios[0]:.2f} … {ratios[-1]:.2f}"
        print(f"{work}: {statistics.median(ratios):.2f} × ({spread}), {middle[0]} → {middle[1]}", flush=True)


if __name__ == "__main__":
    main()
