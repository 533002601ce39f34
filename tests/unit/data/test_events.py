"""Events as samples: counted by pixel, polarity and frame; what is refused, with sample and event."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.data import DataSpec, load
from neurochip.data.moving_bars import events_of
from neurochip.errors import NeurochipError
from neurochip.files import Foreign, read_array

# As tonic declares them.
DTYPE = np.dtype([("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "|b1")])
WIDTH, HEIGHT = 5, 4


def made(n: int = 20) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    lengths = rng.integers(3, 9, n)
    parts = []
    for length in lengths:
        events = np.zeros(length, DTYPE)
        events["x"], events["y"] = rng.integers(0, WIDTH, length), rng.integers(0, HEIGHT, length)
        events["t"] = 5000 + np.sort(rng.integers(0, 1000, length))
        events["p"] = rng.integers(0, 2, length)
        parts.append(events)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    size = np.array([WIDTH, HEIGHT])
    return {"events": np.concatenate(parts), "starts": starts, "labels": np.arange(n) % 2, "size": size}


def spec(path: Path, arrays: dict[str, Any], **keys: Any) -> DataSpec:
    np.savez(path, **arrays)
    return DataSpec(file=str(path), **keys)


def test_events_are_counted_where_they_happened(tmp_path: Path) -> None:
    arrays = made()
    for frames in (1, 3):
        found = load(spec(tmp_path / "e.npz", arrays, frames=frames, window=1000.0))
        assert found.n_inputs == frames * 2 * HEIGHT * WIDTH and found.scaling.kind == "counts"
        most = found.scaling.high[0]
        seen = {
            tuple(np.rint(row * most).astype(int))
            for part in (found.train, found.test)
            for row in part.inputs
        }
        edges = [*arrays["starts"], len(arrays["events"])]
        for first, last in zip(edges[:-1], edges[1:], strict=True):
            counts = np.zeros((frames, 2, HEIGHT, WIDTH), int)
            for x, y, t, p in arrays["events"][first:last]:
                late = t - arrays["events"]["t"][first]
                counts[min(int(late * frames / 1000), frames - 1), int(p), y, x] += 1
            assert tuple(np.minimum(counts.ravel(), most)) in seen


def test_fields_of_hdf5_say_the_same(tmp_path: Path) -> None:
    arrays = made()
    first = load(spec(tmp_path / "e.npz", arrays))
    with h5py.File(tmp_path / "e.h5", "w") as file:
        for field in "xytp":
            file[f"events/{field}"] = arrays["events"][field]
        for name in ("starts", "labels", "size"):
            file[name] = arrays[name]
    second = load(DataSpec(file=str(tmp_path / "e.h5")))
    np.testing.assert_array_equal(first.train.inputs, second.train.inputs)
    np.testing.assert_array_equal(first.test.targets, second.test.targets)


def late(arrays: dict[str, Any], event: int, field: str, value: Any) -> dict[str, Any]:
    events = arrays["events"].copy()
    if field == "p":
        events = events.astype([(name, "<i8") for name in DTYPE.names or ()])
    events[field][event] = value
    return arrays | {"events": events}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("t", 4000, "sample 1, event 3: runs backwards: t = 4000 after "),
        ("x", 5, "sample 1, event 3: lies at (5, "),
        ("y", -1, ", -1), beyond the sensor of 5 × 4"),
        ("p", 2, "sample 1, event 3: has polarity 2, and 0 and 1 are known"),
    ],
)
def test_bad_events(tmp_path: Path, field: str, value: Any, sentence: str) -> None:
    with pytest.raises(NeurochipError) as caught:
        load(spec(tmp_path / "e.npz", late(made(), 2, field, value)))
    assert str(caught.value).startswith(f"{tmp_path / 'e.npz'}: ") and sentence in str(caught.value)


@pytest.mark.parametrize(
    ("field", "of", "value", "sentence"),
    [
        ("x", "<f8", 1.5, "events, field x: event 3 must be a whole number, got 1.5"),
        ("y", "<f4", 0.25, "events, field y: event 3 must be a whole number, got 0.25"),
        ("p", "<f8", 0.5, "events, field p: event 3 must be a whole number, got 0.5"),
        ("x", "<u8", 2**63, "events, field x: event 3 must be a whole number, got 9223372036854775808"),
        ("y", "<f8", 1e300, "events, field y: event 3 must be a whole number, got 1e+300"),
        (
            "p",
            "<i8",
            -1,
            "sample 1, event 3: has polarity -1, and 0 and 1 are known; write 0 for off and 1 for on",
        ),
    ],
)
def test_places_that_are_no_whole_numbers(
    tmp_path: Path, field: str, of: str, value: Any, sentence: str
) -> None:
    """They were cut to whole numbers, or read as negative ones."""
    arrays = made()
    types = [(name, of if name == field else "<i8") for name in "xytp"]
    events = arrays["events"].astype(types)
    np.testing.assert_array_equal(
        load(spec(tmp_path / "whole.npz", arrays | {"events": events})).train.inputs,
        load(spec(tmp_path / "same.npz", arrays)).train.inputs,
    )
    events[field][2] = value
    with pytest.raises(NeurochipError) as caught:
        load(spec(tmp_path / "e.npz", arrays | {"events": events}))
    assert sentence in str(caught.value)


def test_bad_files_of_events(tmp_path: Path) -> None:
    arrays = made()
    for change, keys, sentence in (
        ({}, {"window": 10.0}, "beyond the window of 10"),
        (
            {"starts": arrays["starts"][:-1]},
            {},
            "starts must be whole numbers, one for each of the 20 labels",
        ),
        ({"starts": arrays["starts"] + 1}, {}, "starts: must rise from 0 to at most "),
        (
            {"events": np.zeros(len(arrays["events"]), [("x", "<i2"), ("t", "<i8")])},
            {},
            "events: must be records with the fields x, y, t and p",
        ),
        ({"events": arrays["events"][:0]}, {}, "events, "),
        ({"labels": np.zeros(20, int)}, {}, "has samples of one class only, 0"),
        ({"size": np.array([3, 4])}, {}, "beyond the sensor of 3 × 4"),
        ({"size": np.array([30_000, 30_000])}, {}, "would take 268.2 GiB as counts of 1800000000 inputs"),
    ):
        with pytest.raises(NeurochipError) as caught:
            load(spec(tmp_path / "e.npz", arrays | change, **keys))  # type: ignore[arg-type]
        if sentence != "events, ":
            assert sentence in str(caught.value), str(caught.value)
    del arrays["starts"]
    with pytest.raises(NeurochipError, match="has events and no starts"):
        load(spec(tmp_path / "e.npz", arrays))
    np.savez(tmp_path / "x.npz", x=np.ones((9, 2)), y=np.arange(9) % 2)
    with pytest.raises(NeurochipError, match=r"data.frames: has no effect on x.npz, which holds no events"):
        load(DataSpec(file=str(tmp_path / "x.npz"), frames=3))


def test_records_are_read_only_where_they_are_wanted(tmp_path: Path) -> None:
    np.save(tmp_path / "e.npy", made()["events"])
    file = Foreign(tmp_path / "e.npy", "events", "write them anew")
    np.testing.assert_array_equal(read_array(file, records=True), made()["events"])
    with pytest.raises(NeurochipError, match="has a damaged header, or elements of several values"):
        read_array(file)
    np.save(tmp_path / "o.npy", np.zeros(2, [("x", "<i2"), ("y", "O")]), allow_pickle=True)
    with pytest.raises(NeurochipError, match="has a damaged header"):
        read_array(Foreign(tmp_path / "o.npy", "events", "write them anew"), records=True)


def test_bars_move_the_way_they_say_and_are_the_same_everywhere() -> None:
    digest = hashlib.sha256()
    for row in range(60):
        events, direction = events_of(row)
        digest.update(events.astype("<i8").tobytes())
        front = events[events[:, 3] == 1]
        along = front[:, 0] if direction < 2 else front[:, 1]
        slope = np.polyfit(front[:, 2], along, 1)[0]
        assert (slope > 0) == (direction in (0, 2))
        assert np.all(np.diff(events[:, 2]) >= 0) and events[:, :2].min() >= 0 and events[:, :2].max() < 12
    assert digest.hexdigest() == "0d13096c110b28529a941f1d6c61b23088bd6094ab96d9a69e410b9888596b91"


def test_polarity_of_minus_and_plus_one_is_off_and_on(tmp_path: Path) -> None:
    """Where a whole file writes it so; one event of 0 says that it does not."""
    arrays = made()
    events = arrays["events"].astype([(name, "<i8") for name in "xytp"])
    wanted = load(spec(tmp_path / "e.npz", arrays | {"events": events}))
    events["p"] = 2 * events["p"] - 1
    found = load(spec(tmp_path / "signed.npz", arrays | {"events": events}))
    for part in ("train", "test"):
        np.testing.assert_array_equal(getattr(found, part).inputs, getattr(wanted, part).inputs)
    events["p"][5] = 0
    with pytest.raises(NeurochipError, match="has polarity -1, and 0 and 1 are known"):
        load(spec(tmp_path / "mixed.npz", arrays | {"events": events}))
