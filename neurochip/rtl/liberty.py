"""Liberty files, as far as energy needs them: areas, leakage, capacitances of pins, and what cells use inside."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip.files import Foreign, briefly, read_bytes
from neurochip.rtl.liberty_groups import Group, parse_groups

__all__ = ["LibertyCell", "LibertyFile", "liberty_file", "read_liberty"]

# The row of a table that is read: what cells are driven with.
_SLEW_S = 20e-12
_MOST_VOLTS = 1000.0
_MOST = 1e30  # of any number, so that none of what is computed from them is endless
_PREFIX = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
_NUMBER = re.compile(r"[-+]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]{1,4})?", re.ASCII)
_UNIT = re.compile(r"([0-9.eE+-]++)\s*+([a-zA-Z])([a-zA-Z])", re.ASCII)
_SKIPPED = frozenset({"timing", "ff", "latch", "test_cell", "statetable", "ocv_table_template"})


class LibertyCell(NamedTuple):
    """A cell: µm², watts of leakage, farads of its input pins, joules inside for a change of each pin, its outputs."""

    area_um2: float
    leakage_w: float
    capacitance_f: dict[str, float]
    inside_j: dict[str, float]
    outputs: frozenset[str]


class LibertyFile(NamedTuple):
    """A library of cells at one corner."""

    name: str
    voltage_v: float
    cells: dict[str, LibertyCell]


class _Units(NamedTuple):
    farad: float
    second: float
    watt: float


def liberty_file(path: Path | str) -> Foreign:
    """Return the file as the door knows it."""
    return Foreign(Path(path), "a liberty file", "name another")


def read_liberty(path: Path | str) -> LibertyFile:
    """Read the cells of a liberty file.

    A table of internal energy is read at a slew of 20 ps, averaged over loads, over rise and fall, and over the
    conditions that the file tells apart.

    Raises
    ------
    DataError
        When there is no such file, or it is no liberty file with units, a voltage and cells.
    """
    file = liberty_file(path)
    text = read_bytes(file).decode("utf-8", errors="replace")
    with file.guarded():
        library = parse_groups(text, file, skipped=_SKIPPED)
        if library.kind != "library":
            raise file.fault("is no liberty file: it does not begin with a library")
        voltage = _number(file, library, "nom_voltage", None, "gives no nom_voltage; energies need one")
        if not 0 < voltage <= _MOST_VOLTS:
            raise file.fault(f"must be above 0 and at most {_MOST_VOLTS:g}, got {voltage:g}", "nom_voltage")
        units = _units(file, library)
        loads_first = {
            group.name
            for group in library.of("power_lut_template", "lu_table_template")
            if group.simple.get("variable_1") == "total_output_net_capacitance"
        }
        cells = {group.name: _cell(file, group, units, loads_first) for group in library.of("cell")}
        if not cells:
            raise file.fault("has no cells")
        return LibertyFile(library.name, voltage, cells)


def _finite(file: Foreign, word: str, within: str) -> float:
    value = float(word) if _NUMBER.fullmatch(word) else math.nan
    if not abs(value) <= _MOST:
        raise file.fault(f"must be a number of at most {_MOST:g}, got {briefly(word, 40)}", within)
    return value


def _number(
    file: Foreign, group: Group, key: str, missing: float | None = 0.0, problem: str = "", within: str = ""
) -> float:
    if key not in group.simple:
        if missing is None:
            raise file.fault(problem, cure="")
        return missing
    return _finite(file, group.simple[key], f"{within}: {key}" if within else key)


def _units(file: Foreign, library: Group) -> _Units:
    load, time = library.lists.get("capacitive_load_unit"), library.simple.get("time_unit")
    if load is None or time is None:
        raise file.fault("gives no capacitive_load_unit and time_unit; energies need both", cure="")
    leak = library.simple.get("leakage_power_unit")
    return _Units(
        _unit(file, "capacitive_load_unit", "".join(load), "f"),
        _unit(file, "time_unit", time, "s"),
        1e-9 if leak is None else _unit(file, "leakage_power_unit", leak, "w"),
    )


def _unit(file: Foreign, key: str, text: str, letter: str) -> float:
    """Return an amount such as ``1ns`` or ``100fF``."""
    found = _UNIT.fullmatch(text.strip())
    if found is None or found[3].lower() != letter or found[2].lower() not in _PREFIX:
        raise file.fault(
            f"must be an amount such as 1{'p' if letter == 'f' else 'n'}{letter} with one of the prefixes "
            f"{', '.join(_PREFIX)}, got {briefly(text, 40)}",
            key,
        )
    amount = _finite(file, found[1], key)
    if not amount > 0:
        raise file.fault(f"must be above 0, got {amount:g}", key)
    return amount * _PREFIX[found[2].lower()]


def _cell(file: Foreign, group: Group, units: _Units, loads_first: set[str]) -> LibertyCell:
    place = f"cell {group.name}"
    capacitance, inside, outputs = {}, {}, set()
    for pin in group.of("pin"):
        tables = [
            _entry(file, table, units.second, loads_first, f"{place}, pin {pin.name}: {table.kind}")
            for power in pin.of("internal_power")
            for table in power.of("rise_power", "fall_power", "power")
        ]
        output = pin.simple.get("direction") == "output"
        farads = _number(file, pin, "capacitance", within=f"{place}, pin {pin.name}") * units.farad
        joules = (
            float(np.mean(tables)) * units.farad if tables else 0.0
        )  # told in units of load times volt squared
        for name in pin.names:
            if output:
                outputs.add(name)
            else:
                capacitance[name] = farads
            if tables:
                inside[name] = joules
    leakages = [
        _number(file, part, "value", within=f"{place}: leakage_power") for part in group.of("leakage_power")
    ]
    mean = float(np.mean(leakages)) if leakages else 0.0
    watts = _number(file, group, "cell_leakage_power", mean, within=place) * units.watt
    area = _number(file, group, "area", within=place)
    return LibertyCell(area, watts, capacitance, inside, frozenset(outputs))


def _row(file: Foreign, text: str, within: str) -> list[float]:
    return [_finite(file, word, within) for word in re.split(r"[,\s\\]+", text) if word]


def _entry(file: Foreign, table: Group, time: float, loads_first: set[str], within: str) -> float:
    """Return what a table of energies says at the slew that cells are driven with."""
    rows = [_row(file, text, within) for text in table.lists.get("values", ())]
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise file.fault("is a table without values, or with rows of different lengths", within)
    values = np.array(rows, float)
    if table.name in loads_first:
        values = values.T
    slews = np.array(_row(file, " ".join(table.lists.get("index_1", ())), within)) * time
    if values.shape[0] == 1 and values.shape[1] == len(slews):
        values = values.T
    if len(slews) != len(values):
        return float(values.mean())
    return float(values[np.argmin(np.abs(slews - _SLEW_S))].mean())
