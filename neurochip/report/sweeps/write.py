"""Reports of a sweep on disk: each file appears whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from neurochip.durable.atomic import replacing
from neurochip.files import Foreign
from neurochip.report.stored import read_formatted
from neurochip.report.sweeps.costs import cells_of, cost_names
from neurochip.report.sweeps.page import sweep_page
from neurochip.report.sweeps.schema import FORMAT, SweepDocument
from neurochip.report.sweeps.words import failure_words

__all__ = ["SWEEP", "drawing_stored_sweep", "read_sweep", "write_sweep"]

SWEEP = "sweep.json"
_CURE = "`neurochip sweep --resume` writes it again"


def write_sweep(table: SweepDocument, folder: Path | str) -> Path:
    """Write sweep.json, sweep.html, points.csv and summary.csv; return the page."""
    folder = Path(folder)
    html = folder / "sweep.html"
    texts: tuple[tuple[Path, Callable[[SweepDocument], str]], ...] = (
        (folder / SWEEP, sweep_json),
        (folder / "points.csv", points_csv),
        (folder / "summary.csv", summary_csv),
        (html, sweep_page),
    )
    for path, made in texts:  # numbers first: a page that cannot be drawn costs none of them
        text = made(table)
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
    file = _sweep(path)
    return read_formatted(file, SweepDocument, FORMAT, cure=_CURE)


def _sweep(path: Path) -> Foreign:
    return Foreign(path, "a sweep", _CURE, absent="name the folder of a sweep")


@contextmanager
def drawing_stored_sweep(path: Path | str) -> Iterator[None]:
    """Turn a fault while a stored sweep is drawn into a sentence about it: a schema of types cannot say everything."""
    path = Path(path)
    with _sweep(path / SWEEP if path.is_dir() else path).guarded():
        yield


def sweep_json(table: SweepDocument) -> str:
    """Return the document as JSON."""
    return json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def points_csv(table: SweepDocument) -> str:
    """Return a line for each point; errors are shares, costs those of a test sample and of the chip."""
    keys = [entry["key"] for entry in table["definition"]["vary"]]
    metrics = sorted({name for point in table["points"] for name in point["metrics"]})
    costs = cost_names(point["costs"] for point in table["points"])
    has_front = bool(table["front_costs"])
    measured = bool(table["definition"].get("measured"))
    rows = (
        [
            *point["values"],
            point["mode"],
            point["die"],
            *([point.get("file")] * measured),
            point["seed"],
            point["error"],
            point["above"],
            point["good"],
            *(point["costs"].get(name) for name in costs),
            *([point.get("on_front")] * has_front),
            *(point["metrics"].get(name) for name in metrics),
            point["failure"],
            point["reason"],
        ]
        for point in table["points"]
    )
    names = [
        "mode",
        "die",
        *(["die_file"] * measured),
        "seed",
        "test_error",
        "above_ideal",
        "good",
        *costs,
        *(["on_front"] * has_front),
        *metrics,
        "failure",
        "reason",
    ]
    return _csv([*keys, *names], rows)


def summary_csv(table: SweepDocument) -> str:
    """Return a line for each setting and mode; errors and yields are shares, costs are means."""
    keys = [entry["key"] for entry in table["definition"]["vary"]]
    figures = ("n", "failed", "mean", "low", "high", "q05", "median", "q95")
    yields = ("good", "good_share", "good_low", "good_high")
    costs = cost_names(cell["costs"] for cell in cells_of(table))
    rows = (
        [
            cell["value"],
            *panel["others"].values(),
            curve["mode"],
            *(cell[name] for name in (*figures, *yields)),  # type: ignore[literal-required]
            *(cell["costs"][name]["mean"] if name in cell["costs"] else None for name in costs),
            failure_words(cell["failures"]),
        ]
        for panel in table["panels"]
        for curve in panel["curves"]
        for cell in curve["cells"]
    )
    return _csv([*keys, "mode", *figures, *yields, *costs, "failures"], rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(
            [{True: "true", False: "false"}[cell] if isinstance(cell, bool) else cell for cell in row]
        )
    return text.getvalue()
