"""Dies as files: HDF5 that holds everything, and CSV of devices that were measured."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import DIE_FAMILIES, Die, glorot_deviation
from neurochip.description.network import Network
from neurochip.durable.atomic import replacing
from neurochip.errors import DataError
from neurochip.files import Foreign, Hdf5Group, briefly, decode_json, read_hdf5, read_rows
from neurochip.files.limits import MOST_MEMBERS

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
_Size = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
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
    file = Foreign(path, "a die", "`neurochip die save` makes one")
    if path.suffix.lower() == ".csv":
        if network is None:
            raise DataError(
                str(path), "is a list of measured devices; name the run whose network they make up"
            )
        return _from_csv(file, network)
    found = read_hdf5(file, attributes=True)
    with file.guarded():
        if found.attributes.get("kind") != "die" or int(found.attributes["format"]) != FORMAT:
            raise DataError(str(path), "is not a die that this version reads; save the die anew")
        die = Die(
            sizes=tuple(decode_json(found.attributes["sizes"], file, list[_Size], "sizes")),
            origin=str(found.attributes["origin"]),
            **{name: _arrays(found, name, file) for name in DIE_FAMILIES},
        )
        if die.digest != str(found.attributes["digest"]):
            raise DataError(
                str(path),
                "is damaged: its contents do not have the digest that they were saved with; save the die anew",
            )
    return die


def _arrays(found: Hdf5Group, family: str, file: Foreign) -> tuple[Array | None, ...]:
    """Return one array for each layer or projection, `None` where its devices are all nominal."""
    group = found.groups[family]
    length = int(group.attributes["length"])
    if not len(group.arrays) <= length <= MOST_MEMBERS:
        raise file.damaged(f"must have {len(group.arrays)} to {MOST_MEMBERS} arrays, got {length}", family)
    arrays = tuple(group.arrays.get(str(k)) for k in range(length))
    if any(array is not None and np.asarray(array).dtype.kind not in "iuf" for array in arrays):
        raise file.damaged("must hold real numbers", family)
    return arrays


def _from_csv(file: Foreign, network: Network) -> Die:
    neurons: dict[str, list[Array | None]] = {}
    synapses: dict[str, list[Array | None]] = {}
    sizes = network.sizes
    for family, is_synapse in COLUMNS.values():
        if is_synapse:
            synapses[family] = [None] * len(network.projections)
        else:
            neurons[family] = [None] * (len(sizes) - 1)
    listed = 0
    for number, row in read_rows(file, _HEADER):
        listed += 1
        place = f"{file.path}: line {number}"
        kind = row["kind"]
        if kind not in COLUMNS:
            raise DataError(place, f"kind must be one of {', '.join(COLUMNS)}, got {briefly(kind, 40)!r}")
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
    if not listed:
        raise DataError(str(file.path), "lists no devices; give one on each line")
    nothing_s, nothing_n = (None,) * len(network.projections), (None,) * (len(sizes) - 1)
    return Die(
        sizes=sizes,
        origin=f"measured, {file.path.name}",
        synapse_state=nothing_s,
        stuck_weight=nothing_s,
        neuron_state=nothing_n,
        **{family: tuple(arrays) for family, arrays in (synapses | neurons).items()},
    )


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
