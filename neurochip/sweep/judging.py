"""Which measurements are good: the errors of points, compared with the ideal chip."""

from __future__ import annotations

import math
from collections import Counter
from statistics import fmean, stdev
from typing import NamedTuple

from neurochip.report.sweeps.schema import PointTable
from neurochip.sweep.definition import Definition, Mode
from neurochip.sweep.failure import Failure
from neurochip.sweep.measured import die_words
from neurochip.sweep.plan import Plan
from neurochip.sweep.rows import Entry
from neurochip.sweep.store import Store

__all__ = ["SAME", "Reference", "judged", "reference_of"]

SAME = 1e-9  # errors are shares of whole samples: a point is a point, not the last bit of a division


class Reference(NamedTuple):
    """The ideal chip: its error by seed, the mean, and the standard error of that, `None` for one training.

    ``failures`` counts the trainings that failed, by kind.
    """

    by_seed: dict[int, float]
    mean: float | None
    error: float | None
    failures: dict[str, int]

    def of(self, mode: Mode, seed: int) -> float | None:
        """Return what a point is compared with.

        Weights that were carried over are compared with what they do on the ideal chip. A training on the chip is
        another one than any on the ideal chip, even from the same seed, so that it is compared with their mean.
        """
        return self.mean if mode is Mode.IN_LOOP else self.by_seed.get(seed)


def reference_of(plan: Plan, errors: dict[str, float], failures: dict[str, str]) -> Reference:
    """Return the ideal chip, from the errors of tasks, and how the others failed."""
    by_seed = {seed: errors[digest] for seed, digest in plan.ideal.items() if digest in errors}
    found = list(by_seed.values())
    return Reference(
        by_seed,
        fmean(found) if found else None,
        stdev(found) / math.sqrt(len(found)) if len(found) > 1 else None,
        dict(Counter(failures[digest] for digest in plan.ideal.values() if digest in failures)),
    )


def judged(definition: Definition, plan: Plan, store: Store) -> tuple[list[PointTable], Reference]:
    """Return all points of a plan with what is known of them, and the ideal chip."""
    found = dict(store.entries())
    errors = {
        digest: float(entry.measured["test_error"])
        for digest, entry in found.items()
        if entry.measured is not None and math.isfinite(entry.measured["test_error"])
    }
    failures = {
        digest: entry.kind or Failure.NOT_A_NUMBER for digest, entry in found.items() if digest not in errors
    }
    reference = reference_of(plan, errors, failures)
    tables: list[PointTable] = []
    files = dict(definition.population)
    for point in plan.points:
        entry = found.get(point.digest)
        error, compared = errors.get(point.digest), reference.of(point.mode, point.seed)
        above = None if error is None or compared is None else error - compared
        warnings = [] if entry is None or entry.measured is None else entry.measured.get("warnings", [])
        values = definition.nominal if point.setting < 0 else plan.settings[point.setting].values
        reason = None if entry is None else entry.reason
        if entry is not None and error is None and reason is None:
            reason = "its error is not a number"
        good = None if above is None else above <= definition.within + SAME
        if reason is not None and compared is not None:
            good = False  # a die that fails is a failed die
        table: PointTable = {
            "values": list(values),
            "mode": point.mode.value,
            "die": point.die,
            "seed": point.seed,
            "error": error,
            "above": above,
            "good": good,
            "metrics": _finite(entry, "metrics"),
            "reason": reason,
            "failure": failures.get(point.digest),
            "costs": _finite(entry, "costs"),
            "warnings": [str(sentence) for sentence in warnings],
            "task": point.digest,
        }
        if files.get(point.die):
            table["file"] = die_words(files[point.die] or "")
        tables.append(table)
    return tables, reference


def _finite(entry: Entry | None, family: str) -> dict[str, float]:
    """Return what was measured beside the error, as far as it is a number."""
    found = {} if entry is None or entry.measured is None else entry.measured.get(family, {})
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}
