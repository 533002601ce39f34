"""`Section`: a table of a file, which checks itself by the annotations of its fields and describes itself by them."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import ClassVar, TypeVar

from neurochip.keys.key import Key
from neurochip.keys.reading import conform
from neurochip.keys.tree import field_types, marks_of

__all__ = ["Section", "described"]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """Base of the sections of a file.

    Attributes
    ----------
    place
        Dotted path of the section.
    """

    place: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check every field by its annotation, then what `check` says."""
        conform(self, self.place)
        self.check()

    def check(self) -> None:
        """Refuse fields that contradict one another; a section without such has nothing to add."""


def described(cls: type[T]) -> type[T]:
    """Give a section the docstring that its fields make: decorate the dataclass with it."""
    lines = [(cls.__doc__ or "").rstrip(), "", "Attributes", "----------"]
    for name, hint in field_types(cls).items():
        about = " ".join(mark.about for mark in marks_of(hint) if isinstance(mark, Key))
        lines += [name, *textwrap.wrap(about, 110, initial_indent="    ", subsequent_indent="    ")]
    lines += [
        "",
        "Raises",
        "------",
        "ConfigError",
        "    For a field out of its range, or one that contradicts another.",
    ]
    cls.__doc__ = "\n".join(lines)
    return cls
