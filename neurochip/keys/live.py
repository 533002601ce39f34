"""Keys without effect: a value that nothing reads is refused, so that no conclusion is drawn from it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from neurochip.errors import ConfigError
from neurochip.keys.tree import KnownKey, given_keys, known_key, known_keys, value_of

__all__ = [
    "dead_key",
    "dead_everywhere",
    "refuse_dead",
    "refuse_dead_given",
    "refuse_dead_varied",
    "without_dead",
    "without_keys",
    "without_overridden",
]

Table = dict[str, Any]


def dead_key(root: type, source: object, path: str) -> str | None:
    """Return why a key has no effect beside the other values of a run, as a sentence; `None` if it has one."""
    known = known_key(root, path)
    if known is None or not known.conditions:
        return None
    values = value_of(root, source)
    if known.is_live(values):
        return None
    return f"has no effect {known.why_dead(values)}; leave it out, or change that"


def refuse_dead(root: type, instance: object, but: Collection[str] = ()) -> None:
    """Refuse the first key of a frozen object that has no effect and yet another value than its default.

    Parameters
    ----------
    root
        The class of ``instance``.
    but
        Sections that are not looked at.

    Raises
    ------
    ConfigError
        At the key, naming what it would need.
    """
    values = value_of(root, instance)
    for path, known in known_keys(root).items():
        if known.conditions and not known.is_live(values) and path.split(".")[0] not in but:
            value = values(path)
            if value is not None and value != known.default:
                raise ConfigError(path, str(dead_key(root, instance, path)))


def refuse_dead_given(root: type, table: Mapping[str, object], paths: Iterable[str] | None = None) -> None:
    """Refuse the first key that a file gives and that has no effect, whatever its value.

    Parameters
    ----------
    paths
        Those to look at; `None`: all that stand in the table.

    Raises
    ------
    ConfigError
        At the key, naming what it would need.
    """
    for path in given_keys(table) if paths is None else paths:
        problem = dead_key(root, table, path)
        if problem is not None:
            raise ConfigError(path, problem)


def without_dead(root: type, table: Mapping[str, object]) -> Table:
    """Return tables without the keys that have no effect in them."""
    kept = copy.deepcopy(dict(table))
    while True:  # what one key brought to life dies with it
        dead = [path for path in given_keys(kept) if dead_key(root, kept, path) is not None]
        if not dead:
            return kept
        for path in reversed(dead):  # what is in a section before the section
            _remove(kept, path)


def without_keys(root: type, table: Mapping[str, object], drop: Callable[[KnownKey], bool]) -> Table:
    """Return tables without the keys that ``drop`` names; a section that it does not stays, even empty."""
    kept, known = copy.deepcopy(dict(table)), known_keys(root)
    for path in reversed(list(given_keys(kept))):
        if path in known and drop(known[path]):
            _remove(kept, path)
    return kept


def without_overridden(root: type, file: Table, table: Table, named: Collection[str]) -> Table:
    """Return tables without the keys of a file that overrides took the effect from.

    A key of the file goes when an override sets what its effect depends on: ``--set learning.pre=oracle`` takes
    ``learning.trace`` away. Not so where the override makes it another kind of run (a key that shapes weights, such
    as ``substrate``) and the file has more than the default to say: then the key stays, to be refused, as does what
    an override itself names.

    Parameters
    ----------
    file, table
        Before and after the overrides.
    named
        The keys that they set.
    """
    kept = copy.deepcopy(table)
    before, values = set(given_keys(file)), value_of(root, table)
    known = known_keys(root)
    switched = {key for key in named if (one := known_key(root, key)) and not one.key.shapes}
    for path in reversed(list(given_keys(table))):
        if path not in known or path not in before or any(_touch(path, one) for one in named):
            continue
        if dead_key(root, table, path) is None or dead_key(root, file, path) is not None:
            continue
        failing = [one for one in known[path].conditions if not one.holds(values)]
        value = value_of(root, kept)(path)
        value = tuple(value) if isinstance(value, list) else value
        is_neutral = value in ({}, known[path].default) or (known[path].key.imperfect and value == 0)
        if is_neutral or all(one.keys() & switched for one in failing):
            _remove(kept, path)
    return kept


def _remove(table: Table, path: str) -> None:
    *sections, last = path.split(".")
    for name in sections:
        table = table[name]
    del table[last]


def refuse_dead_varied(
    root: type, candidates: Mapping[str, Collection[str]], settle: Callable[[dict[str, str]], Table]
) -> None:
    """Refuse the first of the keys that are varied that has an effect at no setting of the others.

    Parameters
    ----------
    candidates
        Varied key → its values, as they are written.
    settle
        Returns the tables of a run with some of them set.

    Raises
    ------
    ConfigError
        At ``--vary KEY``.
    """
    for path in candidates:
        problem = dead_everywhere(root, path, candidates, settle)
        if problem is not None:
            raise ConfigError(f"--vary {path}", problem)


def dead_everywhere(
    root: type,
    path: str,
    candidates: Mapping[str, Collection[str]],
    settle: Callable[[dict[str, str]], Table],
) -> str | None:
    """Return why a key has an effect at no setting of the keys that are varied; `None` if it has at one."""
    known = known_key(root, path)
    if known is None:
        return None
    asked = {key for one in known.conditions for key in one.keys()}
    varied = [key for key in candidates if any(_touch(key, one) for one in asked)]
    problem = None
    for values in itertools.product(*(candidates[key] for key in varied)):
        problem = dead_key(root, settle(dict(zip(varied, values, strict=True))), path)
        if problem is None:
            return None
    return problem


def _touch(varied: str, asked: str) -> bool:
    """Whether setting a key can change another: it is the same, or around it, or in it."""
    return f"{varied}.".startswith(f"{asked}.") or f"{asked}.".startswith(f"{varied}.")
