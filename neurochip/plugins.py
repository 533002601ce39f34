"""What other packages add to neurochip: found by their entry points, imported when used.

A package announces an encoder in its pyproject.toml:

    [project.entry-points."neurochip.encoders"]
    burst = "my_package.burst:Burst"

Looking for names reads metadata and imports nothing, so that a plug-in which cannot be imported stands in nobody's
way but of those who name it.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import typing
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, NamedTuple, get_origin

from neurochip.errors import ConfigError

__all__ = [
    "GROUPS",
    "Plugin",
    "distributions",
    "fields_fault",
    "find",
    "installed",
    "load",
    "names",
    "unusable",
]

# Group, without its leading "neurochip.", → what one of them is called.
GROUPS = {
    "encoders": "an encoder",
    "decoders": "a decoder",
    "annealers": "an annealer",
    "neurons": "a neuron",
    "connections": "a connectivity",
    "chips": "a chip",
    "runs": "a run",
    "rules": "a learning rule",
    "mismatch": "a law of mismatch",
    "papers": "an experiment",
    "datasets": "a data set",
}


class Plugin(NamedTuple):
    """One entry point of an installed distribution.

    Attributes
    ----------
    group, name
        What it adds, one of `GROUPS`, and under which name.
    distribution, version
        Who brings it.
    entry
        Where it is.
    """

    group: str
    name: str
    distribution: str
    version: str
    entry: EntryPoint

    @property
    def words(self) -> str:
        """How sentences call it."""
        return f"plug-in '{self.name}' of {self.distribution} {self.version}"


@functools.lru_cache(maxsize=4)
def _found(path: tuple[str, ...]) -> dict[str, tuple[Plugin, ...]]:
    """Return group → plug-ins by name; ``path`` is where Python looks, so that a change of it is noticed."""
    found: dict[str, tuple[Plugin, ...]] = {}
    everything = entry_points()
    for group in GROUPS:
        plugins = []
        for entry in everything.select(group=f"neurochip.{group}"):
            dist = entry.dist
            name, version = ("?", "?") if dist is None else (dist.name, dist.version)
            plugins.append(Plugin(group, entry.name, name, version, entry))
        found[group] = tuple(sorted(plugins, key=lambda plugin: (plugin.name, plugin.distribution)))
    return found


def installed(group: str) -> tuple[Plugin, ...]:
    """Return all plug-ins of a group by name, those that clash included."""
    return _found(tuple(sys.path))[group]


def names(group: str, built_in: Iterable[str]) -> list[str]:
    """Return what a group can be asked for: the built-in names in their order, then those of plug-ins."""
    own = list(built_in)
    return [*own, *sorted({plugin.name for plugin in installed(group)}.difference(own))]


def find(group: str, name: str, built_in: Iterable[str], place: str) -> Plugin | None:
    """Return the plug-in of a name; `None` where there is none, or the name is built in.

    Raises
    ------
    ConfigError
        At ``place``, when more than one thing has that name.
    """
    there = [plugin for plugin in installed(group) if plugin.name == name]
    if not there:
        return None
    if name in built_in:
        whose = " and ".join(dict.fromkeys(f"{p.distribution} {p.version}" for p in there))
        raise ConfigError(
            place,
            f"'{name}' is built in, and {whose} brings {GROUPS[group]} of the same name; "
            "rename that one or uninstall it",
        )
    if len(there) > 1:
        whose = " and ".join(f"{p.distribution} {p.version}" for p in there)
        raise ConfigError(
            place, f"'{name}' is {GROUPS[group]} of both {whose}; rename one of the two or uninstall it"
        )
    return there[0]


def load(plugin: Plugin, place: str) -> Any:
    """Import what a plug-in names.

    Raises
    ------
    ConfigError
        At ``place``, with the reason, when it cannot be imported.
    """
    try:
        return plugin.entry.load()
    except (Exception, SystemExit) as error:  # whatever somebody's module does when it is imported
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise unusable(plugin, place, f"cannot be imported ({why})") from error


def unusable(plugin: Plugin, place: str, problem: str) -> ConfigError:
    """Return the complaint about a plug-in that is not what it should be."""
    return ConfigError(place, f"{plugin.words} {problem}; mend it or uninstall {plugin.distribution}")


def fields_fault(cls: Any, but: str = "") -> str | None:
    """Return what keeps the fields of a dataclass from being keys of a run, as the end of a sentence, or `None`.

    ``but``: the name of a field that may be anything.
    """
    try:
        hints = typing.get_type_hints(cls)
    except Exception as error:  # names that its module does not have
        return f"has annotations that cannot be read ({error})"
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        if field.name != but and hint not in (float, int, bool, str) and get_origin(hint) is not Literal:
            return (
                f"must have fields of float, int, bool, str or Literal; {cls.__name__}.{field.name} is {hint}"
            )
    return None


def distributions(plugins: Sequence[Plugin]) -> dict[str, str]:
    """Return distribution → version of plug-ins."""
    return {plugin.distribution: plugin.version for plugin in plugins}
