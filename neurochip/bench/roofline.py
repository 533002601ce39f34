"""Rows of weights that delivery reads per CPU-second, against what the memory level that holds them gives.

n → n silent integrate-and-fire neurons, 13 % Bernoulli input, one thread: a row of weights is read for every spike.
``roofline-…`` is the delivery kernel alone, with the lists of spikes made beforehand; ``streaming-…`` are whole calls
of `neurochip.replay`: input checked, spikes listed, rows added, neurons updated, events counted, constant costs taken
out by running twice, with few ticks and with many. The read bandwidth is the faster of two plain passes over the same
weights in the same round, one by NumPy and one by a compiled loop; the copy bandwidth counts bytes read, while as many
are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.bench.probes import copying, passes
from neurochip.bench.rounds import Work, in_turn
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.cores.arrays import aligned_zeros
from neurochip.description import read_chip
from neurochip.elements.neurons.lif import LIF
from neurochip.kernels._jit import entry
from neurochip.kernels.row_sums import Block, Drive, Lists, Room, deliver
from neurochip.replays.replaying import replay

__all__ = ["FAMILY", "RATE", "SIDES"]

# Name: neurons on each side, and ticks that take about as long.
SIDES = {"1e5": (316, 4000), "1e6": (1000, 1500), "1e7": (3162, 300), "1e8": (10_000, 60)}
KINDS = ("int8", "float32")
RATE, FEW = 0.13, 2
SILENT = LIF(threshold=1e6, leak=0.9)
_ROWS = tuple(
    Row(f"{row}-{kind}-{name}", f"{about}, {side} → {side}, {kind}", "GB/s", "read bandwidth", form=form)
    for name, (side, _) in SIDES.items()
    for kind in KINDS
    for form in ("full" if name == "1e8" else "quick",)
    for row, about in (
        ("roofline", "weights read by the delivery kernel"),
        ("streaming", "weights read in whole calls"),
    )
)  # fmt: skip


@entry
def _deliveries(
    first: Any,
    count: Any,
    side: Any,
    weights: Any,
    lists: Any,
    nothing: Any,
    part: Any,
    total: Any,
    drive: Any,
) -> None:
    """Add the rows of every tick: those from first[t] on in ``lists``, count[t] of them."""
    zero, one = np.uint64(0), drive.dtype.type(1)
    for t in range(first.shape[0]):
        deliver(
            Block(weights, zero, side, side),
            Lists(lists, lists, count[t], zero, first[t]),
            nothing,
            zero,
            Room(part, total),
            Drive(drive, zero, one, False),
        )


def delivering(weights: NDArray[np.number], raster: NDArray[np.uint8]) -> Work:
    """Return work that adds the rows of all spikes, tick by tick, and nothing else."""
    side = weights.shape[1]
    count = raster.sum(axis=1, dtype=np.uint64)
    first = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.uint64)
    whole = np.dtype(np.int32) if weights.dtype == np.int8 else weights.dtype
    arguments = (
        first,
        count,
        np.uint64(side),
        weights.reshape(-1),
        np.nonzero(raster)[1].astype(np.uint64),
        aligned_zeros(side, whole),
        aligned_zeros(side, np.int16 if weights.dtype == np.int8 else whole),
        aligned_zeros(side, whole),
        aligned_zeros(side, np.float32),
    )
    return lambda: _deliveries(*arguments)


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    for name, (side, ticks) in SIDES.items():
        side, ticks = effort.pick(SIDES["1e5"], (side, ticks), (side, ticks))
        for kind in KINDS:
            if {f"roofline-{kind}-{name}", f"streaming-{kind}-{name}"} & wanted:
                found = _streamed(f"{kind}-{name}", side, ticks, kind, effort)
                yield from (figure for figure in found if figure.row in wanted)


def _streamed(row: str, side: int, ticks: int, kind: str, effort: Effort) -> tuple[Figure, Figure]:
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
            "kernel": delivering(weights, raster),
            "numpy pass": by_numpy,
            "loop": by_loop,
            "copy": copy,
        },
        effort.times(5, 7),
    )
    fastest = [min(pair) for pair in zip(found["numpy pass"].cpu, found["loop"].cpu, strict=True)]
    streamed = [bytes_read / seconds for seconds in fastest]
    copied = [bytes_copied / seconds for seconds in found["copy"].cpu]
    whole = [many - few for many, few in zip(found["many"].cpu, found["few"].cpu, strict=True)]

    def figure(what: str, spikes: int, times: list[float]) -> Figure:
        read = [spikes * weights[0].nbytes / seconds for seconds in times]
        extra = {
            "weights_bytes": weights.nbytes,
            "sops_per_s": float(np.median([spikes * side / seconds for seconds in times])),
            "read_bytes_per_s": float(np.median(streamed)),
            "copy_bytes_per_s": float(np.median(copied)),
            "ratio_to_copy": float(np.median(within_rounds(read, copied))),
        }
        note = f"read {extra['read_bytes_per_s'] / 1e9:.1f}, copy {extra['copy_bytes_per_s'] / 1e9:.1f} GB/s"
        return Figure(
            f"{what}-{row}", tuple(r / 1e9 for r in read), within_rounds(read, streamed), note, extra
        )

    return (
        figure("roofline", int(raster.sum()), found["kernel"].cpu),
        figure("streaming", int(raster[FEW:].sum()), whole),
    )


FAMILY = Family(
    "roofline",
    "weights read by delivery against the bandwidth of the memory that holds them",
    _ROWS,
    _measure,
)
