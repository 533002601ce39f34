"""Figures of one mode at one value, over all dies and seeds, and differences between modes on the same dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

from neurochip.report.sweeps.schema import BandTable, CellTable, PairTable, PointTable
from neurochip.sweep.space import Axis
from neurochip.sweep.statistics import mean_band, mean_of_dies, quantile, share_of_dies

__all__ = ["band_of", "cell_of", "failures_of", "pair_of"]

_FAILED = 1.0  # nothing is classified right by a die that fails

Cells = Mapping[tuple[str, str], Sequence[PointTable]]  # (mode, value) → points


def band_of(values: Sequence[float]) -> BandTable | None:
    """Return the mean of values with its band."""
    return cast(BandTable, mean_band(values)._asdict()) if values else None


def cell_of(axis: Axis, position: int, points: Sequence[PointTable]) -> CellTable:
    """Return what was measured at a value of the first key."""
    once = list({point["task"]: point for point in points}.values())
    alike = len(once) < len(points)
    found = {(point["die"], point["seed"]): error for point in once if (error := _error(point)) is not None}
    good = {(point["die"], point["seed"]): point["good"] for point in once if point["good"] is not None}
    errors = list(found.values())
    measured = any(point["error"] is not None for point in once)
    band = mean_of_dies(found) if measured else None
    share = sum(good.values()) / len(good) if good else None
    low, high = share_of_dies(good) if good else (None, None)
    if alike:
        low = high = share  # there is no chance in which die one gets
    numbers = axis.numbers
    return {
        "value": axis.values[position],
        "x": float(position) if numbers is None else numbers[position],
        "n": len(errors),
        "alike": alike,
        "failed": sum(point["reason"] is not None for point in once),
        "failures": failures_of(once),
        "mean": None if band is None else band.mean,
        "low": None if band is None else band.low,
        "high": None if band is None else band.high,
        "q05": quantile(errors, 0.05) if measured else None,
        "median": quantile(errors, 0.5) if measured else None,
        "q95": quantile(errors, 0.95) if measured else None,
        "good": sum(good.values()),
        "good_share": share,
        "good_low": low,
        "good_high": high,
        "metrics": _bands([point["metrics"] for point in once]),
        "costs": _bands([point["costs"] for point in once]),
    }


def _bands(tables: Sequence[dict[str, float]]) -> dict[str, BandTable]:
    names = sorted({name for table in tables for name in table})
    bands = {name: band_of([table[name] for table in tables if name in table]) for name in names}
    return {name: band for name, band in bands.items() if band is not None}


def failures_of(points: Sequence[PointTable]) -> dict[str, int]:
    """Return how many measurements failed, by kind, the most frequent first; points of one task are one."""
    kinds = {point["task"]: point["failure"] for point in points}
    counts = Counter(kind for kind in kinds.values() if kind is not None)
    return dict(sorted(counts.items(), key=lambda found: (-found[1], found[0])))


def _error(point: PointTable) -> float | None:
    return _FAILED if point["reason"] is not None else point["error"]


def pair_of(axis: Axis, mode: str, against: str, cells: Cells) -> PairTable:
    """Return the difference between two modes at each value: of the means of each die, paired."""
    differences: list[BandTable | None] = []
    for value in axis.values:
        first, second = (_by_die(cells.get((name, value), ())) for name in (mode, against))
        both = {
            (first[die][0], second[die][0]): first[die][1] - second[die][1] for die in first if die in second
        }
        differences.append(band_of(list(both.values())))
    return {"mode": mode, "against": against, "values": list(axis.values), "differences": differences}


def _by_die(points: Sequence[PointTable]) -> dict[int, tuple[tuple[str, ...], float]]:
    """Return, for each die, the tasks that measured it and the mean error; without dies, for each seed."""
    found: dict[int, list[tuple[str, float]]] = {}
    for point in points:
        error = _error(point)
        if error is not None:
            found.setdefault(point["die"] or point["seed"], []).append((point["task"], error))
    return {
        die: (tuple(task for task, _ in ones), sum(error for _, error in ones) / len(ones))
        for die, ones in found.items()
    }
