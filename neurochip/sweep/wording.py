"""The verdict in a sentence."""

from __future__ import annotations

from neurochip.report.quantities import decimal, percent
from neurochip.report.sweeps.schema import BandTable, CellTable, CurveTable, LimitTable, OnceTable, PanelTable
from neurochip.report.sweeps.words import failure_words
from neurochip.sweep.definition import Definition
from neurochip.sweep.dies import is_imperfection
from neurochip.sweep.failure import OF_THE_MACHINE

__all__ = ["verdict_of"]

_CARRIED = {"deploy", "fine-tune"}
_HOW = {"deploy": "deployed", "in-loop": "trained on the chip", "fine-tune": "fine-tuned on the chip"}


def verdict_of(
    definition: Definition, panel: PanelTable, ideal: BandTable | None, ideal_failures: dict[str, int]
) -> str:
    """Say how far each mode goes, what could not be shown, how much further training on the chip goes, what failed."""
    return _verdict(definition, panel, ideal) + _failed(panel, ideal_failures)


def _failed(panel: PanelTable, ideal_failures: dict[str, int]) -> str:
    """Say how much failed and of what, and what a machine is to blame for."""
    said = []
    if ideal_failures:
        said.append(f"Of the ideal chip's trainings failed: {failure_words(ideal_failures)}.")
    if panel["failures"]:
        said.append(f"Failed, and counted as bad: {failure_words(panel['failures'])}.")
    if OF_THE_MACHINE & {*ideal_failures, *panel["failures"]}:
        said.append("What the machine failed at says nothing of a die: --resume tries it again.")
    return "".join(f" {sentence}" for sentence in said)


def _verdict(definition: Definition, panel: PanelTable, ideal: BandTable | None) -> str:
    if ideal is None:
        return "No verdict: the ideal chip was not measured."
    axis = definition.axes[0]
    has_dies = bool(definition.dies or definition.measured)
    unit = "dies" if has_dies else "seeds"
    good = f"{100 * definition.wanted:g} % of {unit} stay within {_points(definition.within)} of ideal"
    head = f"{good} ({percent(ideal['mean'])} error)"
    if axis.numbers is None:
        said = [f"{_HOW[curve['mode']]} {_listed(definition, curve)}" for curve in panel["curves"]]
        return f"{head}: {'; '.join(said)}."
    key = "σ" if axis.key.endswith("sigma") else axis.key
    limits = [(curve["mode"], limit) for curve in panel["curves"] for limit in curve["limits"]]
    if not limits:
        return f"No verdict: no {unit[:-1]} was measured."
    never = [limit for _, limit in limits if limit["at"]["value"] is None and limit["first_good"] == 0]
    if len(never) == len(limits):
        first = never[0]["first"]
        return (
            f"0 {unit} are good at {key} = {decimal(first)}, where they are "
            f"best: none stays within {_points(definition.within)} of ideal ({percent(ideal['mean'])} error), "
            f"{' or '.join(_HOW[curve['mode']] for curve in panel['curves'])}."
        )
    parts = [_mode_limit(mode, limit, key) for mode, limit in limits]
    more = _gain(panel, axis.key) + _chance(definition, [limit for _, limit in limits])
    more += _networks(definition, [mode for mode, _ in limits]) + _not_shown(definition, limits, ideal)
    return f"{head} {'; '.join(parts)}.{more}"


def _points(share: float) -> str:
    points = 100 * share
    return f"{points:g} point{'' if round(points, 9) == 1 else 's'}"


def _limit(limit: LimitTable, key: str) -> str:
    """Say how far dies go."""
    return _far(limit, limit, key)


def _far(limit: LimitTable, ends: LimitTable | OnceTable, key: str) -> str:
    """Say how far dies or single trainings go, with the interval of that."""
    to = f"{limit['direction']} to"
    more, less = ("at least", "at most") if limit["direction"] == "up" else ("at most", "at least")
    at, low, high = ends["at"], ends["low"], ends["high"]
    if at["value"] is None:
        return f"not even at {key} = {decimal(limit['first'])}"
    interval = ""
    end = None if high["beyond"] or high["value"] is None else decimal(high["value"])
    if low is not None and low["value"] is not None:
        start = decimal(low["value"])
        interval = f"{start}–{end}" if end is not None else f"{more} {start}"
    elif end is not None:
        interval = f"{less} {end}"
    elif limit["exact"]:
        interval = "nothing can be shown"
    if at["beyond"]:
        end = decimal(at["value"])
        where = f"{to} {key} = {end} {more}, the end of the range"
        shown = end if low is None or low["beyond"] else decimal(low["value"] or 0.0)
        return where if shown == end else f"{where} (shown {to} {shown})"
    if ends is limit and limit["cell"] is not None:
        a, b = (decimal(value) for value in limit["cell"])
        where = f"{to} {key} between {a} and {b}"
    else:
        about = "" if limit["exact"] else "about "
        where = f"{to} {about}{key} = {decimal(at['value'])}"
    return f"{where} ({interval})" if interval else where


def _gain(panel: PanelTable, key: str) -> str:
    ratio = panel["ratio"]
    if ratio is None:
        return ""
    text = (
        f" Training on the chip goes {_times(ratio['at'], ratio['low'], ratio['high'])} as far as deploying"
    )
    if key.startswith("analog.mismatch.") and is_imperfection(key):
        # Pelgrom: σ ∝ 1/√area.
        squares = [None if end is None else end**2 for end in (ratio["low"], ratio["high"])]
        text += f", worth {_times(ratio['at'] ** 2, *squares)} of device area"
    return text + "."


def _mode_limit(mode: str, limit: LimitTable, key: str) -> str:
    """Say how far dies go in a mode: first what one training of each does, where trainings of one die differ."""
    often = f"{_limit(limit, key)} {_HOW[mode]}"
    once = limit["once"]
    if once is None or once["at"]["beyond"] or limit["at"]["value"] is None:
        return often
    return f"{_far(limit, once, key)} {_HOW[mode]} once, and {_limit(limit, key)} as often as it takes"


def _chance(definition: Definition, limits: list[LimitTable]) -> str:
    if all(limit["once"] is None for limit in limits):
        return ""
    unit = "die" if definition.dies or definition.measured else "seed"
    return f" Two trainings of one {unit} differ: once is with one training of each {unit}."


def _networks(definition: Definition, modes: list[str]) -> str:
    """Say which networks are carried over to dies: a limit holds for these, and for others as its interval says."""
    if not _CARRIED & set(modes) or not (definition.dies or definition.measured):
        return ""
    if definition.adaptive and definition.references > 1:
        return (
            f" {definition.references} networks are carried over, one to each die; the interval allows for what they "
            "differ by."
        )
    if definition.seeds == 1:
        return " One network is carried over to all dies; what another would do is not in the interval."
    return ""


def _times(at: float, low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{decimal(at, 2)}× ({decimal(low, 2)}–{decimal(high, 2)})"
    if low is not None:
        return f"{decimal(at, 2)}× (at least {decimal(low, 2)})"
    return f"{decimal(at, 2)}×" + ("" if high is None else f" (at most {decimal(high, 2)})")


def _not_shown(definition: Definition, limits: list[tuple[str, LimitTable]], ideal: BandTable) -> str:
    """Say what the dies are too few for, and what one training cannot tell."""
    found = []
    wanted, n = f"{100 * definition.wanted:g} %", limits[0][1]["n"]
    has_dies = bool(definition.dies or definition.measured)
    unit = "die" if has_dies else "seed"
    if n < limits[0][1]["fewest"]:
        found.append(
            f"{n} {unit}{'s' * (n != 1)} cannot show {wanted}, however good: "
            f"{limits[0][1]['fewest']} are the fewest that can."
        )
    if ideal["n"] == 1 and has_dies:
        found.append(
            "The reference is one training: what another would give is not in the intervals (--references 8)."
        )
    return "".join(f" {sentence}" for sentence in found)


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
