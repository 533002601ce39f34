"""Plan and store → the document that is ``sweep.json``; every report is made from that."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, cast

from neurochip.report.sweeps.schema import (
    FORMAT,
    BandTable,
    CellTable,
    CurveTable,
    LimitTable,
    PairTable,
    PanelTable,
    PointTable,
    SweepDocument,
)
from neurochip.sweep.definition import Definition, Mode
from neurochip.sweep.measured import die_words
from neurochip.sweep.plan import Plan
from neurochip.sweep.space import Axis
from neurochip.sweep.statistics import mean_band, quantile, wilson
from neurochip.sweep.store import Store
from neurochip.sweep.verdict import Limit, crossing, limit, ratio
from neurochip.sweep.wording import verdict_of

__all__ = ["document"]


def document(definition: Definition, plan: Plan, store: Store) -> SweepDocument:
    """Return what is known of a sweep so far."""
    points, ideal = _points(definition, plan, store)
    panels = [_panel(definition, plan, points, others) for others in _combinations(definition.axes[1:])]
    reference = _band([error for error in ideal.values() if error is not None])
    for panel in panels:
        panel["verdict"] = verdict_of(definition, panel, reference)
    measured = store.done()
    return {
        "format": FORMAT,
        "definition": cast(Any, definition.to_json()),
        "versions": store.versions(),
        "complete": plan.is_complete and all(digest in measured for digest in plan.tasks),
        "tasks": len(plan.tasks),
        "ideal": reference,
        "panels": panels,
        "points": points,
        "events": [f"{at} {what}" for at, what in store.events()],
        "sessions": cast(Any, store.sessions()),
    }


def _points(
    definition: Definition, plan: Plan, store: Store
) -> tuple[list[PointTable], dict[int, float | None]]:
    found = dict(store.entries())

    def error_of(digest: str) -> float | None:
        entry = found.get(digest)
        return None if entry is None or entry.measured is None else float(entry.measured["test_error"])

    ideal = {seed: error_of(digest) for seed, digest in plan.ideal.items()}
    tables: list[PointTable] = []
    files = dict(definition.population)
    for point in plan.points:
        entry = found.get(point.digest)
        error, reference = error_of(point.digest), ideal[point.seed]
        above = None if error is None or reference is None else error - reference
        metrics = {} if entry is None or entry.measured is None else entry.measured.get("metrics", {})
        warnings = [] if entry is None or entry.measured is None else entry.measured.get("warnings", [])
        values = definition.nominal if point.setting < 0 else plan.settings[point.setting].values
        table: PointTable = {
            "values": list(values),
            "mode": point.mode.value,
            "die": point.die,
            "seed": point.seed,
            "error": error,
            "above": above,
            # Shares of whole samples: a point is a point, not the last bit of a division.
            "good": None if above is None else above <= definition.within + 1e-9,
            "metrics": {name: float(value) for name, value in metrics.items()},
            "reason": None if entry is None else entry.reason,
            "warnings": [str(sentence) for sentence in warnings],
            "task": point.digest,
        }
        if files.get(point.die):
            table["file"] = die_words(files[point.die] or "")
        tables.append(table)
    return tables, ideal


def _combinations(axes: Sequence[Axis]) -> Iterable[dict[str, str]]:
    for values in itertools.product(*(axis.values for axis in axes)):
        yield dict(zip([axis.key for axis in axes], values, strict=True))


def _panel(
    definition: Definition, plan: Plan, points: list[PointTable], others: dict[str, str]
) -> PanelTable:
    axis = definition.axes[0]
    rest = list(others.values())
    mine = [point for point in points if point["values"][1:] == rest]
    modes = [mode.value for mode in definition.modes if mode is not Mode.IDEAL]
    by_cell: dict[tuple[str, str], list[PointTable]] = {}
    for point in mine:
        by_cell.setdefault((point["mode"], point["values"][0]), []).append(point)
    lines = {
        mode: [_cell(axis, k, by_cell.get((mode, axis.values[k]), [])) for k in range(len(axis.values))]
        for mode in modes
    }
    curves: list[CurveTable] = []
    limits: dict[str, Limit] = {}
    routes = _routes(definition, plan, axis, list(lines.values()))
    for mode, cells in lines.items():
        tables = []
        for direction, order in routes:
            traces = _traces([by_cell.get((mode, axis.values[k]), []) for k in order])
            ways = [axis.numbers[k] for k in order] if axis.numbers else []
            found = limit(
                [crossing(list(zip(ways, trace, strict=True)), definition.within) for trace in traces],
                definition.wanted,
                down=direction == "down",
            )
            tables.append(_limit_table(direction, found, [cells[k] for k in order], definition.wanted))
            if len(routes) == 1:
                limits[mode] = found
        curves.append({"mode": mode, "cells": cells, "limits": tables})
    better = None
    if {Mode.DEPLOY.value, Mode.IN_LOOP.value} <= set(limits):
        better = ratio(limits[Mode.IN_LOOP.value], limits[Mode.DEPLOY.value])
        if routes and routes[0][0] == "down":
            better = None  # to go further down is not so many times as much
    return {
        "others": others,
        "curves": curves,
        "pairs": [_pair(axis, mode, modes[0], by_cell) for mode in modes[1:]],
        "verdict": "",
        "ratio": None if better is None else better.value,
        "ratio_is_more": better is not None and better.more,
    }


def _cell(axis: Axis, position: int, points: list[PointTable]) -> CellTable:
    once = list({point["task"]: point for point in points}.values())
    alike = len(once) < len(points)
    points = once
    errors = [point["error"] for point in points if point["error"] is not None]
    judged = [point["good"] for point in points if point["good"] is not None]
    band = _band(errors)
    good = sum(judged)
    low, high = wilson(good, len(judged)) if judged else (None, None)
    if judged and alike:
        low = high = good / len(judged)  # there is no chance in which die one gets
    names = sorted({name for point in points for name in point["metrics"]})
    metrics = {
        name: _band([point["metrics"][name] for point in points if name in point["metrics"]])
        for name in names
    }
    numbers = axis.numbers
    return {
        "value": axis.values[position],
        "x": float(position) if numbers is None else numbers[position],
        "n": len(errors),
        "alike": alike,
        "failed": sum(point["reason"] is not None for point in points),
        "mean": None if band is None else band["mean"],
        "low": None if band is None else band["low"],
        "high": None if band is None else band["high"],
        "q05": quantile(errors, 0.05) if errors else None,
        "median": quantile(errors, 0.5) if errors else None,
        "q95": quantile(errors, 0.95) if errors else None,
        "good": good,
        "good_share": good / len(judged) if judged else None,
        "good_low": low,
        "good_high": high,
        "metrics": {name: found for name, found in metrics.items() if found is not None},
    }


def _band(values: Sequence[float]) -> BandTable | None:
    return cast(BandTable, mean_band(values)._asdict()) if values else None


def _traces(stations: list[list[PointTable]]) -> list[list[float | None]]:
    """Return, for each die and seed, its errors above ideal along the way."""
    by_chip = [{(point["die"], point["seed"]): point["above"] for point in points} for points in stations]
    chips = dict.fromkeys(chip for station in by_chip for chip in station)
    return [[station.get(chip) for station in by_chip] for chip in chips]


def _routes(
    definition: Definition, plan: Plan, axis: Axis, lines: list[list[CellTable]]
) -> list[tuple[str, list[int]]]:
    """Return ways along the grid, from where the chip is best to where it is not; none where values have no order.

    From the nominal value up and down. Where that is not the ideal chip, as with the size of a transistor, from the end
    where more is good.
    """
    numbers = axis.numbers
    if numbers is None or not lines:
        return []
    up = sorted(range(len(numbers)), key=numbers.__getitem__)
    try:
        nominal = float(definition.nominal[0])
    except ValueError:
        nominal = numbers[up[0]]
    if nominal <= numbers[up[0]]:
        return [("up", up)]
    if nominal >= numbers[up[-1]]:
        return [("down", up[::-1])]
    if plan.ideal_is_nominal:
        above = [k for k in up if numbers[k] >= nominal]
        below = [k for k in reversed(up) if numbers[k] <= nominal]
        return [("up", above), ("down", below)]
    ends = [sum(cells[k]["good_share"] or 0.0 for cells in lines) for k in (up[0], up[-1])]
    return [("up", up)] if ends[0] >= ends[1] else [("down", up[::-1])]


def _limit_table(direction: str, found: Limit, way: list[CellTable], wanted: float) -> LimitTable:
    last: CellTable | None = None
    for cell in way:
        if cell["good_share"] is None or cell["good_share"] < wanted:
            break
        last = cell
    return {
        "direction": direction,
        "at": cast(Any, found.at._asdict()),
        "low": None if found.low is None else cast(Any, found.low._asdict()),
        "high": cast(Any, found.high._asdict()),
        "last": None if last is None else last["value"],
        "last_good": 0 if last is None else last["good"],
        "last_n": 0 if last is None else last["n"],
        "last_low": None if last is None else last["good_low"],
        "last_high": None if last is None else last["good_high"],
    }


def _pair(axis: Axis, mode: str, against: str, by_cell: dict[tuple[str, str], list[PointTable]]) -> PairTable:
    differences: list[BandTable | None] = []
    for value in axis.values:
        first, second = (
            {(point["die"], point["seed"]): point for point in by_cell.get((name, value), [])}
            for name in (mode, against)
        )
        both = {
            (one["task"], second[key]["task"]): (one["error"], second[key]["error"])
            for key, one in first.items()
            if key in second
        }
        differences.append(_band([a - b for a, b in both.values() if a is not None and b is not None]))
    return {"mode": mode, "against": against, "values": list(axis.values), "differences": differences}
