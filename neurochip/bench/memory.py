"""Peak memory: of whole processes (what the system says of them), and of networks against their weights.

A process holds Python, NumPy and numba, about 120 MB. Networks: the most that NumPy and Python have allocated at a time
during a call of `replay`, the caller's weights included and the raster not (tracemalloc).
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np

from neurochip.bench.processes import peak_of
from neurochip.bench.roofline import FEW, KINDS, RATE, SIDES, SILENT
from neurochip.bench.row import Effort, Family, Figure, Missing, Row
from neurochip.data import data_folder
from neurochip.description import read_chip
from neurochip.replays.replaying import replay

__all__ = ["FAMILY"]

_TRAIN = """
from neurochip import simulate
simulate({run!r}, overrides={overrides!r}, write=False)
"""
_REPLAY = """
from neurochip import replay
from neurochip.bench.loads import NEURON, lif_network, placement
raster, weights = lif_network({ticks})
replay([raster], weights, "loihi", placement((64, 62, 2)), neuron=NEURON)
"""
_ALLOWED = "1.3 × weights + 100 B a neuron"
_ROWS = (
    Row(
        "memory-training",
        "the process of the default run, two epochs",
        "MB",
    ),
    Row(
        "memory-mnist",
        "the process that trains on all of MNIST, one epoch",
        "MB",
        form="full",
    ),
    Row(
        "memory-replay",
        "the process of a replay on loihi, 128 cores, 397 000 synapses",
        "MB",
    ),
    *(
        Row(
            f"memory-{kind}-{name}",
            f"what a LIF network {side} → {side} allocates, {kind}",
            "MB",
            _ALLOWED,
            form="full" if name == "1e8" else "quick",
        )
        for name, (side, _) in SIDES.items()
        for kind in KINDS
    ),
)


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure | Missing]:
    times = effort.pick(1, 1, 3)
    if "memory-training" in wanted:
        small = ["data.train=40", "data.test=20", "evaluation.train=20", "phases.free=10", "phases.nudged=5"]
        code = _TRAIN.format(run="mnist-small", overrides=["learning.epochs=2", *effort.pick(small, [], [])])
        yield _process("memory-training", code, times)
    if "memory-mnist" in wanted:
        if data_folder("mnist").exists():
            yield _process("memory-mnist", _TRAIN.format(run="mnist", overrides=["learning.epochs=1"]), 1)
        else:
            yield Missing("memory-mnist", "needs all of MNIST: neurochip data fetch mnist")
    if "memory-replay" in wanted:
        yield _process("memory-replay", _REPLAY.format(ticks=effort.pick(20, 1000, 1000)), times)
    for name, (side, _) in SIDES.items():
        for kind in KINDS:
            if f"memory-{kind}-{name}" in wanted:
                yield _network(f"memory-{kind}-{name}", effort.pick(100, side, side), kind)


def _process(row: str, code: str, times: int) -> Figure:
    return Figure(row, tuple(peak_of(code) / 1e6 for _ in range(times)))


def _network(row: str, side: int, kind: str) -> Figure:
    chip, on = read_chip("ideal-bits"), [np.zeros(side, dtype=int), np.ones(side, dtype=int)]
    rng = np.random.default_rng(1)
    raster = (rng.random((FEW, side)) < RATE).astype(np.uint8)
    tiny = [np.ones((1, 1), dtype=kind)]
    replay([np.ones((1, 1), np.uint8)], tiny, chip, neuron=SILENT)  # loads the kernels
    tracemalloc.start()
    try:
        weights = np.empty((side, side), dtype=kind)
        for line in weights:
            line[:] = rng.integers(-3, 4, size=side, dtype=np.int8)
        made = replay([raster], [weights], chip, on, neuron=SILENT)
        peak = tracemalloc.get_traced_memory()[1] - sum(bits.nbytes for bits in made.spikes)
    finally:
        tracemalloc.stop()
    allowed = 1.3 * weights.nbytes + 100 * 2 * side
    note = f"{peak / weights.nbytes:.2f} × weights"
    return Figure(row, (peak / 1e6,), (peak / allowed,), note, {"weights_bytes": weights.nbytes})


FAMILY = Family("memory", "peak memory", _ROWS, _measure)
