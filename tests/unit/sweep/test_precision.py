"""How many dies a precision takes."""

from __future__ import annotations

import copy
import math
from typing import Any, cast

from neurochip.description import read_run
from neurochip.report.sweeps.schema import SweepDocument
from neurochip.sweep.definition import Definition, define, parse_modes
from neurochip.sweep.precision import dies_needed, forecast
from neurochip.sweep.space import parse_axes

SIGMA = "analog.mismatch.sigma=0:0.5:3"


def asked(precision: float, dies: int = 100, **options: Any) -> Definition:
    return define(
        read_run("analog-pilot"),
        parse_axes([SIGMA]),
        modes=parse_modes("in-loop"),
        dies=dies,
        precision=precision,
        **options,
    )


def known(low: float | None, high: float, **parts: float) -> SweepDocument:
    """A document with one limit, as far as it is looked at."""
    limit: dict[str, Any] = {
        "at": {"value": 0.2, "beyond": False},
        "low": None if low is None else {"value": low, "beyond": False},
        "high": {"value": high, "beyond": False},
        "reference": parts.get("reference", 0.0),
        "seeds": parts.get("seeds", 0.0),
    }
    curves = [{"mode": "in-loop", "limits": [limit]}]
    return cast(SweepDocument, {"panels": [{"curves": curves}]})


def test_a_narrow_interval_takes_no_more_dies() -> None:
    assert dies_needed(asked(0.02), known(0.185, 0.215)) == (None, "")


def test_half_as_wide_takes_four_times_the_dies() -> None:
    needed, words = dies_needed(asked(0.015), known(0.17, 0.23))
    assert needed == 400 and words == "the limit is known to ± 0.03: 400 dies are measured, for ± 0.015"
    needed, _ = dies_needed(asked(0.02), known(0.17, 0.23))
    assert needed == math.ceil(100 * 1.1 * 2.25)
    # A first estimate may be wrong: four times as many are the most at once.
    assert dies_needed(asked(0.001), known(0.17, 0.23))[0] == 400
    assert dies_needed(asked(0.02), known(None, 0.23))[0] == 400


def test_what_more_dies_do_not_help() -> None:
    needed, words = dies_needed(asked(0.01), known(0.17, 0.23, reference=0.01))
    assert needed is None and "more dies do not help: say --references 101" in words


def test_a_limit_outside_the_range_is_as_well_known_as_it_can_be() -> None:
    beyond = copy.deepcopy(known(0.1, 0.5))
    beyond["panels"][0]["curves"][0]["limits"][0]["at"] = {"value": 0.5, "beyond": True}
    assert dies_needed(asked(0.01), beyond) == (None, "")


def test_a_forecast() -> None:
    """Limits that differ by ± 0.05: the 5 % quantile of 429 normal draws is known to ± 0.01."""
    assert forecast(asked(0.01, dies=30)) == (
        "a limit known to ± 0.01 takes about 429 dies and 1716 measurements if the limits of dies differ by ± 0.05; "
        "how much they do is known after the first 30"
    )
