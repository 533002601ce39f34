"""Packages that only some commands need: how a refusal says which is missing, and what brings it."""

from __future__ import annotations

import importlib
from types import ModuleType

from neurochip.errors import CapabilityError

__all__ = ["ALL", "APART", "installing", "missing", "needed"]

ALL = "all"  # the extra that brings what every command needs
APART = ("gp",)  # and what it leaves out: gigabytes
_PACKAGES = {"vcd": "pyvcd", "yaml": "PyYAML"}  # module → package, where they are not called alike


def installing(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"python -m pip install 'neurochip[{extra}]'"


def missing(module: str, extra: str, otherwise: str = "") -> str:
    """Return what is wrong where a module of an extra is missing, and what would be right.

    Parameters
    ----------
    otherwise
        What can be done without it: "choose …".
    """
    top = module.partition(".")[0]
    every = f"'neurochip[{ALL}]' " + (
        "leaves it out for its size" if extra in APART else "all that commands need"
    )
    rest = f"; or {otherwise}" if otherwise else ""
    return f"{_PACKAGES.get(top, top)} is not installed; {installing(extra)} brings it, {every}{rest}"


def needed(module: str, extra: str, place: str, otherwise: str = "") -> ModuleType:
    """Return a module of an extra.

    Raises
    ------
    CapabilityError
        When it is not installed (`missing`).
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise CapabilityError(place, missing(module, extra, otherwise)) from None
