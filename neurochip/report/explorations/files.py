"""The folder of an exploration: sweep.json, points.csv, sweep.html; written whole and read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neurochip.durable.atomic import replacing
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, converted, read_json
from neurochip.report.explorations.metrics import METRICS
from neurochip.report.explorations.page import exploration_page
from neurochip.report.explorations.schema import FORMAT, ExplorationDocument

__all__ = ["DOCUMENT", "PAGE", "POINTS", "is_exploration", "read_exploration", "write_exploration"]

DOCUMENT, PAGE, POINTS, SENSITIVITY = "sweep.json", "sweep.html", "points.csv", "sensitivity.csv"


def write_exploration(document: ExplorationDocument, folder: Path | str) -> Path:
    """Write numbers and page into an existing folder; return the page."""
    folder = Path(folder)
    _write(folder / DOCUMENT, json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    keys = [axis["key"] for axis in document["vary"]]
    fronts = {tuple(front["metrics"]): set(front["points"]) for front in document["fronts"]}
    shown = [tuple(pair) for pair in document["shown"] if tuple(pair) in fronts]
    head = [*keys, *document["metrics"], *(f"on_front_{a}_{b}" for a, b in shown), "failure"]
    rows = (
        [
            *(point["values"][key] for key in keys),
            *(point["metrics"].get(name, "") for name in document["metrics"]),
            *(int(k in fronts[pair]) for pair in shown),
            point["failure"] or "",
        ]
        for k, point in enumerate(document["points"])
    )
    _write(folder / POINTS, _table(head, rows))
    _write(
        folder / SENSITIVITY,
        _table(
            ["key", "figure", "ratio", "slope"],
            (
                [e["key"], e["metric"], *("" if e[n] is None else e[n] for n in ("ratio", "slope"))]
                for e in document["sensitivity"]
            ),
        ),
    )
    _write(folder / PAGE, exploration_page(document))
    return folder / PAGE


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(head)
    out.writerows(rows)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text.encode())


def _document(folder: Path | str) -> Foreign:
    return Foreign(
        Path(folder) / DOCUMENT, "an exploration", "explore again", absent="name the folder of a sweep"
    )


def is_exploration(folder: Path | str) -> bool:
    """Return whether a folder holds an exploration; of anything unreadable it does not."""
    try:
        table = read_json(_document(folder))
    except DataError:
        return False
    return isinstance(table, dict) and table.get("kind") == "exploration"


def read_exploration(folder: Path | str) -> ExplorationDocument:
    """Return the document of a folder, with its form checked."""
    file = _document(folder)
    raw = converted(read_json(file), file, dict[str, Any])
    if raw.get("format") != FORMAT:
        raise DataError(
            f"{file.path}: format",
            f"is {briefly(str(raw.get('format')), 40)}, and this version reads {FORMAT}; "
            "use the version that wrote it",
        )
    document: ExplorationDocument = converted(raw, file, ExplorationDocument)
    unknown = {name for point in document["points"] for name in point["metrics"]} - set(METRICS)
    if unknown:
        raise DataError(f"{file.path}: points", f"have the figure {sorted(unknown)[0]}, which there is not")
    return document
