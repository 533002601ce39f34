"""In which order the layers of a state_dict come, which it does not say.

A .safetensors has its arrays in the order of their types and names. Numbers in names that are else the same
(``fc1``, ``fc2``; ``net.0``, ``net.2``) are the order of layers; of other names, the one order in which sizes fit.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Hashable, Sequence

__all__ = ["are_numbered", "by_number", "only_order"]

_NUMBER = re.compile(r"[0-9]+")
_MOST_TRIED = 7  # names: 5040 orders


def are_numbered(names: Sequence[str]) -> bool:
    """Whether names differ in their numbers and in nothing else."""
    return len({_NUMBER.sub("#", name) for name in names}) <= 1 and len(set(map(_numbers, names))) == len(
        names
    )


def by_number(names: Sequence[str]) -> list[str]:
    """Return names by the numbers in them: ``fc2`` before ``fc10``."""
    return sorted(names, key=_numbers)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _NUMBER.findall(name))


def only_order(
    names: Sequence[str],
    fits: Callable[[Sequence[str]], bool],
    meant: Callable[[Sequence[str]], Hashable] = tuple,
) -> list[str] | None:
    """Return the order that fits; `None` where none does, or several that do not mean the same, or too many to try."""
    if len(names) > _MOST_TRIED:
        return None
    found: dict[Hashable, list[str]] = {}
    for order in itertools.permutations(sorted(names)):
        if fits(order):
            found.setdefault(meant(order), list(order))
            if len(found) > 1:
                return None
    return next(iter(found.values()), None)
