"""When a key has an effect: conditions on other keys, checked and put into words."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Condition", "Given", "Is", "IsNot", "SomeHas", "Unset", "condition"]

ValueOf = Callable[[str], Any]  # dotted key → its value, the default where none was given


class Condition(ABC):
    """Something that holds, or not, for the values of a run.

    A key that begins with a dot is one of the same section; `within` makes it absolute.
    """

    def __and__(self, other: Condition) -> Condition:
        """Both."""
        return _All((self, other))

    def __or__(self, other: Condition) -> Condition:
        """At least one of the two."""
        return _Any((self, other))

    @abstractmethod
    def keys(self) -> frozenset[str]:
        """Return the keys that it depends on."""

    @abstractmethod
    def holds(self, value_of: ValueOf) -> bool:
        """Whether it holds for these values."""

    @abstractmethod
    def words(self) -> str:
        """Return it as a phrase: ``with analog.mismatch.process``."""

    @abstractmethod
    def missing(self, value_of: ValueOf) -> str:
        """Return why it does not hold, as a phrase: ``without analog.mismatch.process``."""

    @abstractmethod
    def within(self, section: str) -> Condition:
        """Return the same condition for a key of this section."""


def condition(live_if: Condition | str) -> Condition:
    """Return a condition; a string stands for the key that has to be set."""
    return Given(live_if) if isinstance(live_if, str) else live_if


def _absolute(key: str, section: str) -> str:
    return f"{section}{key}" if key.startswith(".") else key


def _either(words: tuple[str, ...] | list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class Given(Condition):
    """At least one of these keys is set, to something other than 0, false, or nothing.

    Parameters
    ----------
    phrase
        What they have in common, where they are too many to be listed.
    """

    def __init__(self, *keys: str, phrase: str = "") -> None:
        self._keys, self._phrase = keys, phrase or _either(keys)

    def keys(self) -> frozenset[str]:
        """Return the keys."""
        return frozenset(self._keys)

    def holds(self, value_of: ValueOf) -> bool:
        """Whether one is set."""
        return any(value_of(key) for key in self._keys)

    def words(self) -> str:
        """Return ``with a, b or c``."""
        return f"with {self._phrase}"

    def missing(self, value_of: ValueOf) -> str:
        """Return ``without a, b or c``."""
        return f"without {self._phrase}"

    def within(self, section: str) -> Condition:
        """Return it with absolute keys."""
        keys = tuple(_absolute(key, section) for key in self._keys)
        return Given(*keys, phrase=self._phrase if self._phrase != _either(self._keys) else "")


@dataclass(frozen=True)
class _Compares(Condition):
    key: str
    values: tuple[object, ...]

    def __init__(self, key: str, *values: object) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "values", values)

    def keys(self) -> frozenset[str]:
        """Return the key."""
        return frozenset({self.key})

    def within(self, section: str) -> Condition:
        """Return it with an absolute key."""
        return type(self)(_absolute(self.key, section), *self.values)

    def _listed(self) -> str:
        return _either([_written(value) for value in self.values])


class Is(_Compares):
    """A key has one of these values."""

    def holds(self, value_of: ValueOf) -> bool:
        """Whether it has."""
        return value_of(self.key) in self.values

    def words(self) -> str:
        """Return ``with KEY = VALUE``."""
        return f"with {self.key} = {self._listed()}"

    def missing(self, value_of: ValueOf) -> str:
        """Return ``without KEY = VALUE``."""
        return f"without {self.key} = {self._listed()}"


class IsNot(_Compares):
    """A key has none of these values."""

    def holds(self, value_of: ValueOf) -> bool:
        """Whether it has none."""
        return value_of(self.key) not in self.values

    def words(self) -> str:
        """Return ``unless KEY = VALUE``."""
        return f"unless {self.key} = {self._listed()}"

    def missing(self, value_of: ValueOf) -> str:
        """Return ``with KEY = VALUE``, its present one."""
        return f"with {self.key} = {_written(value_of(self.key))}"


@dataclass(frozen=True)
class Unset(Condition):
    """A key is not set: it would stand in place of the one that has this condition."""

    key: str

    def keys(self) -> frozenset[str]:
        """Return the key."""
        return frozenset({self.key})

    def holds(self, value_of: ValueOf) -> bool:
        """Whether there is nothing."""
        return not value_of(self.key)

    def words(self) -> str:
        """Return ``without KEY``."""
        return f"without {self.key}"

    def missing(self, value_of: ValueOf) -> str:
        """Return ``with KEY``."""
        return f"with {self.key}"

    def within(self, section: str) -> Condition:
        """Return it with an absolute key."""
        return Unset(_absolute(self.key, section))


@dataclass(frozen=True)
class SomeHas(Condition):
    """Some entry of a list of tables has this value in a field, or as the kind of what stands in that field."""

    key: str
    field: str
    value: object

    def keys(self) -> frozenset[str]:
        """Return the list."""
        return frozenset({self.key})

    def holds(self, value_of: ValueOf) -> bool:
        """Whether one has."""
        entries = value_of(self.key)
        return (
            any(self._of(entry) == self.value for entry in entries if entry) if _is_list(entries) else False
        )

    def _of(self, entry: object) -> object:
        found = entry.get(self.field) if isinstance(entry, dict) else getattr(entry, self.field, None)
        return found.get("kind") if isinstance(found, dict) else getattr(found, "kind", found)

    def words(self) -> str:
        """Return ``with FIELD = VALUE in one of LIST``."""
        return f"with {self.field} = {_written(self.value)} in one of {self.key}"

    def missing(self, value_of: ValueOf) -> str:
        """Return ``without FIELD = VALUE in one of LIST``."""
        return f"without {self.field} = {_written(self.value)} in one of {self.key}"

    def within(self, section: str) -> Condition:
        """Return it with an absolute key."""
        return SomeHas(_absolute(self.key, section), self.field, self.value)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


class _Both(Condition):
    def __init__(self, parts: tuple[Condition, ...]) -> None:
        self.parts = parts

    def keys(self) -> frozenset[str]:
        """Return the keys of all parts."""
        return frozenset().union(*(part.keys() for part in self.parts))

    def within(self, section: str) -> Condition:
        """Return it with absolute keys."""
        return type(self)(tuple(part.within(section) for part in self.parts))


class _All(_Both):
    def holds(self, value_of: ValueOf) -> bool:
        """Whether all parts hold."""
        return all(part.holds(value_of) for part in self.parts)

    def words(self) -> str:
        """Return the words of all parts."""
        words = (f"({part.words()})" if isinstance(part, _Any) else part.words() for part in self.parts)
        return ", and ".join(words)

    def missing(self, value_of: ValueOf) -> str:
        """Return why the first part that does not hold does not."""
        return next(part.missing(value_of) for part in self.parts if not part.holds(value_of))


class _Any(_Both):
    def holds(self, value_of: ValueOf) -> bool:
        """Whether some part holds."""
        return any(part.holds(value_of) for part in self.parts)

    def words(self) -> str:
        """Return the words of all parts."""
        return ", or ".join(part.words() for part in self.parts)

    def missing(self, value_of: ValueOf) -> str:
        """Return why no part holds."""
        return " and ".join(part.missing(value_of) for part in self.parts)
