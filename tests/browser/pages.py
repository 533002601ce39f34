"""One page of every kind, made by the commands that make them. A new kind of page is a new row of `PAGES`."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["PAGES", "Command"]

Command = Callable[..., None]  # carries out one command line in the folder of the pages

# A network and data so small that a run takes a moment.
TINY = (
    "network.layers=[784, 20, 10]", "data.train=40", "data.test=20", "evaluation.train=20", "learning.epochs=2",
    "record.presentations=1",
)  # fmt: skip
DIGITAL = (*TINY, "phases.free=20", "phases.nudged=10")
FAULTS = (
    "network.precision=int8", "faults.spike_drop=0.05", "faults.dead_core={cores=[3]}",
    "faults.weight_bit_flip.rate=1e-3",
)  # fmt: skip


def sets(*overrides: str) -> list[str]:
    return [word for override in overrides for word in ("--set", override)]


def digital(do: Command) -> str:
    do("simulate", *sets(*DIGITAL), "--timing", "cycle", "--out", "digital")
    return "digital/report.html"


def faults(do: Command) -> str:
    do("simulate", *sets(*DIGITAL, *FAULTS), "--out", "faults")
    return "faults/report.html"


def firmware(do: Command) -> str:
    do("simulate", *sets(*DIGITAL), "--through", "firmware", "--out", "firmware")
    return "firmware/report.html"


_ON_A_DIE = tuple(key for key in TINY if not key.startswith("record."))  # no spikes are kept of a die


def analog(do: Command) -> str:
    do("simulate", "analog-mnist-small", *sets(*_ON_A_DIE), "--out", "analog")
    return "analog/report.html"


def convergence(do: Command) -> str:
    do("simulate", "convergence", *sets("convergence.nets=2"), "--out", "convergence")
    return "convergence/report.html"


def replay(do: Command) -> str:
    do("simulate", *sets(*DIGITAL), "--out", "recorded")
    do("simulate", "--replay", "recorded/raster.npz", "--timing", "cycle", "--out", "replay")
    return "replay/report.html"


def sweep(do: Command) -> str:
    do("sweep", "analog-mnist-small", *sets(*_ON_A_DIE, "learning.epochs=1"), "--vary",
       "analog.mismatch.sigma=0:0.5:4", "--grid", "--references", "1",
       "--modes", "deploy,in-loop", "--dies", "3", "--workers", "1", "--out", "sweep")  # fmt: skip
    return "sweep/sweep.html"


def compare(do: Command) -> str:
    do("simulate", *sets(*DIGITAL), "--out", "one")
    do("simulate", *sets(*DIGITAL, "network.precision=int8"), "--out", "two")
    do("compare", "one", "two", "--html", "compare.html")
    return "compare.html"


def tune(do: Command) -> str:
    do("tune", "mnist-small", *sets(*DIGITAL), "--vary", "phases.free=5:20:int", "--vary", "learning.beta=0.1:1:log",
       "--objective", "error,bits", "--trials", "6", "--out", "tune")  # fmt: skip
    return "tune/tune.html"


def reproduce(do: Command) -> str:
    do("reproduce", "oconnor2019-fig1", "--quick", "--out", "reproduce")
    return "reproduce/report.html"


def bench(do: Command) -> str:
    do(
        "bench",
        "--quick",
        "--rounds",
        "1",
        "--html",
        "bench.html",
        "roofline-int8-1e5",
        "roofline-float32-1e5",
        "streaming-int8-1e5",
    )
    return "bench.html"


PAGES: dict[str, Callable[[Command], str]] = {
    made.__name__: made
    for made in (
        digital,
        faults,
        firmware,
        analog,
        convergence,
        replay,
        sweep,
        compare,
        tune,
        reproduce,
        bench,
    )
}
