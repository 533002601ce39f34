"""Events of a camera or a cochlea: (x, y, t, p), counted in frames.

An input neuron stands for one pixel, one polarity and one frame of the window, and holds how many events there were; so
it fires the more often, the more events its pixel had. What is finer than a frame is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.csv_file import labels_of
from neurochip.data.section import DataSpec
from neurochip.data.table import Rows, Table
from neurochip.errors import DataError
from neurochip.files.limits import LIMIT_VARIABLE, file_limit, in_bytes

__all__ = ["EVENTS", "event_counts", "event_table", "has_events"]

Array = NDArray[Any]

EVENTS = "events"
_FIELDS = ("x", "y", "t", "p")


def has_events(arrays: Mapping[str, Array]) -> bool:
    """Whether arrays of a file are events: one of records called ``events``, or four called ``events/x`` and so on."""
    return EVENTS in arrays or f"{EVENTS}/t" in arrays


def event_table(arrays: Mapping[str, Array], path: Path, spec: DataSpec) -> Table:
    """Return the events of a file as a table of counts.

    Parameters
    ----------
    arrays
        ``events``, records with the fields x, y, t and p of all samples one after the other (or ``events/x`` …);
        ``starts`` [sample], the first event of each; ``labels`` or ``y`` [sample]; ``size``, width and height, which is
        else that of the largest x and y.

    Raises
    ------
    DataError
        For events that run backwards in time, lie beyond the window or the sensor, or have another polarity than 0 and
        1, with their row.
    """
    name, place = path.name, str(path)
    x, y, t, p = _fields(arrays, place)
    labels = next((arrays[k] for k in ("labels", "y", "label", "targets") if k in arrays), None)
    if labels is None or "starts" not in arrays:
        missing = "labels" if labels is None else "starts"
        raise DataError(
            place, f"has events and no {missing}: [sample]; docs/data.md says what such a file holds"
        )
    starts = np.asarray(arrays["starts"])
    if starts.dtype.kind not in "iu" or starts.ndim != 1 or labels.ndim != 1 or len(starts) != len(labels):
        raise DataError(place, f"starts must be whole numbers, one for each of the {len(labels)} labels")
    edges = np.append(starts.astype(np.int64), len(t))
    if len(starts) == 0 or edges[0] != 0 or np.any(np.diff(edges) < 0):
        raise DataError(f"{place}: starts", f"must rise from 0 to at most {len(t)}, the number of events")
    size = _size(arrays, x, y, place)
    whole = event_counts((x, y, t, p), edges, size, spec.frames, spec.window, place)
    wanted = labels.astype(np.int64) if labels.dtype.kind in "iu" else labels_of([str(v) for v in labels])
    return Table(
        name=name,
        whole=Rows(whole, wanted, lambda row: f"{place}: sample {row + 1}"),
        features=tuple(str(k) for k in range(1, whole.shape[1] + 1)),
        provenance=f"own data, {name}",
        scaling="counts",
    )


def _fields(arrays: Mapping[str, Array], place: str) -> tuple[Array, ...]:
    found = []
    for field in _FIELDS:
        if EVENTS in arrays:
            events = arrays[EVENTS]
            if events.ndim != 1 or events.dtype.names is None or field not in events.dtype.names:
                raise DataError(f"{place}: {EVENTS}", "must be records with the fields x, y, t and p")
            values = events[field]
        elif f"{EVENTS}/{field}" in arrays:
            values = arrays[f"{EVENTS}/{field}"]
        else:
            raise DataError(place, f"has no {EVENTS}/{field}")
        if values.dtype.kind not in "biuf" or values.ndim != 1 or not np.all(np.isfinite(values)):
            raise DataError(f"{place}: {EVENTS}, field {field}", "must hold a finite number for each event")
        found.append(values.astype(np.float64 if field == "t" else np.int64))
    if len({len(values) for values in found}) > 1:
        raise DataError(f"{place}: {EVENTS}", "has fields of different lengths")
    if len(found[0]) == 0:
        raise DataError(f"{place}: {EVENTS}", "holds no event")
    return tuple(found)


def _size(arrays: Mapping[str, Array], x: Array, y: Array, place: str) -> tuple[int, int]:
    if "size" not in arrays:
        return int(x.max()) + 1, int(y.max()) + 1
    size = np.asarray(arrays["size"])
    if size.shape != (2,) or size.dtype.kind not in "iu" or size.min() < 1:
        raise DataError(f"{place}: size", "must be width and height")
    return int(size[0]), int(size[1])


def event_counts(
    events: tuple[Array, ...],
    edges: Array,
    size: tuple[int, int],
    frames: int,
    window: float | None,
    place: str,
) -> NDArray[np.float64]:
    """Return how many events each input has: f64[sample, frame · polarity · height · width], x running fastest.

    Parameters
    ----------
    events
        x, y, t and p [event] of all samples one after the other.
    edges
        i64[sample + 1], where each sample begins and ends among them.
    size
        Width and height of the sensor.
    frames, window
        The window is cut into so many; its length in the unit of t, from the first event of each sample on. `None`:
        that of the longest sample.
    """
    x, y, t, p = events
    width, height = size
    of = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    first = t[np.minimum(edges[:-1], len(t) - 1)]
    late = t - first[of]

    def where(event: int) -> str:
        return f"{place}: sample {of[event] + 1}, event {event - edges[of[event]] + 1}"

    for wrong, words in (
        (
            (np.diff(t, prepend=t[0]) < 0) & (np.arange(len(t)) != edges[of]),
            "runs backwards: t = {t:g} after {b:g}",
        ),
        (
            (x < 0) | (x >= width) | (y < 0) | (y >= height),
            "lies at ({x}, {y}), beyond the sensor of {w} × {h}",
        ),
        ((p != 0) & (p != 1), "has polarity {p}, and 0 and 1 are known"),
        (
            late > (np.inf if window is None else window),
            "is {d:g} after the first, beyond the window of {n:g}",
        ),
    ):
        if wrong.any():
            k = int(np.argmax(wrong))
            said = {"t": t[k], "b": t[k - 1], "x": x[k], "y": y[k], "w": width, "h": height, "p": p[k],
                    "d": late[k], "n": window}  # fmt: skip
            raise DataError(where(k), words.format(**said))
    length = window if window is not None else (float(late.max()) or 1.0)
    frame = np.minimum((late * frames / length).astype(np.int64), frames - 1)
    inputs = frames * 2 * height * width
    needed = 8 * inputs * (len(edges) - 1)
    if needed > file_limit():
        raise DataError(
            place,
            f"would take {in_bytes(needed)} as counts of {inputs} inputs, and at most {in_bytes(file_limit())} are "
            f"read; set {LIMIT_VARIABLE} to read more",
        )
    at = ((frame * 2 + p) * height + y) * width + x
    found = np.zeros((len(edges) - 1, inputs))
    np.add.at(found, (of, at), 1.0)
    return found
