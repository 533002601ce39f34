"""Connectivities in a run file: ``"dense"`` or ``{ kind = "sparse", density = 0.1 }`` → which unit reaches which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from neurochip import plugins
from neurochip.elements.connections import Connection, Convolution, OneToOne, Pooling, Sparse, connectivity_of
from neurochip.errors import ConfigError
from neurochip.keys.key import Count, Natural, Seed
from neurochip.keys.reading import build, describe, did_you_mean
from neurochip.machine import check_memory
from neurochip.network import Population

__all__ = ["KINDS", "connection_of"]

Pair = tuple[Count, ...]
_STREAM = 0x5BA5  # of the pairs of a sparse connectivity


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dense:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneToOne:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sparse:
    """Each pair of units is connected with a probability, drawn once."""

    density: Annotated[float, Meta(gt=0, le=1)]
    seed: Seed = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Convolution:
    kernel: Pair
    stride: Pair = (1,)
    padding: tuple[Natural, ...] = (0,)
    dilation: Pair = (1,)
    groups: Count = 1
    order: Literal["channels-first", "channels-last"] = "channels-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pooling:
    kernel: Pair
    stride: Pair | None = None
    padding: tuple[Natural, ...] = (0,)
    reduction: Literal["sum", "average"] = "average"
    order: Literal["channels-first", "channels-last"] = "channels-first"


KINDS: dict[str, Any] = {
    "dense": _Dense,
    "one-to-one": _OneToOne,
    "sparse": _Sparse,
    "convolution": _Convolution,
    "pooling": _Pooling,
}
_PAIRS = ("kernel", "stride", "padding", "dilation")


def connection_of(value: object, source: Population, target: Population, place: str) -> Connection | None:
    """Return the connectivity that a name or a table describes between two populations; `None` for a dense one.

    Raises
    ------
    ConfigError
        For an unknown kind or key, and where the shapes of the populations do not fit.
    """
    table = {"kind": value} if isinstance(value, str) else value
    if not isinstance(table, dict):
        raise ConfigError(
            place, f"expected the name of a connectivity or a table with its kind, got {describe(value)}"
        )
    kind = table.get("kind")
    known = plugins.names("connections", KINDS)
    if not isinstance(kind, str) or kind not in known:
        where = place if isinstance(value, str) else f"{place}.kind"
        hint = did_you_mean(kind, known) if isinstance(kind, str) else ""
        raise ConfigError(where, f"expected one of {', '.join(known)}, got {describe(kind)}{hint}")
    if kind not in KINDS:
        return _plugged(kind, table, source, target, place)
    rest = {
        key: [entry] if key in _PAIRS and not isinstance(entry, list | tuple) else entry
        for key, entry in table.items()
        if key != "kind"
    }
    keys = build(KINDS[kind], rest, place)
    if kind == "dense":
        return None
    if kind == "one-to-one":
        if source.size != target.size:
            raise ConfigError(
                place,
                f'"one-to-one" needs as many neurons at both ends, and {source.name} has {source.size}, '
                f"{target.name} {target.size}",
            )
        return OneToOne(source.size, target.size)
    if kind == "sparse":
        return _drawn(keys, source, target, place)
    return _sliding(kind, keys, source, target, place)


def _plugged(
    kind: str, table: dict[str, object], source: Population, target: Population, place: str
) -> Connection:
    """Return a connectivity of another package: the keys of its table are its fields."""
    cls = connectivity_of(kind, place)
    rest = {key: entry for key, entry in table.items() if key != "kind"}
    try:
        made: Connection = build(cls, rest, place)
    except ConfigError as error:
        raise error if error.place.startswith(place) else error.within(place) from None
    ends = (made.sources, made.targets)
    if ends != (source.size, target.size):
        raise ConfigError(
            place,
            f'"{kind}" connects {ends[0]} units to {ends[1]}, and {source.name} has {source.size}, {target.name} '
            f"{target.size}",
        )
    return made


def _drawn(keys: _Sparse, source: Population, target: Population, place: str) -> Sparse:
    # Lists as they are drawn, and side by side; where each begins; and the draws of one source.
    synapses = math.ceil(keys.density * source.size * target.size)
    check_memory(
        16 * synapses + 8 * (source.size + target.size),
        place,
        f"make {source.name} or {target.name} smaller, or the density",
    )
    draws = np.random.default_rng([keys.seed, _STREAM, source.size, target.size])
    ends, offsets = [], np.zeros(source.size + 1, dtype=np.int64)
    for unit in range(source.size):
        ends.append(np.flatnonzero(draws.random(target.size) < keys.density))
        offsets[unit + 1] = offsets[unit] + ends[-1].size
    return Sparse(source.size, target.size, offsets, np.concatenate(ends))


def _sliding(
    kind: str, keys: Any, source: Population, target: Population, place: str
) -> Convolution | Pooling:
    for end in (source, target):
        if len(end.shape) != 3:
            raise ConfigError(
                place,
                f'"{kind}" needs maps, channels × height × width, at both ends, and {end.name} has the shape '
                f"{list(end.shape)}",
            )
    pairs: dict[str, Any] = {
        name: _pair(getattr(keys, name), f"{place}.{name}") for name in _PAIRS if getattr(keys, name, None)
    }
    maps: Any = source.shape
    try:
        made: Convolution | Pooling
        if kind == "convolution":
            made = Convolution(maps, target.shape[0], groups=keys.groups, order=keys.order, **pairs)
        else:
            made = Pooling(maps, reduction=keys.reduction, order=keys.order, **pairs)
    except ConfigError as error:
        raise ConfigError(f"{place}{error.place.removeprefix('connection')}", error.problem) from None
    if made.target != target.shape:
        raise ConfigError(
            place,
            f"makes maps of {_by(made.target)} of those of {source.name}, {_by(source.shape)}, and {target.name} has "
            f"{_by(target.shape)}",
        )
    return made


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _pair(values: tuple[int, ...], place: str) -> tuple[int, int]:
    if len(values) not in (1, 2):
        raise ConfigError(place, f"must be one number, or rows and columns, got {list(values)}")
    return values[0], values[-1]
