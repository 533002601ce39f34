"""One recording of a file of events: records of NumPy, the 40-bit records of N-MNIST, or AEDAT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.aedat import read_aedat
from neurochip.data.event_arrays import EVENTS, event_fields
from neurochip.data.recording import Recording
from neurochip.errors import DataError
from neurochip.files import Foreign, read_array, read_arrays, read_bytes

__all__ = ["RECORDINGS", "read_nmnist", "read_recording"]

Array = NDArray[Any]

_RECORD = 5  # bytes of N-MNIST
_OVERFLOW_ROW, _OVERFLOW = 240, 1 << 13  # a record of this row adds so much to all times from it on


def read_recording(file: Foreign) -> Recording:
    """Return the events of a file, by the kind that its name says.

    Raises
    ------
    DataError
        For a file that is damaged, truncated, or of no such kind, with the number of the record.
    """
    return RECORDINGS[file.path.suffix.lower()](file)


def read_nmnist(file: Foreign) -> Recording:
    """Return the events of a file as N-MNIST and N-Caltech101 ship them (Orchard et al. 2015).

    Records of 40 bits, big-endian: 8 of x, 8 of y, one of polarity, 23 of time in µs. A record with y = 240 is no
    event: it says that the clock has run over, and adds 2¹³ µs to all times from it on.
    """
    content = read_bytes(file)
    left = len(content) % _RECORD
    if left or not content:
        records = len(content) // _RECORD
        said = f"ends within record {records + 1}" if left else "holds no record"
        raise file.fault(f"{said}: each takes {_RECORD} bytes")
    raw = np.frombuffer(content, np.uint8).reshape(-1, _RECORD).astype(np.int64)
    x, y, p = raw[:, 0], raw[:, 1], raw[:, 2] >> 7
    t = ((raw[:, 2] & 127) << 16) | (raw[:, 3] << 8) | raw[:, 4]
    runs_over = y == _OVERFLOW_ROW
    t = t + _OVERFLOW * np.cumsum(runs_over)
    kept = np.flatnonzero(~runs_over)
    if not len(kept):
        raise file.fault("holds no event")
    return Recording(x[kept], y[kept], t[kept].astype(np.float64), p[kept], kept + 1)


def _numpy(file: Foreign) -> Recording:
    return _of_fields(read_array(file, records=True), str(file.path))


def _zipped(file: Foreign) -> Recording:
    arrays = read_arrays(file, records=True)
    name = EVENTS if EVENTS in arrays else next(iter(arrays), "")
    if name != EVENTS and len(arrays) != 1:
        raise DataError(str(file.path), "holds several arrays and none called events")
    return _of_fields(arrays[name], f"{file.path}: {name}")


def _of_fields(events: Array, place: str) -> Recording:
    x, y, t, p = event_fields(events, place)
    if not len(t):
        raise DataError(place, "holds no event")
    return Recording(x, y, t, p, np.arange(1, len(t) + 1))


RECORDINGS: dict[str, Callable[[Foreign], Recording]] = {
    ".npy": _numpy,
    ".npz": _zipped,
    ".bin": read_nmnist,
    ".aedat": read_aedat,
}
