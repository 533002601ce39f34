"""Spikes of samples as the Heidelberg data sets are shipped: lists of times and units, two files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.data import DataSpec, load
from neurochip.errors import NeurochipError

TIMES = [[0.01, 0.02, 0.5], [0.3, 0.1], [], [0.0, 0.25, 0.5, 0.75]]
UNITS = [[3, 3, 699], [1, 2], [], [0, 1, 2, 3]]
LABELS = [1, 0, 1, 0]


def written(path: Path, times: list[list[float]], units: list[list[int]], labels: list[int]) -> Path:
    """Write a file as PyTables writes those of the data sets: lists in chunks, that may become more."""
    with h5py.File(path, "w") as file:
        for name, lists, kind in (("times", times, "f2"), ("units", units, "u2")):
            made = file.create_dataset(
                f"spikes/{name}", (len(lists),), h5py.vlen_dtype(kind), maxshape=(None,), chunks=(3,)
            )
            for k, values in enumerate(lists):
                made[k] = np.array(values, dtype=kind)
        file["labels"] = np.array(labels, dtype="u2")
        file["extra/keys"] = np.array([b"null", b"eins"])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "shd_train.h5", TIMES * 3, UNITS * 3, LABELS * 3)
    written(tmp_path / "shd_test.h5", TIMES, UNITS, LABELS)
    return tmp_path


def test_each_spike_falls_in_its_tick(folder: Path) -> None:
    """Counted from the first of its sample; spikes are put in the order of their times."""
    samples = load(DataSpec(file=str(folder), present="spikes", tick=0.1))
    assert (samples.n_inputs, samples.n_outputs, len(samples.train), len(samples.test)) == (700, 2, 12, 4)
    shown = samples.presented(slice(None), "test").bits()
    wanted = np.zeros_like(shown)
    for sample, (times, units) in enumerate(zip(TIMES, UNITS, strict=True)):
        for t, unit in zip(np.float16(times).astype(float), units, strict=True):
            wanted[sample, int((t - np.float16(times).min()) / 0.1 + 1e-9), unit] = 1
    np.testing.assert_array_equal(shown, wanted)
    assert samples.test.targets.tolist() == LABELS


def test_counts_are_those_of_the_lists(folder: Path) -> None:
    samples = load(DataSpec(file=str(folder / "shd_train.h5"), test_share=0.25))
    assert len(samples.train) + len(samples.test) == 12
    found = np.concatenate([samples.train.inputs, samples.test.inputs])
    wanted = [
        np.bincount(np.array(units, dtype=int), minlength=700) / 2 for units in UNITS * 3
    ]  # 2: the greatest
    assert sorted(row.tolist() for row in found) == sorted(row.tolist() for row in wanted)


def without_labels(folder: Path) -> None:
    with h5py.File(folder / "shd_test.h5", "r+") as file:
        del file["labels"]


def other_labels(folder: Path) -> None:
    without_labels(folder)
    with h5py.File(folder / "shd_test.h5", "r+") as file:
        file["labels"] = np.arange(3)


def without_units(folder: Path) -> None:
    with h5py.File(folder / "shd_test.h5", "r+") as file:
        del file["spikes/units"]


def fewer_units(folder: Path) -> None:
    written(folder / "shd_test.h5", TIMES, [UNITS[0][:2], *UNITS[1:]], LABELS)


def fewer_lists(folder: Path) -> None:
    written(folder / "shd_test.h5", TIMES, UNITS[:3], LABELS)


def one_number_each(folder: Path) -> None:
    with h5py.File(folder / "shd_test.h5", "r+") as file:
        for name in ("times", "units"):
            del file[f"spikes/{name}"]
            file[f"spikes/{name}"] = np.arange(4)


def no_number(folder: Path) -> None:
    written(folder / "shd_test.h5", [[np.nan, 0.1, 0.2], *TIMES[1:]], UNITS, LABELS)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (without_labels, "shd_test.h5: labels: must be whole numbers, one for each sample"),
        (other_labels, "shd_test.h5: has 4 samples and 3 labels; give each its own"),
        (without_units, "shd_test.h5: has no spikes/times and spikes/units; docs/data.md says what is read"),
        (fewer_units, "shd_test.h5: sample 1: has 3 times and 2 units"),
        (fewer_lists, "shd_test.h5: has times of 4 samples, and units of 3"),
        (one_number_each, "shd_test.h5: spikes/times: must hold a list for each sample"),
        (no_number, "shd_test.h5: spikes/times: sample 1: must be a list of finite numbers"),
    ],
)
def test_what_is_refused(folder: Path, damage: Callable[[Path], None], sentence: str) -> None:
    damage(folder)
    with pytest.raises(NeurochipError) as caught:
        load(DataSpec(file=str(folder)))
    assert str(caught.value) == f"{folder}/{sentence}"


@pytest.mark.parametrize("how", [{}, {"frames": 3}, {"present": "spikes", "tick": 1.0}])
def test_times_too_far_apart_for_numbers_are_refused(folder: Path, how: dict[str, Any]) -> None:
    with h5py.File(folder / "shd_test.h5", "r+") as file:
        del file["spikes/times"]
        times = file.create_dataset("spikes/times", (4,), h5py.vlen_dtype("f8"))
        for k, values in enumerate([[1e308, 0, -1e308], [0, 1], [], [0, 1, 2, 3]]):
            times[k] = np.array(values)
    with pytest.raises(NeurochipError, match="sample 1, spike 3: is further from the first of its sample"):
        load(DataSpec(file=str(folder), **how))


def test_a_tick_too_short_for_numbers_is_refused(folder: Path) -> None:
    with pytest.raises(NeurochipError, match=r"data\.tick: of 1e-300 makes more than 65535 ticks"):
        load(DataSpec(file=str(folder), present="spikes", tick=1e-300))
    with pytest.raises(NeurochipError, match=r"data\.tick: of 4.94066e-324 makes more than 65535 ticks"):
        load(DataSpec(file=str(folder), present="spikes", tick=5e-324))


def test_other_lists_are_no_samples(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file.create_dataset("x", (2,), h5py.vlen_dtype("f8"))[:] = [np.zeros(2), np.ones(3)]
        file["y"] = [0, 1]
    with pytest.raises(NeurochipError, match="x: holds lists of numbers, and only those of spikes/times"):
        load(DataSpec(file=str(tmp_path / "mine.h5")))


def test_a_key_of_other_files_is_refused(folder: Path) -> None:
    with pytest.raises(NeurochipError, match=r"data\.inputs: has no effect on spikes/times and labels"):
        load(DataSpec(file=str(folder), inputs=("x",), target=("y",)))
