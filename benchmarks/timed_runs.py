"""What counting cycles costs a run that learns: CPU time of `simulate` with each model of time, and of its ticks.

    python -m benchmarks.timed_runs [--json FILE] [--repeats N]

mnist-small cut to 300 digits, one epoch, evaluation of 100 test digits; one thread; models alternate. ``cycle`` is
measured once in as many repeats as fit beside the others.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

from neurochip.simulation import simulate

SMALL = (
    "data.train=300",
    "data.test=100",
    "learning.epochs=1",
    "evaluation.train=0",
    "record.presentations=0",
)
CHIPS = {"cmos45, float32": ("chip=cmos45",), "loihi, int8": ("chip=loihi", "network.precision=int8")}


def cpu_seconds(overrides: tuple[str, ...], model: Any, every: int = 1) -> tuple[float, int]:
    more = (f"timing_every={every}",) if every > 1 else ()
    began = time.process_time()
    record = simulate(
        "mnist-small", overrides=[*SMALL, *overrides, *more], timing=model, threads=1, write=False
    ).record
    ticks = sum(book.time.ticks for book in record.ledger.phases.values() if book.time is not None)
    return time.process_time() - began, ticks


def measure(repeats: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, overrides in CHIPS.items():
        for model in ("tick", "analytic", "cycle"):
            cpu_seconds(overrides, model, 50 if model == "cycle" else 1)  # compiles
        times: dict[str, list[float]] = {"tick": [], "analytic": [], "cycle": []}
        for _ in range(repeats):
            for model in ("tick", "analytic"):
                times[model].append(cpu_seconds(overrides, model)[0])
        walked, ticks = cpu_seconds(overrides, "cycle", 10)
        times["cycle"].append(walked)
        tick = statistics.median(times["tick"])
        found[name] = {
            "tick_s": tick,
            "analytic_s": statistics.median(times["analytic"]),
            "analytic_over_tick": statistics.median(times["analytic"]) / tick,
            "spread": {model: [min(values), max(values)] for model, values in times.items()},
            "cycle_ms_per_tick_timed": 1e3 * (walked - tick) / ticks,
            "cycle_ticks_timed": ticks,
        }
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    result = measure(options.repeats)
    for chip, row in result.items():
        print(
            f"{chip}: tick {row['tick_s']:.3f} s, analytic {row['analytic_s']:.3f} s "
            f"({row['analytic_over_tick']:.2f} x), cycle {row['cycle_ms_per_tick_timed']:.3f} ms a tick timed"
        )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
