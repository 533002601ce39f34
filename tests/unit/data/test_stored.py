"""Data sets as files: what is read is what was written, and a run on it does what a run on the arrays does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.data import Dataset, DataSpec, from_arrays, load, write_samples
from neurochip.data.own import kept_beside
from neurochip.errors import NeurochipError
from neurochip.spikes import SpikeTrains

X = np.random.default_rng(3).normal(size=(60, 5))


def sets() -> dict[str, Dataset]:
    bits = (X[:, None, :] > np.linspace(-1, 1, 4)[None, :, None]).astype(np.uint8)
    return {
        "classes": from_arrays(X, np.where(X[:, 0] > 0, "b", "a"), validation=0.2),
        "numbers": from_arrays(X, X[:, :2] + 1),
        "bytes": from_arrays((40 * np.abs(X)).astype(np.uint8), np.arange(60) % 3),
        "spikes": from_arrays(SpikeTrains.from_array(bits), np.arange(60) % 2),
        "built in": load("two-joint-arm", train=30, test=20),
    }


@pytest.mark.parametrize("name", sets())
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    samples = sets()[name]
    path = write_samples(samples, tmp_path / "x.npz")
    found = load(DataSpec(file=str(path)))
    assert found.classes == samples.classes and found.outputs == samples.outputs
    assert (
        found.name == samples.name
        and found.clipped == samples.clipped
        and found.heads.task == samples.heads.task
    )
    for split, part in samples.parts():
        other = found.part(split)
        np.testing.assert_array_equal(part.targets, other.targets)
        wanted, got = samples.presented(slice(None), split), found.presented(slice(None), split)
        if isinstance(wanted, SpikeTrains):
            assert isinstance(got, SpikeTrains)
            wanted, got = wanted.bits(), got.bits()
        np.testing.assert_array_equal(wanted, got)
        np.testing.assert_array_equal(samples.targets(slice(None), split), found.targets(slice(None), split))
    assert found.source is not None and load(found.source).digest == found.digest
    first = path.read_bytes()
    write_samples(samples, path)
    assert path.read_bytes() == first  # the same samples, the same file


def test_only_what_no_file_holds_is_kept_beside(tmp_path: Path) -> None:
    samples = sets()["classes"]
    kept = kept_beside(samples, tmp_path / "runs")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [f"samples-{samples.digest[:16]}.npz"]
    assert kept.source is not None and kept_beside(kept, tmp_path / "other") is kept
    assert not (tmp_path / "other").exists()


def test_what_is_damaged_or_has_no_effect(tmp_path: Path) -> None:
    path = write_samples(sets()["classes"], tmp_path / "x.npz")
    for key, value in (("test_share", 0.5), ("scaling", "none"), ("target", ("y",))):
        with pytest.raises(
            NeurochipError, match=f"data.{key}: has no effect on x.npz, which is parted and scaled"
        ):
            load(DataSpec(file=str(path), **{key: value}))  # type: ignore[arg-type]
    with pytest.raises(NeurochipError, match=r"path: must end in .npz"):
        write_samples(sets()["classes"], tmp_path / "x.csv")
    arrays: dict[str, Any] = dict(np.load(path))
    for change in (
        {"neurochip.samples": np.array("{")},
        {"neurochip.samples": np.array(json.dumps({"name": 3}))},
        {"train.targets": np.full(39, 7)},
        {"inputs.low": np.full(5, np.nan)},
        {"train.inputs": np.ones((3, 5), np.float32)},
    ):
        np.savez(path, **(arrays | change))
        with pytest.raises(NeurochipError) as caught:
            load(DataSpec(file=str(path)))
        assert str(path) in str(caught.value)
    del arrays["test.targets"]
    np.savez(path, **arrays)
    with pytest.raises(NeurochipError, match="is damaged"):
        load(DataSpec(file=str(path)))


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("train.starts", lambda old: old + 0.4, "train.starts: must be a row of whole numbers, got float64"),
        (
            "train.at",
            lambda old: old.astype(np.float32),
            "train.at: must be a row of whole numbers, got float32",
        ),
        ("test.at", lambda old: old[:, None], "test.at: must be a row of whole numbers, got int64"),
        ("test.at", lambda old: old.astype(np.uint64) + 2**63, "test.at: must be a row of whole numbers"),
        ("test.window", lambda old: old + 0.5, "test.window: must be a row of whole numbers, got float64"),
        ("test.window", lambda old: old[:1], "test.window: must be ticks and units, got 1 numbers"),
        ("train.window", lambda old: old > 0, "train.window: must be a row of whole numbers, got bool"),
    ],
)
def test_lists_of_spikes_are_whole_numbers(tmp_path: Path, name: str, value: Any, problem: str) -> None:
    path = write_samples(sets()["spikes"], tmp_path / "x.npz")
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | {name: value(arrays[name])}))
    with pytest.raises(NeurochipError) as caught:
        load(DataSpec(file=str(path)))
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_whole_numbers_of_any_width(tmp_path: Path) -> None:
    path = write_samples(sets()["spikes"], tmp_path / "x.npz")
    found, arrays = load(DataSpec(file=str(path))), dict(np.load(path))
    np.savez(
        path, **(arrays | {f"train.{k}": arrays[f"train.{k}"].astype(np.uint16) for k in ("starts", "at")})
    )
    again = load(DataSpec(file=str(path)))
    np.testing.assert_array_equal(found.train.inputs.bits(), again.train.inputs.bits())  # type: ignore[union-attr]


@pytest.mark.parametrize("number", [0, 2, -1])
def test_another_format_is_refused(tmp_path: Path, number: int) -> None:
    path = write_samples(sets()["classes"], tmp_path / "x.npz")
    arrays = dict(np.load(path))
    about = json.loads(str(arrays["neurochip.samples"])) | {"format": number}
    np.savez(path, **(arrays | {"neurochip.samples": np.array(json.dumps(about))}))
    with pytest.raises(
        NeurochipError, match=f"neurochip.samples.format: is {number}, and this version reads 1; use"
    ):
        load(DataSpec(file=str(path)))
