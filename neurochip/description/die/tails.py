"""Laws by which devices differ, by name: mean 0 and standard deviation 1, whatever is made of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip import plugins
from neurochip.keys.reading import choice

__all__ = ["TAILS", "check_tails", "tails"]

Draw = Callable[[np.random.Generator, float, tuple[int, ...]], NDArray[np.float64]]


def normal(generator: np.random.Generator, freedom: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Draw from the normal law; ``freedom`` plays no part."""
    return generator.standard_normal(shape)


def student_t(generator: np.random.Generator, freedom: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Draw from Student's law of ν = ``freedom`` > 2, scaled to standard deviation 1: heavy tails."""
    heavy: NDArray[np.float64] = generator.standard_t(freedom, shape)
    scaled: NDArray[np.float64] = heavy * np.sqrt((freedom - 2) / freedom)
    return scaled


TAILS: dict[str, Draw] = {"normal": normal, "student-t": student_t}
_PLACE = "analog.mismatch.tails"


def tails(name: str) -> Draw:
    """Return the law of a name, built in or of another package.

    Raises
    ------
    ConfigError
        When a plug-in cannot be used.
    """
    plugin = plugins.find("mismatch", name, TAILS, _PLACE)
    if plugin is None:
        return TAILS[name]
    draw: Any = plugins.load(plugin, _PLACE)
    try:
        inspect.signature(draw).bind(None, None, None)
    except (TypeError, ValueError):
        raise plugins.unusable(
            plugin, _PLACE, f"must be called with (generator, freedom, shape), which {draw!r} cannot be"
        ) from None
    law: Draw = draw
    return law


def check_tails(name: str) -> None:
    """Refuse a law that there is not, or one of another package that cannot be used."""
    choice(name, plugins.names("mismatch", TAILS), _PLACE)
    tails(name)
