"""Where fetched data sets are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from neurochip.errors import DataError

__all__ = ["ENVIRONMENT_VARIABLE", "data_folder"]

ENVIRONMENT_VARIABLE = "NEUROCHIP_DATA"


def data_folder(name: str | None = None) -> Path:
    """Return the data folder, or the folder of the data set ``name`` in it; neither need exist.

    ``NEUROCHIP_DATA`` names the data folder; without it, the user's data folder of the platform:
    ``$XDG_DATA_HOME/neurochip`` or ``~/.local/share/neurochip`` on Linux.
    """
    if chosen := os.environ.get(ENVIRONMENT_VARIABLE):
        root = Path(chosen).expanduser()
    else:
        root = _user_data_folder() / "neurochip"
    return root / name if name else root


def _user_data_folder() -> Path:
    try:
        home = Path.home()
    except RuntimeError:
        raise DataError(ENVIRONMENT_VARIABLE, "is not set, and there is no home folder; set it") from None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
