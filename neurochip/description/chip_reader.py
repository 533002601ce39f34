"""Chip specifications and energy tables: TOML → `ChipSpec`, `EnergyTable`.

A section of a specification carries ``source`` and ``evidence`` for all its values; a value that has its own is
written ``{ value = 1024, source = "…", evidence = "…" }``.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from neurochip.description.catalogue import built_in, find_cells, find_text
from neurochip.description.chip import (
    CellEvidence,
    ChipSpec,
    CoreSpec,
    MembranesSpec,
    MeshSpec,
    NeuronsSpec,
    PacketSpec,
    Provenance,
    TimingSpec,
    WeightsSpec,
)
from neurochip.description.die.cell_library import cells_from_toml
from neurochip.description.energy_table import RENAMED_KEYS, EnergyTable, NeuronEnergy, energies_of_table
from neurochip.errors import ConfigError
from neurochip.files import parse_toml
from neurochip.keys.reading import (
    Table,
    build,
    convert,
    describe,
    field_types,
    refuse_missing,
    refuse_unknown,
)

__all__ = ["SECTIONS", "chip_from_toml", "read_chip", "read_energies"]

T = TypeVar("T")

SECTIONS: dict[str, type] = {
    "mesh": MeshSpec,
    "core": CoreSpec,
    "weights": WeightsSpec,
    "neurons": NeuronsSpec,
    "membranes": MembranesSpec,
    "packet": PacketSpec,
    "timing": TimingSpec,
}
_WITH_DEFAULTS = ("neurons", "membranes")  # sections that a specification may leave out
_HEAD = ("name", "about", "unlimited", "neuron_energy", "note")
_ENERGY_HEAD = ("name", "about", "neuron_energy", "note", "energies")


def read_chip(name_or_path: str | os.PathLike[str]) -> ChipSpec:
    """Read the specification of a chip.

    Parameters
    ----------
    name_or_path
        Of the catalogue, plug-ins included, or a TOML file named with its ``.toml``.

    Returns
    -------
    ChipSpec
        Limits, timing in cycles and energies in joules, each with its source.

    Raises
    ------
    ConfigError
        For a name that there is not, and for a specification that says what cannot be, with the place in it.
    """
    return _read(*find_text("chips", name_or_path))


@functools.lru_cache(maxsize=64)
def _read(text: str, source: str) -> ChipSpec:
    """Read the same text once: a sweep asks for the same chip for every point."""
    return chip_from_toml(text, source)


def chip_from_toml(text: str, source: str = "chip.toml") -> ChipSpec:
    """Return the chip that a specification describes; ``source`` begins every error."""
    table = parse_toml(text, source)
    try:
        return _chip(table, Path(source).name.removesuffix(".toml"))
    except ConfigError as error:
        raise ConfigError(f"{source}: {error.place}", error.problem) from None


def read_energies(name_or_path: str | os.PathLike[str]) -> EnergyTable:
    """Return the energy table of a chip or a specification of cells, or of a TOML file that has only energies."""
    is_cells = name_or_path in built_in("cells")
    text, source = find_cells(name_or_path) if is_cells else find_text("chips", name_or_path)
    table = parse_toml(text, source)
    if "cells" in table:
        return cells_from_toml(text, source).energies()
    if any(section in table for section in SECTIONS):
        return chip_from_toml(text, source).energies
    try:
        refuse_unknown(table, _ENERGY_HEAD, "", RENAMED_KEYS)
        return _energies(table, Path(source).name.removesuffix(".toml"))
    except ConfigError as error:
        raise ConfigError(f"{source}: {error.place}", error.problem) from None


def _energies(table: Table, default_name: str) -> EnergyTable:
    if "neuron_energy" not in table:
        raise ConfigError("neuron_energy", 'is missing; it is "operations", "published" or "none"')
    return EnergyTable(
        name=convert(table.get("name", default_name), str, "name"),
        neuron_energy=convert(table["neuron_energy"], NeuronEnergy, "neuron_energy"),
        note=convert(table.get("note", ""), str, "note"),
        energies=energies_of_table(table.get("energies", {}), "energies"),
    )


def _chip(table: Table, default_name: str) -> ChipSpec:
    refuse_unknown(table, (*_HEAD, *SECTIONS, "energies"), "", RENAMED_KEYS)
    unlimited = convert(table.get("unlimited", False), bool, "unlimited")
    refuse_missing(list(_missing(table, unlimited)))
    provenance: dict[str, Provenance] = {}
    sections: dict[str, Any] = {}
    for name, cls in SECTIONS.items():
        if name in table:
            if unlimited and name in ("core", "timing"):
                raise ConfigError(name, "contradicts unlimited = true; remove one of the two")
            sections[name] = _section(cls, table[name], name, provenance)
        elif name not in _WITH_DEFAULTS and not (unlimited and name in ("core", "timing")):
            raise ConfigError(name, "is missing")
    if not unlimited:
        for limit in field_types(CoreSpec):
            if limit != "delay" and getattr(sections["core"], limit) is None:
                raise ConfigError(
                    f"core.{limit}", "is missing (unlimited = true at the top lifts every limit)"
                )
    return ChipSpec(
        name=convert(table.get("name", default_name), str, "name"),
        about=convert(table.get("about", ""), str, "about"),
        mesh=sections["mesh"],
        core=sections.get("core", CoreSpec()),
        weights=sections["weights"],
        packet=sections["packet"],
        timing=sections.get("timing"),
        energies=_energies(table, default_name),
        neurons=sections.get("neurons", NeuronsSpec()),
        membranes=sections.get("membranes", MembranesSpec()),
        provenance=provenance,
    )


def _missing(table: Table, unlimited: bool) -> Iterator[str]:
    """Give the keys that a specification has to have and this one has not."""
    for name, cls in SECTIONS.items():
        if (unlimited and name in ("core", "timing")) or (name in _WITH_DEFAULTS and name not in table):
            continue
        section = table.get(name, {})
        if not isinstance(section, dict):
            continue  # that is said first
        needed = [
            field.name
            for field in dataclasses.fields(cls)
            if (field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING)
            or (name == "core" and field.name != "delay")
        ]
        yield from (f"{name}.{key}" for key in needed if key not in section)
        own = [v for k, v in section.items() if k not in ("source", "evidence", "barrier_cycles")]
        if any(not isinstance(value, dict) for value in own) or not section:
            yield from (f"{name}.{key}" for key in ("source", "evidence") if key not in section)
    if "neuron_energy" not in table:
        yield "neuron_energy"


def _section(cls: type[T], table: object, place: str, provenance: dict[str, Provenance]) -> T:
    """Read a section, setting apart where its values come from."""
    if not isinstance(table, dict):
        raise ConfigError(place, f"expected a table, got {describe(table)}")
    known = field_types(cls)
    refuse_unknown(table, (*known, "source", "evidence"), place)
    if {"source", "evidence"} <= table.keys():  # of a section without values, too
        _provenance(table, place)
    values: Table = {}
    for key, value in table.items():
        if key in ("source", "evidence"):
            continue
        origin, where = table, place
        if isinstance(value, dict) and not (key == "barrier_cycles" and "value" not in value):
            where = f"{place}.{key}"
            refuse_unknown(value, ("value", "source", "evidence"), where)
            if "value" not in value:
                raise ConfigError(f"{where}.value", "is missing")
            origin, value = value, value["value"]
        provenance[f"{place}.{key}"] = _provenance(origin, where)
        values[key] = _barrier_pairs(value, f"{place}.{key}") if key == "barrier_cycles" else value
    return build(cls, values, place)


def _provenance(table: Table, place: str) -> Provenance:
    for key in ("source", "evidence"):
        if key not in table:
            raise ConfigError(
                f"{place}.{key}", "is missing; every value of a specification says where it comes from"
            )
    source = convert(table["source"], str, f"{place}.source")
    if not source.strip():
        raise ConfigError(f"{place}.source", "must say where the values come from, got an empty string")
    return Provenance(source, convert(table["evidence"], CellEvidence, f"{place}.evidence"))


def _barrier_pairs(value: object, place: str) -> object:
    """Read one number, or a table {active tiles = cycles}, as pairs."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [[1, value]]
    if not isinstance(value, dict):
        raise ConfigError(
            place, f"expected an integer or a table of active tiles = cycles, got {describe(value)}"
        )
    for key in value:
        if not (key.isascii() and key.isdigit()):
            raise ConfigError(place, f"expected numbers of active tiles as keys, got {describe(key)}")
    return sorted([int(key), cycles] for key, cycles in value.items())
