"""The analog circuit: one minibatch of 20 on untied [784-512-512-10], 150 + 6 Euler steps, float32, one thread.

NumPy is `numpy_euler`; the bare products are those of all its steps (OpenBLAS). Weights are Glorot's, and in the rows
named *trained* those after an epoch over 2000 digits. The update of the weights is not part of it. A pilot die is a
whole run: 784-128-10, 4000 digits of MNIST, 7 epochs, tests included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from neurochip import data
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.bench.loads import BATCH, digits, trained
from neurochip.bench.numpy_euler import bare_products, euler_numpy
from neurochip.bench.rounds import Work, in_turn, timed
from neurochip.bench.row import Effort, Family, Figure, Missing, Row, within_rounds
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import DataError
from neurochip.network import layered
from neurochip.runs.simulation import simulate
from neurochip.substrate import Parameters, Phase
from neurochip.training.streams import glorot

__all__ = ["BETA", "FAMILY", "NETWORK", "analog_minibatch"]

SIZES, BETA, RESIDUAL = (784, 512, 512, 10), 0.25, 1e-3
NETWORK = layered(SIZES, tied=False)
_TRAINING = (
    "network.layers=[784, 512, 512, 10]",
    "learning.rates=[0.1, 0.05, 0.01]",
    "learning.beta=0.25",
    "phases.reference=opposite",
    "analog.mismatch.sigma=0.0",
    "analog.diagnosed=0",
)
_PILOT = (
    "phases.free=20",
    "phases.nudged=8",
    "evaluation.train=0",
    "analog.diagnosed=0",
)
# variant: settling, mismatch
_VARIANTS: dict[str, tuple[SettleSpec, float]] = {
    "every": (SettleSpec(), 0.0),
    "die": (SettleSpec(), 0.2),
    "residual": (SettleSpec(until="residual", residual=RESIDUAL), 0.0),
    "change": (SettleSpec(change=1e-4), 0.0),
}
_NUMPY, _MS = "plain NumPy", "ms"
# row: variant, compared with
_COMPARED = {
    "analog": ("every", "numpy"),
    "analog-products": ("every", "bare"),
    "analog-die": ("die", "numpy"),
    "analog-residual": ("residual", "numpy"),
    "analog-change": ("change", "numpy"),
    "analog-trained": ("every", "numpy"),
    "analog-trained-residual": ("residual", "numpy"),
}
_ROWS = (
    Row("analog", "a minibatch of 20, every Euler step", _MS, _NUMPY),
    Row("analog-products", "the same", _MS, "the bare matrix products"),
    Row("analog-die", "the same on a die with σ = 0.2", _MS, _NUMPY),
    Row("analog-residual", f"until the residual is {RESIDUAL:g}", _MS, _NUMPY),
    Row("analog-change", "every step, only changes above 10⁻⁴ sent on", _MS, _NUMPY),
    Row("analog-trained", "every step, weights after an epoch", _MS, _NUMPY),
    Row(
        "analog-trained-residual",
        f"until the residual is {RESIDUAL:g}, weights after an epoch",
        _MS,
        _NUMPY,
    ),
    Row(
        "analog-pilot-die",
        "a whole die: 784-128-10, 4000 digits, 7 epochs, tests included",
        "s",
    ),
)


def analog_minibatch(
    held: Parameters, free: int, nudged: int, settle: SettleSpec | None = None, sigma: float = 0.0
) -> Work:
    """Return both phases on an analog chip: every step, or until it has settled; on a die with mismatch σ."""
    x, y = digits()
    spec = AnalogSpec(settle=settle if settle is not None else SettleSpec())
    if sigma:
        spec = replace(spec, mismatch=replace(spec.mismatch, sigma=sigma))
    substrate = AnalogSubstrate(NETWORK, spec)
    substrate.load(held)
    numbers = np.arange(BATCH, dtype=np.uint64)

    def run() -> None:
        substrate.begin(x, numbers)
        substrate.run(Phase.FREE, free)
        substrate.run(Phase.NUDGED, nudged, beta=BETA, targets=y)

    return run


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure | Missing]:
    late = frozenset(name for name in wanted if "trained" in name)
    fresh = wanted - late - {"analog-pilot-die"}
    if fresh:
        yield from _settled(effort, fresh, glorot(NETWORK, 1))
    if late:
        yield from _settled(effort, late, trained(effort.pick(1, 100, 100), _TRAINING, "analog-mnist-small"))
    if "analog-pilot-die" in wanted:
        yield _pilot(effort)


def _settled(effort: Effort, wanted: frozenset[str], held: Parameters) -> Iterator[Figure]:
    free, nudged = effort.pick((10, 2), (150, 6), (150, 6))
    x, y = digits()
    variants: dict[str, Work] = {
        "bare": bare_products(held, x, free + nudged),
        "numpy": lambda: euler_numpy(held, x, y, free, nudged, BETA),
    }
    for name in sorted({_COMPARED[row][0] for row in wanted}):
        variants[name] = analog_minibatch(held, free, nudged, *_VARIANTS[name])
    found = in_turn(variants, effort.times(5, 15))
    for row in _COMPARED:
        if row in wanted:
            ours, other = (found[name].cpu for name in _COMPARED[row])
            yield Figure(row, tuple(1e3 * s for s in ours), within_rounds(other, ours))


def _pilot(effort: Effort) -> Figure | Missing:
    try:
        samples = data.load("mnist", train=4000, test=1000)
    except DataError:
        return Missing("analog-pilot-die", "needs all of MNIST: neurochip data fetch mnist")
    epochs = effort.pick(1, 7, 7)

    def die(number: int) -> float:
        overrides = [*_PILOT, f"learning.epochs={epochs}", f"analog.die={number}"]

        def run() -> None:
            simulate("analog-mnist-small", overrides=overrides, samples=samples, threads=1, write=False)

        return timed(run)[1]

    die(1)  # loads the compiled kernels
    return Figure("analog-pilot-die", tuple(die(number) for number in range(2, 2 + effort.times(2, 3))))


FAMILY = Family("analog", "the analog circuit, untied [784-512-512-10], 150 + 6 Euler steps", _ROWS, _measure)
