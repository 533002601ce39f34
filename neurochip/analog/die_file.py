"""Dies as files: HDF5 that holds everything, and CSV of devices that were measured."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import Die, glorot_deviation
from neurochip.data.atomic import replacing
from neurochip.description.network import Network
from neurochip.errors import DataError

__all__ = ["COLUMNS", "read_die", "write_die"]

FORMAT = 1
# Column of a CSV → family of the die, and whether it belongs to a synapse.
COLUMNS: dict[str, tuple[str, bool]] = {
    "synapse_gain": ("synapse_gain", True),
    "synapse_offset": ("synapse_offset", True),
    "neuron_gain": ("neuron_gain", False),
    "neuron_offset": ("neuron_offset", False),
    "time_constant": ("rate", False),
    "saturation": ("saturation", False),
    "phase_offset": ("phase_offset", False),
}
_HEADER = ("kind", "layer", "neuron", "from", "to", "pre", "post", "value")
_NOMINAL = {"synapse_gain": 1.0, "neuron_gain": 1.0, "rate": 1.0, "saturation": 1.0}
_DAMAGE = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError)
Array = NDArray[Any]


def write_die(path: Path, die: Die) -> None:
    """Write a die as HDF5, whole or not at all."""
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs["format"] = FORMAT
        file.attrs["kind"] = "die"
        file.attrs["sizes"] = json.dumps(die.sizes)
        file.attrs["origin"] = die.origin
        file.attrs["digest"] = die.digest
        for name, arrays in die.families():
            group = file.create_group(name)
            group.attrs["length"] = len(arrays)
            for k, array in enumerate(arrays):
                if array is not None:
                    group.create_dataset(str(k), data=array)
    with replacing(path) as out:
        out.write(memory.getbuffer())


def read_die(path: Path, network: Network | None = None) -> Die:
    """Return the die in a file: HDF5 by `write_die`, or CSV of measured devices, which needs its ``network``.

    A CSV has the columns ``kind, layer, neuron, value`` for neurons and ``kind, from, to, pre, post, value`` for
    synapses (one header with all of them; what does not apply stays empty). ``kind`` is one of `COLUMNS`, layers are
    counted from 0 (the input) and neurons from 0; a device that is not listed is nominal. A time constant is τ in
    units of the nominal one, a synapse's offset in standard deviations of Glorot's weights.

    Raises
    ------
    DataError
        When the file is missing, damaged, or says something that cannot be.
    """
    if not path.is_file():
        raise DataError(str(path), "no such file; `neurochip die save` makes one")
    if path.suffix.lower() == ".csv":
        if network is None:
            raise DataError(
                str(path), "is a list of measured devices; name the run whose network they make up"
            )
        return _from_csv(path, network)
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("kind") != "die" or int(file.attrs["format"]) != FORMAT:
                raise DataError(str(path), "is not a die that this version reads; save the die anew")
            families: dict[str, Any] = {}
            for name in file:
                group = file[name]
                families[name] = tuple(
                    np.array(group[str(k)]) if str(k) in group else None
                    for k in range(int(group.attrs["length"]))
                )
            die = Die(
                sizes=tuple(json.loads(file.attrs["sizes"])), origin=str(file.attrs["origin"]), **families
            )
            digest = str(file.attrs["digest"])
    except DataError:
        raise
    except _DAMAGE as error:
        raise DataError(str(path), "is damaged or not a die; `neurochip die save` makes one") from error
    if die.digest != digest:
        raise DataError(
            str(path),
            "is damaged: its contents do not have the digest that they were saved with; save the die anew",
        )
    return die


def _from_csv(path: Path, network: Network) -> Die:
    neurons: dict[str, list[Array | None]] = {}
    synapses: dict[str, list[Array | None]] = {}
    sizes = network.sizes
    for family, is_synapse in COLUMNS.values():
        if is_synapse:
            synapses[family] = [None] * len(network.projections)
        else:
            neurons[family] = [None] * (len(sizes) - 1)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _HEADER if name not in (reader.fieldnames or ())]
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(str(path), f"cannot be read: {error}") from error
    if missing:
        raise DataError(
            str(path), f"has no column {', '.join(missing)}; the first line must be {','.join(_HEADER)}"
        )
    if not rows:
        raise DataError(str(path), "lists no devices; give one on each line")
    for number, row in enumerate(rows, start=2):
        place = f"{path}: line {number}"
        kind = (row.get("kind") or "").strip()
        if kind not in COLUMNS:
            raise DataError(place, f"kind must be one of {', '.join(COLUMNS)}, got {kind!r}")
        family, is_synapse = COLUMNS[kind]
        value = _number(row, "value", place)
        if kind == "time_constant":
            if not value > 0:
                raise DataError(place, f"a time constant must be > 0, got {value:g}")
            value = 1 / value
        at: tuple[int, ...]
        if is_synapse:
            source, target = (_index(row, name, len(sizes), place) for name in ("from", "to"))
            found = [k for k, p in enumerate(network.projections) if (p.source, p.target) == (source, target)]
            if not found:
                raise DataError(place, f"the network has no synapses from layer {source} to layer {target}")
            k, shape = found[0], (sizes[source], sizes[target])
            at = _index(row, "pre", shape[0], place), _index(row, "post", shape[1], place)
            into = synapses[family]
            if kind == "synapse_offset":
                value *= glorot_deviation(network, k)
        else:
            layer = _index(row, "layer", len(sizes), place)
            if layer == 0:
                raise DataError(place, "layer 0 is the input, which has no neurons of its own")
            # A neuron has one index, a synapse two.
            k, shape = layer - 1, (sizes[layer],)  # type: ignore[assignment]
            at = (_index(row, "neuron", sizes[layer], place),)
            into = neurons[family]
        if into[k] is None:
            into[k] = np.full(shape, _NOMINAL.get(family, 0.0))
        array = into[k]
        if array is not None:
            array[at] = value
    nothing_s, nothing_n = (None,) * len(network.projections), (None,) * (len(sizes) - 1)
    return Die(
        sizes=sizes,
        origin=f"measured, {path.name}",
        synapse_state=nothing_s,
        stuck_weight=nothing_s,
        neuron_state=nothing_n,
        **{family: tuple(arrays) for family, arrays in (synapses | neurons).items()},
    )


def _number(row: dict[str, str], name: str, place: str) -> float:
    text = (row.get(name) or "").strip()
    try:
        value = float(text)
    except ValueError:
        raise DataError(place, f"{name} must be a number, got {text!r}") from None
    if not np.isfinite(value):
        raise DataError(place, f"{name} must be finite, got {text}")
    return value


def _index(row: dict[str, str], name: str, size: int, place: str) -> int:
    text = (row.get(name) or "").strip()
    if not text.isdecimal() or not int(text) < size:
        raise DataError(place, f"{name} must be 0 to {size - 1}, got {text!r}")
    return int(text)
