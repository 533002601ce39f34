"""Where compiled kernels are kept, and where they go when that place cannot be written."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

__all__ = ["VARIABLE", "KernelCache", "cache_folder", "kernel_cache", "usable_cache"]

VARIABLE = "NEUROCHIP_CACHE"  # names the folder that holds the kernels of all versions

_PACKAGE = Path(__file__).resolve().parent.parent
# What marks a file with kernels.
_MARKS = (b"@kernel", b"@separate_kernel", b"@entry")
_LOG = logging.getLogger("neurochip.kernels")


class KernelCache(NamedTuple):
    """Where compiled kernels are kept.

    Attributes
    ----------
    folder
        `None`: nowhere, so that every process compiles them anew.
    wanted
        Where they belong; `None` where the user has no home.
    """

    folder: Path | None
    wanted: Path | None

    @property
    def is_temporary(self) -> bool:
        """Whether they are not where they belong."""
        return self.folder != self.wanted or self.folder is None

    @property
    def problem(self) -> str:
        """What is wrong, where it goes instead, and the cure; empty where nothing is."""
        if not self.is_temporary:
            return ""
        place = "there is no home folder" if self.wanted is None else f"{self.wanted} cannot be written"
        instead = (
            "every process compiles its kernels anew"
            if self.folder is None
            else f"compiled kernels go to {self.folder}"
        )
        return f"{place}: {instead}; set {VARIABLE} to a folder that stays"


def _digest() -> str:
    digest = hashlib.blake2b(digest_size=8)
    digest.update(os.environ.get("NUMBA_BOUNDSCHECK", "0").encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if any(mark in source for mark in _MARKS):
            digest.update(source)
    return digest.hexdigest()


def cache_folder() -> Path | None:
    """Folder where compiled kernels belong, one per state of the package's source; `None` without a home.

    numba's own index does not notice an edit in a *called* function of another file, nor a change of
    ``NUMBA_BOUNDSCHECK``: both are part of this folder's name, so a stale kernel is never found.
    """
    if root := os.environ.get(VARIABLE):
        return Path(root).expanduser() / _digest()
    if root := os.environ.get("XDG_CACHE_HOME"):
        return Path(root) / "neurochip" / _digest()
    home = os.path.expanduser("~")
    return None if home == "~" else Path(home) / ".cache" / "neurochip" / _digest()


def usable_cache() -> KernelCache:
    """Look for a place for compiled kernels; nothing is left behind.

    Where the wanted place cannot be written, kernels go to the user's own folder among the temporary files.
    """
    wanted = cache_folder()
    if wanted is not None and _is_writable(wanted):
        return KernelCache(wanted, wanted)
    folder = _temporary()
    return KernelCache(None if folder is None else folder / _digest(), wanted)


@functools.cache
def kernel_cache() -> Path | None:
    """Return the place for compiled kernels in this process; one that is not where they belong is warned of, once.

    Processes that this one starts use the same place, and are silent.
    """
    found = usable_cache()
    if found.is_temporary:
        _LOG.warning("%s", found.problem)
        if found.folder is not None:
            os.environ[VARIABLE] = str(found.folder.parent)
    return found.folder


def _is_writable(folder: Path) -> bool:
    """Try it: what the system says of rights is not all that decides."""
    there = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
    try:
        os.rmdir(tempfile.mkdtemp(dir=there))
    except OSError:
        return False
    return True


def _temporary() -> Path | None:
    """Return a folder among the temporary files that nobody else can write: what is loaded from it is code."""
    try:
        root = tempfile.gettempdir()
    except OSError:
        return None
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(root) / f"neurochip-kernels-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        if stat.S_ISDIR(found.st_mode) and mine and not found.st_mode & 0o022 and _is_writable(folder):
            return folder
        return Path(tempfile.mkdtemp(prefix="neurochip-kernels-"))
    except OSError:
        return None
