"""Rows of weights that delivery reads per CPU-second, against what the memory level that holds them gives.

n → n silent integrate-and-fire neurons, 13 % Bernoulli input, one thread: a row of weights is read for every spike.
Constant costs are taken out by running twice, with few ticks and with many. The read bandwidth is the faster of two
plain passes over the same weights in the same round, one by NumPy and one by a compiled loop; the copy bandwidth
counts bytes read, while as many are written.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurochip.bench.probes import copying, passes
from neurochip.bench.rounds import in_turn
from neurochip.bench.row import Bound, Effort, Family, Figure, Row, within_rounds
from neurochip.description import read_chip
from neurochip.neurons.lif import LIF
from neurochip.replaying import replay

__all__ = ["FAMILY", "RATE", "SIDES"]

# Name: neurons on each side, and ticks that take about as long.
SIDES = {"1e5": (316, 4000), "1e6": (1000, 1500), "1e7": (3162, 300), "1e8": (10_000, 60)}
KINDS = ("int8", "float32")
RATE, FEW = 0.13, 2
SILENT = LIF(threshold=1e6, leak=0.9)
_ROWS = tuple(
    Row(
        f"roofline-{kind}-{name}",
        f"weights read by delivery, {side} → {side}, {kind}",
        "GB/s",
        "read bandwidth",
        Bound(low=0.5),
        Bound(low=0.6),
        form="full" if name == "1e8" else "quick",
    )
    for name, (side, _) in SIDES.items()
    for kind in KINDS
)


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    for name, (side, ticks) in SIDES.items():
        side, ticks = effort.pick(SIDES["1e5"], (side, ticks), (side, ticks))
        for kind in KINDS:
            if f"roofline-{kind}-{name}" in wanted:
                yield _streamed(f"roofline-{kind}-{name}", side, ticks, kind, effort)


def _streamed(row: str, side: int, ticks: int, kind: str, effort: Effort) -> Figure:
    rng = np.random.default_rng(1)
    weights = rng.integers(-3, 4, size=(side, side), dtype=np.int8).astype(kind)
    raster = (rng.random((ticks, side)) < RATE).astype(np.uint8)
    chip, on = read_chip("ideal-bits"), [np.zeros(side, dtype=int), np.ones(side, dtype=int)]
    bytes_read, (by_numpy, by_loop) = passes(weights)
    bytes_copied, copy = copying(weights)
    found = in_turn(
        {
            "few": lambda: replay([raster[:FEW]], [weights], chip, on, neuron=SILENT),
            "many": lambda: replay([raster], [weights], chip, on, neuron=SILENT),
            "numpy pass": by_numpy,
            "loop": by_loop,
            "copy": copy,
        },
        effort.times(5, 7),
    )
    rows = int(raster[FEW:].sum())
    delivery = [many - few for many, few in zip(found["many"].cpu, found["few"].cpu, strict=True)]
    read = [rows * weights[0].nbytes / seconds for seconds in delivery]
    fastest = [min(pair) for pair in zip(found["numpy pass"].cpu, found["loop"].cpu, strict=True)]
    streamed = [bytes_read / seconds for seconds in fastest]
    copied = [bytes_copied / seconds for seconds in found["copy"].cpu]
    extra = {
        "weights_bytes": weights.nbytes,
        "sops_per_s": float(np.median([rows * side / seconds for seconds in delivery])),
        "read_bytes_per_s": float(np.median(streamed)),
        "copy_bytes_per_s": float(np.median(copied)),
        "ratio_to_copy": float(np.median(within_rounds(read, copied))),
    }
    note = f"read {extra['read_bytes_per_s'] / 1e9:.1f}, copy {extra['copy_bytes_per_s'] / 1e9:.1f} GB/s"
    return Figure(row, tuple(r / 1e9 for r in read), within_rounds(read, streamed), note, extra)


FAMILY = Family(
    "roofline",
    "weights read by delivery against the bandwidth of the memory that holds them",
    _ROWS,
    _measure,
)
