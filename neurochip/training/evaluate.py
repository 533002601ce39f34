"""Errors of a trained network: the free phase of each sample, and the largest output."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from neurochip.data import Dataset
from neurochip.spikes import Spikes
from neurochip.substrate import Observable, Phase, Substrate
from neurochip.training.record import Raster

__all__ = ["confusion_matrix", "presentations", "rasters"]

LANES = 256  # samples side by side; the result does not depend on it
_EVALUATION = np.uint64(1) << np.uint64(48)  # presentations for measuring are numbered apart


def presentations(first: int, n: int) -> NDArray[np.uint64]:
    """Number presentations that only measure, so that they never share random bits with training."""
    return _EVALUATION + np.arange(first, first + n, dtype=np.uint64)


def confusion_matrix(
    substrate: Substrate,
    data: Dataset,
    split: str,
    n: int,
    ticks: int,
    on_batch: Callable[[int, int, int], None],
    stop: Callable[[], bool] = lambda: False,
) -> NDArray[np.int64]:
    """Return i64[true, predicted] over the first ``n`` samples of a split.

    ``on_batch(done, wrong, lanes)`` is called after each batch, then ``stop`` is asked; when it says yes, the samples
    that are left are left out.
    """
    labels = data.train_labels if split == "train" else data.test_labels
    matrix = np.zeros((data.classes, data.classes), dtype=np.int64)
    for first, last in _spans(n, LANES):
        substrate.begin(
            data.images(slice(first, last), split="train" if split == "train" else "test"),
            presentations(first, last - first),
        )
        substrate.run(Phase.EVALUATION, ticks)
        layer = _output(substrate)
        answers = np.argmax(layer, axis=1)
        np.add.at(matrix, (labels[first:last], answers), 1)
        on_batch(last, int(matrix.sum() - np.trace(matrix)), last - first)
        if last < n and stop():
            break
    return matrix


def rasters(
    substrate: Substrate,
    data: Dataset,
    n: int,
    *,
    free: int,
    nudged: int,
    beta: float,
    populations: tuple[str, ...],
    outputs: int = 1,
) -> tuple[Raster, ...]:
    """Return the spikes of the first ``n`` test samples through both phases."""
    n = min(n, len(data.test_labels))
    if n == 0:
        return ()
    substrate.begin(data.images(np.arange(n), split="test"), presentations(0, n))
    first = substrate.run(Phase.EVALUATION, free, record=("spikes",))
    answers = np.argmax(_output(substrate), axis=1)
    targets = np.tile(np.eye(data.classes)[data.test_labels[:n]], (1, outputs))
    second = substrate.run(Phase.EVALUATION, nudged, beta=beta, targets=targets, record=("spikes",))
    return tuple(
        Raster(
            label=int(data.test_labels[lane]),
            predicted=int(answers[lane]),
            presentation=f"test {lane}",
            populations=populations,
            spikes=tuple(
                Spikes.from_array(np.concatenate([a[:, lane], b[:, lane]]))
                for a, b in zip(first.spikes, second.spikes, strict=True)
            ),
            n_free=free,
            n_nudged=nudged,
        )
        for lane in range(n)
    )


def _output(substrate: Substrate) -> NDArray[np.floating]:
    """Read the last layer, as the host does."""
    substrate.book_readout(-1)
    return substrate.observe(Observable.VALUE, -1)


def _spans(n: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(0, n, step):
        yield first, min(first + step, n)
