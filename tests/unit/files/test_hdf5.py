"""HDF5: what h5py writes is read; what points outside, declares what it does not hold, or unpacks to more, is not."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.errors import DataError
from neurochip.files import Foreign, Hdf5Group, read_hdf5


def read(path: Path, *, attributes: bool = False) -> Hdf5Group:
    return read_hdf5(Foreign(path, "a thing", "make it anew"), attributes=attributes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.h5"


def test_what_h5py_writes_is_read(path: Path) -> None:
    values = np.arange(12.0).reshape(3, 4)
    with h5py.File(path, "w") as file:
        file.attrs["text"], file.attrs["number"] = "wörd", 3
        group = file.create_group("a/b")
        group["plain"] = values
        group["one"] = 2.5
        group["none"] = np.zeros((0, 3))
        for name, more in {
            "zipped": {"compression": "gzip"},
            "shuffled": {"compression": "gzip", "shuffle": True, "fletcher32": True, "chunks": (2, 3)},
            "summed": {"fletcher32": True, "chunks": (2, 2)},
            "open": {"maxshape": (None, 4)},
        }.items():
            group.create_dataset(name, data=values, **more)
        file["words"] = np.array([["a", "bc"], ["d", ""]], dtype=object)
        file["word"] = "wörd"
        file["bytes"] = np.array([b"ab", b"c"])
        file["bits"] = np.array([True, False])
        file["complex"] = 1 + 2j
    found = read(path, attributes=True)
    assert found.attributes == {"text": "wörd", "number": 3}
    inside = found.groups["a"].groups["b"].arrays
    for name in ("plain", "zipped", "shuffled", "summed", "open"):
        assert np.array_equal(inside[name], values) and inside[name].dtype == np.float64
    assert inside["one"] == 2.5 and inside["none"].shape == (0, 3)
    assert found.arrays["words"].tolist() == [["a", "bc"], ["d", ""]]
    assert (found.arrays["word"], found.arrays["complex"]) == ("wörd", 1 + 2j)
    assert found.arrays["bytes"].tolist() == [b"ab", b"c"] and found.arrays["bits"].tolist() == [True, False]
    assert read(path).attributes == {}


def refused(path: Path, make: Callable[[h5py.File], Any], problem: str) -> None:
    with h5py.File(path, "w") as file:
        make(file)
    with pytest.raises(DataError) as caught:
        read(path, attributes=True)
    text = str(caught.value)
    assert text.startswith(str(path)) and problem in text and "\n" not in text


def external(file: h5py.File) -> None:
    file.create_dataset("a", shape=(10,), dtype="u1", external=[("/etc/passwd", 0, 10)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[:] = h5py.VirtualSource("other.h5", "a", shape=(4,))
    file.create_virtual_dataset("a", layout)


def unwritten(**more: Any) -> Callable[[h5py.File], None]:
    def make(file: h5py.File) -> None:
        file.create_dataset("a", shape=(3000, 2500), dtype="f8", fillvalue=1.5, **more)

    return make


def partly(file: h5py.File) -> None:
    file.create_dataset("a", shape=(100, 100), chunks=(10, 10), dtype="f8")[0, 0] = 1


def bomb(file: h5py.File) -> None:
    data = file.create_dataset("a", shape=(1000,), chunks=(1000,), dtype="u1", compression="gzip")
    data.id.write_direct_chunk((0,), zlib.compress(bytes(30_000_000)))


def large_chunk(file: h5py.File) -> None:
    data = file.create_dataset("a", shape=(10,), chunks=(10,), dtype="u1", compression="gzip")
    data.id.write_direct_chunk((0,), bytes(200_000))


def round_and_round(file: h5py.File) -> None:
    file["a"] = file["/"]


def reference(file: h5py.File) -> None:
    file.create_dataset("a", data=file.ref, dtype=h5py.ref_dtype)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (external, "a: stands in another file"),
        (virtual, "a: stands in another file"),
        (unwritten(), "a: is damaged or not a thing (declares elements that it does not hold)"),
        (unwritten(chunks=(100, 100)), "declares elements that it does not hold"),
        (unwritten(chunks=(3000, 2500), compression="gzip"), "declares elements that it does not hold"),
        (partly, "declares elements that it does not hold"),
        (bomb, "has a chunk that unpacks to more than it may hold"),
        (large_chunk, "has a chunk that is larger than what it holds"),
        (lambda f: f.create_dataset("a", (10**6, 10**6), "f8", chunks=(1000, 1000)), "declares more than the 512 MiB"),
        (lambda f: f.create_dataset("a", (10**6,), "f8", chunks=(1,)), "is cut into 1000000 chunks"),
        (lambda f: f.create_dataset("a", (1,), "f8", maxshape=(None,), chunks=(10**8,)), "is cut into chunks of"),
        (lambda f: f.create_dataset("a", data=np.ones(9), compression="lzf"), "is stored through filters (32000)"),
        (lambda f: f.create_dataset("a", data=np.ones(9, "i4"), scaleoffset=1), "is stored through filters"),
        (lambda f: f.create_dataset("a", data=h5py.Empty("f8")), "holds nothing"),
        (lambda f: f.create_dataset("a", data=np.zeros(2, [("x", "f8"), ("y", "i4")])), "neither numbers nor text"),
        (lambda f: f.create_dataset("a", (1,), h5py.vlen_dtype("i4")), "neither numbers nor text"),
        (reference, "neither numbers nor text"),
        (round_and_round, "groups within groups more than 16 deep"),
        (lambda f: f.__setitem__("a", h5py.SoftLink("/b")), "a: is a link to another place"),
        (lambda f: f.__setitem__("a", h5py.ExternalLink("o.h5", "/b")), "a: is a link to another file"),
        (lambda f: f.__setitem__("a", np.dtype("f8")), "is neither a group nor an array"),
        (lambda f: f.attrs.__setitem__("a", [1, 2]), "attribute a: is damaged or not a thing (must be one value)"),
        (lambda f: f.attrs.__setitem__("a", h5py.Empty("f8")), "attribute a: is damaged"),
        (lambda f: f.attrs.__setitem__("a", np.zeros((), [("x", "f8")])), "neither numbers nor text"),
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_refused(
    path: Path, make: Callable[[h5py.File], Any], problem: str
) -> None:
    refused(path, make, problem)


def test_members_are_counted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochip.files.hdf5.MOST_MEMBERS", 50)
    refused(path, lambda f: [f.create_group(str(k)) for k in range(51)], "has more than the 50 arrays")


def test_one_long_text_many_times_is_counted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=np.array(["x" * 1000] * 2000, dtype=object))
    assert read(path).arrays["a"].shape == (2000,)
    monkeypatch.setenv("NEUROCHIP_FILE_LIMIT", "1 MiB")
    path.write_bytes(path.read_bytes()[: 1 << 20])
    with pytest.raises(DataError):
        read(path)


def test_what_is_no_hdf5_is_refused(path: Path) -> None:
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file["a"] = np.arange(1000)
    whole = memory.getvalue()
    for content in (b"", b"x" * 100, whole[:8], whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="is damaged or not a thing"):
            read(path)


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("chunks", [None, (2,)])
def test_a_text_that_is_declared_longer_than_the_file_takes_no_memory(
    tmp_path: Path, shape: tuple[int, ...], chunks: tuple[int, ...] | None
) -> None:
    """HDF5 alone takes 3 GB for it before it says that there is no such text."""
    if chunks is not None and not shape:
        pytest.skip("a single value is not cut into chunks")
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        made = file.create_dataset("t", shape=shape, dtype=h5py.string_dtype(), chunks=chunks)
        made[()] = "abc" if not shape else ["abc", "de", "f"]
    with h5py.File(path) as file:
        identity = file["t"].id
        at = identity.get_offset() if chunks is None else identity.get_chunk_info(0).byte_offset
    source = Foreign(path, "a file", "write it anew")
    assert np.ravel(read_hdf5(source).arrays["t"])[0] == "abc"
    content = bytearray(path.read_bytes())
    assert int.from_bytes(content[at : at + 4], "little") == 3
    content[at + 3] = 0xC8
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_hdf5(source)
    assert str(caught.value).startswith(f"{path}: t: is damaged")
    assert "declares a text or list that is longer than the file" in str(caught.value)


LISTS = [np.arange(3.0), np.zeros(0), np.arange(5.0)]


@pytest.mark.parametrize("chunks", [None, (2,)])
def test_lists_of_numbers_are_read_where_they_are_asked_for(
    path: Path, chunks: tuple[int, ...] | None
) -> None:
    """And no memory is taken for one that is declared longer than the file."""
    with h5py.File(path, "w") as file:
        made = file.create_dataset("t", shape=(3,), dtype=h5py.vlen_dtype("f2"), chunks=chunks)
        for k, values in enumerate(LISTS):
            made[k] = values
    with h5py.File(path) as file:
        identity = file["t"].id
        at = identity.get_offset() if chunks is None else identity.get_chunk_info(0).byte_offset
    source = Foreign(path, "a file", "write it anew")
    found = read_hdf5(source, lists=True).arrays["t"]
    assert [(one.dtype, one.tolist()) for one in found] == [(np.float16, one.tolist()) for one in LISTS]
    with pytest.raises(DataError, match="t: has elements that are neither numbers nor text"):
        read_hdf5(source)
    content = bytearray(path.read_bytes())
    content[at + 3] = 0xC8
    path.write_bytes(content)
    with pytest.raises(
        DataError, match="t: is damaged .*declares a text or list that is longer than the file"
    ):
        read_hdf5(source, lists=True)


def test_lists_that_stand_for_more_than_is_read_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All nine are the same list of the file, and would be nine in memory."""
    with h5py.File(path, "w") as file:
        made = file.create_dataset("t", shape=(9,), dtype=h5py.vlen_dtype("f8"))
        made[:] = [np.zeros(3000 if k == 0 else 1) for k in range(9)]
        at = made.id.get_offset()
    content = bytearray(path.read_bytes())
    content[at : at + 9 * 16] = content[at : at + 16] * 9
    path.write_bytes(content)
    source = Foreign(path, "a file", "write it anew")
    assert [len(one) for one in read_hdf5(source, lists=True).arrays["t"]] == [3000] * 9
    monkeypatch.setenv("NEUROCHIP_FILE_LIMIT", "200000")
    with pytest.raises(DataError, match="t: declares more than the"):
        read_hdf5(source, lists=True)


def test_compressed_texts_of_variable_length_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("t", data=["abc", "de"], dtype=h5py.string_dtype(), compression="gzip")
    with pytest.raises(DataError, match="t: holds texts in a way that h5py does not write by itself"):
        read_hdf5(Foreign(path, "a file", "write it anew"))


@pytest.mark.parametrize("in_group", [False, True])
def test_a_text_of_an_attribute_that_is_declared_longer_than_the_file_takes_no_memory(
    path: Path, in_group: bool
) -> None:
    with h5py.File(path, "w") as file:
        place = file.create_group("g") if in_group else file
        for k in range(12):  # more than the first block of a header holds
            place.attrs[f"attribute {k}"] = "x" * (1000 + k)
        place.attrs["wörd"] = "y" * 70_000
    found = read(path, attributes=True)
    attributes = (found.groups["g"] if in_group else found).attributes
    assert [len(attributes[f"attribute {k}"]) for k in range(12)] == [*range(1000, 1012)]
    assert attributes["wörd"] == "y" * 70_000
    for length in (1005, 70_000):
        content = bytearray(path.read_bytes())
        at = content.index(length.to_bytes(4, "little"))
        while int.from_bytes(content[at + 4 : at + 12], "little") >= len(content):
            at = content.index(length.to_bytes(4, "little"), at + 1)
        content[at + 3] = 0x0C  # 200 MB
        damaged = path.with_name("y.h5")
        damaged.write_bytes(content)
        with pytest.raises(DataError, match="declares a text or list that is longer than the file"):
            read(damaged, attributes=True)


def test_attributes_that_are_kept_elsewhere_are_refused(path: Path) -> None:
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["text"] = "abc"
    with pytest.raises(DataError, match="attribute text: holds texts in a way that h5py does not write"):
        read(path, attributes=True)


@pytest.mark.parametrize("in_attribute", [False, True])
@pytest.mark.parametrize("content", [0, 7, 1 << 40])
def test_a_heap_of_texts_that_is_damaged_is_not_walked_by_hdf5(
    path: Path, in_attribute: bool, content: int
) -> None:
    """Free space of 0 bytes made HDF5 2.0.0 go round for ever."""
    with h5py.File(path, "w") as file:
        if in_attribute:
            file.attrs["t"] = "abc"
        else:
            file["t"] = "abc"
    raw = bytearray(path.read_bytes())
    at = raw.index(b"GCOL") + 16 + 16 + 8  # behind the one text that is there
    assert int.from_bytes(raw[at : at + 2], "little") == 0
    raw[at + 8 : at + 16] = content.to_bytes(8, "little")
    path.write_bytes(raw)
    with pytest.raises(DataError, match="t: is damaged .*holds texts in a place that is damaged"):
        read(path, attributes=True)
