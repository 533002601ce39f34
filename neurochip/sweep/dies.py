"""Which runs are of a die, and which keys describe what goes wrong on one."""

from __future__ import annotations

import copy
import functools
import re
from pathlib import Path
from typing import Any

from neurochip.analog.die_file import read_die
from neurochip.analog.die_table import split_die
from neurochip.description import RunSpec
from neurochip.description.network import layered
from neurochip.errors import DataError
from neurochip.keys.reading import Table
from neurochip.sweep.identity import contents

__all__ = ["DIE_FILE", "check_die", "is_about_dies", "is_imperfection", "why_no_dies", "without_dies"]

DIE_FILE = "analog.die_file"

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


def why_no_dies(run: Table) -> str | None:
    """Return the reason why a run cannot be repeated on other dies; `None` when it can."""
    if run["substrate"] != "analog":
        return f"the {run['substrate']} substrate has no dies"
    if "die_file" in run.get("analog", {}):
        return f"{DIE_FILE} is one die"
    return None


def is_imperfection(key: str) -> bool:
    """Whether the nominal value of a key is 0: nothing wrong."""
    return key.startswith(_IMPERFECTIONS) or _FAULT.fullmatch(key) is not None


def is_about_dies(key: str) -> bool:
    """Whether a key only says how dies are drawn, so that it means nothing on a chip without deviations."""
    return key.startswith("analog.mismatch.") and not is_imperfection(key)


def without_dies(run: Table) -> Table:
    """Return a run without anything that is drawn for a die: every chip of it is the nominal one."""
    run = copy.deepcopy(run)
    analog: Any = run.get("analog", {})
    for section in _DRAWN:
        if section in analog:
            analog[section] = {}
    analog.pop("die", None)
    analog.pop("die_file", None)
    analog.get("learning_path", {}).pop("phase_offset", None)
    return run


def check_die(run: RunSpec) -> None:
    """Refuse a run whose die is not there, is damaged, or is of another network.

    Raises
    ------
    DataError, ConfigError
        From the file, as a run would raise it.
    """
    if run.analog is None or run.analog.die_file is None:
        return
    if not split_die(run.analog.die_file)[0].is_file():
        raise DataError(run.analog.die_file, "no such file; name dies that were measured or saved")
    _read(run.analog.die_file, contents(run.analog.die_file), run.network.layers, run.network.tied)


@functools.lru_cache(maxsize=4096)
def _read(path: str, _contents: str, layers: tuple[int, ...], tied: bool) -> None:
    """Read a die once for all settings that have it."""
    network = layered(layers, tied=tied)
    read_die(Path(path), network).check(network)
