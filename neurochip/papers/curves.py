"""What many experiments draw and say: errors against epochs, the alignment of feedback, numbers in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.papers.alignment import Learnt
from neurochip.report.figures import Chart, Curve

__all__ = ["alignment_charts", "error_curves", "ranged", "said", "signed"]

Array = NDArray[np.float64]


def ranged(name: str, x: Sequence[float] | Array, runs: Array, colour: int) -> Curve:
    """Return the mean and the range of f64[run, x]."""
    return Curve(name, x, runs.mean(axis=0), colour, low=runs.min(axis=0), high=runs.max(axis=0))


def error_curves(name: str, test: Array, train: Array, colour: int) -> list[Curve]:
    """Return the mean test error with its range, and the mean training error; per cent, f64[seed, epoch]."""
    epochs = np.arange(1, test.shape[1] + 1)
    return [
        ranged(f"{name}, test", epochs, test, colour),
        Curve(f"{name}, training", epochs, train.mean(axis=0), colour, "dashed"),
    ]


def alignment_charts(
    titles: tuple[str, str], named: Mapping[str, Sequence[Learnt]], training: str, caption: str = ""
) -> tuple[Chart, Chart]:
    """Return errors against epochs, and the mean cosine of each feedback matrix and its transposed forward one.

    ``training`` is which error of training samples, ``train`` or ``online``.
    """
    errors, drawn = [], []
    for colour, (name, runs) in enumerate(named.items()):
        test, train = (100 * np.array([getattr(run, which) for run in runs]) for which in ("test", training))
        errors += error_curves(name, test, train, colour)
        pairs = np.array([run.alignment for run in runs]).mean(axis=0)
        for k in range(pairs.shape[1]):
            word, epochs = f"{name}, layers {k + 1} and {k + 2}", np.arange(len(pairs))
            drawn.append(Curve(word, epochs, pairs[:, k], colour, "line" if k == 0 else "dashed"))
    return (
        Chart(titles[0], "epoch", "samples wrong (%)", errors, log_y=True, caption=caption),
        Chart(titles[1], "epoch", "cosine of W and its feedback", drawn, levels=[(0.0, "")]),
    )


def said(values: Iterable[float], form: str = ".2f") -> str:
    """Return numbers for a sentence."""
    return ", ".join(format(value, form) for value in values)


def signed(values: Iterable[float]) -> str:
    """Return numbers for a sentence, with their signs."""
    return said(values, "+.3f")
