"""The folder of an exploration: sweep.json, points.csv, sweep.html; written whole and read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neurochip.durable.atomic import replacing
from neurochip.files import Foreign, briefly
from neurochip.report.explorations.checking import check_exploration
from neurochip.report.explorations.page import exploration_page
from neurochip.report.explorations.schema import FORMAT, KIND, ExplorationDocument
from neurochip.report.stored import is_of_kind, read_formatted

__all__ = [
    "DOCUMENT",
    "PAGE",
    "POINTS",
    "drawing_stored_exploration",
    "is_exploration",
    "read_exploration",
    "write_exploration",
]

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


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
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
    return is_of_kind(_document(folder), KIND)


def read_exploration(folder: Path | str) -> ExplorationDocument:
    """Return the document of a folder, with everything checked.

    Raises
    ------
    DataError
        When it is missing or damaged, of another format, or its parts do not fit together.
    """
    file = _document(folder)
    document = read_formatted(file, ExplorationDocument, FORMAT)
    if document["kind"] != KIND:
        raise file.fault(f"is {briefly(document['kind'], 40)}, and no exploration", "kind")
    with file.guarded():
        check_exploration(document)
    return document


@contextmanager
def drawing_stored_exploration(folder: Path | str) -> Iterator[None]:
    """Turn a fault while a stored exploration is drawn into a sentence about its file."""
    with _document(folder).guarded():
        yield
