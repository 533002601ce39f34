"""Files of samples, fuzzed: tables, arrays, events, recordings, what `data.file` takes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.written import written

__all__ = [
    "event_files",
    "idx",
    "nir_data",
    "read_data_file",
    "read_idx",
    "read_nir_data",
    "read_recording",
    "read_trials",
    "recordings",
    "samples",
    "tables",
    "trials",
]


def read_data_file(path: Path) -> Any:
    from neurochip.data import DataSpec, load

    return load(DataSpec(file=str(path)))


def idx() -> list[bytes]:
    import gzip

    from neurochip.data.idx import idx_bytes

    plain = idx_bytes(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    return [plain, gzip.compress(plain)]


def read_idx(path: Path) -> Any:
    from neurochip import data

    return data.read_idx(path)


def tables() -> list[bytes]:
    rows = [f"{k / 7},{k % 3},{'ab'[k % 2]}" for k in range(20)]
    head = "\n".join(["one,two,class", *rows]) + "\n"
    return [head.encode(), "\n".join(rows).replace(",", ";").encode()]


def samples() -> list[bytes]:
    found = []
    for arrays in (
        {"x": np.arange(60.0).reshape(20, 3), "y": np.arange(20) % 2},
        {"x_train": np.arange(60, dtype=np.uint8).reshape(20, 3), "y_train": np.array(["a", "b"] * 10),
         "x_test": np.ones((2, 3), np.uint8), "y_test": np.array(["a", "b"])},
    ):  # fmt: skip
        memory = io.BytesIO()
        np.savez(memory, **arrays)
        found.append(memory.getvalue())
    return found


def event_files() -> list[bytes]:
    rng = np.random.default_rng(1)
    events = np.zeros(60, [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "|b1")])
    events["x"], events["y"] = rng.integers(0, 4, (2, 60))
    events["t"], events["p"] = np.tile(np.arange(3), 20), rng.integers(0, 2, 60)
    memory = io.BytesIO()
    np.savez(memory, events=events, starts=np.arange(0, 60, 3), labels=np.arange(20) % 2)
    return [memory.getvalue()]


def recordings(suffix: str) -> list[bytes]:
    from tests.unit.data import recordings as writers

    events = writers.some_events(40)
    if suffix == ".bin":
        return [writers.nmnist(events)]
    return [writers.aedat_2(events, others=(3,)), writers.aedat_3(events, invalid=(2,), packet=9),
            writers.aedat_2(events, chip="DAVIS240C")]  # fmt: skip


def read_recording(path: Path) -> Any:
    """Read a recording as a sample of a folder for each class, and show it as spikes."""
    from neurochip.data import DataSpec
    from neurochip.data import recordings as reader
    from neurochip.data.event_folder import events_of_recordings
    from neurochip.data.events import presented_events
    from neurochip.files import Foreign

    events = events_of_recordings(
        [reader.read_recording(Foreign(path, "a recording", "write it anew"))], [path]
    )
    keys: dict[str, Any] = {"present": "spikes", "tick": 50.0, "window": 5000.0}
    return presented_events(events, DataSpec(file=str(path), **keys))


def trials() -> list[bytes]:
    return [b"class,startTime_usec,endTime_usec\n1,0,400\n2,400,900\n"]


def read_trials(path: Path) -> Any:
    from neurochip.data.event_folder import read_event_folder
    from tests.unit.data import recordings as writers

    (path.parent / "user.aedat").write_bytes(writers.aedat_3(writers.some_events(40)))
    (path.parent / "trials_to_train.txt").write_bytes(b"user.aedat\n")
    from neurochip.data import DataSpec

    return read_event_folder(path.parent, DataSpec(file=str(path.parent)))


def nir_data() -> list[bytes]:
    import nir

    rng = np.random.default_rng(1)
    grid = nir.TimeGriddedData(rng.random((6, 5, 3)) < 0.3, 0.1)
    time = np.sort(rng.random((6, 4)), axis=1)
    lists = nir.EventData(rng.integers(0, 3, (6, 4)), time, 3, 1.0)
    found = []
    for one in (grid, lists):
        data = nir.NIRGraphData({"input": nir.NIRNodeData({"spikes": one})})
        found.append(written(lambda path, data=data: nir.write_data(path, data)))  # type: ignore[misc]
    return found


def read_nir_data(path: Path) -> Any:
    from neurochip.data import DataSpec
    from neurochip.data import nir_data as reader
    from neurochip.data.events import presented_events
    from neurochip.files import Foreign

    events = reader.read_nir_data(Foreign(path, "NIR data", "write it anew"))
    keys: dict[str, Any] = {"present": "spikes", "tick": 0.1, "window": 5.0}
    return presented_events(events, DataSpec(file=str(path), **keys))
