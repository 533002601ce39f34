"""A folder of results → the document and the rasters in it, or one sentence about what is wrong with them."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import msgspec
import numpy as np

from neurochip.description import RunSpec
from neurochip.energy import HardwareUse
from neurochip.errors import ConfigError, DataError
from neurochip.report.schema import FORMAT, Document
from neurochip.spikes import spikes_of
from neurochip.substrate.ledger import Ledger
from neurochip.training.record import Raster

__all__ = ["RASTERS", "REPORT", "read_document", "read_rasters"]

REPORT = "report.json"
RASTERS = "raster.npz"


# A file that only one kind of folder has → what the folder is, and what can be done with it.
_CURE = "carry out the run.toml beside it again"
_OTHERS = {
    "sweep.json": "is a sweep, not a run; `neurochip report` shows it, sweep.json and summary.csv hold its figures",
    "points.sqlite": "is a sweep that is not finished, not a run; go on with `neurochip sweep --resume`",
    "tune.json": "is a search, not a run; tune.html shows it, and each trial-N.toml in it is a run that "
    "`neurochip simulate` takes",
    "tune-settings.json": "is a search that is not finished, not a run; go on with `neurochip tune --resume`",
    "result.json": "is a reproduced experiment, not a run; report.html shows it, result.json holds its figures",
}


def what_else(folder: Path) -> str | None:
    """Return what a folder is that does not hold a run, in words; `None` if that is not known."""
    return next((words for name, words in _OTHERS.items() if (folder / name).is_file()), None)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(str(path), "no such file; name the folder of a finished run") from None
    except OSError as error:
        raise DataError(str(path), f"cannot be read: {error.strerror or error}") from None


def read_document(path: Path | str) -> Document:
    """Return the document of a ``report.json``, or of the folder that holds one, with everything checked."""
    path = Path(path)
    if path.is_dir():
        other = what_else(path)
        if other is not None:
            raise DataError(str(path), other)
        path = path / REPORT
    data = _read_bytes(path)
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(str(path), f"is not valid JSON: {error}") from None
    if isinstance(raw, dict) and raw.get("kind") == "replay":
        raise DataError(str(path.parent), "is a replay, not a run that learns; `neurochip report` shows it")
    number = raw.get("format") if isinstance(raw, dict) else None
    if not isinstance(number, int):
        raise DataError(str(path), "is not a report of neurochip: it has no format number")
    if number != FORMAT:
        raise DataError(
            f"{path}: format", f"is {number}, and this version reads {FORMAT}; use the version that wrote it"
        )
    try:
        table = msgspec.convert(raw, Document)
        RunSpec.from_dict(table["run"])
    except msgspec.ValidationError as error:
        raise _located(path, str(error)) from None
    except ConfigError as error:
        raise DataError(f"{path}: run.{error.place}", error.problem) from None
    try:
        HardwareUse.from_json(table["hardware"])
    except DataError as error:
        raise DataError(f"{path}: {error.place}", error.problem) from None
    try:
        Ledger.from_json(table["ledger"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"{path}: ledger", f"is damaged ({type(error).__name__}: {error}); {_CURE}") from None
    curve = table["convergence"]
    if curve is not None:
        n_ticks = len(curve["mean_error"])
        if len(curve["std_error"]) != n_ticks or not 1 <= curve["n_free"] <= n_ticks:
            raise DataError(
                f"{path}: convergence", f"is damaged: its curves and n_free do not fit together; {_CURE}"
            )
    return table


def _located(path: Path, problem: str) -> DataError:
    """Turn ``Expected `int` - at `$.seed``` into place and problem."""
    text, _, where = problem.partition(" - at `$.")
    place = where.rstrip("`")
    text = text[:1].lower() + text[1:]
    return DataError(f"{path}: {place}" if place else str(path), text.replace("`", "'"))


def read_rasters(path: Path | str) -> tuple[Raster, ...]:
    """Return the rasters of a ``raster.npz`` or of a folder; a folder without one has none."""
    path = Path(path)
    path = path / RASTERS if path.is_dir() else path
    if not path.exists():
        return ()
    rasters = []
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            for number in range(int(stored["presentations"])):
                names = tuple(str(name) for name in stored[f"{number}.populations"])
                label, predicted, n_free, n_nudged = (int(n) for n in stored[f"{number}.numbers"])
                spikes = tuple(spikes_of(stored, f"{number}.spikes.{k}") for k in range(len(names)))
                rasters.append(
                    Raster(
                        label=label,
                        predicted=predicted,
                        presentation=str(stored[f"{number}.presentation"]),
                        populations=names,
                        spikes=spikes,
                        n_free=n_free,
                        n_nudged=n_nudged,
                    )
                )
    except (KeyError, ValueError, TypeError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(str(path), f"is not a file of rasters, or is damaged ({error}); {_CURE}") from None
    return tuple(rasters)
