"""The verdict in a sentence."""

from __future__ import annotations

from neurochip.report.quantities import decimal, percent
from neurochip.report.sweeps.schema import (
    BandTable,
    CellTable,
    CrossingTable,
    CurveTable,
    LimitTable,
    PanelTable,
)
from neurochip.sweep.definition import Definition
from neurochip.sweep.dies import is_imperfection

__all__ = ["verdict_of"]

_HOW = {"deploy": "deployed", "in-loop": "trained in the loop", "fine-tune": "fine-tuned"}


def verdict_of(definition: Definition, panel: PanelTable, ideal: BandTable | None) -> str:
    """Say how far each mode goes, and how much further training in the loop does than deploying."""
    if ideal is None:
        return "No verdict: the ideal chip was not measured."
    axis = definition.axes[0]
    unit = "dies" if definition.dies or definition.measured else "seeds"
    good = f"At least {100 * definition.wanted:g} % of {unit} within {_points(definition.within)} of ideal"
    head = f"{good} ({percent(ideal['mean'])} error): "
    if axis.numbers is None:
        said = [f"{_HOW[curve['mode']]} {_listed(definition, curve)}" for curve in panel["curves"]]
        return head + "; ".join(said) + "."
    directions = {limit["direction"] for curve in panel["curves"] for limit in curve["limits"]}
    parts = []
    for direction in ("up", "down"):
        if direction in directions:
            found = [
                (curve["mode"], limit)
                for curve in panel["curves"]
                for limit in curve["limits"]
                if limit["direction"] == direction
            ]
            # Said once, where a value follows: neither "up to nowhere" nor "up to beyond".
            values = [k for k, (_, limit) in enumerate(found) if _has_value(limit)]
            words = {values[0]: "up to " if direction == "up" else "down to "} if values else {}
            said = [
                f"{words.get(k, '')}{_limit(limit)} {_HOW[mode]}" for k, (mode, limit) in enumerate(found)
            ]
            parts.append(f"{axis.key} " + ", ".join(said))
    return head + "; ".join(parts) + _gain(panel, axis.key) + "."


def _points(share: float) -> str:
    points = 100 * share
    return f"{points:g} point{'' if points == 1 else 's'}"


def _has_value(limit: LimitTable) -> bool:
    return limit["at"]["value"] is not None and not limit["at"]["beyond"]


def _limit(limit: LimitTable) -> str:
    if limit["at"]["value"] is None:
        return "nowhere"
    low, direction = limit["low"], limit["direction"]
    at, far = _crossing(limit["at"], direction), _crossing(limit["high"], direction)
    if low is None:
        return at if limit["high"]["beyond"] else f"{at} [at most {far}]"
    return f"{at} [{_crossing(low, direction)} … {far}]"


def _crossing(crossing: CrossingTable, direction: str) -> str:
    """A die that is good up to the end of the grid goes somewhere beyond it."""
    if crossing["value"] is None:
        return "nowhere"
    beyond = ("beyond " if direction == "up" else "below ") if crossing["beyond"] else ""
    return f"{beyond}{decimal(crossing['value'])}"


def _gain(panel: PanelTable, key: str) -> str:
    if panel["ratio"] is None:
        return ""
    more = "more than " if panel["ratio_is_more"] else ""
    factor = panel["ratio"]
    text = f"; training in the loop bears {more}{decimal(factor, 2)}× as much as deploying"
    if key.startswith("analog.mismatch.") and is_imperfection(key):
        # Pelgrom: σ ∝ 1/√area.
        text += f", which is worth {more}{decimal(factor**2, 2)}× of device area"
    return text


def _listed(definition: Definition, curve: CurveTable) -> str:
    held = [cell["value"] for cell in curve["cells"] if _holds(cell, definition.wanted)]
    fallen = [cell["value"] for cell in curve["cells"] if not _holds(cell, definition.wanted)]
    parts = []
    if held:
        parts.append("with " + ", ".join(held))
    if fallen:
        parts.append("not with " + ", ".join(fallen))
    return ", ".join(parts)


def _holds(cell: CellTable, wanted: float) -> bool:
    return cell["good_share"] is not None and cell["good_share"] >= wanted
