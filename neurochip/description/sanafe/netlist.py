"""Networks of SANA-FE as netlists, its first format: a line for each group, neuron, edge and mapping."""

from __future__ import annotations

from neurochip.description.sanafe.attributes import Attributes, one_of, span
from neurochip.description.sanafe.mapped import MappedNetwork
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, read_text

__all__ = ["read_netlist"]

_MOST = 64 << 20


def read_netlist(file: Foreign) -> MappedNetwork:
    """Return the network of a netlist."""
    made = MappedNetwork()
    lines = read_text(file, most=_MOST).split("\n")
    with file.guarded():
        for k, line in enumerate(lines):
            fields = line.split()
            if fields and not fields[0].startswith("#"):
                _line(made, fields, f"line {k + 1}")
    if not made.groups:
        raise file.fault("has no group; a line of one begins with g")
    return made


def _line(made: MappedNetwork, fields: list[str], place: str) -> None:
    kind = fields[0]
    if len(fields) < 2 or kind not in ("g", "n", "e", "&"):
        raise DataError(place, f"must begin with g, n, e or & and say of what, got {briefly(repr(kind), 20)}")
    what, given = fields[1], _attributes(fields[2:], place)
    if kind == "g":
        made.add_group(str(len(made.groups)), one_of(what, place), given, place)
    elif kind == "n":
        name, units = _neuron(what, place)
        for unit in made.neurons(name, units, place):
            made.groups[name][unit] |= given
    elif kind == "e":
        source, arrow, target = what.partition("->")
        if not arrow:
            raise DataError(place, "must be GROUP.NEURON->GROUP.NEURON")
        (a, pre), (b, post) = _end(source, place), _end(target, place)
        made.join((a, pre, b, post), given, place)
    else:
        neuron, at, core = what.partition("@")
        tile, dot, within = core.partition(".")
        if not (at and dot):
            raise DataError(place, "must be GROUP.NEURON@TILE.CORE")
        name, units = _neuron(neuron, place)
        for unit in made.neurons(name, units, place):
            made.cores[name, unit] = one_of(tile, place), one_of(within, place)


def _neuron(text: str, place: str) -> tuple[str, range]:
    group, unit = _parted(text, place)
    return group, span(unit, place)


def _end(text: str, place: str) -> tuple[str, int]:
    group, unit = _parted(text, place)
    return group, one_of(unit, place)


def _parted(text: str, place: str) -> tuple[str, str]:
    group, dot, unit = text.partition(".")
    if not dot:
        raise DataError(place, f"must name a neuron as GROUP.NEURON, got {briefly(repr(text), 40)}")
    return group, unit


def _attributes(fields: list[str], place: str) -> Attributes:
    """Return ``key=value`` fields, or those in one pair of brackets, ``{ key: value, … }``."""
    text = " ".join(fields)
    if not text.startswith(("[", "{")):
        pairs = [field.partition("=") for field in fields]
    else:
        if text[-1] != {"[": "]", "{": "}"}[text[0]] or any(c in text[1:-1] for c in "[]{}"):
            raise DataError(place, "must have attributes in one pair of brackets")
        pairs = [part.partition(":") for part in text[1:-1].split(",") if part.strip()]
    found: dict[str, object] = {}
    for key, there, value in pairs:
        if not there or not key.strip() or not value.strip():
            raise DataError(place, "must have attributes KEY=VALUE, or { KEY: VALUE }")
        found[key.strip()] = value.strip()
    return found
