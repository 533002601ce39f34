"""Which runs are of a die, drawn from a seed of its own, and which keys describe what goes wrong on one."""

from __future__ import annotations

import copy
import re
from typing import Any

from neurochip.description.toml_reader import Table

__all__ = ["die_key", "die_matters", "is_imperfection", "why_no_dies", "without_dies"]

# Nominally, nothing goes wrong: the value of these is 0.
_MISMATCH = (
    "sigma",
    "synapse_gain",
    "synapse_offset",
    "neuron_gain",
    "neuron_offset",
    "time_constant",
    "saturation",
)
_LEARNING_PATH = ("phase_offset", "droop", "asymmetry", "granularity")
_IMPERFECTIONS = (
    *(f"analog.mismatch.{key}" for key in _MISMATCH),
    *(f"analog.learning_path.{key}" for key in _LEARNING_PATH),
    *("analog.noise.", "analog.drift.", "analog.defects."),
)
_FAULT = re.compile(r"faults\.\w+(\.rate)?")

# What is drawn once for a die, by section of [analog].
_DRAWN = ("mismatch", "defects")


def die_key(run: Table) -> str | None:
    """Return the key that numbers dies; `None` where all chips are alike."""
    return "analog.die" if why_no_dies(run) is None else None


def why_no_dies(run: Table) -> str | None:
    """Return the reason why a run cannot be repeated on other dies; `None` when it can."""
    if run["substrate"] != "analog":
        return f"the {run['substrate']} substrate has no dies"
    if "die_file" in run.get("analog", {}):
        return "analog.die_file is one die"
    return None


def is_imperfection(key: str) -> bool:
    """Whether the nominal value of a key is 0: nothing wrong."""
    return key.startswith(_IMPERFECTIONS) or _FAULT.fullmatch(key) is not None


def die_matters(run: Table) -> bool:
    """Whether two dies of this run can differ: not when nothing is drawn for them."""
    if die_key(run) is None:
        return False
    analog = run.get("analog", {})
    mismatch = analog.get("mismatch", {})
    kinds = [value for key, value in mismatch.items() if is_imperfection(f"analog.mismatch.{key}")]
    drawn = [
        *kinds,
        *analog.get("defects", {}).values(),
        analog.get("learning_path", {}).get("phase_offset", 0),
    ]
    return "process" in mismatch or any(map(_is_something, drawn))


def without_dies(run: Table) -> Table:
    """Return a run without anything that is drawn for a die: every chip of it is the nominal one."""
    run = copy.deepcopy(run)
    analog: Any = run.get("analog", {})
    for section in _DRAWN:
        analog.pop(section, None)
    analog.pop("die", None)
    analog.pop("die_file", None)
    analog.get("learning_path", {}).pop("phase_offset", None)
    return run


def _is_something(value: Any) -> bool:
    return isinstance(value, int | float) and value != 0
