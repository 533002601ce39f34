"""Measured silicon: the dies in files and tables, as a population that a sweep goes through."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from neurochip.analog.die_file import read_die
from neurochip.analog.die_table import Listed, die_names, split_die, table_of
from neurochip.description import RunSpec, network_of
from neurochip.errors import ConfigError, DataError
from neurochip.network import Network

__all__ = ["check_population", "die_words", "measured_dies", "numbered_dies"]

_ENDINGS = (".h5", ".hdf5", ".csv")


def numbered_dies(words: Sequence[str | os.PathLike[str] | int]) -> tuple[int | None, list[str]]:
    """Part what ``--dies`` was given: how many are drawn (`None`: it does not say), and names of files.

    Raises
    ------
    ConfigError
        For a second number.
    """
    count: int | None = None
    names: list[str] = []
    for word in words:
        text = os.fspath(word) if not isinstance(word, int) else str(word)
        if not text.strip().lstrip("+-").isdecimal():
            names.append(text)
        elif count is not None:
            raise ConfigError("--dies", f"says twice how many are drawn, {count} and {text}; say one number")
        else:
            count = int(text)
    return count, names


def measured_dies(names: Iterable[str]) -> tuple[str, ...]:
    """Return every die in files, folders, tables and patterns such as ``measured/*.csv``, by absolute path.

    A die of a table is ``table.csv#name``.

    Raises
    ------
    DataError
        For a name that finds nothing, and for a file that is there twice.
    """
    found: dict[str, None] = {}
    for name in names:
        for die in _dies_of(name):
            if die in found:
                raise DataError(f"--dies {name}", f"{Path(die).name} is there twice; name each die once")
            found[die] = None
    return tuple(found)


def _dies_of(name: str) -> list[str]:
    file, which = split_die(name)
    if which is not None:
        return [f"{file.resolve()}#{which}"]
    if file.is_dir():
        paths = sorted(path for path in file.iterdir() if path.suffix.lower() in _ENDINGS)
    else:
        paths = [file] if file.is_file() else [Path(path) for path in sorted(glob.glob(name))]
    if not paths:
        raise DataError(
            f"--dies {name}", f"finds no die; name files that end in {', '.join(_ENDINGS)}, or how many"
        )
    dies = []
    for path in paths:
        if path.suffix.lower() not in _ENDINGS:
            raise DataError(f"--dies {path}", f"is no die; its name must end in {', '.join(_ENDINGS)}")
        names = die_names(path) if path.suffix.lower() == ".csv" else ()
        dies += [f"{path.resolve()}#{one}" for one in names] or [str(path.resolve())]
    return dies


def die_words(die: str) -> str:
    """Return how a die is called in tables: its file without the folder, and its name in it."""
    file, which = split_die(die)
    return file.name if which is None else f"{file.name}#{which}"


def check_population(run: RunSpec, dies: Sequence[str]) -> None:
    """Read every die, for the network of a run, and refuse a population that was not measured alike.

    A device that a table leaves out would count as nominal, and a die with fewer devices as a better one.

    Raises
    ------
    DataError, ConfigError
        For the first die that is damaged, of another network, a copy of another, or lacks devices.
    """
    network = network_of(run.network)
    digests: dict[str, str] = {}
    first: tuple[str, Listed] | None = None
    for name in dies:
        die = read_die(Path(name), network)
        try:
            die.check(network)
        except ConfigError as error:
            raise ConfigError(name, error.problem) from None
        before = digests.setdefault(die.digest, name)
        if before != name:
            raise DataError(name, f"is the same die as {die_words(before)}; leave one of them out")
        listed = _listed(name, network)
        if listed is None:
            continue
        _check_whole(name, listed)
        first = first or (name, listed)
        _check_alike(name, listed, *first)


def _listed(name: str, network: Network) -> Listed | None:
    """Return what a table lists of a die; `None` for a die file, which holds every device."""
    file, which = split_die(name)
    if file.suffix.lower() != ".csv":
        return None
    found = table_of(file, network)
    return next(iter(found.values())) if which is None else found[which]


def _check_whole(name: str, listed: Listed) -> None:
    for (kind, where), (there, needed) in listed.listed.items():
        if there < needed:
            raise DataError(
                name, f"lists {there} of the {needed} devices of {where} as {kind}; give all of them, or none"
            )


def _check_alike(name: str, listed: Listed, other: str, others: Listed) -> None:
    for lacking, there, given, more in (
        (name, listed.listed, other, others.listed),
        (other, others.listed, name, listed.listed),
    ):
        for kind, where in more:
            if (kind, where) not in there:
                raise DataError(
                    lacking,
                    f"lists no {kind} of {where}, and {die_words(given)} does; measure it, or leave one of them out",
                )
