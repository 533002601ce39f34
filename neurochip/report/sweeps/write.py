"""Reports of a sweep on disk: each file appears whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from neurochip.data.atomic import replacing
from neurochip.errors import DataError
from neurochip.report.sweeps.page import sweep_page
from neurochip.report.sweeps.schema import FORMAT, SweepDocument

__all__ = ["SWEEP", "read_sweep", "write_sweep"]

SWEEP = "sweep.json"
_CURE = "`neurochip sweep --resume` writes it again"


def write_sweep(table: SweepDocument, folder: Path | str) -> Path:
    """Write sweep.json, sweep.html, points.csv and summary.csv; return the page."""
    folder = Path(folder)
    html = folder / "sweep.html"
    for path, text in (
        (folder / SWEEP, json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False) + "\n"),
        (folder / "points.csv", points_csv(table)),
        (folder / "summary.csv", summary_csv(table)),
        (html, sweep_page(table)),
    ):
        with replacing(path) as file:
            file.write(text.encode())
    return html


def read_sweep(path: Path | str) -> SweepDocument:
    """Return the document of a ``sweep.json``, or of the folder that holds one.

    Raises
    ------
    DataError
        When it is missing, damaged, or of another format.
    """
    path = Path(path)
    path = path / SWEEP if path.is_dir() else path
    try:
        raw = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise DataError(str(path), "no such file; name the folder of a sweep") from None
    except OSError as error:
        raise DataError(str(path), f"cannot be read: {error.strerror or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(str(path), f"is not valid JSON: {error}") from None
    number = raw.get("format") if isinstance(raw, dict) else None
    if number != FORMAT:
        raise DataError(f"{path}: format", f"is {number}, and this version reads {FORMAT}; {_CURE}")
    try:
        return msgspec.convert(raw, SweepDocument)
    except msgspec.ValidationError as error:
        problem = str(error).replace("`", "'")
        raise DataError(str(path), f"is damaged: {problem}; {_CURE}") from None


def points_csv(table: SweepDocument) -> str:
    """Return a line for each point; errors are shares."""
    keys = [entry["key"] for entry in table["definition"]["vary"]]
    metrics = sorted({name for point in table["points"] for name in point["metrics"]})
    rows = (
        [
            *point["values"],
            point["mode"],
            point["die"],
            point["seed"],
            point["error"],
            point["above"],
            point["good"],
            *(point["metrics"].get(name) for name in metrics),
            point["reason"],
        ]
        for point in table["points"]
    )
    names = ["mode", "die", "seed", "test_error", "above_ideal", "good", *metrics, "reason"]
    return _csv([*keys, *names], rows)


def summary_csv(table: SweepDocument) -> str:
    """Return a line for each setting and mode; errors and yields are shares."""
    keys = [entry["key"] for entry in table["definition"]["vary"]]
    figures = ("n", "failed", "mean", "low", "high", "q05", "median", "q95")
    yields = ("good", "good_share", "good_low", "good_high")
    rows = (
        [
            cell["value"],
            *panel["others"].values(),
            curve["mode"],
            *(cell[name] for name in (*figures, *yields)),  # type: ignore[literal-required]
        ]
        for panel in table["panels"]
        for curve in panel["curves"]
        for cell in curve["cells"]
    )
    return _csv([*keys, "mode", *figures, *yields], rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(
            [{True: "true", False: "false"}[cell] if isinstance(cell, bool) else cell for cell in row]
        )
    return text.getvalue()
