"""Liberty files, as far as energy needs them: areas, leakage, capacitances of pins, and what cells use inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip.errors import DataError
from neurochip.files import Foreign, read_bytes

__all__ = ["LibertyCell", "LibertyFile", "read_liberty"]

# The row of a table that is read: what cells are driven with.
_SLEW_S = 20e-12
_HEAD = re.compile(r"(\w+)\s*\(([^()]*)\)\s*\{")
_UNIT = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0}
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


class _Group(NamedTuple):
    kind: str
    name: str
    text: str  # of the group itself, its inner groups left out
    inner: list[_Group]

    def number(self, key: str, missing: float = 0.0) -> float:
        found = re.search(rf'\b{key}\s*:\s*"?\s*([-+0-9.eE]+)', self.text)
        return float(found[1]) if found else missing

    def of(self, kind: str) -> Iterator[_Group]:
        return (group for group in self.inner if group.kind == kind)


def read_liberty(path: Path | str) -> LibertyFile:
    """Read the cells of a liberty file.

    A table of internal energy is read at a slew of 20 ps, averaged over loads, over rise and fall, and over the
    conditions that the file tells apart.

    Raises
    ------
    DataError
        When there is no such file, or it is no liberty file with units, a voltage and cells.
    """
    place = Path(path)
    text = read_bytes(Foreign(place, "a liberty file", "name another")).decode("utf-8", errors="replace")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    head = _HEAD.search(text)
    if head is None or head[1] != "library":
        raise DataError(str(place), "is no liberty file: it does not begin with a library")
    library, _ = _group(text, head)
    voltage = library.number("nom_voltage", np.nan)
    if not voltage > 0:
        raise DataError(str(place), "gives no nom_voltage; energies need one")
    farad = re.search(
        r'capacitive_load_unit\s*\(\s*"?([0-9.]+)"?\s*,\s*"?(\w)f"?\s*\)', library.text, re.IGNORECASE
    )
    watt = re.search(r'leakage_power_unit\s*:\s*"?([0-9.]+)(\w?)W', library.text)
    second = re.search(r'time_unit\s*:\s*"?([0-9.]+)(\w?)s', library.text)
    if farad is None or second is None:
        raise DataError(str(place), "gives no capacitive_load_unit and time_unit; energies need both")
    load = float(farad[1]) * _UNIT[farad[2].lower()]
    time = float(second[1]) * _UNIT[second[2]]
    leak = float(watt[1]) * _UNIT[watt[2]] if watt else 1e-9
    loads_first = {
        group.name.strip('"')
        for kind in ("power_lut_template", "lu_table_template")
        for group in library.of(kind)
        if re.search(r"variable_1\s*:\s*\"?total_output_net_capacitance", group.text)
    }
    cells = {
        group.name.strip('"'): _cell(group, load=load, time=time, leak=leak, loads_first=loads_first)
        for group in library.of("cell")
    }
    if not cells:
        raise DataError(str(place), "has no cells")
    return LibertyFile(library.name.strip('"'), voltage, cells)


def _group(text: str, head: re.Match[str]) -> tuple[_Group, int]:
    """Return the group that a head begins, and where it ends."""
    at = head.end()
    own: list[str] = []
    inner: list[_Group] = []
    while True:
        end = text.find("}", at)
        if end < 0:
            end = len(text)
        following = _HEAD.search(text, at, end + 1)
        if following is None:
            own.append(text[at:end])
            return _Group(head[1], head[2].strip(), "".join(own), inner), end + 1
        own.append(text[at : following.start()])
        if following[1] in _SKIPPED:
            at = _behind(text, following.end())
        else:
            group, at = _group(text, following)
            inner.append(group)


def _behind(text: str, at: int) -> int:
    """Return where a group ends of which nothing is read."""
    depth = 1
    for brace in re.compile(r"[{}]").finditer(text, at):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.end()
    return len(text)


def _cell(group: _Group, *, load: float, time: float, leak: float, loads_first: set[str]) -> LibertyCell:
    capacitance, inside, outputs = {}, {}, set()
    for pin in group.of("pin"):
        name = pin.name.strip('"')
        if re.search(r'direction\s*:\s*"?output', pin.text):
            outputs.add(name)
        else:
            capacitance[name] = pin.number("capacitance") * load
        tables = [
            _entry(table, time, loads_first)
            for power in pin.of("internal_power")
            for table in power.inner
            if table.kind in ("rise_power", "fall_power", "power")
        ]
        if tables:
            inside[name] = float(np.mean(tables)) * load  # energies are in units of load times volt squared
    leakages = [part.number("value") for part in group.of("leakage_power")]
    watts = group.number("cell_leakage_power", float(np.mean(leakages)) if leakages else 0.0) * leak
    return LibertyCell(group.number("area"), watts, capacitance, inside, frozenset(outputs))


def _entry(table: _Group, time: float, loads_first: set[str]) -> float:
    rows = [
        [float(word) for word in re.split(r"[,\s]+", row.strip()) if word]
        for row in re.findall(r'"([^"]*)"', table.text.partition("values")[2])
    ]
    values = np.atleast_2d(np.array(rows, float))
    if table.name.strip('"') in loads_first:
        values = values.T
    found = re.search(r'index_1\s*\(\s*"([^"]*)"', table.text)
    slews = (
        np.array([float(word) for word in re.split(r"[,\s]+", found[1].strip())]) * time if found else None
    )
    if values.shape[0] == 1 and slews is not None and values.shape[1] == len(slews):
        values = values.T
    if slews is None or len(slews) != len(values):
        return float(values.mean())
    return float(values[np.argmin(np.abs(slews - _SLEW_S))].mean())
