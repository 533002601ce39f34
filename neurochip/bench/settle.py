"""The settle loop of [784-500-10]: 20 digits, 100 free and 50 nudged ticks, everything counted.

Sigma-delta, predictive λ = 0.275, OSA ν̄ = 0.0346. NumPy is `numpy_dense` in float32. Weights are those after 100
minibatches of the default run, where the rows do not say *fresh*. Five minibatches in a row, after one that is not
timed: in training the same chip runs on and on.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np

from neurochip.bench.loads import BATCH, Array, digits, trained
from neurochip.bench.machine import cores
from neurochip.bench.numpy_dense import settle_numpy
from neurochip.bench.probes import spinning
from neurochip.bench.rounds import Clock, Times, Work, in_turn
from neurochip.bench.row import Effort, Family, Figure, Missing, Row, within_rounds
from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec, read_chip
from neurochip.description.neuron import state_words
from neurochip.description.precision import Precision
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase
from neurochip.training.streams import glorot

__all__ = ["FAMILY", "Variant", "settling"]

SIZES, BETA = (784, 500, 10), 0.5
IN_A_ROW = 5
Variant = tuple[str, Precision, int]  # chip, precision, threads

_NUMPY = "dense NumPy"
_ROWS = (
    Row(
        "settle-float32",
        "settle loop, float32, one thread",
        "samples/s",
        _NUMPY,
    ),
    Row("settle-int8", "settle loop, 8-bit weights, one thread", "samples/s", _NUMPY),
    Row("settle-float64", "settle loop, float64, one thread", "samples/s", _NUMPY),
    Row("settle-cmos45", "settle loop, float32, seven cores of cmos45", "samples/s", _NUMPY),
    Row("settle-8-bit-gain", "8-bit weights against float32", "samples/s", "float32"),
    Row(
        "settle-loihi",
        "8-bit weights, six cores of loihi",
        "samples/s",
        "one core of ideal-bits",
    ),
    Row(
        "settle-two-threads",
        "settle loop, float32, two threads",
        "samples/s",
        "one thread",
    ),
    Row(
        "settle-two-threads-int8",
        "settle loop, 8-bit weights, two threads",
        "samples/s",
        "one thread",
    ),
    Row(
        "two-threads-arithmetic",
        "arithmetic without memory on two threads: what this machine can give",
        "10⁹ turns/s",
        "one thread",
    ),
    Row(
        "settle-fresh-float32",
        "settle loop, float32, untrained weights",
        "samples/s",
        _NUMPY,
    ),
    Row("settle-fresh-int8", "settle loop, 8-bit weights, untrained", "samples/s", _NUMPY),
)

_PLAIN: tuple[str, Literal["float32"], int] = ("ideal-bits", "float32", 1)
_INT8: tuple[str, Literal["int8"], int] = ("ideal-bits", "int8", 1)
# row: what is timed, what it is compared with (`None`: NumPy), by which clock
_COMPARED: dict[str, tuple[Variant, Variant | None, Clock]] = {
    "settle-float32": (_PLAIN, None, "cpu"),
    "settle-int8": (_INT8, None, "cpu"),
    "settle-float64": (("ideal-bits", "float64", 1), None, "cpu"),
    "settle-cmos45": (("cmos45", "float32", 1), None, "cpu"),
    "settle-8-bit-gain": (_INT8, _PLAIN, "cpu"),
    "settle-loihi": (("loihi", "int8", 1), _INT8, "cpu"),
    "settle-two-threads": (("ideal-bits", "float32", 2), _PLAIN, "wall"),
    "settle-two-threads-int8": (("ideal-bits", "int8", 2), _INT8, "wall"),
    "settle-fresh-float32": (_PLAIN, None, "cpu"),
    "settle-fresh-int8": (_INT8, None, "cpu"),
}


def settling(
    variant: Variant, parameters: Parameters, x: Array, y: Array, free: int = 100, nudged: int = 50
) -> Work:
    """Return work that settles the minibatch once and counts everything (the counters are made up at the end)."""
    name, precision, threads = variant
    coding = CodingSpec()
    image = compile_network(
        layered(tuple([x.shape[1], *(len(b) for b in parameters.biases)])),
        read_chip(name),
        precision=precision,
        state_words=state_words(coding),
    )
    substrate = DigitalSubstrate(image, coding, threads=threads)
    substrate.load(parameters)
    batch = np.arange(x.shape[0], dtype=np.uint64)

    def run() -> None:
        substrate.begin(x, batch)
        substrate.run(Phase.FREE, free)
        substrate.run(Phase.NUDGED, nudged, beta=BETA, targets=y)

    return run


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure | Missing]:
    reason = "needs two processor cores"
    if cores() < 2:
        short = [row.name for row in _ROWS if "two-threads" in row.name]
        yield from (Missing(name, reason) for name in short if name in wanted)
        wanted = wanted.difference(short)
    fresh = frozenset(name for name in wanted if "fresh" in name)
    if wanted - fresh:
        yield from _settled(effort, wanted - fresh, trained(effort.pick(2, 100, 100)))
    if fresh:
        yield from _settled(effort, fresh, glorot(layered(SIZES), 1))


def _settled(effort: Effort, wanted: frozenset[str], parameters: Parameters) -> Iterator[Figure]:
    free, nudged = effort.pick((10, 5), (100, 50), (100, 50))
    x, y = digits()
    needed = {
        variant: settling(variant, parameters, x, y, free, nudged)
        for name in _COMPARED
        if name in wanted
        for variant in _COMPARED[name][:2]
        if variant is not None
    }
    variants: dict[str, Work] = {_key(variant): work for variant, work in needed.items()}
    if any(name in wanted and base is None for name, (_, base, _) in _COMPARED.items()):
        weights = [w.astype(np.float32) for w in parameters.weights]
        biases = [b.astype(np.float32) for b in parameters.biases]
        variants["numpy"] = lambda: settle_numpy(
            weights, biases, x, y, free, nudged, BETA, 0.275, 0.0346, 1e-15
        )
    turns = effort.pick(10**5, 4 * 10**6, 4 * 10**6)
    with ThreadPoolExecutor(2) as pool:
        if "two-threads-arithmetic" in wanted:
            variants |= {f"spin {n}": spinning(pool, n, turns) for n in (1, 2)}
        found = in_turn(variants, effort.times(7, 15), calls=effort.pick(1, IN_A_ROW, IN_A_ROW), warm=True)
    for name, (variant, base, clock) in _COMPARED.items():
        if name in wanted:
            ours, other = found[_key(variant)], found["numpy" if base is None else _key(base)]
            yield _compared(name, ours, other, clock)
    if "two-threads-arithmetic" in wanted:
        one, two = (found[f"spin {n}"].wall for n in (1, 2))
        speeds = tuple(2 * turns / s / 1e9 for s in two)
        yield Figure("two-threads-arithmetic", speeds, tuple(2 * r for r in within_rounds(one, two)))


def _key(variant: Variant) -> str:
    return f"{variant[1]} on {variant[0]}, {variant[2]}"


def _compared(name: str, ours: Times, other: Times, clock: Clock) -> Figure:
    seconds = ours.of(clock)
    ratios = within_rounds(other.of(clock), seconds)
    return Figure(name, tuple(BATCH / s for s in seconds), ratios)


FAMILY = Family(
    "settle", "the settle loop of equilibrium propagation, [784-500-10], 100 + 50 ticks", _ROWS, _measure
)
