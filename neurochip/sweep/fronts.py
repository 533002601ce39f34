"""What is not dominated: settings by mean error and costs, and single measurements by theirs."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.report.front import pareto_front
from neurochip.report.sweeps.costs import COSTS
from neurochip.report.sweeps.schema import FrontTable, PanelTable, PointTable

__all__ = ["costs_that_differ", "front_of", "mark_front"]

_SAME = 1e-9  # relative: a sum that was added up in another order costs no more


def costs_that_differ(panels: Sequence[PanelTable]) -> list[str]:
    """Return the costs in which modes and settings differ: only among these is there anything to choose."""
    found = []
    for name in COSTS:
        cells = [cell for panel in panels for curve in panel["curves"] for cell in curve["cells"]]
        means = [cell["costs"][name]["mean"] for cell in cells if name in cell["costs"]]
        if means and max(means) - min(means) > _SAME * max(map(abs, means)):
            found.append(name)
    return found


def front_of(panels: Sequence[PanelTable], costs: Sequence[str]) -> list[FrontTable]:
    """Return the settings that no other one dominates in mean error and in these costs; none without costs."""
    entries: list[FrontTable] = []
    for panel in panels:
        for curve in panel["curves"]:
            for cell in curve["cells"]:
                if cell["mean"] is not None and all(name in cell["costs"] for name in costs):
                    entries.append(
                        {
                            "values": [cell["value"], *panel["others"].values()],
                            "mode": curve["mode"],
                            "error": cell["mean"],
                            "good_share": cell["good_share"],
                            "costs": {name: cell["costs"][name]["mean"] for name in costs},
                        }
                    )
    if not costs:
        return []
    rows = [(entry["error"], *entry["costs"].values()) for entry in entries]
    return [entries[at] for at in pareto_front(rows)]


def mark_front(points: Sequence[PointTable], costs: Sequence[str]) -> None:
    """Note at each measurement, where settings differ in costs, whether another one dominates it."""
    if not costs:
        return
    known: list[tuple[PointTable, tuple[float, ...]]] = []
    for point in points:
        point["on_front"] = False
        if point["error"] is not None and all(name in point["costs"] for name in costs):
            known.append((point, (point["error"], *(point["costs"][name] for name in costs))))
    for at in pareto_front([row for _, row in known]):
        known[at][0]["on_front"] = True
