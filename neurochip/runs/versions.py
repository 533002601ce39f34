"""Versions of what a run's figures depend on."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from neurochip import plugins
from neurochip.description import RunSpec
from neurochip.description.used_plugins import plugins_of

__all__ = ["versions"]


def versions(run: RunSpec | None = None) -> dict[str, str]:
    """Return package → version, of neurochip, what it computes with, and whose plug-ins a run uses."""
    found = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("neurochip", "numba", "h5py"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            # A copy that is not installed says its own.
            found[package] = sys.modules["neurochip"].__version__ if package == "neurochip" else "unknown"
    return found if run is None else found | plugins.distributions(plugins_of(run))
