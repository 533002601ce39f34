"""Dies as files: HDF5 that holds everything, and CSV of devices that were measured."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import DIE_FAMILIES, LATER_FAMILIES, Die
from neurochip.analog.die_table import die_of_table, split_die
from neurochip.durable.atomic import replacing
from neurochip.durable.seal import check_seal, sealed
from neurochip.errors import DataError
from neurochip.files import Foreign, Hdf5Group, decode_json, read_hdf5
from neurochip.files.limits import MOST_MEMBERS
from neurochip.network import Network

__all__ = ["read_die", "write_die"]

FORMAT = 2
_Size = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
Array = NDArray[np.floating]


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
        out.write(sealed(memory.getbuffer()))


def read_die(path: Path, network: Network | None = None) -> Die:
    """Return the die in a file: HDF5 by `write_die`, or CSV of measured devices, which needs its ``network``.

    The form of a CSV is that of `neurochip.analog.die_table`; a device that is not listed is nominal. A table of many
    dies is named with the die: ``measured.csv#17``.

    Raises
    ------
    DataError
        When the file is missing, damaged, or says something that cannot be.
    """
    path, which = split_die(path)
    file = Foreign(path, "a die", "save the die anew with `neurochip die save`")
    if path.suffix.lower() == ".csv":
        if network is None:
            raise DataError(
                str(path), "is a list of measured devices; name the run whose network they make up"
            )
        return die_of_table(path, which, network)
    if which is not None:
        raise DataError(str(path), f"is one die, and has none of the name {which!r}; leave #{which} out")
    check_seal(file)
    found = read_hdf5(file, attributes=True)
    with file.guarded():
        if found.attributes.get("kind") != "die" or int(found.attributes["format"]) != FORMAT:
            raise DataError(str(path), "is not a die that this version reads; save the die anew")
        die = Die(
            sizes=tuple(decode_json(found.attributes["sizes"], file, list[_Size], "sizes")),
            origin=str(found.attributes["origin"]),
            **{
                name: _arrays(found, name, file)
                for name in DIE_FAMILIES
                if name in found.groups or name not in LATER_FAMILIES
            },
        )
        if die.digest != str(found.attributes["digest"]):
            raise DataError(
                str(path),
                "is damaged: its contents do not have the digest that they were saved with; save the die anew",
            )
    return die


def _arrays(found: Hdf5Group, family: str, file: Foreign) -> tuple[NDArray[Any] | None, ...]:
    """Return one array for each layer or projection, `None` where its devices are all nominal."""
    group = found.groups[family]
    length = int(group.attributes["length"])
    if not len(group.arrays) <= length <= MOST_MEMBERS:
        raise file.damaged(f"must have {len(group.arrays)} to {MOST_MEMBERS} arrays, got {length}", family)
    arrays = tuple(group.arrays.get(str(k)) for k in range(length))
    if any(array is not None and np.asarray(array).dtype.kind not in "iuf" for array in arrays):
        raise file.damaged("must hold real numbers", family)
    return arrays
