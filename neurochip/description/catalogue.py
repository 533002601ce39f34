"""The runs and chip sheets that come with neurochip, by name; the file name is the name."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Literal

from neurochip.description.toml_reader import did_you_mean, parse, read_text
from neurochip.errors import ConfigError

__all__ = ["chip_text", "chips", "find_text", "is_path", "run_text", "runs"]

Shelf = Literal["runs", "chips"]


def _names(shelf: Shelf) -> list[str]:
    folder = resources.files("neurochip.description") / shelf
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def _entries(shelf: Shelf) -> list[tuple[str, str]]:
    return [(name, str(parse(_text(shelf, name), f"{name}.toml").get("about", ""))) for name in _names(shelf)]


def _text(shelf: Shelf, name: str) -> str:
    return (resources.files("neurochip.description") / shelf / f"{name}.toml").read_text(encoding="utf-8")


def runs() -> list[tuple[str, str]]:
    """Return name and one line about each run of the catalogue, in alphabetical order."""
    return _entries("runs")


def chips() -> list[tuple[str, str]]:
    """Return name and one line about each chip of the catalogue, in alphabetical order."""
    return _entries("chips")


def run_text(name: str) -> str:
    """Return the TOML text of a run of the catalogue, comments and all."""
    return _known("runs", name)


def chip_text(name: str) -> str:
    """Return the TOML text of a chip sheet of the catalogue, comments and all."""
    return _known("chips", name)


def _known(shelf: Shelf, name: str) -> str:
    names = _names(shelf)
    if name not in names:
        hint = did_you_mean(name, names) or "; a file is named with its .toml"
        word = shelf.removesuffix("s")
        raise ConfigError(word, f"no {word} '{name}' in the catalogue ({', '.join(names)}){hint}")
    return _text(shelf, name)


def is_path(name: str | os.PathLike[str]) -> bool:
    """Whether a name means a file rather than an entry of the catalogue."""
    return not isinstance(name, str) or name.endswith(".toml") or os.sep in name


def find_text(shelf: Shelf, name: str | os.PathLike[str]) -> tuple[str, str]:
    """Return text and source of a catalogue entry or a TOML file; the source begins every error."""
    if is_path(name):
        return read_text(Path(name)), str(name)
    name = str(name)
    return _known(shelf, name), f"{name}.toml"
