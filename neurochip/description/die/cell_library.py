"""The cells that an analog die is made of: what each draws from the supply, and the area it takes.

A specification is a TOML file, of the catalogue or the user's own. All currents are multiples of the full-scale current
I₀ = C V₀/τ, so that a full-scale current for one time constant is the charge C V₀ whatever τ is, and costs V_DD C V₀.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from neurochip.description.catalogue import find_cells
from neurochip.description.energy_table import EnergyTable, EventEnergy, Evidence
from neurochip.errors import ConfigError
from neurochip.files import parse_toml
from neurochip.keys.key import Count, Positive
from neurochip.keys.reading import convert, refuse_unknown
from neurochip.keys.units import parse_quantity

__all__ = ["CELLS", "CHARGE_UNIT", "EXTRACT_KEYS", "Cell", "CellLibrary", "cells_from_toml", "read_cells"]

CHARGE_UNIT = 1e-3  # of C V₀: what the counters of a circuit count charge in

Kind = Literal[
    "differential-pair",
    "mirror",
    "follower-integrator",
    "ota",
    "capacitor",
    "sample-and-hold",
    "adc",
    "dac",
    "weight-store",
]
# Name of a cell → the kinds that may stand there.
CELLS: Mapping[str, tuple[str, ...]] = {
    "synapse": ("differential-pair", "mirror"),
    "leak": ("follower-integrator", "ota"),
    "capacitor": ("capacitor",),
    "hold": ("sample-and-hold",),
    "adc": ("adc",),
    "dac": ("dac",),
    "store": ("weight-store",),
}
_DRAWS = ("synapse", "leak")
# Of the section that says how figures are extracted from model cards; a run has no use for it.
EXTRACT_KEYS = (
    "nmos", "pmos", "subcircuit", "section", "unit", "bias", "celsius", "draws", "seed", "a_vt", "a_beta",
    "within_percent", "load", "leak_bias",
)  # fmt: skip
_QUANTITIES = {
    "width": "length",
    "length": "length",
    "capacitance": "capacitance",
    "energy": "energy",
    "figure_of_merit": "energy",
    "area": "area",
}
_Bits = Annotated[int, Meta(ge=1, le=24)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of cell, in SI units.

    Attributes
    ----------
    branches
        Currents of the cell's own size that it draws from the supply: 1 for a pair, more with mirrors beside it.
    transistors, width, length
        How many of which gate.
    capacitance
        F.
    energy
        Of one use, J; ``figure_of_merit`` × 2^``bits`` of a converter.
    area
        Beside the gates, m².
    source, evidence
        Where its figures come from, and what kind of figures they are.
    """

    kind: Kind
    branches: float = 1.0
    transistors: int = 0
    width: float = 0.0
    length: float = 0.0
    capacitance: float = 0.0
    energy: float | None = None
    figure_of_merit: float | None = None
    bits: int | None = None
    area: float = 0.0
    source: str
    evidence: Evidence

    @property
    def whole_area(self) -> float:
        """Gates and the rest, m²."""
        return self.transistors * self.width * self.length + self.area

    @property
    def use_j(self) -> float | None:
        """Energy of one use of a converter or a store, J; `None` where the specification gives none."""
        if self.figure_of_merit is not None and self.bits is not None:
            return self.figure_of_merit * float(2**self.bits)
        return self.energy


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLibrary:
    """The cells of one design, its supply and what a full scale is in volts.

    Attributes
    ----------
    supply, low, high
        V_DD, and between which voltages a signal may be, V.
    full_scale, rest
        V₀, and the voltage that stands for 0, V.
    cells
        By name, of `CELLS`; a design may lack some.
    """

    name: str
    about: str
    node: float
    supply: float
    low: float
    high: float
    full_scale: float
    rest: float
    cells: Mapping[str, Cell]

    @property
    def charge(self) -> float:
        """C V₀: what a full-scale current carries in one time constant, C."""
        return self.cells["capacitor"].capacitance * self.full_scale

    def full_scale_current(self, tau: float) -> float:
        """Return I₀ = C V₀/τ, A."""
        return self.charge / tau

    def under(self, supply: float | None, scale: float) -> CellLibrary:
        """Return the same design at another supply, V, and with a full scale that is ``scale`` times as large.

        A signal keeps its distance from either rail, and rest its share of what is between.
        """
        if supply is None and scale == 1:
            return self
        supply = self.supply if supply is None else supply
        high = self.high + supply - self.supply
        if not high > self.low:
            raise ConfigError(
                "analog.supply_v",
                f"must be above {self.supply - self.high + self.low:.3g} V for {self.name}, whose cells need "
                f"{self.low:g} V below a signal and {self.supply - self.high:.3g} V above, got {supply:g}",
            )
        rest = self.low + (self.rest - self.low) * (high - self.low) / (self.high - self.low)
        return replace(self, supply=supply, high=high, rest=rest, full_scale=self.full_scale * scale)

    @property
    def headroom(self) -> tuple[float, float]:
        """How far below and above rest a voltage may go, full scales."""
        return (self.rest - self.low) / self.full_scale, (self.high - self.rest) / self.full_scale

    def energies(self) -> EnergyTable:
        """Return what each event of a circuit costs with these cells."""
        found: dict[str, EventEnergy] = {}
        tail = self.supply * self.charge * CHARGE_UNIT
        for name, event in (("synapse", "synapse_charge"), ("leak", "neuron_charge")):
            if name in self.cells:
                found[event] = self._energy(
                    event, name, tail * self.cells[name].branches, "V_DD C V₀ × branches; "
                )
        if "hold" in self.cells:
            held = self.cells["hold"].capacitance * self.full_scale * self.supply
            found["sample_hold"] = self._energy("sample_hold", "hold", held, "V_DD C_hold V₀; ")
        for name, event in (("adc", "adc_conversion"), ("dac", "dac_conversion"), ("store", "weight_write")):
            if name in self.cells and (joules := self.cells[name].use_j) is not None:
                found[event] = self._energy(event, name, joules, "")
        return EnergyTable(
            name=self.name,
            neuron_energy="published",
            note=f"cells of {self.name}: {self.about}. Currents are those that the weights ask for, from a supply of "
            f"{self.supply:g} V; bias generators, references, clocks and leakage are not in it",
            energies=found,
        )

    def _energy(self, event: str, name: str, joules: float, how: str) -> EventEnergy:
        cell = self.cells[name]
        is_store = name == "store"  # what computes the change is part of writing it
        return EventEnergy(
            event=event,
            value_j=joules,
            source=f"{how}{cell.source}",
            evidence=cell.evidence,
            scope="all-in" if is_store else "per-event",
            node_m=self.node,
            voltage_v=self.supply,
            includes=("weight_accumulation",) if is_store else (),
        )


def read_cells(name_or_path: str | os.PathLike[str]) -> CellLibrary:
    """Read a specification of cells: of the catalogue, or a TOML file named with its ``.toml``.

    Raises
    ------
    ConfigError
        For a name that there is not, and for a specification that says what cannot be, with the place in it.
    """
    return cells_from_toml(*find_cells(name_or_path))


def cells_from_toml(text: str, source: str = "cells.toml") -> CellLibrary:
    """Return the design that a specification describes; ``source`` begins every error."""
    table = parse_toml(text, source)
    try:
        return _library(table, Path(source).name.removesuffix(".toml"))
    except ConfigError as error:
        raise ConfigError(f"{source}: {error.place}", error.problem) from None


def _library(table: dict[str, object], name: str) -> CellLibrary:
    refuse_unknown(table, ("about", "node", "supply", "signal", "cells", "extract"), "")
    supply = _section(table, "supply", ("voltage", "low", "high"))
    signal = _section(table, "signal", ("full_scale", "rest"))
    volts = {key: _quantity(supply, key, "voltage", "supply") for key in ("voltage", "low", "high")}
    volts |= {key: _quantity(signal, key, "voltage", "signal") for key in ("full_scale", "rest")}
    if not 0 <= volts["low"] < volts["rest"] < volts["high"] <= volts["voltage"]:
        raise ConfigError(
            "signal.rest",
            f"must lie between supply.low and supply.high, within the supply of {volts['voltage']:g} V, got "
            f"{volts['rest']:g} V between {volts['low']:g} and {volts['high']:g} V",
        )
    given = _section(table, "cells", tuple(CELLS), is_sourced=False)
    for needed in ("synapse", "leak", "capacitor"):
        if needed not in given:
            raise ConfigError(f"cells.{needed}", "is missing; a circuit cannot be without")
    return CellLibrary(
        name=name,
        about=convert(table.get("about", ""), str, "about"),
        node=_quantity(table, "node", "length", ""),
        supply=volts["voltage"],
        low=volts["low"],
        high=volts["high"],
        full_scale=volts["full_scale"],
        rest=volts["rest"],
        cells={key: _cell(key, _section(given, key, None, f"cells.{key}")) for key in given},
    )


def _section(
    table: dict[str, object],
    key: str,
    known: tuple[str, ...] | None,
    place: str = "",
    *,
    is_sourced: bool = True,
) -> dict[str, object]:
    place = place or key
    found = table.get(key)
    if not isinstance(found, dict):
        raise ConfigError(place, "is missing; it is a table")
    if known is not None:
        refuse_unknown(found, (*known, *(("source", "evidence") if is_sourced else ())), place)
    if is_sourced:
        for word in ("source", "evidence"):
            if not str(found.get(word, "")).strip():
                raise ConfigError(f"{place}.{word}", "is missing; every figure says where it comes from")
    return found


def _quantity(table: dict[str, object], key: str, dimension: str, place: str) -> float:
    where = f"{place}.{key}" if place else key
    if key not in table:
        raise ConfigError(where, "is missing")
    number = parse_quantity(table[key], dimension, where)
    if not number >= 0:
        raise ConfigError(where, f"must not be negative, got {table[key]}")
    return number


def _cell(name: str, table: dict[str, object]) -> Cell:
    place = f"cells.{name}"
    refuse_unknown(
        table, ("kind", "branches", "transistors", "bits", *_QUANTITIES, "source", "evidence"), place
    )
    kind = convert(table.get("kind", CELLS[name][0]), Kind, f"{place}.kind")
    if kind not in CELLS[name]:
        raise ConfigError(f"{place}.kind", f"must be {' or '.join(CELLS[name])}, got {kind}")
    if "branches" in table and name not in _DRAWS:
        raise ConfigError(f"{place}.branches", "has no effect: this cell draws no current of its own")
    if name == "capacitor" and not _quantity(table, "capacitance", "capacitance", place) > 0:
        raise ConfigError(f"{place}.capacitance", "must be positive")
    if ("figure_of_merit" in table) != ("bits" in table):
        raise ConfigError(
            f"{place}.bits", "and figure_of_merit make an energy together; give both or neither"
        )
    numbers: dict[str, Any] = {
        key: _quantity(table, key, dimension, place) for key, dimension in _QUANTITIES.items() if key in table
    }
    counts: dict[str, Any] = {}
    for key, hint in (("branches", Positive), ("transistors", Count), ("bits", _Bits)):
        if key in table:
            counts[key] = convert(table[key], hint, f"{place}.{key}")
    return Cell(
        kind=kind,
        **counts,
        **numbers,
        source=convert(table["source"], str, f"{place}.source"),
        evidence=convert(table["evidence"], Evidence, f"{place}.evidence"),
    )
