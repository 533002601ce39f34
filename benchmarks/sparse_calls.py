"""Speed of whole sparse calls, everything counted: input checked, network placed, neurons run, events, energy.

    python -m benchmarks.sparse_calls [--repeats N] [--brian2 PYTHON] [NAME …]

One population of integrate-and-fire neurons receives from another; a tenth of the sources fires in each tick. The
figure is synaptic operations over the CPU time of `neurochip.replay`, of the median call and of the fastest; making
the lists is not in it. Beside it, in turn, a plain loop over the same lists of spikes and targets, that counts nothing
and has no neurons. With --brian2, the Python of an environment with Brian2, that runs the first network too, turn by
turn: the time of its loop alone.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.connections import BARE, CALLS, random_sparse
from neurochip import LIF, replay
from neurochip.elements.connections import Sparse

LEAK, ACTIVE = 0.5, 0.1
CASES = {  # units, density, ticks, threshold: a fifth of the neurons fires in a tick
    "10 % of 4096 × 4096": (4096, 0.1, 300, 1600.0),
    "1 % of 65 536 × 65 536": (65_536, 0.01, 100, 2550.0),
}

BRIAN2 = """
import sys, time
import brian2 as b, numpy as np
given = np.load(sys.argv[1])
b.prefs.codegen.target = "cython"
b.defaultclock.dt = dt = 1 * b.ms
raster = given["raster"]
ticks, units = np.nonzero(raster)
source = b.SpikeGeneratorGroup(raster.shape[1], units, ticks * dt)
names = {"leak": float(given["leak"]), "threshold": float(given["threshold"])}
layer = b.NeuronGroup(raster.shape[1], "v : 1", threshold="v > threshold", reset="v = 0", namespace=names)
layer.run_regularly("v *= leak", when="start")
joint = b.Synapses(source, layer, "w : 1", on_pre="v_post += w")
joint.connect(i=given["pre"], j=given["post"])
joint.w = given["weight"]
counter = b.SpikeMonitor(layer, record=False)
began = []
first = b.NetworkOperation(lambda: began.append(time.process_time()), dt=len(raster) * dt, when="start")
network = b.Network(source, layer, joint, counter, first)
network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
network.store()
while sys.stdin.readline():
    network.restore()
    network.run(len(raster) * dt)
    print(time.process_time() - began[-1], int(counter.num_spikes), flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only cases whose name contains one of these")
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--brian2", metavar="PYTHON")
    given = parser.parse_args()
    for k, (name, case) in enumerate(CASES.items()):
        if not given.names or any(word in name for word in given.names):
            measured(name, case, given.repeats, given.brian2 if k == 0 else None)


def measured(name: str, case: tuple[int, float, int, float], repeats: int, brian2: str | None) -> None:
    n, density, ticks, threshold = case
    lists, rng = random_sparse(n, density, 1), np.random.default_rng(2)
    raster = (rng.random((ticks, n), dtype=np.float32) < ACTIVE).astype(np.uint8)
    sops = int(raster.sum(axis=0, dtype=np.int64) @ lists.fan_out())
    seconds: dict[str, list[float]] = {}
    fired: dict[str, int] = {}
    neuron = LIF(threshold, LEAK)
    with tempfile.TemporaryDirectory() as folder:
        weights = rng.integers(-90, 128, lists.synapses).astype(np.int8)
        other = None if brian2 is None else Other(brian2, Path(folder), lists, weights, raster, threshold)
        for turn in range(repeats + 1):
            for kind in ("int8", "float32"):
                values = weights.astype(kind)
                began = time.process_time()
                run = replay([raster], [(lists, values)], "ideal-bits", neuron=neuron)
                took = time.process_time() - began
                assert run.counters.sops == sops
                if turn:  # the first is compiled
                    seconds.setdefault(kind, []).append(took)
                fired[kind] = int(run.spikes[1].sum())
                took = plain_loop(lists, values, raster)
                if turn:
                    seconds.setdefault(f"{kind}, plain loop", []).append(took)
            if other is not None and turn:
                took, fired["Brian2"] = other.turn()
                seconds.setdefault("Brian2", []).append(took)
    for kind, took_each in seconds.items():
        print(
            f"{name}, {kind}: {sops / np.median(took_each) / 1e9:.3f} · 10⁹ SOP per CPU-second, fastest "
            f"{sops / min(took_each) / 1e9:.3f}"
            + (
                f" ({fired[kind] / n / ticks:.0%} fire in a tick, {sops / 1e6:.0f} M SOP)"
                if kind in fired
                else ""
            ),
            flush=True,
        )
    if "Brian2" in seconds:
        ratio = np.median(seconds["Brian2"]) / np.median(seconds["int8"])
        print(f"{name}: {ratio:.0f} × Brian2 (medians, int8)", flush=True)


def plain_loop(lists: Sparse, values: Any, raster: Any) -> float:
    """Return CPU seconds of a plain loop over the lists of all spikes."""
    wide = np.int32 if values.dtype.kind == "i" else np.float32
    memory, sums = lists.memory(values, values.dtype), np.zeros(lists.targets, dtype=wide)
    active = [np.flatnonzero(bits).astype(np.uint64) for bits in raster]
    began = time.process_time()
    for some in active:
        CALLS(BARE, memory, some, np.uint64(some.size), sums, 1)
    return time.process_time() - began


class Other:
    """The same network in Brian2, in a process of its own environment."""

    def __init__(
        self, python: str, folder: Path, lists: Sparse, weights: Any, raster: Any, threshold: float
    ) -> None:
        edges = lists.edges()
        np.savez(
            folder / "given.npz", pre=edges.source, post=edges.target, weight=weights.astype(float), raster=raster,
            leak=LEAK, threshold=threshold,
        )  # fmt: skip
        self._process = subprocess.Popen(
            [python, "-c", BRIAN2, str(folder / "given.npz")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.turn()  # compiled

    def turn(self) -> tuple[float, int]:
        """Return CPU seconds of a run, and its spikes."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        took, fired = self._process.stdout.readline().split()
        return float(took), int(fired)


if __name__ == "__main__":
    main()
