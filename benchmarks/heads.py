"""What several targets of one sample are learnt to: ``python benchmarks/heads.py``, a table for each set of data.

Each seed parts the samples anew, where the data leave that open, and draws other weights. Beside each head stands
scikit-learn's linear model of that head alone on the same parts (logistic regression with C = 10, least squares of
numbers), where it is installed; controls: the training targets of one head dealt out anew among the samples, so that it
must fail and the others must not; and a frozen hidden layer.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from neurochip import simulate
from neurochip.data import Dataset, Part, load
from neurochip.data.tabular import tabular
from neurochip.data.uci import read_embedded
from neurochip.description import read_run
from neurochip.training.head_results import HeadResult, all_right, head_results

_SEEDS = (1, 2, 3, 4, 5)
_DIGITS = ("digit", "even", "at least 5", "has a loop")
_WINE = ("grower", "alcohol", "hue")


def digits(folder: Path) -> Path:
    """Write UCI's digits with four targets: the digit, and three things that are so of some digits."""
    arrays = read_embedded()
    y = arrays["digits_labels"].astype(np.int64)
    path = folder / "digits.npz"
    np.savez(
        path, x=arrays["digits"].astype(np.uint8) * 15, digit=y, even=y % 2 == 0, **{"at least 5": y >= 5},
        **{"has a loop": np.isin(y, (0, 6, 8, 9))},
    )  # fmt: skip
    return path


def wine(folder: Path) -> Path:
    """Write wine with three targets: its grower, and two of its 13 measurements, from the other 11."""
    table = tabular("wine")
    path = folder / "wine.csv"
    names = [name.replace("/", " ") for name in table.features]
    inputs: Any = table.whole.inputs
    rows = [
        ",".join([*(repr(float(v)) for v in x), str(int(k))])
        for x, k in zip(inputs, table.whole.targets, strict=True)
    ]
    path.write_text("\n".join([",".join([*names, "grower"]), *rows]), encoding="utf-8")
    return path


def cases(folder: Path) -> dict[str, tuple[str, list[str]]]:
    """Return the run of each set of data, and its keys."""
    listed = ", ".join(f'"{name}"' for name in _DIGITS)
    numbers = ", ".join(f'"{name}"' for name in _WINE)
    return {
        "crossed-bars": ("crossed-bars", []),
        "digits": (
            "tabular",
            [f"data.file={digits(folder)}", "data.task=several", 'data.inputs=["x"]', f"data.target=[{listed}]",
             'data.kinds=["classes", "label", "label", "label"]', "network.layers=[0, 128, 0]", "phases.free=60",
             "phases.nudged=30", "learning.epochs=20", "learning.minibatch=20"],
        ),
        "wine": (
            "tabular",
            [f"data.file={wine(folder)}", "data.task=several", f"data.target=[{numbers}]",
             'data.kinds=["classes", "number", "number"]'],
        ),
    }  # fmt: skip


def parts(words: list[str], run: str, seed: int) -> Dataset:
    """Return the samples of one seed."""
    spec = read_run(run, words).data
    return load(dataclasses.replace(spec, split_seed=seed) if spec.file is not None else spec)


def dealt(samples: Dataset, columns: slice, seed: int) -> Dataset:
    """Return the samples with the training targets of one head dealt out anew."""
    targets = samples.train.targets.copy()
    order = np.random.default_rng(seed).permutation(len(targets))
    targets[:, columns] = targets[order, columns]
    return dataclasses.replace(samples, train=Part(samples.train.inputs, targets), source=None)


def learnt(
    run: str, words: list[str], samples: Dataset, seed: int
) -> tuple[tuple[HeadResult, ...], float, float]:
    """Return what each head reaches on test samples, the share of which all is right, and the held-out error."""
    kept = [word for word in words if not word.startswith("data.")]
    epochs = read_run(run, words).learning
    more = [
        "record.presentations=0",
        "evaluation.train=0",
        f"evaluation.every={0 if epochs is None else epochs.epochs}",
    ]
    record = simulate(
        run, overrides=[*kept, *more], samples=samples, seed=seed, write=False, threads=1
    ).record
    assert record.answers is not None
    held = record.epochs[-1].validation_error
    exact = all_right(record.answers.heads, record.answers.true, record.answers.said)
    found = head_results(record.answers.heads, record.answers.true, record.answers.said)
    return found, float("nan") if exact is None else exact, float("nan") if held is None else held


def linear(samples: Dataset) -> list[float]:
    """Return the error of scikit-learn's linear model of each head; NaN where it is not installed."""
    try:
        from sklearn.linear_model import LinearRegression, LogisticRegression
    except ImportError:
        return [float("nan")] * len(samples.heads)
    x, tx = (samples.inputs(slice(None), split) for split in ("train", "test"))  # type: ignore[arg-type]
    errors = []
    for head, at in samples.heads.by_columns():
        y, ty = samples.train.targets[:, at], samples.test.targets[:, at]
        if head.kind == "numbers":
            said: Any = LinearRegression().fit(x, y).predict(tx).reshape(len(tx), -1)
        else:
            models = [LogisticRegression(max_iter=10_000, C=10.0).fit(x, column) for column in y.T]
            said = np.stack([model.predict(tx) for model in models], axis=1)
        errors.append(head.error(ty, said))
    return errors


def _words(values: list[float]) -> str:
    scale = 100 * np.array(values)
    return f"{scale.mean():.1f} ± {scale.std(ddof=1) if len(scale) > 1 else 0:.1f} %"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="crossed-bars, digits or wine")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="over the runs' own")
    parser.add_argument("--seeds", type=int, default=len(_SEEDS), help="how many  [default: 5]")
    parser.add_argument("--controls", type=int, default=2, help="seeds that have controls, too  [default: 2]")
    parser.add_argument(
        "--held-out", action="store_true", help="a validation error for each seed, and nothing else"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, (run, own) in cases(Path(folder)).items():
            if options.only in (None, name):
                words = [*own, *options.set]
                if options.held_out:
                    _held_out(name, run, words, _SEEDS[: options.seeds])
                else:
                    _table(name, run, words, _SEEDS[: options.seeds], options.controls)


def _held_out(name: str, run: str, words: list[str], seeds: tuple[int, ...]) -> None:
    errors = [learnt(run, words, parts(words, run, seed), seed)[2] for seed in seeds]
    print(f"{name}: held-out error {_words(errors)}", flush=True)


def _table(name: str, run: str, words: list[str], seeds: tuple[int, ...], controls: int) -> None:
    rates = read_run(run, words).learning
    frozen = [*words, f"learning.rates=[0, {rates.rates[-1] if rates else 0}]"]
    columns: dict[str, list[list[float]]] = {}
    exact, f1 = [], []
    heads = None
    for seed in seeds:
        samples = parts(words, run, seed)
        heads = samples.heads
        found, right, _ = learnt(run, words, samples, seed)
        exact.append(right)
        f1.append([head.f1 for head in found if head.f1 is not None])
        columns.setdefault("learnt", []).append([head.error for head in found])
        columns.setdefault("linear", []).append(linear(samples))
        if seed <= controls:
            still = learnt(run, frozen, samples, seed)[0]
            columns.setdefault("hidden layer frozen", []).append([head.error for head in still])
            for head, at in heads.by_columns():
                shuffled = learnt(run, words, dealt(samples, at, seed), seed)[0]
                columns.setdefault(f"{head.name} dealt out anew", []).append([h.error for h in shuffled])
        told = {
            column: [round(error, 4) for error in rows[-1]]
            for column, rows in columns.items()
            if len(rows) == len(exact)
        }
        print(f"seed {seed}: all right {right:.4f}, {told}", file=sys.stderr, flush=True)
    assert heads is not None
    print(f"\n{name}: all right {_words(exact)}; mean F1 of labels {np.round(np.mean(f1, axis=0), 3)}")
    print(f"| error of | {' | '.join(columns)} |")
    for k, head in enumerate(heads):
        print(
            f"| {head.name} | {' | '.join(_words([row[k] for row in rows]) for rows in columns.values())} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
