"""Errors of a trained network: the free phase of each sample, and the largest output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data import Dataset, Heads, Split
from neurochip.errors import DataError
from neurochip.network import Network
from neurochip.spikes import Spikes, SpikeTrains
from neurochip.substrate import Observable, Phase, Settled, Substrate
from neurochip.training.record import Raster

__all__ = [
    "Measured",
    "answered",
    "confusion_matrix",
    "measured",
    "presentations",
    "rasters",
    "read_populations",
]

BATCH = 256  # samples side by side; the result does not depend on it
_EVALUATION = np.uint64(1) << np.uint64(48)  # presentations for measuring are numbered apart


def presentations(first: int, n: int) -> NDArray[np.uint64]:
    """Number presentations that only measure, so that they never share random bits with training."""
    return _EVALUATION + np.arange(first, first + n, dtype=np.uint64)


class Measured(NamedTuple):
    """What a network said of samples.

    Attributes
    ----------
    error
        Share of wrong answers; of numbers, the share of their variance that is left unexplained, 1 − R², on average
        over outputs. Of several heads the mean of theirs (`neurochip.data.Heads.error`).
    confusion
        i64[true, predicted], where one class is all that is learnt.
    said
        f64[sample, target] else: numbers in the unit of the targets, labels 1 or 0, classes by number.
    """

    error: float
    confusion: NDArray[np.int64] | None = None
    said: NDArray[np.float64] | None = None


def read_populations(network: Network, heads: Heads) -> tuple[int, ...]:
    """Return the populations whose values are the answer: each output where each is a head, else the last one."""
    sizes = tuple(network.sizes[k] for k in network.outputs)
    return network.outputs if len(sizes) > 1 and sizes == heads.sizes else (-1,)


def measured(
    substrate: Substrate,
    data: Dataset,
    split: Split,
    n: int,
    ticks: int,
    on_batch: Callable[[int, float, int], None] = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
    *,
    read: Sequence[int] = (-1,),
) -> Measured | None:
    """Measure the first ``n`` samples of a part; `None` when asked to stop before all are.

    ``on_batch(done, error, batch)`` is called after each batch with the error so far, then ``stop`` is asked. ``read``
    are the populations whose values are the answer (`read_populations`).
    """
    wanted = data.part(split).targets
    said = None if data.heads.is_classes else np.empty((n, data.heads.columns))
    size = len(data.classes)
    matrix = np.zeros((size, size), dtype=np.int64) if data.heads.is_classes else None
    error = 0.0
    first = 0
    for _, last, layer in answered(substrate, lambda rows: data.presented(rows, split), n, ticks, read=read):
        if said is not None:
            said[first:last] = data.heads.answered(layer)
            error = data.heads.error(wanted[:last], said[:last])
        elif matrix is not None:
            np.add.at(matrix, (wanted[first:last], np.argmax(layer, axis=1)), 1)
            error = int(matrix.sum() - np.trace(matrix)) / last
        on_batch(last, error, last - first)
        if last < n and stop():
            return None
        first = last
    return Measured(error, matrix, said)


def answered(
    substrate: Substrate,
    inputs: Callable[[slice], NDArray[np.float32] | SpikeTrains],
    n: int,
    ticks: int,
    *,
    record: Sequence[str] = (),
    read: Sequence[int] = (-1,),
) -> Iterator[tuple[Settled, int, NDArray[np.floating]]]:
    """Show ``n`` samples, many at a time; this is how every answer of a network is had.

    Yields how each batch settled, how many samples are done, and what the output neurons say, [sample, output].
    """
    for first, last in _spans(n, BATCH):
        substrate.begin(inputs(slice(first, last)), presentations(first, last - first))
        settled = substrate.run(Phase.EVALUATION, ticks, record=record)
        yield settled, last, _output(substrate, read)


def confusion_matrix(
    substrate: Substrate, data: Dataset, split: Split, n: int, ticks: int
) -> NDArray[np.int64]:
    """Return i64[true, predicted] over the first ``n`` samples of a part, whose targets are classes."""
    found = measured(substrate, data, split, n, ticks)
    if found is None or found.confusion is None:
        raise DataError(data.name, "has other targets than one class, which is needed")
    return found.confusion


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
    read: Sequence[int] = (-1,),
) -> tuple[Raster, ...]:
    """Return the spikes of the first ``n`` test samples through both phases.

    ``outputs`` are populations with the same target; ``read`` those whose values are the answer.
    """
    n = min(n, len(data.test))
    if n == 0:
        return ()
    shown = np.arange(n)
    substrate.begin(data.presented(shown, "test"), presentations(0, n))
    first = substrate.run(Phase.EVALUATION, free, record=("spikes",))
    output = _output(substrate, read)
    answers = np.argmax(output, axis=1) if data.heads.is_classes else np.zeros(n, dtype=np.int64)
    labels = data.labels("test")[:n] if data.heads.is_classes else answers
    targets = np.tile(data.targets(shown, "test").astype(np.float64), (1, outputs))
    second = substrate.run(Phase.EVALUATION, nudged, beta=beta, targets=targets, record=("spikes",))
    return tuple(
        Raster(
            label=int(labels[sample]),
            predicted=int(answers[sample]),
            presentation=f"test {sample}",
            populations=populations,
            spikes=tuple(
                Spikes.from_array(np.concatenate([a[:, sample], b[:, sample]]))
                for a, b in zip(first.spikes, second.spikes, strict=True)
            ),
            n_free=free,
            n_nudged=nudged,
        )
        for sample in range(n)
    )


def _output(substrate: Substrate, read: Sequence[int]) -> NDArray[np.floating]:
    """Read the outputs, as the host does, side by side."""
    said = []
    for population in read:
        substrate.count_readout(population)
        said.append(substrate.observe(Observable.VALUE, population))
    return said[0] if len(said) == 1 else np.concatenate(said, axis=1)


def _spans(n: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(0, n, step):
        yield first, min(first + step, n)
