"""A chip with some values of its specification changed: ``chip.core.neurons=256``, of a run, a replay, a sweep.

A change is written ``KEY = VALUE`` with the key as in the specification, ``core.neurons`` or
``energies.synaptic_op``. A plain number of a key that has a unit is in joules, hertz, watts or bits.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any, get_args

from neurochip.description.chip import ChipSpec, Provenance, WeightsSpec
from neurochip.description.chip_reader import SECTIONS, read_chip
from neurochip.description.energy_table import EnergyTable, EventEnergy
from neurochip.description.events import EVENTS
from neurochip.errors import ConfigError
from neurochip.files import parse_toml
from neurochip.keys.reading import Quantity, convert, describe, field_types, unknown_key
from neurochip.keys.tree import bare_type, marks_of
from neurochip.keys.units import DIMENSIONS, parse_quantity

__all__ = [
    "BITS",
    "PREFIX",
    "change_type",
    "changed",
    "chip_with",
    "known_changes",
    "merged",
    "present",
    "refuse_unused",
    "refuse_unused_of",
    "taken_out",
    "why_unused",
    "why_unused_of",
    "without_unused",
    "written",
]

PREFIX = "chip."  # of a key of the chip among the keys of a run
BITS = "weights.bits"  # stands for all three keys of the weights
_ENERGIES = "energies."
_OF_TIME = ("core_static", "chip_static", "clock_cycle", "barrier")  # energies of what takes time
_OF_LEARNING = (
    "timing.cycles_per_weight_accumulation",
    "timing.cycles_per_weight_write",
    "timing.cycles_per_host_word",
    "weights.rounding",
)
_CHANGED = Provenance("changed, not from the specification", "estimated")


def known_changes() -> tuple[str, ...]:
    """Return every key of a chip that can be changed."""
    keys = [f"{name}.{key}" for name, cls in SECTIONS.items() for key in field_types(cls)]
    return (*keys, BITS, *(f"{_ENERGIES}{event}" for event in EVENTS))


def change_type(key: str) -> object:
    """Return the type of a key of a chip, without unit; refuse a key that no chip has."""
    if key == BITS:
        return int
    if key.startswith(_ENERGIES) and key.removeprefix(_ENERGIES) in EVENTS:
        return float
    section, _, name = key.partition(".")
    if section not in SECTIONS or name not in field_types(SECTIONS[section]):
        renamed = (
            {key: f"`{PREFIX}{_ENERGIES}{key.removeprefix('prices.')}`"} if section == "prices" else None
        )
        raise ConfigError(f"{PREFIX}{key}", unknown_key(key, known_changes(), renamed))
    return int if name == "barrier_cycles" else bare_type(field_types(SECTIONS[section])[name])


def why_unused(key: str, timing: str, *, learns: bool = False) -> str | None:
    """Return why a key of a chip changes nothing with this model of time, as a sentence; `None` if it may.

    ``learns``: of a run of our own, not of a network of another tool.
    """
    section, _, name = key.partition(".")
    if learns and section == "membranes":
        return "is for networks of other tools; a run has numbers.state and numbers.membrane"
    if not learns and section == "neurons":
        return "is for runs; networks of other tools bring the neurons of their files"
    if not learns and key in _OF_LEARNING:
        return "has no effect here: nothing is learned and no words of the host are moved; leave it out"
    if timing == "tick" and (section == "timing" or key.removeprefix(_ENERGIES) in _OF_TIME):
        return 'has no effect with timing = "tick", which knows no cycles; choose "analytic" or "cycle"'
    if timing == "analytic" and name in ("fifo_depth", "outbox"):
        return 'has no effect with timing = "analytic", which knows no queues; choose "cycle"'
    return None


def why_unused_of(key: str, substrate: str, timing: str) -> str | None:
    """Return why a key of a run, if it is one of its chip, changes nothing on a substrate; `None` if it may.

    An energy of the chip is lent to every substrate, and so it may everywhere.
    """
    if not key.startswith(PREFIX):
        return None
    if substrate != "digital":
        lent = key.startswith(PREFIX + _ENERGIES)
        return (
            None
            if lent
            else f"has no effect with substrate = {describe(substrate)}, which has no cores; leave it out"
        )
    return why_unused(key.removeprefix(PREFIX), timing, learns=True)


def refuse_unused(changes: Iterable[str], timing: str, place: str = f"--set {PREFIX}") -> None:
    """Refuse the first change that plays no part where nothing is learned; ``place`` stands before its key."""
    for key, _ in map(_parted, changes):
        why = why_unused(key, timing)
        if why is not None:
            raise ConfigError(f"{place}{key}", why)


def refuse_unused_of(changes: Iterable[str], substrate: str, timing: str) -> None:
    """Refuse the first change of a run of our own that plays no part in it."""
    for key in (PREFIX + _parted(change)[0] for change in changes):
        why = why_unused_of(key, substrate, timing)
        if why is not None:
            raise ConfigError(key, why)


def without_unused(table: dict[str, Any], named: Collection[str] = ()) -> dict[str, Any]:
    """Return tables of a run without the changes of its chip that play no part in it, but for those ``named``."""
    changes = table.get("chip_changes")
    if not changes:
        return table
    substrate, timing = table.get("substrate", "digital"), table.get("timing", "tick")
    kept = [
        change
        for change in changes
        if (key := f"{PREFIX}{_parted(change)[0]}") in named or why_unused_of(key, substrate, timing) is None
    ]
    return {**table, "chip_changes": kept}


def written(key: str, raw: str) -> str:
    """Return a change as it is kept."""
    return f"{key} = {raw.strip()}"


def _parted(change: str) -> tuple[str, str]:
    key, equals, raw = (part.strip() for part in change.partition("="))
    if not equals or not key or not raw:
        raise ConfigError("chip_changes", f"must be of the form key = value, got {change!r}")
    return key, raw


def merged(changes: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Return changes with later ones in the place of earlier ones of the same key, in the order of keys.

    One of ``more`` without a value takes those of its key out.
    """
    kept = dict(_parted(change) for change in changes)
    for change in more:
        key, _, raw = change.partition("=")
        if raw.strip():
            kept |= [_parted(change)]
        else:
            kept.pop(key.strip(), None)
    return tuple(written(key, kept[key]) for key in sorted(kept))


def taken_out(overrides: Iterable[str]) -> tuple[list[str], list[str]]:
    """Part ``key=value`` overrides into changes of the chip and all others."""
    changes, rest = [], []
    for override in overrides:
        path, equals, raw = override.partition("=")
        if path.strip().startswith(PREFIX) and equals:
            key = path.strip().removeprefix(PREFIX)
            try:
                change_type(key)
            except ConfigError as error:
                raise ConfigError(f"--set {error.place}", error.problem) from None
            changes.append(written(key, raw))
        else:
            rest.append(override)
    return changes, rest


def chip_with(
    name_or_path: str | os.PathLike[str], changes: Sequence[str] = (), energies: EnergyTable | None = None
) -> ChipSpec:
    """Return a chip by name or file, with other ``energies`` if given, then with values changed; see `changed`."""
    chip = read_chip(name_or_path)
    return changed(chip if energies is None else dataclasses.replace(chip, energies=energies), tuple(changes))


def changed(chip: ChipSpec, changes: Sequence[str]) -> ChipSpec:
    """Return a chip with values of its specification changed; its name says which.

    Raises
    ------
    ConfigError
        For a key that no chip has or this one has no section for, and for a value that cannot be.
    """
    if not changes:
        return chip
    return _changed(chip.name, tuple(changes), _Held(chip))


class _Held:
    """A chip as an argument that is compared by what it is, not by what is in it."""

    def __init__(self, chip: ChipSpec) -> None:
        self.chip = chip

    def __hash__(self) -> int:
        return id(self.chip)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.chip is self.chip


@functools.lru_cache(maxsize=512)
def _changed(name: str, changes: tuple[str, ...], held: _Held) -> ChipSpec:
    chip = held.chip
    sections: dict[str, dict[str, object]] = {}
    energies, provenance = dict(chip.energies.energies), dict(chip.provenance)
    pairs = [_parted(change) for change in merged((), changes)]
    for key, raw in pairs:
        change_type(key)
        if key.startswith(_ENERGIES):
            event = key.removeprefix(_ENERGIES)
            energies[event] = _energy(chip.energies, event, _of_text(raw), f"{PREFIX}{key}")
        elif key == BITS:
            bits = convert(_of_text(raw), field_types(WeightsSpec)["max_bits"], f"{PREFIX}{key}")
            sections.setdefault("weights", {}).update(_only_integers(chip, bits))
            provenance |= dict.fromkeys(("weights.min_bits", "weights.max_bits"), _CHANGED)
        else:
            section, _, field = key.partition(".")
            hint = field_types(SECTIONS[section])[field]
            sections.setdefault(section, {})[field] = _value(hint, field, raw, f"{PREFIX}{key}")
            provenance[key] = _CHANGED
    made: dict[str, Any] = {}
    for section, values in sections.items():
        before = getattr(chip, section)
        if before is None:
            raise ConfigError(
                f"{PREFIX}{section}.{next(iter(values))}",
                f"cannot be changed: {name} has no {section}; choose a chip that has",
            )
        try:
            made[section] = dataclasses.replace(before, **values)
        except ConfigError as error:
            raise ConfigError(f"{PREFIX}{error.place}", error.problem) from None
    words = ", ".join(f"{key} = {raw}" for key, raw in pairs)
    if any(key.startswith(_ENERGIES) for key, _ in pairs):
        costed = ", ".join(f"{key} = {raw}" for key, raw in pairs if key.startswith(_ENERGIES))
        try:
            made["energies"] = dataclasses.replace(
                chip.energies, name=f"{chip.energies.name} ({costed})", energies=energies
            )
        except ConfigError as error:
            raise ConfigError(f"{PREFIX}{error.place}", error.problem) from None
    return dataclasses.replace(chip, name=f"{name} ({words})", provenance=provenance, **made)


def present(chip: ChipSpec, key: str) -> Any:
    """Return the value that a chip has at a key, in SI units; `None` where it has none."""
    change_type(key)
    if key.startswith(_ENERGIES):
        entry = chip.energies.energies.get(key.removeprefix(_ENERGIES))
        return None if entry is None else entry.value_j
    if key == BITS:
        return chip.weights.max_bits
    section, _, field = key.partition(".")
    found = getattr(chip, section)
    return None if found is None else getattr(found, field)


def _only_integers(chip: ChipSpec, bits: int) -> dict[str, object]:
    """Return what makes integers of so many bits the only weights."""
    least = min(bits, chip.weights.min_bits or bits)
    return {"floats": (), "min_bits": least, "max_bits": bits}


def _of_text(raw: str) -> object:
    try:
        table = parse_toml(f"value = {raw}", "chip_changes")
    except ConfigError:
        return raw
    return table["value"] if len(table) == 1 else raw


def _value(hint: object, field: str, raw: str, place: str) -> object:
    value = _of_text(raw)
    if field == "barrier_cycles" and isinstance(value, int) and not isinstance(value, bool):
        value = [[1, value]]
    dimension = next((mark.dimension for mark in marks_of(hint) if isinstance(mark, Quantity)), None)
    if dimension is not None and isinstance(value, int | float) and not isinstance(value, bool):
        value = _with_unit(value, dimension)
    if bare_type(hint) is str or _is_words(hint):
        value = value if isinstance(value, str) else raw
    return convert(value, hint, place)


def _is_words(hint: object) -> bool:
    bare = bare_type(hint)
    return all(isinstance(one, str) for one in get_args(bare)) and bool(get_args(bare))


def _with_unit(value: float, dimension: str) -> str:
    """Return a plain number as a quantity in the base unit."""
    return f"{value!r} {DIMENSIONS[dimension][2]}"


def _energy(before: EnergyTable, event: str, value: object, place: str) -> EventEnergy:
    if before.neuron_energy == "none" or not before.energies:
        raise ConfigError(
            place, f"cannot be changed: {before.name} has no energies; choose a chip that has, or --energies"
        )
    dimension = EVENTS[event].dimension
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = _with_unit(value, dimension)
    joules = parse_quantity(value, dimension, place)
    if not joules >= 0:
        raise ConfigError(place, f"must not be negative, got {value}")
    known = before.energies.get(event)
    if known is not None:
        return dataclasses.replace(known, value_j=joules, source=_CHANGED.source, evidence="estimated")
    like = next(iter(before.energies.values()))
    return EventEnergy(
        event=event,
        value_j=joules,
        source=_CHANGED.source,
        evidence="estimated",
        scope="per-event",
        node_m=like.node_m,
        voltage_v=like.voltage_v,
    )
