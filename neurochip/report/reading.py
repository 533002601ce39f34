"""A folder of results → the document and the rasters in it, or one sentence about what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.description import RunSpec
from neurochip.energy import HardwareUse
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, converted, read_arrays, read_json
from neurochip.files.limits import MOST_MEMBERS
from neurochip.report.schema import FORMAT, Document
from neurochip.spikes import spikes_of
from neurochip.substrate.counters import Counters
from neurochip.training.record import Raster

__all__ = ["RASTERS", "REPORT", "drawing_stored", "read_document", "read_rasters"]

REPORT = "report.json"
RASTERS = "raster.npz"


# A file that only one kind of folder has → what the folder is, and what can be done with it.
_CURE = "carry out the run.toml beside it again"
_OTHERS = {
    "sweep.json": "is a sweep, not a run; `neurochip report` shows it, sweep.json and summary.csv hold its figures",
    "points.sqlite": "is a sweep that is not finished, not a run; go on with `neurochip sweep --resume`",
    "tune.json": "is a search, not a run; tune.html shows it",
    "tune-settings.json": "is a search that is not finished, not a run; go on with `neurochip tune --resume`",
    "result.json": "is a reproduced experiment, not a run; report.html shows it, result.json holds its figures",
}


def what_else(folder: Path) -> str | None:
    """Return what a folder is that does not hold a run, in words; `None` if that is not known."""
    words = next((words for name, words in _OTHERS.items() if (folder / name).is_file()), None)
    trials = words is not None and any(folder.glob("trial-*.toml"))  # a search of chips has none
    return (
        f"{words}, and each trial-N.toml in it is a run that `neurochip simulate` takes" if trials else words
    )


@contextmanager
def drawing_stored(path: Path | str) -> Iterator[None]:
    """Turn a fault while a stored document is drawn into a sentence about it: types cannot say everything."""
    path = Path(path)
    with Foreign(path / REPORT if path.is_dir() else path, "a report", _CURE).guarded():
        yield


def read_document(path: Path | str) -> Document:
    """Return the document of a ``report.json``, or of the folder that holds one, with everything checked."""
    path = Path(path)
    if path.is_dir():
        other = what_else(path)
        if other is not None:
            raise DataError(str(path), other)
        path = path / REPORT
    file = Foreign(path, "a report", _CURE, absent="name the folder of a finished run")
    raw = read_json(file)
    if isinstance(raw, dict) and raw.get("kind") == "replay":
        raise DataError(str(path.parent), "is a replay, not a run that learns; `neurochip report` shows it")
    number = raw.get("format") if isinstance(raw, dict) else None
    if not isinstance(number, int):
        raise DataError(str(path), "is not a report of neurochip: it has no format number")
    if number != FORMAT:
        raise DataError(
            f"{path}: format", f"is {number}, and this version reads {FORMAT}; use the version that wrote it"
        )
    table: Document = converted(raw, file, Document)
    with file.guarded("run"):
        try:
            RunSpec.from_dict(table["run"])
        except ConfigError as error:
            raise DataError(f"{path}: run.{error.place}", error.problem) from None
    with file.guarded("hardware"):
        try:
            HardwareUse.from_json(table["hardware"])
        except DataError as error:
            raise DataError(f"{path}: {error.place}", error.problem) from None
    with file.guarded("counters"):
        Counters.from_json(table["counters"])
    curve = table["convergence"]
    if curve is not None:
        n_ticks = len(curve["mean_error"])
        if len(curve["std_error"]) != n_ticks or not 1 <= curve["n_free"] <= n_ticks:
            raise DataError(
                f"{path}: convergence", f"is damaged: its curves and n_free do not fit together; {_CURE}"
            )
    return table


def read_rasters(path: Path | str) -> tuple[Raster, ...]:
    """Return the rasters of a ``raster.npz`` or of a folder; a folder without one has none."""
    path = Path(path)
    path = path / RASTERS if path.is_dir() else path
    if not path.exists():
        return ()
    file = Foreign(path, "a file of rasters", _CURE)
    arrays = read_arrays(file)
    with file.guarded():
        count = _whole(arrays["presentations"], MOST_MEMBERS)
        return tuple(_raster(arrays, number) for number in range(count))


def _raster(arrays: Mapping[str, NDArray[np.generic]], number: int) -> Raster:
    names = tuple(str(name) for name in arrays[f"{number}.populations"].ravel())
    label, predicted, n_free, n_nudged = (_whole(n, 2**53) for n in arrays[f"{number}.numbers"])
    spikes = tuple(spikes_of(arrays, f"{number}.spikes.{k}") for k in range(len(names)))
    if any(raster.batch is not None or raster.ticks != n_free + n_nudged for raster in spikes):
        raise ValueError(f"{number}.numbers and the spikes differ in their ticks")
    return Raster(
        label=label,
        predicted=predicted,
        presentation=str(arrays[f"{number}.presentation"]),
        populations=names,
        spikes=spikes,
        n_free=n_free,
        n_nudged=n_nudged,
    )


def _whole(value: object, most: int) -> int:
    """Return a count that stands in an array of one value."""
    found = np.asarray(value)
    if found.shape != () or found.dtype.kind not in "iu" or not 0 <= int(found) <= most:
        raise ValueError(f"expected a count of at most {most}, got {found.dtype} {found.shape}")
    return int(found)
