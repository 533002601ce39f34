"""Which learning rules a run can name. What they do is in `neurochip.learning`, which this floor does not know."""

from __future__ import annotations

import inspect
from typing import Any

from neurochip import plugins
from neurochip.description.toml_reader import choice

__all__ = ["RULES", "check_rule", "plugged_rule"]

RULES = ("eqprop", "random-feedback", "recurrent-backprop")
_PLACE = "learning.rule"


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
    """Return what makes a rule of another package, of (network, learning, phases); `None` for a built-in one."""
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
    return make
