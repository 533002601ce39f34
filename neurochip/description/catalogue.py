"""Runs and chip specifications by name: those that come with neurochip, where the file name is the name,
then those of other packages.
"""

from __future__ import annotations

import functools
import os
import types
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from neurochip import plugins
from neurochip.errors import ConfigError
from neurochip.files import Foreign, parse_toml, read_text
from neurochip.keys.reading import did_you_mean

__all__ = ["built_in", "chip_text", "chips", "find_cells", "find_text", "is_path", "run_text", "runs"]

Shelf = Literal["runs", "chips", "cells"]


def built_in(shelf: Shelf) -> list[str]:
    """Return the names of what comes with neurochip."""
    return list(_shipped(shelf))


# What is installed stays as it is while a process runs; a small call of `settle` would notice.
@functools.cache
def _shipped(shelf: Shelf) -> tuple[str, ...]:
    folder = resources.files("neurochip.description") / shelf
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names))


@functools.cache
def _shipped_text(shelf: Shelf, name: str) -> str:
    return (resources.files("neurochip.description") / shelf / f"{name}.toml").read_text(encoding="utf-8")


def _names(shelf: Shelf) -> list[str]:
    return plugins.names(shelf, built_in(shelf))


def _entries(shelf: Shelf) -> list[tuple[str, str]]:
    entries = []
    for name in _names(shelf):
        try:
            about = str(parse_toml(_text(shelf, name), f"{name}.toml").get("about", ""))
        except ConfigError as error:  # of somebody's package: a list is no place to stop
            about = f"cannot be used: {error.problem}"
        entries.append((name, about))
    return entries


def _text(shelf: Shelf, name: str) -> str:
    word = shelf.removesuffix("s")
    own = built_in(shelf)
    plugin = plugins.find(shelf, name, own, word)
    if plugin is None:
        return _shipped_text(shelf, name)
    try:
        return _plugged_text(plugins.load(plugin, word), name)
    except (OSError, TypeError, UnicodeDecodeError) as error:
        raise plugins.unusable(plugin, word, f"gives no TOML text ({error})") from None


def _plugged_text(given: object, name: str) -> str:
    """Return the text of a package that holds ``NAME.toml``, of a file, of a string, or of what a function returns."""
    if isinstance(given, types.ModuleType):
        return (resources.files(given) / f"{name}.toml").read_text(encoding="utf-8")
    if callable(given):
        given = given()
    if isinstance(given, str):
        return given
    if isinstance(given, Path | Traversable):
        return given.read_text(encoding="utf-8")
    raise TypeError(
        f"expected a package with {name}.toml in it, a file, or a function that returns one, got {given!r}"
    )


def runs() -> list[tuple[str, str]]:
    """Return name and one line about each run of the catalogue: built in, then of other packages."""
    return _entries("runs")


def chips() -> list[tuple[str, str]]:
    """Return name and one line about each chip of the catalogue: built in, then of other packages."""
    return _entries("chips")


def run_text(name: str) -> str:
    """Return the TOML text of a run of the catalogue, comments and all."""
    return _known("runs", name)


def chip_text(name: str) -> str:
    """Return the TOML text of a chip specification of the catalogue, comments and all."""
    return _known("chips", name)


def _known(shelf: Shelf, name: str) -> str:
    names = _names(shelf)
    if name not in names:
        hint = did_you_mean(name, names) or "; a file is named with its .toml"
        word = shelf.removesuffix("s")
        raise ConfigError(word, f"no {word} '{name}' in the catalogue ({', '.join(names)}){hint}")
    return _text(shelf, name)


_OF_A_FOLDER = "run.toml"  # what a folder of results says of its run


def is_path(name: str | os.PathLike[str]) -> bool:
    """Whether a name means a file rather than an entry of the catalogue."""
    return not isinstance(name, str) or name.endswith(".toml") or os.sep in name


def find_text(shelf: Shelf, name: str | os.PathLike[str]) -> tuple[str, str]:
    """Return text and source of a catalogue entry or a TOML file; the source begins every error.

    A run may be named by the folder of its results, too.
    """
    if shelf == "runs" and Path(name).is_dir() and (is_path(name) or name not in built_in(shelf)):
        name = Path(name) / _OF_A_FOLDER
    if is_path(name):
        return read_text(Foreign(Path(name), "a TOML file", "", error=ConfigError)), str(name)
    name = str(name)
    return _known(shelf, name), f"{name}.toml"


def find_cells(name: str | os.PathLike[str]) -> tuple[str, str]:
    """Return text and source of a specification of cells that comes with neurochip, or of a TOML file."""
    if is_path(name):
        return read_text(Foreign(Path(name), "a TOML file", "", error=ConfigError)), str(name)
    known = built_in("cells")
    if name not in known:
        hint = did_you_mean(str(name), known) or "; a file is named with its .toml"
        raise ConfigError("cells", f"no cells '{name}' in the catalogue ({', '.join(known)}){hint}")
    return _shipped_text("cells", str(name)), f"{name}.toml"
