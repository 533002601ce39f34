"""Every key of a kind of file, from the annotations of its sections: dotted path → type, default, and what is known."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from msgspec import Meta

from neurochip.keys.conditions import Condition, ValueOf, condition
from neurochip.keys.entries import entry_of, fields_in_files, item_of, keys_below
from neurochip.keys.key import Key

__all__ = [
    "KnownKey",
    "bare_type",
    "field_types",
    "given_keys",
    "known_key",
    "known_keys",
    "marks_of",
    "value_at",
    "value_of",
]

_FLAGS = ("imperfect", "per_die", "shapes", "training_only", "irrelevant", "task")
REQUIRED = dataclasses.MISSING


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One key, or one section, of a file.

    Attributes
    ----------
    path
        Dotted.
    hint
        Its type, without `None` and without what is annotated.
    default
        What stands there if nothing is given; `dataclasses.MISSING` if something must be.
    key
        What is known of it. A flag of its section is one of its own.
    ranges
        Of its number or text, or of each of its entries.
    conditions
        All that must hold for it to have an effect, those of its sections included; absolute.
    is_section
        Whether there are keys below it.
    """

    path: str
    hint: Any
    default: object
    key: Key
    ranges: tuple[Meta, ...]
    conditions: tuple[Condition, ...]
    is_section: bool

    def is_live(self, value_of: ValueOf) -> bool:
        """Whether it has an effect beside these values."""
        return all(one.holds(value_of) for one in self.conditions)

    def why_dead(self, value_of: ValueOf) -> str:
        """Return why it has no effect beside these values: ``without analog.mismatch.process``."""
        return next(one.missing(value_of) for one in self.conditions if not one.holds(value_of))


def field_types(cls: type) -> dict[str, Any]:
    """Return field name → annotation of a dataclass, without its class variables."""
    return _field_types(cls)


@functools.cache
def _field_types(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def known_keys(root: type) -> Mapping[str, KnownKey]:
    """Return every key below a dataclass, a section before its keys, in their order."""
    return _known_keys(root)


@functools.cache
def _known_keys(root: type) -> Mapping[str, KnownKey]:
    return {known.path: known for known in _below(root, "", Key(""), ())}


def _below(cls: Any, section: str, outer: Key, conditions: tuple[Condition, ...]) -> Iterator[KnownKey]:
    for field in dataclasses.fields(cls):
        path = f"{section}.{field.name}" if section else field.name
        hint, marks = _bare(field_types(cls)[field.name])
        own = next((mark for mark in marks if isinstance(mark, Key)), Key(""))
        key = dataclasses.replace(
            own, **{flag: getattr(own, flag) or getattr(outer, flag) for flag in _FLAGS}
        )
        live = conditions
        if own.live_if is not None:
            live = (*live, condition(own.live_if).within(section))
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        is_section = isinstance(hint, type) and dataclasses.is_dataclass(hint)
        ranges = tuple(mark for mark in marks if isinstance(mark, Meta))
        yield KnownKey(path, hint, default, key, ranges, live, is_section)
        if is_section:
            yield from _below(hint, path, key, live)


def _bare(hint: object) -> tuple[object, tuple[object, ...]]:
    """Return a type without `None` and annotations, and all that was annotated."""
    marks: tuple[object, ...] = ()
    while True:
        if get_origin(hint) is Annotated:
            marks = (*marks, *get_args(hint)[1:])
            hint = get_args(hint)[0]
        elif get_origin(hint) in (types.UnionType, typing.Union):
            inner = [arg for arg in get_args(hint) if arg is not types.NoneType]
            if len(inner) > 1:
                return hint, marks
            [hint] = inner
        elif get_origin(hint) is tuple and get_args(hint)[-1] is Ellipsis:
            item, more = _bare(get_args(hint)[0])
            return tuple.__class_getitem__((item, ...)), (*marks, *more)
        else:
            return hint, marks


def bare_type(hint: object) -> object:
    """Return a type without `None` and without what it is annotated with."""
    return _bare(hint)[0]


def marks_of(hint: object) -> tuple[object, ...]:
    """Return all that a field is annotated with."""
    return _bare(hint)[1]


def known_key(root: type, path: str) -> KnownKey | None:
    """Return what is known of a key, or of the nearest section or element that it is in; `None` if of neither."""
    known = known_keys(root)
    if path in known:
        return known[path]
    parts = path.split(".")
    for n in range(len(parts), 0, -1):
        nearest = known.get(".".join(parts[:n]))
        if nearest is not None:
            return _in_entry(nearest, parts[n:]) or nearest
    return None


def _in_entry(listed: KnownKey, parts: list[str]) -> KnownKey | None:
    """Return what is known of a key of one table of a list."""
    item = item_of(listed.hint)
    if item is None:
        return None
    for _, keys in keys_below(item, parts):
        found = known_keys(item)[fields_in_files(item)[keys[0]]]
        return dataclasses.replace(found, conditions=(*listed.conditions, *found.conditions))
    return None


def value_at(root: type, source: object, path: str) -> object:
    """Return the value of a dotted key in nested tables or sections; its default where they have none."""
    node = source
    parts = path.split(".")
    for n, part in enumerate(parts):
        # A dict is asked for first: it is what nearly every node is, and an abstract class is slow to answer.
        if isinstance(node, (dict, Mapping)) and part in node:
            node = node[part]
        elif not isinstance(node, type) and dataclasses.is_dataclass(node) and hasattr(node, part):
            node = getattr(node, part)
        elif isinstance(node, int | float) and part == "rate":  # a fault may be written as its rate
            continue
        elif isinstance(node, str) and part == "kind":  # an element, as its kind
            continue
        elif isinstance(node, (list, tuple)) and (one := _entry(root, node, parts, n)) is not None:
            return value_at(*one)
        else:
            return _default(root, path)
    return node


def _entry(
    root: type, entries: Sequence[object], parts: list[str], n: int
) -> tuple[type, object, str] | None:
    """Return class, table and path within it of a key of one table of a list."""
    listed = known_keys(root).get(".".join(parts[:n]))
    item = None if listed is None else item_of(listed.hint)
    if item is None:
        return None
    k, (key, *below) = entry_of(item, entries, parts[n:], ".".join(parts))
    if isinstance(entries[k], Mapping):
        table = {fields_in_files(item).get(name, name): value for name, value in entries[k].items()}  # type: ignore[attr-defined]
        return item, table, ".".join([fields_in_files(item)[key], *below])
    return item, entries[k], ".".join([fields_in_files(item)[key], *below])


def _default(root: type, path: str) -> object:
    """Return the default of a key, or of a field of the element that stands by default where the key would be."""
    known = known_keys(root)
    section, _, name = path.rpartition(".")
    if path in known:
        default = known[path].default
        return None if default is REQUIRED else default
    return getattr(known[section].default, name, None) if section in known else None


def value_of(root: type, source: object) -> ValueOf:
    """Return the function that looks keys up in nested tables or sections."""
    return functools.partial(value_at, root, source)


def given_keys(table: Mapping[str, object], section: str = "") -> Iterator[str]:
    """Yield the dotted path of everything that stands in nested tables, a table before what is in it."""
    for name, value in table.items():
        path = f"{section}.{name}" if section else name
        yield path
        if isinstance(value, Mapping):
            yield from given_keys(value, path)
