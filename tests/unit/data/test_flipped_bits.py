"""One flipped bit anywhere in a data file: refused by its name; where nothing that is read changed, the same data."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurochip.data import DataSpec, load
from neurochip.data.idx import idx_bytes, read_idx
from neurochip.data.verified import array_sha256, read_verified, write_arrays
from neurochip.errors import DataError

X, Y = np.arange(36, dtype=np.uint8).reshape(12, 3), np.arange(12, dtype=np.uint8) % 3


def flips(path: Path, *, step: int = 1) -> Iterator[int]:
    """Turn one bit of a file after the other, and at last leave it as it was."""
    whole = path.read_bytes()
    for bit in range(0, 8 * len(whole), step):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        yield bit
    path.write_bytes(whole)


def _npz(path: Path) -> Path:
    np.savez(path, x=X, y=Y)
    return path


def _hdf5(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = X, Y
    return path


def _csv(path: Path) -> Path:
    path.write_text(
        "a,b,c,class\n" + "".join(f"{a},{b},{c},k{y}\n" for (a, b, c), y in zip(X, Y, strict=True))
    )
    return path


def _npy(path: Path) -> Path:
    np.save(path, X)
    np.save(path.with_name("y.npy"), Y)
    return path


def _idx(path: Path) -> Path:
    path.mkdir()
    for part in ("train", "t10k"):
        (path / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(X.reshape(12, 3, 1)))
        (path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(Y))
    return path


KINDS = {
    "a.csv": (_csv, 5),
    "a.npz": (_npz, 41),
    "a.h5": (_hdf5, 97),
    "x.npy": (_npy, 11),
    "folder": (_idx, 7),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_of_ones_own_is_bound_by_its_digest(tmp_path: Path, name: str) -> None:
    make, step = KINDS[name]
    place = make(tmp_path / name)
    made = load(DataSpec(file=str(place))).source
    assert made is not None and made.digest is not None
    again = DataSpec(file=str(place), digest=made.digest)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    count = 0
    for path in files:
        for _ in flips(path, step=step):
            with pytest.raises(DataError) as caught:
                load(again)
            assert str(caught.value).startswith(str(place)), caught.value
            count += 1
    assert count > 100
    found = load(again).source  # nothing was turned: the control
    assert found is not None and found.digest == made.digest


def test_a_file_of_a_known_set_is_bound_by_its_checksum(tmp_path: Path) -> None:
    path, whole = tmp_path / "images", idx_bytes(X.reshape(12, 3, 1))
    known = hashlib.sha256(whole).hexdigest()
    path.write_bytes(whole)
    for _ in flips(path):
        with pytest.raises(DataError) as caught:
            read_idx(path, sha256=known)
        assert str(caught.value).startswith(f"{path}: ")
    assert np.array_equal(read_idx(path, sha256=known), X.reshape(12, 3, 1))


def test_a_compressed_one_is_refused_or_holds_the_same(tmp_path: Path) -> None:
    """Nobody reads when it was packed and by whom, nor the bits that fill its last byte: no checksum covers them."""
    path, whole = tmp_path / "images.gz", idx_bytes(X.reshape(12, 3, 1))
    known = hashlib.sha256(whole).hexdigest()
    path.write_bytes(gzip.compress(whole))
    same = set()
    for bit in flips(path):
        try:
            assert np.array_equal(read_idx(path, sha256=known), X.reshape(12, 3, 1))
            same.add(bit // 8)
        except DataError as error:
            assert str(error).startswith(f"{path}: ")
    assert len(same) <= 9, "more than its head and the bits that fill its last byte"


def test_an_embedded_one_is_refused_or_holds_the_same(tmp_path: Path) -> None:
    path = tmp_path / "embedded.npz"
    write_arrays(path, {"x": X, "y": Y})
    known = {
        name: (values.dtype.str, values.shape, array_sha256(values)) for name, values in (("x", X), ("y", Y))
    }
    refused = 0
    for _ in flips(path, step=7):
        try:
            found = read_verified(str(path), known)
            assert np.array_equal(found["x"], X) and np.array_equal(found["y"], Y)
        except DataError as error:
            assert str(error).startswith(f"{path}")
            refused += 1
    assert refused > 200
    assert np.array_equal(read_verified(str(path), known)["x"], X)


def test_the_control_without_a_digest_reads_on(tmp_path: Path) -> None:
    """What is not bound is not refused: a pixel of another value is a pixel."""
    memory = io.BytesIO()
    np.save(memory, X)
    path = _npy(tmp_path / "x.npy")
    path.write_bytes(memory.getvalue()[:-1] + bytes([memory.getvalue()[-1] ^ 1]))
    assert load(DataSpec(file=str(path))).source is not None
