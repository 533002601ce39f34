"""Arrays of .npy and .npz: what NumPy writes is read; what declares too much, or is damaged, is refused unread."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from neurochip.errors import DataError
from neurochip.files import Foreign, read_array, read_arrays, unpack_arrays

FILE = Foreign(Path("x.npz"), "a thing", "make it anew")


def npy(header: str, body: bytes = b"", version: int = 1) -> bytes:
    raw = header.encode()
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + len(raw).to_bytes(2 if version == 1 else 4, "little")
        + raw
        + body
    )


def npz(content: bytes, *, name: str = "a.npy", kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", kind) as archive:
        archive.writestr(name, content)
    return memory.getvalue()


@given(
    hnp.arrays(
        hnp.scalar_dtypes().filter(lambda t: t.kind in "biufcSU" and t.itemsize <= 16),
        hnp.array_shapes(min_dims=0, min_side=0),
    )
)
def test_what_numpy_writes_is_read(values: np.ndarray[Any, Any]) -> None:
    for write in (np.savez, np.savez_compressed):
        memory = io.BytesIO()
        write(memory, a=values, b=np.array(values, order="F"))  # type: ignore[operator]
        found = unpack_arrays(memory.getvalue(), FILE)
        assert list(found) == ["a", "b"]
        for array in found.values():
            assert array.dtype == values.dtype and array.shape == values.shape
            assert array.tobytes() == values.tobytes() and array.flags.writeable


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
        '{"shape": (2L,), "descr": "<f8", "fortran_order": False}   \n',
        "{ 'shape':(2,) , 'fortran_order':True,'descr':'<f8'}",
    ],
)
def test_headers_of_other_writers(tmp_path: Path, header: str) -> None:
    for version in (1, 2, 3):
        path = tmp_path / "x.npy"
        path.write_bytes(npy(header, np.array([1.0, 2.0]).tobytes(), version))
        assert read_array(Foreign(path, "a", "b")).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,"), "has a damaged header"),
        (npy("  {'descr': '<f8'\n 'fortran_order': "), "has a damaged header"),
        (npy("{'descr': '<f8', 'shape': (2,)}"), "has a damaged header"),
        (npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}"), "has a damaged header"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}"), "elements of type '|O'"),
        (npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}"), "elements of several values"),
        (npy("{'descr': '<M8[s]', 'fortran_order': False, 'shape': (2,)}"), "elements of type '<M8[s]'"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}"), "has a damaged header"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (,2)}"), "has a damaged shape"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", b"1" * 16), "declares 3 of float64"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,)}"), "and at most 512 MiB are read"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", b"1" * 9), "declares 1 of float64"),
        (npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", b"\xff" * 4), "characters that there are not"),
        (npy("{" + " " * 60_000), "has a header of"),
        (b"\x93NUMPY\x01\x00", "is damaged"),
        (b"", "is no array of NumPy"),
    ],
)  # fmt: skip
def test_a_damaged_array_is_refused(content: bytes, problem: str) -> None:
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with pytest.raises(DataError) as caught:
            unpack_arrays(npz(content, kind=kind), FILE)
        text = str(caught.value)
        assert text.startswith("x.npz: a: ") and problem in text and "\n" not in text


def patched(archive: bytes, **fields: int) -> bytes:
    """Return an archive of one member with a field of its directory and local header changed."""
    at = {"flags": (8, 6), "method": (10, 8)}
    out = bytearray(archive)
    directory = archive.index(b"PK\x01\x02")
    for name, value in fields.items():
        central, local = at[name]
        out[directory + central : directory + central + 2] = value.to_bytes(2, "little")
        out[local : local + 2] = value.to_bytes(2, "little")
    return bytes(out)


def test_an_archive_that_numpy_does_not_write_is_refused() -> None:
    good = npz(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", b"1" * 8))
    assert list(unpack_arrays(good, FILE)) == ["a"]
    for content, problem in (
        (b"", "does not begin as an .npz does"),
        (good[:-10], "BadZipFile"),
        (good[:40] + bytes([good[40] ^ 1]) + good[41:], "is damaged"),
        (patched(good, flags=1), "is encrypted"),
        (patched(good, flags=0x20), "compressed patched data"),
        (patched(good, method=9), "compressed in a way that NumPy does not write"),
        (npz(b"x", name="a.txt"), "is no array"),
        (npz(b"x", kind=zipfile.ZIP_LZMA), "compressed in a way"),
    ):
        with pytest.raises(DataError) as caught:
            unpack_arrays(content, FILE)
        assert problem in str(caught.value) and str(caught.value).startswith("x.npz: ")
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.npy", b"1")
        archive.writestr("a.npy", b"1")
    with pytest.raises(DataError, match="is there twice"):
        unpack_arrays(memory.getvalue(), FILE)


def test_a_zip_bomb_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHIP_FILE_LIMIT", "25 MiB")
    path = tmp_path / "bomb.npz"
    header = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (10000000,)}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(3):
            with archive.open(f"{k}.npy", "w") as out:
                out.write(header)
                for _ in range(10):
                    out.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"declares 28\.61 MiB of arrays, and at most 25 MiB"):
            read_arrays(Foreign(path, "a thing", "make it anew"))
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
