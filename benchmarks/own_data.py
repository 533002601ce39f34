"""What data of one's own are learnt to: ``python benchmarks/own_data.py [FILE.csv …]``, a row for each set and control.

Each seed parts the samples anew and draws other weights. Beside each figure stands a control that must fail, targets
that are shuffled among the training samples, and what a frozen hidden layer reaches. Where scikit-learn is installed,
its logistic (of numbers its linear) regression on the same parts stands beside.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurochip import simulate
from neurochip.data import Dataset, DataSpec, Part, load
from neurochip.description import read_run

_SEEDS = (1, 2, 3, 4, 5)


def parts(words: Sequence[str], run: str, seed: int) -> Dataset:
    """Return the samples of one seed."""
    spec = read_run(run, words).data
    table = spec.to_table() | ({} if spec.title in ("two-joint-arm", "moving-bars") else {"split_seed": seed})
    return load(DataSpec(**{name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}))


def shuffled(samples: Dataset, seed: int) -> Dataset:
    """Return the samples with their training targets dealt out anew."""
    order = np.random.default_rng(seed).permutation(len(samples.train))
    train = Part(samples.train.inputs, samples.train.targets[order])
    return dataclasses.replace(samples, train=train, source=None)


def score(run: str, words: Sequence[str], samples: Dataset, seed: int) -> tuple[float, float]:
    """Return accuracy or R² of the test part, and the r.m.s. deviation of numbers."""
    kept = [word for word in words if not word.startswith("data.")]
    more = ["record.presentations=0", "evaluation.train=0", "evaluation.every=1000"]
    record = simulate(
        run, overrides=[*kept, *more], samples=samples, seed=seed, write=False, threads=1
    ).record
    error = record.epochs[-1].test_error
    deviation = float("nan")
    if record.answers is not None:
        deviation = float(np.sqrt(np.mean((record.answers.said - record.answers.true) ** 2)))
    return 1.0 - (float("nan") if error is None else error), deviation


def linear(samples: Dataset) -> float:
    """Return what scikit-learn's linear model reaches on the same parts; NaN where it is not installed."""
    try:
        from sklearn.linear_model import LinearRegression, LogisticRegression
    except ImportError:
        return float("nan")
    model: Any = LinearRegression() if samples.is_regression else LogisticRegression(max_iter=10_000, C=10.0)
    x, tx = (samples.inputs(slice(None), split) for split in ("train", "test"))  # type: ignore[arg-type]
    return float(model.fit(x, samples.train.targets).score(tx, samples.test.targets))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="CSV files besides the embedded sets")
    parser.add_argument("--numbers", nargs="*", default=[], help="CSV files whose target is a number")
    parser.add_argument("--only", help="embedded sets, separated by commas")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="over the runs' own")
    parser.add_argument(
        "--without-controls", action="store_true", help="no shuffled targets, no frozen layer"
    )
    options = parser.parse_args()
    names = ["iris", "wine", "breast-cancer", "two-joint-arm", "moving-bars"]
    names = options.only.split(",") if options.only else names
    runs = {"two-joint-arm": "regression", "moving-bars": "moving-bars"}
    cases = [(n, runs.get(n, "tabular"), [f"data.set={n}"]) for n in names]
    cases += [(file, "tabular", [f"data.file={file}"]) for file in options.files]
    cases += [(file, "regression", [f"data.file={file}", "data.task=regression"]) for file in options.numbers]
    print("| data | learnt | linear | shuffled | hidden frozen | r.m.s. | r.m.s., hidden frozen |")
    for name, run, words in cases:
        words = [*words, *options.set]
        rates = read_run(run, words).learning
        frozen = [*words, f"learning.rates=[0, {rates.rates[-1] if rates else 0}]"]
        rows = []
        for seed in _SEEDS:
            samples = parts(words, run, seed)
            learnt, deviation = score(run, words, samples, seed)
            still = stiff = dealt = float("nan")
            if not options.without_controls:
                still, stiff = score(run, frozen, samples, seed)
                dealt = score(run, words, shuffled(samples, seed), seed)[0]
            rows.append((learnt, linear(samples), dealt, still, deviation, stiff))
        mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
        cells = [f"{m:.4f} ± {s:.4f}" for m, s in zip(mean, spread, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
