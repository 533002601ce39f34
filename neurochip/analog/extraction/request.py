"""The section ``[extract]`` of a specification of cells: whose models, at which current, how many draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from neurochip.description.die.cell_library import EXTRACT_KEYS, Cell, CellLibrary
from neurochip.errors import ConfigError
from neurochip.keys.key import Nonnegative, Positive, Seed
from neurochip.keys.reading import convert, refuse_unknown
from neurochip.keys.units import parse_quantity

__all__ = ["Request", "read_request"]

_EXTRACTED = ("synapse", "leak")  # mirrors, and pairs with a load
_MODEL = 100  # letters of a name
_MOST_DRAWS = 10_000  # each is up to seven transistors of one deck
_COLDEST, _HOTTEST = -55.0, 150.0  # °C, as of a die


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of ngspice; SI units.

    Attributes
    ----------
    nmos, pmos
        Names of models, or with ``subcircuit`` of subcircuits with the terminals d g s b and parameters w and l.
    section
        Of a library.
    unit
        Of w and l in an instance, m: 10⁻⁶ for a kit whose libraries count in µm.
    full_scale
        Full-scale current of the chip, A.
    bias
        Current of the tail of a pair or an amplifier, and of the input of a mirror, A.
    celsius
        Temperature, °C.
    draws, seed
        Of the Monte-Carlo.
    a_vt, a_beta
        Of one transistor, mV·µm and %·µm, where the models draw nothing themselves.
    within
        Largest error of a fit, as a share.
    is_cascoded
        Whether tails, loads and outputs are cascoded, by `neurochip.analog.transistors`.
    """

    nmos: str
    pmos: str | None
    subcircuit: bool
    section: str | None
    unit: float
    full_scale: float
    bias: float
    celsius: float
    draws: int
    seed: int
    a_vt: float
    a_beta: float
    within: float
    is_cascoded: bool

    def instance(self, name: str, terminals: str, model: str, cell: Cell, more: str = "") -> str:
        """Return the line of a transistor of a cell's size; ``terminals`` are d g s b."""
        size = f"w={cell.width / self.unit:.9g} l={cell.length / self.unit:.9g}"
        return f"{'X' if self.subcircuit else ''}M{name} {terminals} {model} {size} {more}".rstrip()


def read_request(table: dict[str, Any], library: CellLibrary, name: str) -> Request:
    """Return what the section ``[extract]`` of a specification asks for cell ``name``.

    Raises
    ------
    ConfigError
        For a key that is unknown, missing, or says what cannot be.
    """
    given = table.get("extract")
    if not isinstance(given, dict):
        raise ConfigError("extract", 'is missing; say at least nmos = "MODEL" and bias = "10 nA"')
    refuse_unknown(given, EXTRACT_KEYS, "extract")
    cell = library.cells.get(name)
    if cell is None or name not in _EXTRACTED:
        listed = " or ".join(key for key in _EXTRACTED if key in library.cells)
        raise ConfigError("--cell", f"must be {listed}, got {name}")
    if not cell.width * cell.length > 0:
        raise ConfigError(
            f"cells.{name}.width", "and length are missing; they are the gate that is looked at"
        )

    def value(key: str, hint: Any, default: Any) -> Any:
        return convert(given.get(key, default), hint, f"extract.{key}")

    def text(key: str) -> str | None:
        found = given.get(key)
        if found is None:
            return None
        word = convert(found, str, f"extract.{key}")
        if not word or len(word) > _MODEL or not word.replace("_", "").replace(".", "").isalnum():
            raise ConfigError(f"extract.{key}", f"must be a name of letters, digits, _ and ., got {word!r}")
        return str(word)

    if "bias" not in given:
        raise ConfigError("extract.bias", 'is missing; it is a current such as "10 nA"')
    nmos, pmos = text("nmos"), text("pmos")
    if nmos is None:
        raise ConfigError("extract.nmos", "is missing; it names a model of the file")
    if pmos is None and cell.kind != "mirror":
        raise ConfigError("extract.pmos", "is missing; the load of a pair is of it")
    full_scale = parse_quantity(given["bias"], "current", "extract.bias")
    key = "leak_bias" if name == "leak" and "leak_bias" in given else "bias"
    bias = parse_quantity(given[key], "current", f"extract.{key}")
    if not bias > 0:
        raise ConfigError(f"extract.{key}", f"must be positive, got {given[key]}")
    unit = parse_quantity(given.get("unit", "1 m"), "length", "extract.unit")
    if not unit > 0:
        raise ConfigError("extract.unit", f"must be positive, got {given['unit']}")
    draws, celsius = value("draws", int, 200), value("celsius", float, 27.0)
    if not 2 <= draws <= _MOST_DRAWS:
        raise ConfigError("extract.draws", f"must be 2 to {_MOST_DRAWS}, got {draws}")
    if not _COLDEST <= celsius <= _HOTTEST:
        raise ConfigError("extract.celsius", f"must be −55 to 150 °C, got {celsius:g}")
    return Request(
        nmos=nmos,
        pmos=pmos,
        subcircuit=value("subcircuit", bool, False),
        section=text("section"),
        unit=unit,
        full_scale=full_scale,
        bias=bias,
        celsius=celsius,
        draws=draws,
        seed=value("seed", Seed, 1),
        a_vt=value("a_vt", Nonnegative, 0.0),
        a_beta=value("a_beta", Nonnegative, 0.0),
        within=value("within_percent", Positive, 3.0) / 100,
        is_cascoded=value("load", Literal["mirror", "cascode"], "mirror") == "cascode",
    )
