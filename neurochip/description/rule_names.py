"""Which learning rules a run can name. What they do is in `neurochip.learning`, which this floor does not know."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from neurochip import plugins
from neurochip.description.rule_keys import RULES
from neurochip.errors import ConfigError
from neurochip.keys.reading import build, choice

__all__ = ["RULES", "check_rule", "own_keys", "plugged_rule"]

_PLACE, _OWN = "learning.rule", "learning.own"


def check_rule(name: str) -> None:
    """Refuse a rule that there is not, or one of another package that cannot be used.

    Raises
    ------
    ConfigError
        In a sentence.
    """
    choice(name, plugins.names("rules", RULES), _PLACE)
    plugged_rule(name)


def plugged_rule(name: str) -> Any:
    """Return what makes a rule of another package, of (network, learning, phases); `None` for a built-in one.

    It may have an attribute ``Keys``, a frozen dataclass: those are the keys of ``learning.own``.

    Raises
    ------
    ConfigError
        When it cannot be imported, called so, or asked for its keys.
    """
    plugin = plugins.find("rules", name, RULES, _PLACE)
    if plugin is None:
        return None
    make = plugins.load(plugin, _PLACE)
    try:
        inspect.signature(make).bind(None, None, None)
    except (TypeError, ValueError):
        raise plugins.unusable(
            plugin, _PLACE, f"must be called with (network, learning, phases), which {make!r} cannot be"
        ) from None
    fault = _fault(getattr(make, "Keys", None))
    if fault is not None:
        raise plugins.unusable(plugin, _PLACE, fault)
    return make


def own_keys(name: str, own: object) -> Any:
    """Return what a rule has for keys of its own, from a table or as they are; `None` where it has none.

    Raises
    ------
    ConfigError
        For a key that the rule does not have, a value that cannot be, or keys where there are none.
    """
    keys: Any = RULES[name] if name in RULES else getattr(plugged_rule(name), "Keys", None)
    if keys is None:
        if own is not None:
            place = f"{_OWN}.{next(iter(own))}" if isinstance(own, dict) and own else _OWN
            raise ConfigError(
                place, f'is for keys that a rule has of its own, and "{name}" has none; remove it'
            )
        return None
    if isinstance(own, keys):  # made in Python: its types are looked at as those of a file
        own = dataclasses.asdict(own)
    try:
        return build(keys, {} if own is None else own, _OWN)
    except ConfigError as error:
        raise error if error.place.startswith(_OWN) else error.within(_OWN) from None


def _fault(keys: object) -> str | None:
    """Return what keeps a class from being the keys of a rule, as the end of a sentence; `None` if nothing does."""
    if keys is None:
        return None
    if not (isinstance(keys, type) and dataclasses.is_dataclass(keys) and keys.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        return f"must have a frozen dataclass as its Keys, not {keys!r}"
    return plugins.fields_fault(keys)
