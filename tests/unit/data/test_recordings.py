"""Files of one recording, written from the public descriptions of their formats; what is damaged names its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.data import Dataset, DataSpec, load
from neurochip.data.recordings import read_recording
from neurochip.errors import NeurochipError
from neurochip.files import Foreign
from tests.unit.data import recordings as written
from tests.unit.data.recordings import some_events

FORMATS = {".bin": written.nmnist, ".aedat": written.aedat_3}


def read(path: Path, content: bytes) -> Any:
    path.write_bytes(content)
    return read_recording(Foreign(path, "a recording", ""))


def same(found: Any, events: Any) -> bool:
    return all(np.array_equal(getattr(found, field), events[field].astype(int)) for field in "xytp")


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    events = some_events(200)
    assert same(read(tmp_path / f"a{suffix}", FORMATS[suffix](events)), events)


def test_records_of_numpy(tmp_path: Path) -> None:
    events = some_events(50)
    np.save(tmp_path / "a.npy", events)
    np.savez(tmp_path / "b.npz", events=events, other=np.zeros(3))
    for name in ("a.npy", "b.npz"):
        assert same(read_recording(Foreign(tmp_path / name, "a recording", "")), events)
    # The order of the fields, and their types, are the file's own.
    turned = np.zeros(len(events), [("t", "<f8"), ("x", "<u2"), ("y", "<u2"), ("p", "<u1")])
    for field in "xytp":
        turned[field] = events[field]
    np.save(tmp_path / "c.npy", turned)
    assert same(read_recording(Foreign(tmp_path / "c.npy", "a recording", "")), events)


def test_clocks_that_run_over(tmp_path: Path) -> None:
    events = some_events(6)
    events["t"] = [5, 2**23 - 1, 2**23, 2**23 + 9000, 2**23 + 9001, 2**23 + 30_000]
    found = read(tmp_path / "a.bin", written.nmnist(events))
    assert same(found, events)
    assert found.record[2] == 4  # the third event is the fourth record: one says that the clock ran over
    events["t"] = [5, 2**32 - 1, 2**32, 2**32 + 9000, 2**32 + 9001, 2**33 + 30_000]
    events["t"][5] = 2**32 + 10_000
    assert same(read(tmp_path / "b.aedat", written.aedat_2(events)), events)
    events["t"] = [5, 2**31 - 1, 2**31, 2**31 + 9, 2**31 + 10, 2**32 + 1]
    assert same(read(tmp_path / "c.aedat", written.aedat_3(events, packet=1)), events)


def test_events_that_are_none_of_a_pixel_are_passed_over(tmp_path: Path) -> None:
    events = some_events(20)
    found = read(tmp_path / "a.aedat", written.aedat_2(events, others=(0, 7)))
    assert same(found, events) and found.record[0] == 2 and found.record[-1] == 22
    found = read(tmp_path / "b.aedat", written.aedat_3(events, invalid=(3,)))
    kept = np.delete(events, 3)
    assert same(found, kept) and list(found.record[:4]) == [2, 3, 4, 6]  # the first record is a special event


@pytest.mark.parametrize(
    ("chip", "size"), [("DVS128", (128, 128)), ("Davis240C", (240, 180)), ("DAVIS346", (346, 260)), (None, (128, 128))]
)  # fmt: skip
def test_sensors_of_version_2(tmp_path: Path, chip: str | None, size: tuple[int, int]) -> None:
    events = some_events(40, width=size[0], height=size[1])
    found = read(tmp_path / "a.aedat", written.aedat_2(events, chip=chip))
    assert same(found, events) and found.size == size


def test_the_source_of_version_3_says_the_sensor(tmp_path: Path) -> None:
    for source, size in (("DVS128", (128, 128)), ("DAVIS240C", (240, 180)), ("Else", None)):
        assert read(tmp_path / "a.aedat", written.aedat_3(some_events(9), source=source)).size == size


def damaged(content: bytes, at: int, byte: int) -> bytes:
    return content[:at] + bytes([byte]) + content[at + 1 :]


THREE = written.aedat_3(some_events(20), packet=8)
HEAD = THREE.index(b"#!END-HEADER\r\n") + 14
BAD = {
    "bin-truncated": (".bin", written.nmnist(some_events(20))[:-2], "ends within record 20: each takes 5 bytes"),
    "bin-empty": (".bin", b"", "holds no record: each takes 5 bytes"),
    "bin-no-event": (".bin", bytes([0, 240, 0, 0, 0]), "holds no event"),
    "two-truncated": (".aedat", written.aedat_2(some_events(20))[:-3], "ends within record 20: each takes 8 bytes"),
    "three-truncated": (".aedat", THREE[:-5], "ends within record 21, in packet 4"),
    "three-in-a-header": (".aedat", THREE[: HEAD + 36 + 10], "ends within the header of packet 2"),
    "three-no-end": (".aedat", THREE[: HEAD - 16], "has no line #!END-HEADER"),
    "three-odd-header": (".aedat", damaged(THREE, HEAD + 36 + 23, 0x80), "the header of packet 2 cannot be"),
    "version": (".aedat", b"#!AER-DAT4.0\r\n", "is AEDAT 4.0, and 2.0 and 3.1 are read"),
    "no-version": (".aedat", b"hello", "does not begin with #!AER-DAT and a version"),
    "sensor": (".aedat", written.aedat_2(some_events(2), chip="Cochlea"), "is of the sensor 'Cochlea'"),
    "nothing": (".aedat", THREE[:HEAD], "holds no event of a pixel"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_damaged_recordings(tmp_path: Path, name: str) -> None:
    suffix, content, sentence = BAD[name]
    with pytest.raises(NeurochipError) as caught:
        read(tmp_path / f"a{suffix}", content)
    assert str(caught.value).startswith(f"{tmp_path / f'a{suffix}'}") and sentence in str(caught.value)


def folder(
    place: Path, suffix: str = ".bin", parts: tuple[str, ...] = ("",), n: int = 6, **keys: Any
) -> Path:
    for part in parts:
        for label in ("3", "7", "12"):
            inner = place / part / label
            inner.mkdir(parents=True, exist_ok=True)
            for k in range(n):
                events = some_events(30 + k, seed=100 * int(label) + k, **keys)
                if suffix == ".npy":
                    np.save(inner / f"{k}.npy", events)
                else:
                    (inner / f"{k}{suffix}").write_bytes(FORMATS[suffix](events))
    return place


@pytest.mark.parametrize("suffix", [".bin", ".npy", ".aedat"])
def test_a_folder_for_each_class(tmp_path: Path, suffix: str) -> None:
    found = load(DataSpec(file=str(folder(tmp_path / "set", suffix)), sensor=(34, 34)))
    assert found.classes == ("3", "7", "12") and (len(found.train), len(found.test)) == (15, 3)
    assert found.n_inputs == 2 * 34 * 34
    again = load(DataSpec(file=str(folder(tmp_path / "other", suffix)), sensor=(34, 34)))
    assert found.digest == again.digest
    total = sum(float(part.inputs.sum()) for _, part in found.parts()) * found.scaling.high[0]  # type: ignore[union-attr]
    assert round(total) == 3 * sum(30 + k for k in range(6))


def test_folders_of_both_parts(tmp_path: Path) -> None:
    place = folder(tmp_path / "set", parts=("train", "test"), n=3)
    found = load(DataSpec(file=str(place), present="spikes", tick=100.0))
    assert (len(found.train), len(found.test), found.ticks, found.n_inputs) == (9, 9, 10, 2 * 34 * 34)
    with pytest.raises(NeurochipError, match="data.test_share: has no effect"):
        load(DataSpec(file=str(place), test_share=0.5))


def test_all_kinds_of_files_give_the_same_samples(tmp_path: Path) -> None:
    spec = {"present": "spikes", "tick": 50.0, "sensor": (34, 34), "window": 1000.0}
    sets: list[Dataset] = [
        load(DataSpec(file=str(folder(tmp_path / s[1:], s)), **spec))  # type: ignore[arg-type]
        for s in (".bin", ".npy", ".aedat")
    ]
    for other in sets[1:]:
        np.testing.assert_array_equal(
            sets[0].presented(slice(None)).bits(), other.presented(slice(None)).bits()
        )  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "keys", "sentence"),
    [
        ({"t": [9, 5]}, {}, "record 2: runs backwards: t = 5 after 9"),
        ({"x": [1, 40]}, {"sensor": (34, 34)}, "record 2: lies at (40, 5), beyond the sensor of 34 × 34"),
        (
            {"t": [0, 2900]},
            {"window": 2000.0},
            "record 2: is 2900 after the first, beyond the window of 2000",
        ),
    ],
)
def test_events_that_cannot_be(tmp_path: Path, change: Any, keys: Any, sentence: str) -> None:
    place = folder(tmp_path / "set", n=2)
    events = some_events(2)
    events["y"] = 5
    for name, values in change.items():
        events[name] = values
    bad = place / "7" / "1.bin"
    bad.write_bytes(written.nmnist(events))
    with pytest.raises(NeurochipError) as caught:
        load(DataSpec(file=str(place), **keys))
    assert str(caught.value) == f"{bad}: {sentence}"


def test_bad_folders(tmp_path: Path) -> None:
    (tmp_path / "none" / "class").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.bin").write_bytes(written.nmnist(some_events(3)))
    folder(tmp_path / "half", parts=("test",))
    folder(tmp_path / "good")
    for file, keys, sentence in (
        ("none", {}, f"{tmp_path / 'none' / 'class'}: holds no recording; they end in .npy, .npz, .bin, .aedat"),
        ("empty", {}, "holds no IDX files"),
        ("one/a.bin", {}, "is one recording; give a folder of them, with a folder for each class"),
        ("half", {}, "has a folder of the test part and none called train"),
        ("good", {"inputs": ("x",)}, "data.inputs: has no effect on a folder of recordings"),
        ("good", {"task": "regression"}, "data.task: must be classification"),
        ("good", {"present": "spikes"}, "data.tick: is missing"),
        ("good", {"present": "spikes", "tick": 1e-3}, "data.tick: of 0.001 makes more than 65535 ticks"),
        ("good", {"present": "spikes", "tick": 9.0, "scaling": "counts"}, "data.scaling: has no effect on spikes"),
        ("good", {"sensor": (3, 3)}, "beyond the sensor of 3 × 3"),
    ):  # fmt: skip
        with pytest.raises(NeurochipError) as caught:
            load(DataSpec(file=str(tmp_path / file), **keys))  # type: ignore[arg-type]
        assert sentence in str(caught.value), str(caught.value)


def gesture(place: Path) -> Path:
    """Write two recordings of DVS128 Gesture's form, six trials each."""
    place.mkdir()
    for name, seed in (("user01_fluorescent", 1), ("user02_led", 2)):
        events = some_events(300, seed=seed, width=128, height=128, span=9000)
        (place / f"{name}.aedat").write_bytes(written.aedat_3(events))
        rows = [f"{k % 3 + 1},{1500 * k},{1500 * k + 1400}" for k in range(6)]
        (place / f"{name}_labels.csv").write_text(
            "class,startTime_usec,endTime_usec\n" + "\n".join(rows) + "\n"
        )
    (place / "trials_to_train.txt").write_text("user01_fluorescent.aedat\n")
    (place / "trials_to_test.txt").write_text("user02_led.aedat\n")
    return place


def test_trials_of_dvs_gesture(tmp_path: Path) -> None:
    place = gesture(tmp_path / "DvsGesture")
    found = load(DataSpec(file=str(place)))
    assert (len(found.train), len(found.test)) == (6, 6) and found.classes == ("1", "2", "3")
    assert found.n_inputs == 2 * 128 * 128
    events = some_events(300, seed=1, width=128, height=128, span=9000)
    for k, row in enumerate(found.train.inputs):  # type: ignore[arg-type]
        here = (events["t"] >= 1500 * k) & (events["t"] < 1500 * k + 1400)
        assert round(float(row.sum()) * found.scaling.high[0]) == here.sum()
    labels = place / "user02_led_labels.csv"
    for text, sentence in (
        ("class,startTime_usec\n1,2\n", "has no column endTime_usec"),
        ("class,startTime_usec,endTime_usec\n1,a,2\n", "line 2: must hold whole numbers"),
        (f"class,startTime_usec,endTime_usec\n1,0,{2**63}\n", "line 2: must hold whole numbers of 64 bits"),
        (
            f"class,startTime_usec,endTime_usec\n{2**64},0,9000\n",
            "line 2: must hold whole numbers of 64 bits",
        ),
        (
            "class,startTime_usec,endTime_usec\n1,90000,90001\n",
            "line 2: user02_led.aedat has no event from 90000",
        ),
    ):
        labels.write_text(text)
        with pytest.raises(NeurochipError) as caught:
            load(DataSpec(file=str(place)))
        assert str(caught.value).startswith(f"{labels}: ") and sentence in str(caught.value)
    (place / "trials_to_test.txt").write_text("../x.aedat\n")
    with pytest.raises(NeurochipError, match=r"names '../x.aedat', and files beside it are read"):
        load(DataSpec(file=str(place)))


def test_a_recording_that_changed_is_another_set(tmp_path: Path) -> None:
    place = folder(tmp_path / "set")
    found = load(DataSpec(file=str(place)))
    assert found.source is not None
    assert load(found.source).digest == found.digest
    (place / "7" / "0.bin").write_bytes(written.nmnist(some_events(31, seed=5)))
    with pytest.raises(NeurochipError, match=f"has changed: its digest is [0-9a-f]{{64}}, .* {found.digest}"):
        load(found.source)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (
            {"present": "spikes", "tick": 100.0},
            "would need 2048000 inputs, a pixel and polarity each, and at most",
        ),
        ({"frames": 1000}, "as counts of 2048000000 inputs, and at most"),
    ],
)
def test_the_event_furthest_out_is_named(tmp_path: Path, keys: Any, sentence: str) -> None:
    """One damaged coordinate makes the sensor as large as it is: its file and record are what can be mended."""
    bad = folder(tmp_path, ".npy") / "7" / "1.npy"
    events = np.load(bad)
    events["x"][7], events["y"][9] = 31_999, 31
    for path in tmp_path.glob("*/*.npy"):
        others = np.load(path)
        others["y"] %= 32
        np.save(path, others)
    events["y"] %= 32
    np.save(bad, events)
    with pytest.raises(NeurochipError) as caught:
        load(DataSpec(file=str(tmp_path), **keys))
    assert str(caught.value).startswith(f"{bad}: record 8, at (31999, {events['y'][7]}): "), str(caught.value)
    assert sentence in str(caught.value)
