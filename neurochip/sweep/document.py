"""Plan and store → the document that is ``sweep.json``; every report is made from that."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, cast

from neurochip.report.sweeps.schema import (
    FORMAT,
    CurveTable,
    LimitTable,
    PanelTable,
    PointTable,
    RatioTable,
    SweepDocument,
)
from neurochip.sweep.cells import band_of, cell_of, failures_of, pair_of
from neurochip.sweep.definition import Definition, Mode
from neurochip.sweep.fronts import costs_that_differ, front_of, mark_front
from neurochip.sweep.judging import Reference, judged
from neurochip.sweep.limits import limit_of, trials_of, ways_of
from neurochip.sweep.plan import Plan
from neurochip.sweep.route import lattice
from neurochip.sweep.space import Axis
from neurochip.sweep.store import Store
from neurochip.sweep.wording import verdict_of

__all__ = ["document"]


def document(definition: Definition, plan: Plan, store: Store) -> SweepDocument:
    """Return what is known of a sweep so far."""
    points, reference = judged(definition, plan, store)
    panels = [
        _panel(definition, plan, points, others, reference) for others in _combinations(definition.axes[1:])
    ]
    ideal = band_of(list(reference.by_seed.values()))
    for panel in panels:
        panel["verdict"] = verdict_of(definition, panel, ideal, reference.failures)
    costs = costs_that_differ(panels)
    mark_front(points, costs)
    measured = store.done()
    return {
        "format": FORMAT,
        "definition": cast(Any, definition.to_json()),
        "versions": store.versions(),
        "complete": plan.is_complete and all(digest in measured for digest in plan.tasks),
        "tasks": len(plan.tasks),
        "ideal": ideal,
        "ideal_failures": reference.failures,
        "panels": panels,
        "points": points,
        "front": front_of(panels, costs),
        "front_costs": costs,
        "events": [f"{at} {what}" for at, what in store.events()],
        "sessions": cast(Any, store.sessions()),
    }


def _combinations(axes: Sequence[Axis]) -> Iterable[dict[str, str]]:
    for values in itertools.product(*(axis.values for axis in axes)):
        yield dict(zip([axis.key for axis in axes], values, strict=True))


def _panel(
    definition: Definition,
    plan: Plan,
    points: list[PointTable],
    others: dict[str, str],
    reference: Reference,
) -> PanelTable:
    axis = definition.axes[0]
    rest = list(others.values())
    mine = [point for point in points if point["values"][1:] == rest and point["mode"] != Mode.IDEAL]
    modes = [mode for mode in definition.modes if mode is not Mode.IDEAL]
    by_cell: dict[tuple[str, str], list[PointTable]] = {}
    for point in mine:
        by_cell.setdefault((point["mode"], point["values"][0]), []).append(point)
    lines = [
        [cell_of(axis, k, by_cell.get((mode, value), [])) for k, value in enumerate(axis.values)]
        for mode in modes
    ]
    ways = ways_of(axis, definition.nominal[0], lines, ideal_is_nominal=plan.ideal_is_nominal)
    names = names_of(definition)
    curves: list[CurveTable] = []
    for mode, cells in zip(modes, lines, strict=True):
        of_mode = [point for point in mine if point["mode"] == mode]
        limits = []
        for way in ways:
            finer = lattice(way, definition.precision) if definition.adaptive else way
            found = limit_of(definition, mode, finer, trials_of(of_mode, finer, names), reference)
            if found is not None:
                limits.append(found)
        curves.append({"mode": mode.value, "cells": cells, "limits": limits})
    return {
        "others": others,
        "curves": curves,
        "pairs": [pair_of(axis, mode, modes[0], by_cell) for mode in modes[1:]],
        "verdict": "",
        "ratio": _ratio(curves),
        "failures": failures_of(mine),
    }


def names_of(definition: Definition) -> list[int]:
    """Return what is repeated: dies or, where there are none, seeds."""
    if definition.dies or definition.measured:
        return [number for number, _ in definition.population]
    return list(definition.reference_seeds[: definition.seeds])


def _ratio(curves: Sequence[CurveTable]) -> RatioTable | None:
    """Return how many times as far in-loop goes as deploy, where both limits were found and lead upwards.

    Where trainings of one die differ, one training of each is what is compared.
    """
    found = {curve["mode"]: curve["limits"] for curve in curves}
    first, second = (found.get(mode.value, []) for mode in (Mode.IN_LOOP, Mode.DEPLOY))
    if len(first) != 1 or len(second) != 1:
        return None
    a, b = first[0], second[0]
    if "down" in (a["direction"], b["direction"]) or not (a["exact"] and b["exact"]):
        return None
    far, near = _inside(a), _inside(b)
    if far is None or not near:
        return None
    low, high = _end(a, "low"), _end(a, "high")
    least, most = _end(b, "low"), _end(b, "high")
    return {
        "at": far / near,
        "low": low / most if low is not None and most else None,
        "high": high / least if high is not None and least else None,
    }


def _inside(limit: LimitTable) -> float | None:
    at = (limit["once"] or limit)["at"]
    return None if at["beyond"] else at["value"]


def _end(limit: LimitTable, end: str) -> float | None:
    ends = limit["once"] or limit
    crossing = ends["low"] if end == "low" else ends["high"]
    return None if crossing is None or crossing["beyond"] else crossing["value"]
