"""Damage by structure: bytes, tokens of a text, values of JSON, members of an archive, parts of an HDF5 file."""

from __future__ import annotations

import copy
import io
import json
import lzma
import random
import re
import tokenize
import zipfile
from typing import Any

import h5py
import numpy as np

__all__ = [
    "damaged_archive",
    "damaged_bytes",
    "damaged_hdf5",
    "damaged_json",
    "damaged_safetensors",
    "damaged_text",
]

WORDS = (
    "0", "-1", "1e999", "nan", "inf", "-inf", "1e308", "1e-320", "2147483648", "9223372036854775808", "1" * 40,
    "1" * 5000, "true", '"x"', "[]", "{}", "[1, 2]", "", " ", "\0", "é", "\ud7ff", '"', "'", "[" * 50, "a." * 50,
    "=", ",", ";", ":",
    "0x", "1_0", ".5", "1979-05-27", "../../x", "\x1b[1m", "\N{ARABIC-INDIC DIGIT ONE}",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e300, -1e300, 2**31, 2**63, 10**30, "", "x", "\0", "a\nb", "../x", [], [1], [[]],
    {}, {"a": {}}, [None], 1e-320, "nan", "é" * 50,
)  # fmt: skip
TOKEN = re.compile(rb"[A-Za-z0-9_.+-]+|\"[^\"\n]*\"|[^\sA-Za-z0-9]")


def damaged_bytes(content: bytes, rng: random.Random) -> bytes:
    """Flip, cut, repeat or insert some bytes."""
    out = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at, size = rng.randrange(len(out) + 1), rng.choice((1, 2, 4, 8, 64))
        match rng.randrange(6):
            case 0 if out:
                out[at % len(out)] ^= 1 << rng.randrange(8)
            case 1 if out:
                out[at % len(out)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                del out[at : at + size]
            case 3:
                out[at:at] = out[at : at + size]
            case 4:
                out[at : at + size] = rng.randbytes(size)
            case _ if rng.random() < 0.2:
                del out[at:]
    return bytes(out)


def damaged_text(content: bytes, rng: random.Random) -> bytes:
    """Exchange, drop or repeat tokens and lines."""
    if rng.random() < 0.1:
        return damaged_bytes(content, rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if rng.random() < 0.25:
            lines = content.split(b"\n")
            at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[at : at + rng.randrange(2)] = [lines[other]] * rng.randrange(3)
            content = b"\n".join(lines)
            continue
        tokens = list(TOKEN.finditer(content))
        if not tokens:
            return content
        one, other = rng.choice(tokens), rng.choice(tokens)
        new = rng.choice((other[0], rng.choice(WORDS).encode("utf-8", "replace")))
        content = content[: one.start()] + new + content[one.end() :]
    return content


def damaged_json(content: bytes | str, rng: random.Random) -> bytes:
    """Exchange, drop or add values of a JSON text."""
    if rng.random() < 0.1:
        return damaged_text(content.encode() if isinstance(content, str) else content, rng)
    table = json.loads(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        holder = table
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = rng.choice(keys)
            inner = holder[key]
            if isinstance(inner, dict | list) and inner and rng.random() < 0.85:
                holder = inner
                continue
            match rng.randrange(4):
                case 0 if isinstance(holder, dict):
                    del holder[key]
                case 1 if isinstance(holder, dict):
                    holder[str(rng.choice(VALUES))] = inner
                case 2 if isinstance(holder, list):
                    holder.append(copy.deepcopy(rng.choice(VALUES)))  # or what comes next would change them
                case _:
                    holder[key] = rng.choice(
                        (copy.deepcopy(rng.choice(VALUES)), -inner if type(inner) in (int, float) else inner)
                    )
            break
    return json.dumps(table).encode()


def damaged_safetensors(content: bytes, rng: random.Random) -> bytes:
    """Damage bytes, or values of the header, whose length is then right again."""
    if rng.random() < 0.4:
        return damaged_bytes(content, rng)
    begins = 8 + int.from_bytes(content[:8], "little")
    header = damaged_json(content[8:begins], rng)
    return len(header).to_bytes(8, "little") + header + content[begins:]


def odd_array(rng: random.Random, like: Any = None) -> Any:
    """Return an array of some type and shape; of the shape of another one now and then."""
    shape = rng.choice(((), (0,), (1,), (3,), (2, 3), (0, 4), (1, 1, 2)))
    if like is not None and rng.random() < 0.5:
        shape = np.shape(like)
    kind = rng.choice(("u1", "i1", "i4", "i8", "u8", "f2", "f4", "f8", "?", "c16", "S3", "S1"))
    values = np.full(shape, rng.choice((0, 1, 2, 255, -1 if kind[0] in "if" else 1)) % 128).astype(kind)
    if kind in ("f4", "f8") and values.size:
        values.flat[0] = rng.choice((np.nan, np.inf, -np.inf, 1e30, 1e-40, -1.0))
    if kind in ("i8", "u8") and values.size:
        values.flat[0] = rng.choice((2**62, 2**31, 0))
    return values


def damaged_archive(content: bytes, rng: random.Random) -> bytes:
    """Damage an .npz: its members, their headers, their texts, or the archive around them."""
    if rng.random() < 0.3:
        return damaged_bytes(content, rng)
    try:
        return _damaged_members(content, rng)
    except (
        ValueError,
        OSError,
        KeyError,
        RuntimeError,
        SyntaxError,
        zipfile.BadZipFile,
        lzma.LZMAError,
        tokenize.TokenError,
    ):
        return damaged_bytes(content, rng)  # it is damaged already


def _damaged_members(content: bytes, rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name = rng.choice(list(members))
    match rng.randrange(6):
        case 0:
            del members[name]
        case 1:
            members[name] = _npy(odd_array(rng, np.load(io.BytesIO(members[name]))))
        case 2:
            head = members[name][:128]
            members[name] = damaged_text(head, rng) + members[name][128:]
        case 3:
            members[name] = damaged_bytes(members[name], rng)
        case 4:
            members[rng.choice(("x.npy", "network.npy", "spikes.9.npy", "x", "../x.npy", name + ".npy"))] = (
                members.pop(name)
            )
        case _:
            array = np.load(io.BytesIO(members[name]))
            text = str(array) if array.dtype.kind == "U" and array.shape == () else ""
            if text.startswith("{"):
                members[name] = _npy(
                    np.array(damaged_json(text, rng).decode("utf-8", "replace").rstrip("\0"))
                )
            else:
                flat = array.copy().reshape(-1)
                if flat.size and flat.dtype.kind in "iuf":
                    flat[rng.randrange(flat.size)] = rng.choice((0, 1, 100))
                members[name] = _npy(flat.reshape(array.shape))
    memory = io.BytesIO()
    kind = rng.choice(
        (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)
    )
    with zipfile.ZipFile(memory, "w", kind if rng.random() < 0.2 else zipfile.ZIP_DEFLATED) as archive:
        for member, body in members.items():
            archive.writestr(member, body)
    return memory.getvalue()


def _npy(array: Any) -> bytes:
    memory = io.BytesIO()
    np.save(memory, array, allow_pickle=False)
    return memory.getvalue()


def damaged_hdf5(content: bytes, rng: random.Random) -> bytes:
    """Damage an HDF5 file: attributes, data sets, links, texts of JSON in them, or any of its bytes."""
    if rng.random() < 0.4:
        return damaged_bytes(content, rng)
    try:
        return _damaged_parts(content, rng)
    except (ValueError, OSError, KeyError, RuntimeError, TypeError):
        return damaged_bytes(content, rng)  # HDF5 itself takes no such thing


def _damaged_parts(content: bytes, rng: random.Random) -> bytes:
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        places: list[str] = []
        file.visit(places.append)
        place = rng.choice(places or ["/"])
        item = file[place]
        attributes = [(holder, name) for holder in (file, item) for name in holder.attrs]
        match rng.randrange(6):
            case 0 if attributes:
                holder, name = rng.choice(attributes)
                text = holder.attrs[name]
                if isinstance(text, str) and text[:1] in "[{" and rng.random() < 0.7:
                    holder.attrs[name] = damaged_json(text, rng).decode("utf-8", "replace").replace("\0", "")
                else:
                    holder.attrs[name] = rng.choice(
                        (0, -1, 10**15, np.inf, "x", [1, 2], 1.5, np.bytes_(b"y"))
                    )
            case 1 if attributes:
                holder, name = rng.choice(attributes)
                del holder.attrs[name]
            case 2:
                del file[place]
            case 3 if isinstance(item, h5py.Dataset):
                like = item[()]
                text = like.decode("utf-8", "replace") if isinstance(like, bytes) else ""
                del file[place]
                if text[:1] == "{":
                    file[place] = damaged_json(text, rng).decode("utf-8", "replace").replace("\0", "")
                else:
                    file[place] = rng.choice((odd_array(rng, like), "x", np.array(["a", "b"], dtype=object)))
            case 4:
                file[place + "_"] = rng.choice(
                    (h5py.SoftLink("/"), h5py.ExternalLink("x", "/"), odd_array(rng))
                )
            case _:
                del file[place]
                file.create_dataset(
                    place,
                    shape=rng.choice(((10**6,), (10**5, 10**4))),
                    dtype="f8",
                    chunks=rng.choice((None, True)),
                )
    return memory.getvalue()
