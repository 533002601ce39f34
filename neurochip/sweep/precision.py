"""How many dies an answer takes that is as precise as was asked for."""

from __future__ import annotations

import math
from statistics import NormalDist

from neurochip.report.sweeps.schema import LimitTable, SweepDocument
from neurochip.sweep.definition import Definition
from neurochip.sweep.limit import CONFIDENCE
from neurochip.sweep.statistics import t_quantile

__all__ = ["dies_needed", "forecast"]

_SPREAD = 0.1  # of the range: by how much limits of dies differ, as long as nothing is known of them
_TRAININGS = 4  # of a die, about
_MOST = 4.0  # times as many dies as before, at most: what a first estimate promises may be wrong
_ROOM = 1.1  # dies more than just enough


def forecast(definition: Definition) -> str:
    """Say what a precision will cost, before anything is known of the dies."""
    if definition.precision is None:
        raise ValueError("no precision was asked for")
    numbers = definition.axes[0].numbers or (0.0, 0.0)
    spread = _SPREAD * (max(numbers) - min(numbers))
    law = NormalDist()
    share, density = definition.wanted, law.pdf(law.inv_cdf(definition.wanted))
    error = spread * math.sqrt(share * (1 - share)) / density
    n = math.ceil((law.inv_cdf((1 + CONFIDENCE) / 2) * error / definition.precision) ** 2)
    modes = len([mode for mode in definition.modes if mode != "ideal"])
    n = max(n, definition.dies)
    return (
        f"a limit known to ± {definition.precision:g} takes about {n} dies and {_TRAININGS * n * modes} measurements "
        f"if the limits of dies differ by ± {spread:g}; how much they do is known after the first {definition.dies}"
    )


def dies_needed(definition: Definition, document: SweepDocument) -> tuple[int | None, str]:
    """Return how many dies are needed in all, `None` when more of them would not help, and what there is to say."""
    precision = definition.precision
    if precision is None:
        return None, ""
    needed, widest = definition.dies, 0.0
    for panel in document["panels"]:
        for curve in panel["curves"]:
            for limit in curve["limits"]:
                half = _half(limit)
                if half is None or half <= precision:
                    continue
                widest = max(widest, half)
                fixed = _fixed(definition, limit)
                if fixed >= precision:
                    wanted = math.ceil(definition.references * (1.5 * fixed / precision) ** 2)
                    return None, (
                        f"the limit, {curve['mode']}, is known to ± {half:.2g}, of which ± {fixed:.2g} is chance of "
                        f"the {definition.references} references; more dies do not help: say --references {wanted}"
                    )
                by_dies = math.sqrt(max(half**2 - fixed**2, 0.0)) if math.isfinite(half) else math.inf
                times = _ROOM * by_dies**2 / (precision**2 - fixed**2)
                needed = max(needed, math.ceil(definition.dies * min(max(times, _ROOM), _MOST)))
    if needed == definition.dies:
        return None, ""
    known = f"to ± {widest:.2g}" if math.isfinite(widest) else "on one side only"
    return needed, f"the limit is known {known}: {needed} dies are measured, for ± {precision:g}"


def _half(limit: LimitTable) -> float | None:
    """Return half the width of an interval; `None` where the limit lies outside the range."""
    at, low, high = limit["at"], limit["low"], limit["high"]
    if at["value"] is None or at["beyond"]:
        return None
    if low is None or low["value"] is None or high["value"] is None or high["beyond"]:
        return math.inf
    return abs(high["value"] - low["value"]) / 2


def _fixed(definition: Definition, limit: LimitTable) -> float:
    """Return the part of an interval that more dies leave as it is."""
    if definition.references < 2:
        return 0.0
    quantile = t_quantile((1 + CONFIDENCE) / 2, definition.references - 1)
    return quantile * math.hypot(limit["reference"] or 0.0, limit["seeds"] or 0.0)
