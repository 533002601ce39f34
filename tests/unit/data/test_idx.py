"""The IDX reader takes what is whole and refuses everything else in one sentence."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.data.idx import idx_bytes, idx_sha256, read_idx, write_idx
from neurochip.errors import DataError, OutputError

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
WHOLE = b"\0\0\x08\x03" + b"\0\0\0\x02\0\0\0\x03\0\0\0\x04" + bytes(range(24))


@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_written_is_read(tmp_path: Path, name: str) -> None:
    write_idx(tmp_path / name, VALUES)
    back = read_idx(tmp_path / name, sha256=idx_sha256(VALUES))
    assert back.dtype == np.uint8
    assert not back.flags.writeable
    np.testing.assert_array_equal(back, VALUES)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_bytes_are_those_of_the_format() -> None:
    assert idx_bytes(VALUES) == WHOLE
    assert idx_bytes(np.asfortranarray(VALUES)) == WHOLE


def test_compressed_file_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, VALUES)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(0, 255))
def test_any_shape_survives(tmp_path_factory: pytest.TempPathFactory, shape: list[int], value: int) -> None:
    path = tmp_path_factory.mktemp("idx") / "a"
    values = np.full(shape, value, dtype=np.uint8)
    write_idx(path, values)
    np.testing.assert_array_equal(read_idx(path), values)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "truncated: 0 bytes there, an IDX header needs at least 4"),
        (b"\0\0\x08", "truncated: 3 bytes there, an IDX header needs at least 4"),
        (
            b"\0\0\x0d\x03" + WHOLE[4:],
            "not an IDX file of unsigned bytes: starts with 00 00 0d 03, 00 00 08 and 01 to ff needed",
        ),
        (
            b"PK\x03\x04" + WHOLE[4:],
            "not an IDX file of unsigned bytes: starts with 50 4b 03 04, 00 00 08 and 01 to ff needed",
        ),
        (
            b"\0\0\x08\0" + WHOLE[4:],
            "not an IDX file of unsigned bytes: starts with 00 00 08 00, 00 00 08 and 01 to ff needed",
        ),
        (WHOLE[:9], "truncated: 5 bytes of sizes there, 12 needed"),
        (WHOLE[:-1], "truncated: 23 data bytes there, 2 × 3 × 4 = 24 needed"),
        (WHOLE + b"\0", "trailing bytes after the 2 × 3 × 4 = 24 data bytes that the header states"),
        (
            b"\0\0\x08\x04" + b"\xff" * 16 + b"abc",
            f"declares {' × '.join(['4294967295'] * 4)} = {4294967295**4} bytes, and at most 512 MiB are read",
        ),
        (
            b"\0\0\x08\x03" + b"\xff" * 8 + b"\0" * 4,
            "declares sizes that no array has: 4294967295 × 4294967295 × 0 = 0",
        ),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_damaged_file_is_refused(tmp_path: Path, content: bytes, problem: str, pack: type) -> None:
    path = tmp_path / "a-idx3-ubyte"
    path.write_bytes(pack(content))
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert str(caught.value) == f"{path}: {problem}"


def test_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(WHOLE)[:-9])
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert str(caught.value) == f"{path}: truncated: the gzip stream ends before its end mark"


def test_flipped_bit_in_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    packed = bytearray(gzip.compress(WHOLE))
    packed[-6] ^= 1
    path.write_bytes(packed)
    with pytest.raises(DataError, match=r"a\.gz: damaged gzip file \(CRC check failed"):
        read_idx(path)


def test_wrong_checksum_names_both(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(WHOLE)
    with pytest.raises(DataError) as caught:
        read_idx(path, sha256="0" * 64)
    assert str(caught.value) == (
        f"{path}: wrong checksum: SHA-256 of the uncompressed file is {idx_sha256(VALUES)}, {'0' * 64} needed"
    )


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_idx(tmp_path / "nothing")
    assert str(caught.value) == f"{tmp_path / 'nothing'}: no such file"
    with pytest.raises(DataError) as caught:
        read_idx(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a folder, and a regular file is needed"


def test_only_bytes_are_written(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        write_idx(tmp_path / "a", np.zeros(3))  # type: ignore[arg-type]
    assert str(caught.value) == "values: must be uint8 with at least one dimension, got float64, 1-d"
    assert list(tmp_path.iterdir()) == []


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no-such-folder" / "a"
    with pytest.raises(OutputError) as caught:
        write_idx(path, VALUES)
    assert str(caught.value) == f"{path}: cannot be written: No such file or directory"
