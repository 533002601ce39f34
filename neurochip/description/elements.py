"""Encoders, decoders, annealers and neurons in a run file: ``"osa"`` or ``{ kind = "osa", nu_bar = 0.05 }``.

λ is spelled ``lambda`` in files (``lam`` in Python, where the word is taken): a number, or a table
``{ coefficient, exponent }`` for a power law; for an encoder also ``"as-decoder"`` or ``"none"``.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping
from typing import Any

from neurochip.elements import Constant, PowerLaw, Schedule
from neurochip.elements.element import Family
from neurochip.errors import ConfigError
from neurochip.keys.reading import build, convert, describe, did_you_mean, refuse_unknown

__all__ = ["element_keys", "element_table", "read_element"]

PLAIN = "none"  # how a file says that an encoder has no predictive front


def _keys(cls: type) -> dict[str, str]:
    """Key in the file → field of the spec class."""
    names = [field.name for field in dataclasses.fields(cls)]
    return {"lambda" if name == "lam" else name: name for name in names}


@functools.cache
def _types(cls: type) -> dict[str, object]:
    return typing.get_type_hints(cls)


def element_keys(family: Family) -> set[str]:
    """Return every key that some element of this family takes."""
    return {"kind"}.union(*(_keys(cls) for cls in family.usable().values()))


def _read_lambda(value: object, place: str, is_encoder: bool) -> float | Schedule | str | None:
    if isinstance(value, dict):
        if "value" in value:
            return build(Constant, value, place)
        return build(PowerLaw, value, place)
    if is_encoder and isinstance(value, str):
        if value == PLAIN:
            return None
        if value == "as-decoder":
            return value
        raise ConfigError(
            place, f'expected a number, a power law, "as-decoder" or "none", got {describe(value)}'
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(place, f"expected a number or a power law, got {describe(value)}")
    number: float = convert(value, float, place)
    return number


def read_element(value: object, family: Mapping[str, type], default: str, place: str, *, what: str) -> Any:
    """Return the spec object that a name or a table describes.

    Parameters
    ----------
    family
        Name → spec class: a `Family`, whose elements may come from other packages.
    default
        The kind of a table that does not name one.
    what
        The family's name for messages, e.g. ``encoder``.
    """
    table = {"kind": value} if isinstance(value, str) else value
    if not isinstance(table, dict):
        raise ConfigError(
            place, f"expected the name of {what} or a table with its kind, got {describe(value)}"
        )
    kind = table.get("kind", default)
    if not isinstance(kind, str) or kind not in family:
        where = place if isinstance(value, str) else f"{place}.kind"
        hint = did_you_mean(kind, family) if isinstance(kind, str) else ""
        raise ConfigError(where, f"expected {what}: one of {', '.join(family)}, got {describe(kind)}{hint}")
    try:
        cls: Any = family[kind]
    except ConfigError as error:
        raise error.within(place) from None
    keys = _keys(cls)
    refuse_unknown(table, ["kind", *keys], place)
    arguments: dict[str, object] = {}
    for key, name in keys.items():
        where = f"{place}.{key}"
        if key in table and name == "lam":
            arguments[name] = _read_lambda(table[key], where, is_encoder=what == "an encoder")
        elif key in table:
            arguments[name] = convert(table[key], _types(cls)[name], where)
        elif cls.__dataclass_fields__[name].default is dataclasses.MISSING:
            raise ConfigError(where, "is missing")
    try:
        return cls(**arguments)
    except ConfigError as error:
        raise error.within(place) from None


def _lambda_value(value: object) -> Any:
    if value is None:
        return PLAIN
    if isinstance(value, Constant | PowerLaw):
        return dataclasses.asdict(value)
    return value


def element_table(element: Any) -> dict[str, object]:
    """Return the table that `read_element` turns into an equal object; every key is written out."""
    table: dict[str, object] = {"kind": element.kind}
    cls: Any = type(element)
    hints = _types(cls)
    for key, name in _keys(type(element)).items():
        value = getattr(element, name)
        is_real = hints[name] is float
        table[key] = _lambda_value(value) if name == "lam" else float(value) if is_real else value
    return {key: value for key, value in table.items() if value is not None}
