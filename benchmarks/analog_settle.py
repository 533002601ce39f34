"""Speed of the analog circuit: one minibatch of 20 on [784-512-512-10] untied, 150 + 6 Euler steps, one thread.

    python -m benchmarks.analog_settle [--json FILE] [--repeats N]

Everything is timed in turn within one run: the bare matrix products (NumPy, OpenBLAS, float32), a plain NumPy
implementation of the same steps, and `AnalogSubstrate` with every step taken and with lanes that stop at a residual.
Weights are Glorot's, and those after one epoch over the embedded digits (``--trained``); inputs are embedded digits.
The update of the weights is not part of it. ``--pilot`` times a whole die: 784-128-10, 4000 digits, 7 epochs
(needs the full MNIST).
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from neurochip import data, simulate  # noqa: E402
from neurochip.analog.substrate import AnalogSubstrate  # noqa: E402
from neurochip.description.analog_sections import AnalogSpec, SettleSpec  # noqa: E402
from neurochip.description.network import layered  # noqa: E402
from neurochip.substrate import Parameters, Phase  # noqa: E402
from neurochip.training.streams import glorot  # noqa: E402

SIZES, LANES, FREE, NUDGED, BETA = (784, 512, 512, 10), 20, 150, 6, 0.25
NETWORK = layered(SIZES, tied=False)
NUMBERS = np.arange(LANES, dtype=np.uint64)
RESIDUAL = 1e-3
Array = np.ndarray[Any, Any]


def parameters(trained: bool) -> Parameters:
    """Return Glorot's weights, or those after an epoch over 2000 digits."""
    if not trained:
        return glorot(NETWORK, 1)
    what = (
        "network.layers=[784, 512, 512, 10]", "learning.rates=[0.1, 0.05, 0.01]", "learning.beta=0.25",
        "learning.nudging=centred", "learning.epochs=1", "analog.mismatch.sigma=0.0", "analog.diagnosed=0",
    )  # fmt: skip
    kept: list[Parameters] = []
    from neurochip import simulation

    trainer = simulation.Trainer

    class Keeping(trainer):  # type: ignore[misc, valid-type]
        def epoch(self) -> bool:
            finished = bool(super().epoch())
            kept.append(self.state.parameters)
            return finished

    simulation.Trainer = Keeping  # type: ignore[misc]
    try:
        simulate("analog-mnist-small", overrides=what, write=False)
    finally:
        simulation.Trainer = trainer  # type: ignore[misc]
    return kept[-1]


def inputs() -> tuple[Array, Array]:
    """Return 20 digits and their one-hot classes."""
    digits = data.load("mnist-small")
    return digits.images(np.arange(LANES)), np.eye(10, dtype=np.float32)[digits.train_labels[:LANES]]


def bare_products(held: Parameters) -> Callable[[], None]:
    """Return the matrix products of all steps alone: into arrays that are there, from activities that do not change."""
    x, _ = inputs()
    w0, w1, w2 = (np.asarray(w, np.float32) for w in held.weights)
    b1, b2 = (np.asarray(w, np.float32) for w in held.feedback)
    rng = np.random.default_rng(1)
    h1, h2, o = (rng.random((LANES, n), dtype=np.float32) for n in SIZES[1:])
    u0, u1, u2, v1, v2 = (np.zeros((LANES, n), np.float32) for n in (512, 512, 10, 512, 512))

    def run() -> None:
        np.matmul(x, w0, out=u0)
        for _ in range(FREE + NUDGED):
            np.matmul(h1, w1, out=u1)
            np.matmul(h2, w2, out=u2)
            np.matmul(h2, b1, out=v1)
            np.matmul(o, b2, out=v2)

    return run


def plain_numpy(held: Parameters) -> Callable[[], None]:
    """Return what one would write: every layer from the last states of its neighbours, clipped."""
    x, y = inputs()
    w0, w1, w2 = (np.asarray(w, np.float32) for w in held.weights)
    b1, b2 = (np.asarray(w, np.float32) for w in held.feedback)
    c1, c2, c3 = (np.asarray(b, np.float32) for b in held.biases)
    half, pull = np.float32(0.5), np.float32(2 * BETA)

    def run() -> None:
        h1, h2, o = (np.zeros((LANES, n), np.float32) for n in SIZES[1:])
        from_input = x @ w0
        for step in range(FREE + NUDGED):
            d1 = from_input + h2 @ b1 + c1 - h1
            d2 = h1 @ w1 + o @ b2 + c2 - h2
            d3 = h2 @ w2 + c3 - o
            if step >= FREE:
                d3 = d3 + pull * (y - o)
            h1 = np.clip(h1 + half * d1, 0, 1)
            h2 = np.clip(h2 + half * d2, 0, 1)
            o = np.clip(o + half * d3, 0, 1)

    return run


def ours(held: Parameters, settle: SettleSpec, sigma: float = 0.0) -> Callable[[], None]:
    """Return both phases on an analog chip."""
    x, y = inputs()
    spec = AnalogSpec(settle=settle)
    if sigma:
        spec = replace(spec, mismatch=replace(spec.mismatch, sigma=sigma))
    substrate = AnalogSubstrate(NETWORK, spec)
    substrate.load(held)

    def run() -> None:
        substrate.begin(x, NUMBERS)
        substrate.run(Phase.FREE, FREE)
        substrate.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y)

    return run


def measure(repeats: int, trained: bool) -> dict[str, Any]:
    """Time all variants in turn; milliseconds, medians."""
    held = parameters(trained)
    variants = {
        "bare matrix products": bare_products(held),
        "plain NumPy": plain_numpy(held),
        "every step": ours(held, SettleSpec()),
        "every step, die with sigma 0.2": ours(held, SettleSpec(), 0.2),
        f"until residual {RESIDUAL:g}": ours(held, SettleSpec(until="residual", residual=RESIDUAL)),
        "every step, changes above 1e-4": ours(held, SettleSpec(change=1e-4)),
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    for variant in variants.values():
        variant()
    for _ in range(repeats):
        for name, variant in variants.items():
            began = time.perf_counter()
            variant()
            times[name].append(1e3 * (time.perf_counter() - began))
    return {name: statistics.median(found) for name, found in times.items()}


def pilot() -> list[float]:
    """Return the seconds of three whole dies, their data loaded before."""
    what = [
        "data.set=mnist", "data.train=4000", "data.test=1000", "learning.epochs=7", "phases.free=20",
        "phases.nudged=8", "evaluation.train=0", "analog.diagnosed=0",
    ]  # fmt: skip
    found = []
    samples = data.load("mnist", train=4000, test=1000)
    for die in (1, 2, 3, 4):
        began = time.perf_counter()
        simulate(
            "analog-mnist-small",
            overrides=[*what, f"analog.die={die}"],
            samples=samples,
            threads=1,
            write=False,
        )
        found.append(time.perf_counter() - began)
    return found[1:]  # the first also loads the compiled kernels


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--trained", action="store_true")
    parser.add_argument("--pilot", action="store_true")
    given = parser.parse_args()
    if given.pilot:
        seconds = pilot()
        print("pilot die: " + ", ".join(f"{s:.2f} s" for s in seconds))
        return
    found = measure(given.repeats, given.trained)
    base, bare = found["plain NumPy"], found["bare matrix products"]
    print(f"{platform.machine()}, NumPy {np.__version__}, {'trained' if given.trained else 'Glorot'} weights")
    for name, ms in found.items():
        print(
            f"{name:34} {ms:7.2f} ms   {base / ms:5.2f} x NumPy   {100 * bare / ms:5.0f} % of bare products"
        )
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
