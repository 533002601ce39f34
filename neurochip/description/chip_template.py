"""A chip specification to begin with: every key and every event, with unit and meaning, and stated placeholders."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from neurochip.description.catalogue import chip_text
from neurochip.description.chip_reader import SECTIONS
from neurochip.description.events import EVENTS
from neurochip.description.toml_writer import inline
from neurochip.files import parse_toml
from neurochip.keys.key import Key
from neurochip.keys.reading import Quantity, field_types
from neurochip.keys.tree import marks_of

__all__ = ["chip_template"]

_ENERGY_KEYS = ("value", "scope", "evidence", "node", "voltage", "source", "includes")
_UNITS = {"memory": "bits, or KiB, MiB", "frequency": "Hz, MHz, GHz"}


def chip_template(name: str, like: str = "cmos45") -> str:
    """Return the text of a specification that is read as it is, and is to be changed line by line.

    Parameters
    ----------
    name
        Of the new chip.
    like
        Of the chip whose values are the placeholders; whether a neuron update has the energy of its operations or one
        published figure is kept as well.

    Raises
    ------
    ConfigError
        Where there is no such chip.
    """
    base = parse_toml(chip_text(like), like)
    lines = [
        f"# Every value here is a placeholder, as {like} has it, until you change it. `neurochip chips show` of this",
        "# file lists them with their sources; energies per event that no run needs may be left out.",
        "",
        f"name = {inline(name)}",
        f'about = "placeholder: what {name} is, in one line"',
        "# Energy of a neuron update: that of its operations (what its elements declare), a published figure, or none.",
        f"neuron_energy = {inline(base.get('neuron_energy', 'none'))}",
    ]
    if "note" in base or base.get("neuron_energy") == "published":
        lines += [
            "# What a reader of published figures must know.",
            f"note = {inline(base.get('note', 'placeholder'))}",
        ]
    if base.get("unlimited"):
        lines += ["# No limits and no clock: counts only.", "unlimited = true"]
    for section, cls in SECTIONS.items():
        if section in base or section == "neurons":  # which no chip of the catalogue needs
            lines += ["", *_section(section, cls, base.get(section, {}), like)]
    lines += ["", "# Energies per event, each with unit, source and evidence: measured, pre-silicon or estimated.",
              "# scope: per-event, or all-in, which then lists in `includes` what it contains."]  # fmt: skip
    for event, known in EVENTS.items():
        lines += ["", f"# {event}: {known.about}; {known.dimension}" + _part(known.part_of)]
        lines += _energy(event, _found(base.get("energies", {}), event), like)
    return "\n".join(lines) + "\n"


def _section(name: str, cls: type, table: Mapping[str, object], like: str) -> Iterator[str]:
    yield f"[{name}]"
    hints = field_types(cls)
    for field in dataclasses.fields(cls):
        marks = marks_of(hints[field.name])
        about = " ".join(mark.about for mark in marks if isinstance(mark, Key)).replace("``", "`")
        unit = next((_UNITS[mark.dimension] for mark in marks if isinstance(mark, Quantity)), "")
        unit = unit or next((mark.unit for mark in marks if isinstance(mark, Key)), "")
        yield f"# {about}" + (f" [{unit}]" if unit else "")
        if field.name in table:
            yield f"{field.name} = {inline(table[field.name])}"
        else:
            yield f"# {field.name} ="
    yield "# Where these values come from; one of them may say so itself: { value = …, source = …, evidence = … }."
    yield f"source = {inline('placeholder, as ' + like + ': ' + str(table.get('source', '')))}"
    yield "# architecture, measured, pre-silicon or estimated"
    yield f"evidence = {inline(table.get('evidence', 'estimated'))}"


def _part(whole: str | None) -> str:
    return "" if whole is None else f"; left out, it is part of {whole}"


def _found(energies: Mapping[str, object], event: str) -> Mapping[str, object] | None:
    table: Any = energies
    for part in event.split("."):
        if not isinstance(table, Mapping) or part not in table:
            return None
        table = table[part]
    return table if isinstance(table, Mapping) and "value" in table else None


def _energy(event: str, table: Mapping[str, object] | None, like: str) -> Iterator[str]:
    if table is None:
        yield f"# [energies.{event}]"
        return
    yield f"[energies.{event}]"
    for key in _ENERGY_KEYS:
        if key == "source":
            yield f"source = {inline('placeholder, as ' + like + ': ' + str(table[key]))}"
        elif key in table:
            yield f"{key} = {inline(table[key])}"
