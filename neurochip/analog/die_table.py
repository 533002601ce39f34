"""Measured devices as a table: CSV with a row for each device, of one die or of many.

The columns are ``kind, layer, neuron, value`` for neurons and ``kind, from, to, pre, post, value`` for synapses, under
one header with all of them; what does not apply stays empty. ``kind`` is one of `COLUMNS`, layers are counted from 0
(the input) and neurons from 0. A time constant is τ in units of the nominal one, a synapse's offset in standard
deviations of Glorot's weights. A column ``die`` names the die of each row, a column ``unit`` says 1 or %.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import Die, glorot_deviation
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, read_rows
from neurochip.network import Network

__all__ = ["COLUMNS", "Listed", "die_names", "die_of_table", "split_die", "table_of"]

# Column of a CSV → family of the die, and whether it belongs to a synapse.
COLUMNS: dict[str, tuple[str, bool]] = {
    "synapse_gain": ("synapse_gain", True),
    "synapse_offset": ("synapse_offset", True),
    "neuron_gain": ("neuron_gain", False),
    "neuron_offset": ("neuron_offset", False),
    "time_constant": ("rate", False),
    "saturation": ("saturation", False),
    "phase_offset": ("phase_offset", False),
    "pair_offset": ("pair_offset", False),
    "leak_offset": ("leak_offset", False),
}
_HEADER = ("kind", "layer", "neuron", "from", "to", "pre", "post", "value")
_OPTIONAL = ("die", "unit")
_NOMINAL = {"synapse_gain": 1.0, "neuron_gain": 1.0, "rate": 1.0, "saturation": 1.0}
_UNITS = {"1": 1.0, "%": 0.01}
_LARGE = 10.0  # times the nominal value: what is more in the middle is most likely in percent
Array = NDArray[np.floating]


class Listed(NamedTuple):
    """One die of a table.

    Attributes
    ----------
    die
        What is not listed is nominal.
    listed
        (kind, where) → devices that are listed, and how many there are, e.g. ``("neuron_gain", "layer 1")``.
    """

    die: Die
    listed: dict[tuple[str, str], tuple[int, int]]


def split_die(reference: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """Return the file of ``table.csv#name``, and which of its dies is meant; `None` for a file that is one die."""
    text = os.fspath(reference)
    if os.path.exists(text) or "#" not in text:
        return Path(text), None
    path, _, name = text.rpartition("#")
    return Path(path), name


def die_names(path: Path) -> tuple[str, ...]:
    """Return the names in the column ``die`` of a table, in their order; nothing where it has no such column."""
    found: dict[str, None] = {}
    for number, row in read_rows(_foreign(path), ("kind",), optional=("die",)):
        if "die" not in row:
            return ()
        if not row["die"]:
            raise DataError(f"{path}: line {number}", "names no die; say which one the device is on")
        found.setdefault(row["die"])
    return tuple(found)


def table_of(path: Path, network: Network) -> dict[str, Listed]:
    """Return every die of a table by its name; a table of one die has it under an empty name.

    Raises
    ------
    DataError
        When the file is missing, or says something that cannot be.
    """
    try:
        stat = path.stat()
    except OSError:
        raise DataError(str(path), "no such file; `neurochip die save` makes one") from None
    return _table(path, stat.st_size, stat.st_mtime_ns, network)


def die_of_table(path: Path, which: str | None, network: Network) -> Die:
    """Return one die of a table; `None` is the only one."""
    found = table_of(path, network)
    if which is None and len(found) == 1:
        return next(iter(found.values())).die
    if which not in found:
        names = briefly(", ".join(found), 80)
        missing = f"holds {len(found)} dies" if which is None else f"has no die {briefly(which, 40)!r}"
        raise DataError(str(path), f"{missing}; name one of them as {path.name}#NAME: {names}")
    return found[which].die


@functools.lru_cache(maxsize=4)
def _table(path: Path, _size: int, _time: int, network: Network) -> dict[str, Listed]:
    return _read(path, network)


def _read(path: Path, network: Network) -> dict[str, Listed]:
    dies: dict[str, _Rows] = {}
    has_units = True
    for number, row in read_rows(_foreign(path), _HEADER, optional=_OPTIONAL):
        place = f"{path}: line {number}"
        name = row.get("die", "")
        if "die" in row and not name:
            raise DataError(place, "names no die; say which one the device is on")
        if name not in dies:
            dies[name] = _Rows(network)
        dies[name].take(row, place)
        has_units = "unit" in row
    if not dies:
        raise DataError(str(path), "lists no devices; give one on each line")
    if not has_units:
        _check_scale(path, dies.values())
    return {
        name: rows.die(f"measured, {path.name}{'#' if name else ''}{name}") for name, rows in dies.items()
    }


def _check_scale(path: Path, dies: Iterable[_Rows]) -> None:
    """Refuse a table that names no units, and whose values can hardly be in those of the nominal device."""
    found: dict[str, list[Array]] = {}
    for rows in dies:
        for (family, k), values in rows.values.items():
            if family in _NOMINAL:
                found.setdefault(rows.kinds[family], []).append(values[rows.given[family, k]])
    for kind, parts in found.items():
        middle = float(np.median(np.concatenate(parts)))
        middle = 1 / middle if kind == "time_constant" else middle
        if middle > _LARGE:
            raise DataError(
                str(path),
                f"names no units, and half of its {kind}s are {middle:.3g} or more; add a column unit, 1 (of the "
                "nominal value) or %",
            )


def _foreign(path: Path) -> Foreign:
    return Foreign(
        path, "a table of devices", "give one device on each line", "`neurochip die save` makes one"
    )


class _Rows:
    """The devices of one die, as they are listed."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.values: dict[tuple[str, int], Array] = {}
        self.given: dict[tuple[str, int], NDArray[np.bool_]] = {}
        self.kinds: dict[str, str] = {}

    def take(self, row: dict[str, str], place: str) -> None:
        """Write one device down."""
        kind = row["kind"]
        if kind not in COLUMNS:
            raise DataError(place, f"kind must be one of {', '.join(COLUMNS)}, got {briefly(kind, 40)!r}")
        family, is_synapse = COLUMNS[kind]
        value = _number(row, "value", place) * _unit(row, place)
        if kind == "time_constant":
            if not value > 0:
                raise DataError(place, f"a time constant must be > 0, got {value:g}")
            value = 1 / value
        k, shape, at = self._synapse(row, place) if is_synapse else self._neuron(row, place)
        if kind == "synapse_offset":
            value *= glorot_deviation(self.network, k)
        if (family, k) not in self.values:
            self.values[family, k] = np.full(shape, _NOMINAL.get(family, 0.0))
            self.given[family, k] = np.zeros(shape, bool)
            self.kinds[family] = kind
        if self.given[family, k][at]:
            raise DataError(place, f"is the second {kind} of this device; leave one of them out")
        self.values[family, k][at] = value
        self.given[family, k][at] = True

    def _synapse(self, row: dict[str, str], place: str) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        network, sizes = self.network, self.network.sizes
        source, target = (_index(row, name, len(sizes), place) for name in ("from", "to"))
        found = [k for k, p in enumerate(network.projections) if (p.source, p.target) == (source, target)]
        if not found:
            raise DataError(place, f"the network has no synapses from layer {source} to layer {target}")
        shape = (sizes[source], sizes[target])
        return found[0], shape, (_index(row, "pre", shape[0], place), _index(row, "post", shape[1], place))

    def _neuron(self, row: dict[str, str], place: str) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        sizes = self.network.sizes
        layer = _index(row, "layer", len(sizes), place)
        if layer == 0:
            raise DataError(place, "layer 0 is the input, which has no neurons of its own")
        return layer - 1, (sizes[layer],), (_index(row, "neuron", sizes[layer], place),)

    def die(self, origin: str) -> Listed:
        """Return the die that they make up."""
        n_synapses, n_neurons = len(self.network.projections), len(self.network.sizes) - 1
        families = {
            family: tuple(
                self.values.get((family, k)) for k in range(n_synapses if is_synapse else n_neurons)
            )
            for family, is_synapse in COLUMNS.values()
        }
        die = Die(
            sizes=self.network.sizes,
            origin=origin,
            synapse_state=(None,) * n_synapses,
            stuck_weight=(None,) * n_synapses,
            neuron_state=(None,) * n_neurons,
            **families,
        )
        listed = {
            (self.kinds[family], self._where(family, k)): (int(given.sum()), given.size)
            for (family, k), given in self.given.items()
        }
        return Listed(die, listed)

    def _where(self, family: str, k: int) -> str:
        if not COLUMNS[self.kinds[family]][1]:
            return f"layer {k + 1}"
        projection = self.network.projections[k]
        return f"layer {projection.source} to layer {projection.target}"


def _unit(row: dict[str, str], place: str) -> float:
    unit = row.get("unit", "1")
    if unit not in _UNITS:
        got = f"got {briefly(unit, 20)!r}" if unit else "and this row has none"
        raise DataError(place, f"unit must be 1 (of the nominal value, or full scale) or %, {got}")
    return _UNITS[unit]


def _number(row: dict[str, str], name: str, place: str) -> float:
    text = row[name]
    try:
        value = float(text)
    except ValueError:
        raise DataError(place, f"{name} must be a number, got {briefly(text, 40)!r}") from None
    if not np.isfinite(value):
        raise DataError(place, f"{name} must be finite, got {briefly(text, 40)}")
    return value


def _index(row: dict[str, str], name: str, size: int, place: str) -> int:
    text = row[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) < size):
        raise DataError(place, f"{name} must be 0 to {size - 1}, got {briefly(text, 40)!r}")
    return int(text)
