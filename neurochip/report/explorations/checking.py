"""What types cannot say of a stored exploration: its parts name keys, figures and points that there are.

Names of figures and keys become names of files and of columns, and numbers of points are looked up: what a damaged or
made-up sweep.json says of them is believed only after this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from neurochip.errors import DataError
from neurochip.files import briefly
from neurochip.report.explorations.metrics import METRICS
from neurochip.report.explorations.schema import ExplorationDocument

__all__ = ["check_exploration"]

_KEY = re.compile(r"chip(\.[A-Za-z0-9_-]+)+")
_WORK = ("spikes", "counted", "costed")


def check_exploration(document: ExplorationDocument) -> None:
    """Refuse a document whose parts do not fit together.

    Raises
    ------
    DataError
        Naming the first part that does not.
    """
    keys = _keys(document)
    _known(document["metrics"], "metrics")
    _points(document, keys)
    _fronts(document)
    for k, pair in enumerate(document["shown"]):
        _pair(pair, f"shown[{k}]")
    for k, entry in enumerate(document["sensitivity"]):
        if entry["key"] not in keys:
            raise DataError(f"sensitivity[{k}].key", f"is {_said(entry['key'])}, which does not vary")
        _known([entry["metric"]], f"sensitivity[{k}].metric")
    for name in _WORK:
        if document["work"].get(name, -1) < 0:
            raise DataError(f"work.{name}", "must be a count")


def _said(text: str) -> str:
    return f'"{briefly(text, 40)}"'


def _known(names: Iterable[str], place: str) -> None:
    for name in names:
        if name not in METRICS:
            raise DataError(place, f"names the figure {_said(name)}, which there is not")


def _pair(names: Sequence[str], place: str) -> None:
    if len(names) != 2 or names[0] == names[1]:
        raise DataError(place, f"must name two figures, got {len(set(names))}")
    _known(names, place)


def _keys(document: ExplorationDocument) -> list[str]:
    """Return the keys that vary."""
    keys = [axis["key"] for axis in document["vary"]]
    for k, key in enumerate(keys):
        if not _KEY.fullmatch(key):
            raise DataError(f"vary[{k}].key", f"is {_said(key)}, and no key of a chip")
        if key in keys[:k]:
            raise DataError(f"vary[{k}].key", f"is {key}, which varies already")
    if not keys:
        raise DataError("vary", "names no key")
    return keys


def _points(document: ExplorationDocument, keys: Sequence[str]) -> None:
    values = {axis["key"]: set(axis["values"]) for axis in document["vary"]}
    if not document["points"]:
        raise DataError("points", "holds none")
    for k, point in enumerate(document["points"]):
        if list(point["values"]) != list(keys):
            raise DataError(
                f"points[{k}].values", "must have a value of each key that varies, in their order"
            )
        for key, value in point["values"].items():
            if value not in values[key]:
                raise DataError(
                    f"points[{k}].values", f"has {key} = {_said(value)}, which is not varied over"
                )
        _known(point["metrics"], f"points[{k}].metrics")


def _fronts(document: ExplorationDocument) -> None:
    points = document["points"]
    for number, front in enumerate(document["fronts"]):
        _pair(front["metrics"], f"fronts[{number}].metrics")
        for k in front["points"]:
            if not 0 <= k < len(points):
                raise DataError(f"fronts[{number}].points", f"names point {k} of {len(points)}, from 0")
            if any(name not in points[k]["metrics"] for name in front["metrics"]):
                raise DataError(f"fronts[{number}].points", f"names point {k}, which has no such figures")
