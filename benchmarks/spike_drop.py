"""Test error against the rate of a fault on `mnist-small`: lost spikes, and bits of weights that are read wrong.

    python -m benchmarks.spike_drop [--store FILE] [--only CURVE …] [--svg FILE]

Each figure is one run of `neurochip simulate mnist-small --seed S --set faults.…`. "at test only" trains without
faults, once per seed, and measures the same weights at every rate: training does not see a fault that acts at
test. Results are kept in the store, one line each; what stands there is not computed again.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurochip import data
from neurochip.description import RunSpec, read_run
from neurochip.durable.atomic import replacing
from neurochip.report.axes import log_ticks, percent_words
from neurochip.report.markup import Markup, tag
from neurochip.runs.building import build, digest_of
from neurochip.runs.simulation import simulate
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.evaluate import confusion_matrix
from neurochip.training.folder import CHECKPOINT

SEEDS = (1, 2, 3)
DROPS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1)
FLIPS = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
FEW_DROPS, FEW_FLIPS = (0.01, 0.03, 0.1), (1e-3, 1e-2)  # where each rate is a training of its own
INT8, SLOW = ("network.precision=int8",), ("learning.rates=[0.1, 0.05]",)
PLAIN = (  # bits that are added up as they come, with the step sizes that suit them
    "coding.decoder=identity",
    "coding.annealer={ kind = 'osa', nu_bar = 0.0503, regulariser = 1e-7 }",
    "learning.rates=[0.1, 0.05]",
)


class Curve(NamedTuple):
    """One line of the picture: which fault, at which rates, on what run."""

    name: str
    fault: str
    rates: Sequence[float]
    overrides: Sequence[str]
    when: str
    seeds: Sequence[int]
    words: str


CURVES = (
    Curve("drop-test", "spike_drop", DROPS, (), "test", SEEDS, "predictive, lost at test only"),
    Curve("drop", "spike_drop", DROPS, (), "always", SEEDS, "predictive, lost in training and test"),
    Curve("plain-test", "spike_drop", DROPS, PLAIN, "test", SEEDS, "identity, lost at test only"),
    Curve("plain", "spike_drop", FEW_DROPS, PLAIN, "always", (1,), "identity, lost in training and test"),
    Curve("slow", "spike_drop", (0.0, 0.1), SLOW, "always", (1,), "predictive, half the rates, always"),
    Curve("flip-test", "weight_bit_flip", FLIPS, INT8, "test", (1,), "int8, at test only"),
    Curve("flip", "weight_bit_flip", FEW_FLIPS, INT8, "always", (1,), "int8, in training and test"),
)


class Store:
    """Figures made so far, one JSON line each."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path is not None and path.is_file() else []
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def has(self, curve: str, rate: float, seed: int) -> bool:
        """Return whether a figure is there."""
        return any((r["curve"], r["rate"], r["seed"]) == (curve, rate, seed) for r in self.rows)

    def add(self, **row: Any) -> None:
        """Keep one figure."""
        self.rows.append(row)
        print(json.dumps(row), flush=True)
        if self.path is not None:
            with replacing(self.path) as file:
                file.write("".join(json.dumps(r) + "\n" for r in self.rows).encode())

    def of(self, curve: str, rate: float) -> list[float]:
        """Return the errors at one rate, a figure per seed."""
        return [r["error"] for r in self.rows if (r["curve"], r["rate"]) == (curve, rate)]


def measured(run: RunSpec, parameters: Any) -> tuple[float, dict[str, int]]:
    """Return the test error of trained weights, and what was counted."""
    built = build(run, threads=1)
    built.substrate.load(parameters)
    samples = data.load(run.data)
    matrix = confusion_matrix(built.substrate, samples, "test", len(samples.test), run.phases.free)
    counters = built.substrate.counters()
    counts = {name: counters.total(name) for name in ("packets", "spikes_dropped")}
    return 1 - float(np.trace(matrix)) / float(matrix.sum()), counts


def trained(overrides: Sequence[str], seed: int, threads: int) -> tuple[Any, Any]:
    """Return the record of a run and the parameters that it ended with."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = simulate(
            "mnist-small", overrides=overrides, seed=seed, out=Path(folder) / "run", threads=threads
        )
        digest = digest_of(build(outcome.record.run))
        state = read_checkpoint(Path(folder) / "run" / CHECKPOINT, digest=digest)
    return outcome.record, state.parameters


def make(curve: Curve, store: Store, threads: int) -> None:
    """Make every figure of a curve that the store has not."""
    for seed in curve.seeds:
        missing = [rate for rate in curve.rates if not store.has(curve.name, rate, seed)]
        if curve.when == "test" and missing:
            _, parameters = trained(curve.overrides, seed, threads)
            for rate in missing:
                faults = [f"faults.{curve.fault}.rate={rate}", f"faults.{curve.fault}.when=test"]
                run = read_run("mnist-small", [*curve.overrides, *faults, f"seed={seed}"])
                error, counts = measured(run, parameters)
                store.add(curve=curve.name, rate=rate, seed=seed, error=error, **counts)
            continue
        for rate in missing:
            record, _ = trained([*curve.overrides, f"faults.{curve.fault}={rate}"], seed, threads)
            last = record.epochs[-1]
            store.add(
                curve=curve.name,
                rate=rate,
                seed=seed,
                error=last.test_error,
                train_error=last.train_error,
                spikes_per_sample=last.spikes_per_sample,
                packets=record.counters.total("packets"),
                spikes_dropped=record.counters.total("spikes_dropped"),
            )


def table(store: Store, curves: Sequence[Curve]) -> Iterator[str]:
    """Return Markdown: a row per curve, a column per rate, errors in % of each seed."""
    rates = sorted({rate for curve in curves for rate in curve.rates})
    yield "| | " + " | ".join(f"{100 * rate:g} %" for rate in rates) + " |"
    yield "|---" * (len(rates) + 1) + "|"
    for curve in curves:
        cells = [", ".join(f"{100 * e:.1f}" for e in store.of(curve.name, rate)) or "–" for rate in rates]
        yield f"| {curve.words} | " + " | ".join(cells) + " |"


def mean(store: Store, curve: Curve, rate: float) -> float | None:
    """Return the mean error over seeds."""
    errors = store.of(curve.name, rate)
    return statistics.fmean(errors) if errors else None


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 380, 56, 14, 40, 56
LOW = 0.05  # the least error that the drawing shows
COLOURS = ("#3b7ea1", "#7b2d26", "#8db6cf", "#c46a1b")


def panel(
    store: Store, curves: Sequence[Curve], title: str, x_label: str, left: float, high: float
) -> list[Markup]:
    """Return one set of axes: a line through the means, a dot for each seed; rates of flips are logarithmic."""
    rates = curves[0].rates
    logarithmic = rates[1] < 0.001

    def at(rate: float, error: float) -> tuple[float, float]:
        if logarithmic:  # rate 0 stands left of the smallest one
            first, last = math.log10(rates[1]) - 0.5, math.log10(rates[-1])
            share = (max(math.log10(rate) if rate else first, first) - first) / (last - first)
        else:
            share = rate / rates[-1]
        up = math.log(min(max(error, LOW), high) / LOW) / math.log(high / LOW)
        across = left + LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * share
        return round(across, 1), round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * up, 1)

    def text(x: float, y: float, words: str, anchor: str = "middle", **more: str) -> Markup:
        return tag("text", words, x=x, y=y, text_anchor=anchor, **more)

    x0, x1 = left + LEFT, left + WIDTH - RIGHT
    parts = [text(x0, 20, title, "start", font_weight="600")]
    for error in log_ticks(LOW, high):
        level = at(0, error)[1]
        parts += [tag("line", x1=x0, x2=x1, y1=level, y2=level, stroke="#ddd")]
        parts += [text(x0 - 6, level + 4, percent_words(error), "end")]
    floor = HEIGHT - BOTTOM
    for rate in rates if logarithmic else (0.0, 0.02, 0.04, 0.06, 0.08, 0.1):
        if logarithmic and rate in (3e-4, 3e-3):
            continue
        parts += [text(at(rate, LOW)[0], floor + 18, f"{100 * rate:g}")]
    parts += [text((x0 + x1) / 2, HEIGHT - 14, x_label)]
    for row, (curve, colour) in enumerate(zip(curves, COLOURS, strict=False)):
        points = [(rate, mean(store, curve, rate)) for rate in curve.rates]
        path = " ".join("{},{}".format(*at(rate, error)) for rate, error in points if error is not None)
        parts += [tag("polyline", points=path, fill="none", stroke=colour, stroke_width=2)]
        for rate in curve.rates:
            for error in store.of(curve.name, rate):
                x, y = at(rate, error)
                parts += [tag("circle", cx=x, cy=y, r=2.5, fill=colour)]
        level = TOP + 12 + 18 * row
        parts += [tag("line", x1=x0 + 14, x2=x0 + 36, y1=level, y2=level, stroke=colour, stroke_width=2)]
        parts += [text(x0 + 42, level + 4, curve.words, "start")]
    return parts


def drawing(store: Store) -> str:
    """Return the SVG of both faults, side by side."""
    drops = [curve for curve in CURVES if curve.fault == "spike_drop" and curve.name != "slow"]
    flips = [curve for curve in CURVES if curve.fault == "weight_bit_flip"]
    return tag(
        "svg",
        tag("rect", width=2 * WIDTH, height=HEIGHT, fill="#fff"),
        *panel(store, drops, "spike_drop: test error", "packets lost, %", 0, 0.2),
        *panel(store, flips, "weight_bit_flip: test error", "bits of weights read wrong, %", WIDTH, 1.0),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {2 * WIDTH} {HEIGHT}",
        width=2 * WIDTH,
        height=HEIGHT,
        font_family="system-ui, sans-serif",
        font_size=13,
        role="img",
        aria_label="Test error on mnist-small against the share of packets lost and of weight bits read wrong",
    )


def main() -> None:
    """Make what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", type=Path, help="JSON lines; what is there is not computed again")
    parser.add_argument("--only", nargs="+", choices=[curve.name for curve in CURVES], help="these curves")
    parser.add_argument("--svg", type=Path, help="where to draw the curves (docs/faults.svg)")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    chosen = [curve for curve in CURVES if not arguments.only or curve.name in arguments.only]
    store = Store(arguments.store)
    for curve in chosen:
        make(curve, store, arguments.threads)
    for fault in ("spike_drop", "weight_bit_flip"):
        curves = [curve for curve in chosen if curve.fault == fault]
        if curves:
            print("\n".join([f"\n{fault}, test error in %, one figure per seed\n", *table(store, curves)]))
    if arguments.svg:
        with replacing(arguments.svg) as file:
            file.write((drawing(store) + "\n").encode())


if __name__ == "__main__":
    main()
