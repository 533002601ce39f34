"""Speed of one checkout against another, in turns: medians of ratios of neighbouring calls, CPU time, one thread.

    python benchmarks/two_trees.py OLD NEW [--rounds 31] [--work settle,lif-int8]

Each piece of work runs in two processes whose paths begin with the checkouts. Both stay, and take turns, a call each:
OLD, NEW, OLD, NEW …, so that what else the machine does meets both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

_COMMON = """
import sys, time
sys.path.insert(0, {tree!r})
import numpy as np
import neurochip
from neurochip import LIF, OSA, Predictive, SigmaDelta

rng = np.random.default_rng(1)
{work}
for _ in range(2):
    work()
print("ready", flush=True)
while sys.stdin.readline():
    before = time.process_time()
    work()
    print(time.process_time() - before, flush=True)
"""
_SETTLE = """
weights = [rng.normal(0, 0.05, (784, 500)), rng.normal(0, 0.05, (500, 10))]
from neurochip.data import load
images = getattr(load("mnist-small"), "inputs", None) or load("mnist-small").images
images = images(np.arange({n})).reshape({n}, -1)
how = dict(n_free=100, n_nudged=50, beta=0.5, encoder=SigmaDelta(), decoder=Predictive(lam=0.275),
           annealer=OSA(nu_bar=0.0346), record=(), precision="{precision}", chip="{chip}")
wanted = np.eye(10)[np.arange({n}) % 10]
def work():
    neurochip.settle(weights, [np.zeros(500), np.zeros(10)], images, wanted, **how)
"""
_LIF = """
side, ticks = 2048, 400
weights = [rng.integers(-7, 8, (side, side)).astype("{kind}")]
raster = (rng.random((ticks, side)) < 0.13).astype(np.uint8)
on = [np.zeros(side, int), np.ones(side, int)]
neuron = LIF(threshold=40.0, leak=0.9)
def work():
    neurochip.replay([raster], weights, "ideal-bits", on, neuron=neuron)
"""
_MESH = """
weights = [rng.integers(-20, 21, shape).astype("int8") for shape in ((784, 500), (500, 10))]
raster = (rng.random((20, 784)) < 0.13).astype(np.uint8)
first = (0, 64, 126)
on = [first[k] + np.arange(n) * (64, 62, 2)[k] // n for k, n in enumerate((784, 500, 10))]
neuron = LIF(threshold=600.0, leak=0.9)
def work():
    neurochip.replay([raster], weights, "loihi", on, neuron=neuron, timing="cycle")
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
"""
WORK = {
    "settle-float32": _SETTLE.format(n=100, precision="float32", chip="ideal-bits"),
    "settle-int8": _SETTLE.format(n=100, precision="int8", chip="ideal-bits"),
    "settle-cmos45": _SETTLE.format(n=100, precision="float32", chip="cmos45"),
    "settle-20": _SETTLE.format(n=20, precision="float32", chip="ideal-bits"),
    "settle-20-int8": _SETTLE.format(n=20, precision="int8", chip="ideal-bits"),
    "lif-float32": _LIF.format(kind="float32"),
    "lif-int8": _LIF.format(kind="int8"),
    "mesh": _MESH,
    "train": _TRAIN.format(more="[]"),
    "train-1-percent-lost": _TRAIN.format(more='["faults.spike_drop.rate=0.01"]'),
}


class Tree:
    """A piece of work in a process of a checkout."""

    def __init__(self, tree: Path, work: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(tree), "OPENBLAS_NUM_THREADS": "1"}
        text = _COMMON.format(tree=str(tree), work=WORK[work])
        self._name = f"{tree}: {work}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", text],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None and self._process.stderr is not None
        found = self._process.stdout.readline()
        if not found:
            raise SystemExit(f"{self._name}: {self._process.stderr.read().strip().splitlines()[-1]}")
        return found

    def seconds(self) -> float:
        """Return the CPU time of a call."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    """Compare two checkouts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--work", default=",".join(WORK))
    asked = parser.parse_args()
    for work in asked.work.split(","):
        old, new = Tree(asked.old, work), Tree(asked.new, work)
        pairs = [(old.seconds(), new.seconds()) for _ in range(asked.rounds)]
        old.close(), new.close()
        ratios = statistics.quantiles((old / new for old, new in pairs), n=4)
        before, after = (1e3 * statistics.median(side) for side in zip(*pairs, strict=True))
        spread = f"{ratios[0]:.2f} … {ratios[2]:.2f}"
        print(f"{work}: {ratios[1]:.2f} × ({spread}), {before:.2f} → {after:.2f} ms", flush=True)


if __name__ == "__main__":
    main()
