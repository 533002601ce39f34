"""Words that the page and the terminal share."""

from __future__ import annotations

import shlex

from neurochip.report.quantities import decimal
from neurochip.report.sweeps.schema import DefinitionTable, LimitTable, SweepDocument

__all__ = ["COLOURS", "command", "failure_words", "how_many", "limit_words", "one", "points", "short"]

COLOURS = {"ideal": 2, "deploy": 3, "in-loop": 1, "fine-tune": 0}


def one(definition: DefinitionTable) -> str:
    """Return what is repeated: a die, or a seed."""
    return "die" if definition["dies"] or definition.get("measured") else "seed"


def points(share: float) -> str:
    """Return a difference of shares, e.g. ``1 point``."""
    return f"{100 * share:g} point{'' if round(100 * share, 9) == 1 else 's'}"


def short(value: str) -> str:
    """Return a value of a key as it is shown: a number in four digits, anything else as it is."""
    try:
        number = float(value)
    except ValueError:
        return value
    return f"{number:.4g}" if len(value) > 6 else value


def failure_words(failures: dict[str, int]) -> str:
    """Return failures by kind, e.g. ``3 diverged, 1 worker died``; nothing where none failed."""
    return ", ".join(f"{count} {kind}" for kind, count in failures.items())


def how_many(definition: DefinitionTable) -> str:
    """Return how often each point is repeated."""
    seeds = f"{definition['seeds']} seed{'s' * (definition['seeds'] != 1)}"
    measured = len(definition.get("measured", []))
    number = definition["dies"] + measured
    if not number:
        return seeds
    dies = f"{number} {'measured ' * (number == measured)}die{'s' * (number != 1)}"
    if 0 < measured < number:
        dies += f", {measured} of them measured,"
    if definition["adaptive"]:
        return f"{dies}, each where its limit is"
    return dies if definition["seeds"] == 1 else f"{dies} × {seeds}"


def limit_words(limit: LimitTable) -> tuple[str, str]:
    """Return a limit as a number, and its interval as a remark; of one training of each die, where these differ."""
    once = limit["once"]
    if once is not None and not once["at"]["beyond"] and limit["at"]["value"] is not None:
        often, _ = limit_words({**limit, "once": None})
        said, interval = limit_words({**limit, **once, "cell": None, "once": None})
        return said, f"{interval}; trained once; {often} as often as it takes"
    more, less = ("at least", "at most") if limit["direction"] == "up" else ("at most", "at least")
    at, low, high = limit["at"], limit["low"], limit["high"]
    if at["value"] is None:
        return "–", f"not even at {decimal(limit['first'])}"
    value = f"{more} {decimal(at['value'])}" if at["beyond"] else decimal(at["value"])
    if limit["cell"] is not None:
        value = " – ".join(decimal(end) for end in limit["cell"])
    shown = None if low is None or low["value"] is None else decimal(low["value"])
    end = None if high["value"] is None or high["beyond"] else decimal(high["value"])
    if shown is None:
        return value, f"95 %: {less} {end}" if end is not None else "nothing can be shown"
    if low is not None and low["beyond"]:
        return value, "the range ends there"
    return value, f"95 %: {shown} … {end}" if end is not None else f"95 %: {more} {shown}"


def command(document: SweepDocument) -> str:
    """Return the command that makes the same points again."""
    definition = document["definition"]
    words = ["neurochip", "sweep", "run.toml"]
    for entry in definition["vary"]:
        if entry["values"] == ["dies"]:  # the dies themselves are all that differs
            continue
        words += ["--vary", f"{entry['key']}={','.join(entry['values'])}"]
        if entry["nominal"]:
            words += ["--nominal", f"{entry['key']}={entry['nominal']}"]
    words += ["--modes", ",".join(definition["modes"])]
    if definition["dies"]:
        words += ["--dies", str(definition["dies"])]
    for die in definition.get("measured", []):
        words += ["--dies", die]
    words += ["--seeds", str(definition["seeds"]), "--references", str(definition["references"])]
    if (definition["dies"] or definition.get("measured")) and not definition["adaptive"]:
        words.append("--grid")
    if definition["precision"] is not None:
        words += ["--precision", f"{definition['precision']:g}"]
    if "fine-tune" in definition["modes"]:
        words += ["--fine-tune-epochs", str(definition["fine_tune_epochs"])]
    return shlex.join(words)
