"""Arrays of a .safetensors: eight bytes of length, a JSON of names, types, shapes and offsets, then all elements.

The format is that of https://github.com/huggingface/safetensors; all numbers are little-endian.
"""

from __future__ import annotations

import math
from typing import Annotated, BinaryIO, TypedDict

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.files.door import Foreign, briefly, opened
from neurochip.files.json_text import converted, decode_json
from neurochip.files.limits import MOST_JSON, MOST_MEMBERS, in_bytes

__all__ = ["read_safetensors"]

_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
_MOST_DIMENSIONS = 32
_METADATA = "__metadata__"

_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Declared(TypedDict):
    """What the header says of an array."""

    dtype: str
    shape: Annotated[list[_Count], msgspec.Meta(max_length=_MOST_DIMENSIONS)]
    data_offsets: tuple[_Count, _Count]


def read_safetensors(file: Foreign) -> dict[str, NDArray[np.number]]:
    """Return all arrays, in the order of the header (that of types and names, not of layers).

    bfloat16, which NumPy does not have, becomes float32.

    Raises
    ------
    NeurochipError
        Of the file's kind: it is no .safetensors, its arrays are not what its header declares, or of a type that is
        not read.
    """
    with opened(file) as stream, file.guarded():
        size = stream.seek(0, 2)
        stream.seek(0)
        declared, begins = _header(stream, size, file)
        _check_offsets(declared, size - begins, file)
        return {name: _array(stream, begins, said, file, name) for name, said in declared.items()}


def _header(stream: BinaryIO, size: int, file: Foreign) -> tuple[dict[str, _Declared], int]:
    """Return what is declared, and the byte at which elements begin."""
    length = int.from_bytes(stream.read(8), "little")
    if size < 8 or length > min(size - 8, MOST_JSON):
        raise file.damaged(f"declares a header of {in_bytes(length)}, and has {in_bytes(size)}")
    text = stream.read(length)
    raw = decode_json(text, file, dict[str, object])
    raw.pop(_METADATA, None)
    if len(raw) > MOST_MEMBERS:
        raise file.fault(f"has {len(raw)} arrays, and at most {MOST_MEMBERS} are read", cure="")
    return {name: converted(said, file, _Declared, name) for name, said in raw.items()}, 8 + length


def _check_offsets(declared: dict[str, _Declared], there: int, file: Foreign) -> None:
    """Check that each array takes the bytes that its shape needs, and all together every byte once."""
    at = 0
    for name, said in sorted(declared.items(), key=lambda item: item[1]["data_offsets"]):
        kind = said["dtype"]
        if kind not in _DTYPES:
            raise file.fault(
                f"has elements of type '{briefly(kind, 20)}'; {', '.join(_DTYPES)} are read", name, cure=""
            )
        first, end = said["data_offsets"]
        wanted = math.prod(said["shape"]) * np.dtype(_DTYPES[kind]).itemsize
        if first != at or end - first != wanted or end > there:
            shape = " × ".join(map(str, said["shape"])) or "one value"
            raise file.damaged(
                f"declares {shape} of {kind}, {in_bytes(wanted)}, in bytes {first} to {end} of {there}, of which "
                f"those from {at} on are free",
                name,
            )
        at = end
    if at != there:
        raise file.damaged(f"has {there - at} bytes that belong to no array")


def _array(stream: BinaryIO, begins: int, said: _Declared, file: Foreign, name: str) -> NDArray[np.number]:
    first, end = said["data_offsets"]
    stream.seek(begins + first)
    content = stream.read(end - first)
    if len(content) < end - first:
        raise file.damaged("ends too early", name)
    kind = said["dtype"]
    if kind == "BOOL" and content.strip(b"\0\1"):
        raise file.damaged("has truth values that are neither 0 nor 1", name)
    flat = np.frombuffer(content, dtype=_DTYPES[kind])
    if kind == "BF16":
        flat = (flat.astype("u4") << np.uint32(16)).view("f4")
    return flat.reshape(said["shape"])
