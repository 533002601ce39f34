"""Measuring errors: every sample once, independent of batches, and apart from training's random bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.data import Dataset, Heads, Part, Split
from neurochip.description import CodingSpec
from neurochip.elements import Stochastic
from neurochip.substrate import Phase
from neurochip.testing.networks import draw_net, fast_chip
from neurochip.training import evaluate
from neurochip.training.evaluate import confusion_matrix, measured, presentations, rasters

NET = draw_net(8, (9, 7, 4), batch=1)


def samples(n_train: int = 30, n_test: int = 25) -> Dataset:
    rng = np.random.default_rng(1)
    parts = [
        Part(rng.integers(0, 256, (n, 9)).astype(np.uint8), rng.integers(0, 4, n)) for n in (n_train, n_test)
    ]
    return Dataset(name="made up", train=parts[0], test=parts[1], heads=Heads.of_classes("abcd"))


def chip(threads: int = 1) -> Any:
    return fast_chip(NET, CodingSpec(encoder=Stochastic()), precision="float32", threads=threads)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("n", [1, 20, 25])
def test_confusion(split: Split, n: int) -> None:
    data, made = samples(), chip()
    told: list[tuple[int, float, int]] = []
    found = measured(made, data, split, n, 12, lambda *told_now: told.append(told_now))
    assert found is not None and found.confusion is not None and found.said is None
    matrix, labels = found.confusion, data.labels(split)[:n]
    assert matrix.dtype == np.int64
    np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(labels, minlength=4))
    assert told == [(n, (n - int(np.trace(matrix))) / n, n)] and found.error == told[0][1]
    counters = made.counters()
    assert set(counters.phases) == {Phase.EVALUATION, Phase.READOUT}
    assert counters.ticks() == 12 * n
    assert counters.total("readout_words") == 4 * n


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for batch in (200, 7, 1):
        monkeypatch.setattr(evaluate, "BATCH", batch)
        made = chip(threads=2)
        found.append((confusion_matrix(made, samples(), "test", 25, 12), made.counters().to_json()))
    for matrix, counters in found[1:]:
        np.testing.assert_array_equal(matrix, found[0][0])
        assert counters == found[0][1]


def test_numbers_of_presentations() -> None:
    assert presentations(5, 3).tolist() == [2**48 + 5, 2**48 + 6, 2**48 + 7]


def test_rasters() -> None:
    data, made = samples(), chip()
    drawn = rasters(made, data, 3, free=8, nudged=5, beta=0.5, populations=("input", "hidden", "output"))
    assert [r.presentation for r in drawn] == ["test 0", "test 1", "test 2"]
    assert [r.label for r in drawn] == data.labels("test")[:3].tolist()
    for raster in drawn:
        assert [s.shape for s in raster.spikes] == [(13, 9), (13, 7), (13, 4)]
        assert (raster.n_free, raster.n_nudged) == (8, 5)
    assert rasters(made, data, 0, free=8, nudged=5, beta=0.5, populations=()) == ()
    assert len(rasters(made, data, 99, free=8, nudged=5, beta=0.5, populations=("a", "b", "c"))) == 25


def test_rasters_show_what_was_evaluated() -> None:
    data = samples()
    drawn = rasters(chip(), data, 2, free=8, nudged=5, beta=0.5, populations=("input", "hidden", "output"))
    made = chip()
    made.begin(data.inputs(np.arange(2), "test"), presentations(0, 2))
    spikes = made.run(Phase.EVALUATION, 8, record=("spikes",)).spikes
    for sample, raster in enumerate(drawn):
        for shown, real in zip(raster.spikes, spikes, strict=True):
            np.testing.assert_array_equal(shown[:8], real[:, sample])
