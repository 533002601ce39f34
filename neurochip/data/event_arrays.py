"""Events of all samples in one file of arrays: records as tonic writes them, or a field each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.csv_file import labels_of
from neurochip.data.events import Events, event_table
from neurochip.data.section import DataSpec
from neurochip.data.table import Table
from neurochip.data.target_arrays import whole_labels
from neurochip.errors import DataError

__all__ = ["EVENTS", "FIELDS", "event_fields", "events_of_arrays", "has_events", "read_events"]

Array = NDArray[Any]

EVENTS = "events"
FIELDS = ("x", "y", "t", "p")
_LARGEST = 2**53  # beyond it a float is not one whole number


def has_events(arrays: Mapping[str, Array]) -> bool:
    """Whether arrays of a file are events: one of records called ``events``, or four called ``events/x`` and so on."""
    return EVENTS in arrays or f"{EVENTS}/t" in arrays


def read_events(arrays: Mapping[str, Array], path: Path, spec: DataSpec) -> Table:
    """Return the events of a file, with their labels, as a run presents them.

    Parameters
    ----------
    arrays
        As of `events_of_arrays`, and ``labels`` or ``y`` [sample].

    Raises
    ------
    DataError
        For events that cannot be, with sample and event.
    """
    labels = _labels(arrays)
    if labels is None:
        raise DataError(
            str(path), "has events and no labels: [sample]; docs/data.md says what such a file holds"
        )
    events = events_of_arrays(arrays, str(path), len(labels) if labels.ndim == 1 else 0)
    if labels.dtype.kind in "iu":
        wanted = whole_labels(labels, f"{path}: labels")
    else:
        wanted = labels_of([str(label) for label in labels])
    return event_table(path.name, (events, wanted), None, spec)


def _labels(arrays: Mapping[str, Array]) -> Array | None:
    return next((arrays[k] for k in ("labels", "y", "label", "targets") if k in arrays), None)


def events_of_arrays(arrays: Mapping[str, Array], place: str, samples: int | None = None) -> Events:
    """Return the events of arrays.

    Parameters
    ----------
    arrays
        ``events``, records with the fields x, y, t and p of all samples one after the other (or ``events/x`` …);
        ``starts`` [sample], the first event of each; ``size``, width and height, where it is known.
    samples
        How many there must be.

    Raises
    ------
    DataError
        For arrays that are not of this form.
    """
    x, y, t, p = _fields(arrays, place)
    if "starts" not in arrays:
        raise DataError(place, "has events and no starts: [sample]; docs/data.md says what such a file holds")
    starts = np.asarray(arrays["starts"])
    if starts.dtype.kind not in "iu" or starts.ndim != 1 or (samples is not None and len(starts) != samples):
        each = "sample" if samples is None else f"of the {samples} labels"
        raise DataError(place, f"starts must be whole numbers, one for each {each}")
    edges = np.append(starts.astype(np.int64), len(t))
    if len(starts) == 0 or edges[0] != 0 or np.any(np.diff(edges) < 0):
        raise DataError(f"{place}: starts", f"must rise from 0 to at most {len(t)}, the number of events")
    return Events(
        x, y, t, p, edges, _size(arrays, place), place,
        where=lambda sample, event: f"{place}: sample {sample + 1}, event {event + 1}",
        sample=lambda sample: f"{place}: sample {sample + 1}",
    )  # fmt: skip


def event_fields(events: Array, place: str) -> tuple[Array, ...]:
    """Return x, y, t and p of an array of records.

    Raises
    ------
    DataError
        For an array without such fields, with numbers that are not finite, or x, y and p that are not whole.
    """
    names = events.dtype.names
    if events.ndim != 1 or names is None or not set(FIELDS) <= set(names):
        raise DataError(place, "must be records with the fields x, y, t and p")
    return tuple(_numbers(events[field], f"{place}, field {field}", field) for field in FIELDS)


def _numbers(values: Array, place: str, field: str) -> Array:
    if values.dtype.kind not in "biuf" or values.ndim != 1 or not np.all(np.isfinite(values)):
        raise DataError(place, "must hold a finite number for each event")
    if field == "t":
        return values.astype(np.float64)
    if values.dtype.kind in "uf":
        wrong = np.flatnonzero((np.trunc(values) != values) | (np.abs(values) > _LARGEST))
        if len(wrong):
            raise DataError(
                place, f"event {wrong[0] + 1} must be a whole number, got {values[wrong[0]].item()}"
            )
    return values.astype(np.int64)


def _fields(arrays: Mapping[str, Array], place: str) -> tuple[Array, ...]:
    if EVENTS in arrays:
        found = event_fields(arrays[EVENTS], f"{place}: {EVENTS}")
    else:
        missing = next((field for field in FIELDS if f"{EVENTS}/{field}" not in arrays), None)
        if missing is not None:
            raise DataError(place, f"has no {EVENTS}/{missing}")
        found = tuple(
            _numbers(arrays[f"{EVENTS}/{field}"], f"{place}: {EVENTS}, field {field}", field)
            for field in FIELDS
        )
    if len({len(values) for values in found}) > 1:
        raise DataError(f"{place}: {EVENTS}", "has fields of different lengths")
    if len(found[0]) == 0:
        raise DataError(f"{place}: {EVENTS}", "holds no event")
    return found


def _size(arrays: Mapping[str, Array], place: str) -> tuple[int, int] | None:
    if "size" not in arrays:
        return None
    size = np.asarray(arrays["size"])
    if size.shape != (2,) or size.dtype.kind not in "iu" or size.min() < 1:
        raise DataError(f"{place}: size", "must be width and height")
    return int(size[0]), int(size[1])
