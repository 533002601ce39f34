"""Runs of the catalogue that an experiment trains side by side, with what differs between them, and their curves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data import Dataset
from neurochip.durable.request import REQUEST
from neurochip.papers.curves import error_curves
from neurochip.papers.experiment import Settings, Tell, share_of_epochs
from neurochip.papers.parts import begun
from neurochip.papers.side_by_side import Turn, by_name
from neurochip.report.figures import Chart
from neurochip.runs.simulation import simulate
from neurochip.training.record import EpochRecord

__all__ = ["Curves", "Series", "last_test", "learning_chart", "series_of", "trained"]

Array = NDArray[np.float64]
Curves = Mapping[str, Sequence[Sequence[EpochRecord]]]  # epochs of each seed, by series


class Series(NamedTuple):
    """One curve of a figure: a run with what differs.

    Attributes
    ----------
    name
        A comma parts the network from the word of the legend.
    run, overrides
        As ``neurochip simulate RUN --set …`` would be told.
    seeds
        How many trainings, from the seed of the experiment on.
    share
        Minutes of one core beside those of the others, about.
    samples
        Makes, for a seed, what is learnt instead of the data that the run names.
    """

    name: str
    run: str
    overrides: tuple[str, ...] = ()
    seeds: int = 1
    share: float = 1.0
    samples: Callable[[int], Dataset] | None = None


def trained(plan: Sequence[Series], settings: Settings, tell: Tell) -> Curves:
    """Return the epochs of all trainings; each can be stopped after any minibatch and goes on from there."""
    by = {series.name: series for series in plan}
    named = [(s.name, s.share, range(settings.seed, settings.seed + s.seeds)) for s in plan]
    found = by_name(
        named, lambda name, seed, turn, folder: _epochs(by[name], seed, turn, folder), settings, tell
    )
    return {name: [[EpochRecord(**e) for e in epochs] for epochs in runs] for name, runs in found.items()}


def _epochs(series: Series, seed: int, turn: Turn, folder: Path) -> list[dict[str, Any]]:
    run = folder / "run"
    record = simulate(
        series.run,
        overrides=series.overrides,
        seed=seed,
        threads=turn.threads,
        out=run,
        resume=begun(run, REQUEST),
        samples=None if series.samples is None else series.samples(seed),
        on_progress=share_of_epochs(turn.tell),
        stop=turn.stop,
    ).record
    return [dataclasses.asdict(epoch) for epoch in record.epochs]


def last_test(curves: Curves) -> dict[str, Array]:
    """Return the last test error of each training in per cent, f64[seed] by series."""
    return {name: 100 * _errors(runs, "test_error")[:, -1] for name, runs in curves.items()}


def series_of(curves: Curves) -> dict[str, object]:
    """Return the errors of all trainings, for the JSON of an experiment."""
    return {
        name: {key: _errors(runs, f"{key}_error").tolist() for key in ("test", "train")}
        for name, runs in curves.items()
    }


def _errors(runs: Sequence[Sequence[EpochRecord]], which: str) -> Array:
    return np.array(
        [[getattr(epoch, which) for epoch in epochs] for epochs in runs], dtype=float
    )  # None: NaN


def learning_chart(title: str, plan: Iterable[Series], curves: Curves) -> Chart:
    """Return test and training errors of some series against epochs."""
    drawn = []
    for colour, series in enumerate(plan):
        runs = curves[series.name]
        test, train = (100 * _errors(runs, f"{which}_error") for which in ("test", "train"))
        drawn += error_curves(series.name.rpartition(", ")[2], test, train, colour)
    return Chart(title, "epoch", "samples wrong (%)", drawn, log_y=True, caption="Mean and range over seeds.")
