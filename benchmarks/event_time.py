"""What time tells of events: ``python benchmarks/event_time.py [--seeds 3]``, a row for each run and its controls.

``moving-bars-spikes`` and ``moving-bars-time`` as they are; with the times of each sample's events dealt out anew among
them, in all parts; and with the training labels dealt out anew.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

import numpy as np

from neurochip import SpikeTrains, simulate
from neurochip.data import Dataset, Part, load
from neurochip.description import read_run

RUNS = ("moving-bars-spikes", "moving-bars-time")


def timeless(part: Part, seed: int) -> Part:
    """Return samples whose spikes keep their units, and whose ticks are dealt out anew among them."""
    shown = part.inputs
    assert isinstance(shown, SpikeTrains)
    rng = np.random.default_rng(seed)
    sample = np.repeat(np.arange(len(shown)), np.diff(shown.starts))
    tick = shown.at // shown.units
    dealt = np.concatenate([rng.permutation(tick[sample == k]) for k in range(len(shown))])
    made = SpikeTrains.of(sample, dealt, shown.at % shown.units, len(shown), shown.ticks, shown.units)
    return Part(made, part.targets)


def accuracy(run: str, samples: Dataset, seed: int) -> float:
    """Return the share of test samples that are right."""
    words = ["record.presentations=0", "evaluation.train=0", "evaluation.every=1000"]
    found = simulate(run, overrides=words, samples=samples, seed=seed, write=False, threads=1).record
    error: Any = found.epochs[-1].test_error
    return 1.0 - float(error)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=RUNS)
    options = parser.parse_args()
    print("| run | learnt | times dealt out anew | labels dealt out anew |")
    for run in [options.only] if options.only else RUNS:
        whole, rows = load(read_run(run).data), []
        for seed in range(1, options.seeds + 1):
            parts = {name: timeless(part, seed) for name, part in whole.parts()}
            order = np.random.default_rng(seed).permutation(len(whole.train))
            dealt = Part(whole.train.inputs, whole.train.targets[order])
            sets = (
                dataclasses.replace(whole, source=None),
                dataclasses.replace(whole, **parts, source=None),
                dataclasses.replace(whole, train=dealt, source=None),
            )
            rows.append([accuracy(run, samples, seed) for samples in sets])
            print("  ", seed, rows[-1], flush=True)
        cells = zip(np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1), strict=True)
        print(f"| {run} | {' | '.join(f'{100 * m:.1f} ± {100 * s:.1f} %' for m, s in cells)} |", flush=True)


if __name__ == "__main__":
    main()
