"""How speed goes with cores, samples and threads. (With synapses: `roofline`.)

Cores: [784-500-10] integrate-and-fire neurons cut into more and more cores of one large mesh, whole calls of `replay`.
Samples and threads: the settle loop of `settle`, float32 on ``ideal-bits``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurochip.bench.loads import LIF_SIZES, NEURON, digits, lif_network, placement, trained
from neurochip.bench.machine import cores
from neurochip.bench.rounds import Work, in_turn
from neurochip.bench.row import Effort, Family, Figure, Missing, Row, within_rounds
from neurochip.bench.settle import settling
from neurochip.description import read_chip
from neurochip.replays.replaying import Replay, replay

__all__ = ["FAMILY"]

CORES, BATCH, THREADS = (3, 16, 64, 256, 1024), (1, 5, 80), (2, 4, 8)
_MOST = CORES[-1]
_ROWS = (
    *(
        Row(
            f"growth-cores-{n}",
            f"the same LIF network on {n} cores",
            "10⁹ SOP/s",
            "1 core",
            form="quick" if n == _MOST else "full",
        )
        for n in CORES
    ),
    *(
        Row(
            f"growth-batch-{n}",
            f"settle loop, {n} at a time (samples)",
            "samples/s",
            "20 samples",
            form="full",
        )
        for n in BATCH
    ),
    *(
        Row(
            f"growth-threads-{n}",
            f"settle loop, 80 samples, {n} threads",
            "samples/s",
            "one thread",
            form="full",
        )
        for n in THREADS
    ),
)


def _cut(n: int, ticks: int) -> tuple[Work, int]:
    """Return whole calls of the same network on so many cores, and its synaptic operations."""
    chip = read_chip("ideal-bits")
    chip = replace(chip, mesh=replace(chip.mesh, width=32, height=32))
    raster, weights = lif_network(ticks)
    on: list[NDArray[np.int64]] = [np.zeros(size, dtype=int) for size in LIF_SIZES]
    if n > 1:
        output = min(10, n // 3)
        hidden = min(500, (n - output) // 2)
        on = placement((n - output - hidden, hidden, output))

    def call() -> Replay:
        return replay([raster], weights, chip, on, neuron=NEURON)

    return call, call().counters.sops


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure | Missing]:
    chosen = [n for n in CORES if f"growth-cores-{n}" in wanted]
    if chosen:
        works = {n: _cut(n, effort.pick(20, 1000, 1000)) for n in (1, *chosen)}
        found = in_turn({str(n): work for n, (work, _) in works.items()}, effort.times(7, 25))
        for n in chosen:
            seconds = found[str(n)].cpu
            ratios = within_rounds(found["1"].cpu, seconds)
            yield Figure(f"growth-cores-{n}", tuple(works[n][1] / s / 1e9 for s in seconds), ratios)
    yield from _batch(effort, [n for n in BATCH if f"growth-batch-{n}" in wanted])
    yield from _threads(effort, [n for n in THREADS if f"growth-threads-{n}" in wanted])


def _settled(effort: Effort, batch: int, threads: int) -> Work:
    x, y = digits(batch)
    free, nudged = effort.pick((10, 5), (100, 50), (100, 50))
    return settling(("ideal-bits", "float32", threads), trained(effort.pick(2, 100, 100)), x, y, free, nudged)


def _batch(effort: Effort, chosen: list[int]) -> Iterator[Figure]:
    if chosen:
        works = {str(n): _settled(effort, n, 1) for n in (20, *chosen)}
        found = in_turn(works, effort.times(7, 15), warm=True)
        base = [s / 20 for s in found["20"].cpu]
        for n in chosen:
            each = [s / n for s in found[str(n)].cpu]
            yield Figure(f"growth-batch-{n}", tuple(1 / s for s in each), within_rounds(base, each))


def _threads(effort: Effort, chosen: list[int]) -> Iterator[Figure | Missing]:
    there = [n for n in chosen if n <= cores()]
    for n in chosen:
        if n not in there:
            yield Missing(f"growth-threads-{n}", f"needs {n} processor cores, here are {cores()}")
    if there:
        works = {str(n): _settled(effort, 80, n) for n in (1, *there)}
        found = in_turn(works, effort.times(7, 15), warm=True)
        for n in there:
            seconds = found[str(n)].wall
            yield Figure(
                f"growth-threads-{n}", tuple(80 / s for s in seconds), within_rounds(found["1"].wall, seconds)
            )


FAMILY = Family("growth", "speed over cores, samples and threads", _ROWS, _measure)
