"""200 chips for one workload, counted once and costed anew: python -m benchmarks.explored_chips [SAMPLES].

[784-500-10] leaky neurons with random weights, 25 ticks, 13 % input, one thread, from cmos45, timing = analytic.
Before that, placements of a network of neighbours on 48 cores: in order, by chance, and by each objective.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_samples import SIZES, TICKS, network
from neurochip import replay
from neurochip.compile.improve import improved
from neurochip.compile.placement_costs import OBJECTIVES, Costs, costs
from neurochip.description import read_chip
from neurochip.elements.connections import Sparse
from neurochip.exploration import NetworkWorkload, explore
from neurochip.inference.inferring import LabelledSamples

GRIDS = {
    "energies and clocks": ("chip.timing.clock=1e8:1e9:20log", "chip.energies.packet_out=1e-12:2e-11:10"),
    "cores and mesh": (
        "chip.core.neurons=32:512:25",
        "chip.mesh.height=5:8:4",
        "chip.core.input_axons=2048,4096",
    ),
}


def explored(samples: int) -> None:
    """Print how long each grid takes, spikes included, in CPU seconds and in all."""
    made, rng = network(), np.random.default_rng(1)
    spikes = (rng.random((samples, TICKS, SIZES[0])) < 0.13).astype(np.uint8)
    labels = rng.integers(0, 10, samples)
    for what, vary in GRIDS.items():
        few = NetworkWorkload(made, LabelledSamples(spikes[:2], labels[:2]))
        with tempfile.TemporaryDirectory() as folder:
            explore(few, read_chip("cmos45"), vary[:1], name="x", timing="analytic", out=Path(folder) / "few")
            cpu, wall = time.process_time(), time.perf_counter()
            work = NetworkWorkload(made, LabelledSamples(spikes, labels))
            seen = explore(
                work, read_chip("cmos45"), vary, name="x", timing="analytic", out=Path(folder) / "all"
            )
            took = time.process_time() - cpu, time.perf_counter() - wall
        done, points = seen.document["work"], len(seen.document["points"])
        print(f"{what}: {points} chips, {took[0]:.1f} s of CPU, {took[1]:.1f} s in all; {done}")


def placed() -> None:
    """Print what each placement costs, and how long it was looked for."""
    rng = np.random.default_rng(0)
    sizes, chip = (1024, 1024, 1024), read_chip("cmos45")
    order = [rng.permutation(n) for n in sizes]
    weights: list[Any] = []
    for k, (a, b) in enumerate(itertools.pairwise(sizes)):
        pre, post = np.nonzero(np.abs(np.arange(a)[:, None] - np.arange(b)) < 8)
        lists, at = Sparse.from_pairs(a, b, order[k][pre], order[k + 1][post])
        weights.append((lists, np.ones(at.size, np.int8)))
    spikes = [(rng.random((100, n)) < 0.1).astype(np.uint8) for n in sizes]
    where = [np.arange(n) // 64 + 16 * k for k, n in enumerate(sizes)]
    seen = replay(spikes, weights, chip, where)
    fired = [bits.sum(axis=0, dtype=np.int64) for bits in seen.spikes]
    _print("48 cores of 64 neurons, in order", costs(seen.placed, fired))
    drawn = np.split(rng.permutation(np.repeat(np.arange(48), 64)), 3)
    _print("the same number, by chance", costs(replay(spikes, weights, chip, drawn).placed, fired))
    for objective in OBJECTIVES:
        began = time.process_time()
        found = improved(seen.placed, fired, objective, weight_bits=2, state_bits=0)
        _print(f"{objective}, {time.process_time() - began:.1f} s of CPU: {found.method}", found.after)


def _print(what: str, found: Costs) -> None:
    print(f"{what}: {found._asdict()}")


if __name__ == "__main__":
    placed()
    explored(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
