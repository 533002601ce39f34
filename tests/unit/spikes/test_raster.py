"""`Spikes` against the arrays that they are made of, and each refusal in its whole sentence."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bitarray import bitarray
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurochip.errors import DataError
from neurochip.spikes import Spikes, npz_of, packed_arrays, read_spikes, spikes_of
from tests.property.networks import checked

shapes = st.one_of(
    st.tuples(st.integers(0, 9), st.integers(0, 20)),
    st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 20)),
)
rasters = shapes.flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 1)))


@given(rasters)
@checked(60)
def test_an_array_is_itself_again(raster: Any) -> None:
    spikes = Spikes.from_array(raster)
    assert (spikes.shape, len(spikes)) == (raster.shape, len(raster))
    assert len(spikes.bits) == raster.size  # one bit each, no padding between ticks
    np.testing.assert_array_equal(spikes.array(), raster)
    assert np.asarray(spikes).dtype == np.uint8
    np.testing.assert_array_equal(np.asarray(spikes, dtype=np.float32), raster)
    assert spikes == Spikes.from_array(raster.astype(bool)) == Spikes.from_array(raster.astype(float))
    assert spikes == pickle.loads(pickle.dumps(spikes))
    assert hash(spikes) == hash(Spikes.from_array(raster))


@given(rasters, st.data())
@checked(80)
def test_one_other_bit_is_not_equal(raster: Any, data: st.DataObject) -> None:
    spikes = Spikes.from_array(raster)
    as_wide = spikes.units * (spikes.batch or 1)
    shaped = (
        (spikes.ticks, as_wide, 1) if raster.ndim == 2 else (spikes.ticks, spikes.units * raster.shape[1])
    )
    assert spikes != Spikes.from_array(raster.reshape(shaped))
    if raster.size:
        other = raster.copy()
        other.flat[data.draw(st.integers(0, raster.size - 1))] ^= 1
        assert Spikes.from_array(other) != spikes


@given(rasters, st.data())
@checked(120)
def test_slices_are_those_of_the_array(raster: Any, data: st.DataObject) -> None:
    index: list[Any] = []
    wanted: list[Any] = []
    for axis, size in enumerate(raster.shape[: data.draw(st.integers(1, raster.ndim))]):
        if size and data.draw(st.booleans()):
            one = data.draw(st.integers(-size, size - 1))
            index.append(one)
            # A sample is taken out, a tick or a unit stays an axis of length 1.
            wanted.append(one if raster.ndim == 3 and axis == 1 else slice(one % size, one % size + 1))
        else:
            index.append(data.draw(st.slices(size)))
            wanted.append(index[-1])
    got = Spikes.from_array(raster)[tuple(index)]
    np.testing.assert_array_equal(got.array(), raster[tuple(wanted)])
    assert got == Spikes.from_array(raster[tuple(wanted)])


@given(rasters)
@checked(60)
def test_counts_and_rates(raster: Any) -> None:
    spikes = Spikes.from_array(raster)
    assert spikes.count() == raster.sum()
    first = tuple(range(raster.ndim - 1))
    np.testing.assert_array_equal(spikes.counts(), raster.sum(axis=first, dtype=int))
    np.testing.assert_array_equal(
        spikes.counts("tick"), raster.sum(axis=tuple(range(1, raster.ndim)), dtype=int)
    )
    if raster.ndim == 3:
        np.testing.assert_array_equal(spikes.counts("sample"), raster.sum(axis=(0, 2), dtype=int))
    rates = raster.mean(axis=0) if len(raster) else np.zeros(raster.shape[1:])
    np.testing.assert_allclose(spikes.rates(), rates)


@given(rasters, st.data())
@checked(60)
def test_ticks_joined_are_the_whole(raster: Any, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(raster)))
    whole = Spikes.from_array(raster)
    assert Spikes.joined([whole[:cut], whole[cut:]]) == whole


@given(rasters)
@checked(60)
def test_wire_and_file(raster: Any) -> None:
    spikes = Spikes.from_array(raster)
    sent = spikes.to_bytes()
    assert sent == np.packbits(raster).tobytes()
    shape = {"ticks": spikes.ticks, "units": spikes.units, "batch": spikes.batch}
    assert Spikes.from_bytes(sent, **shape) == spikes
    assert spikes_of(packed_arrays("hidden", spikes), "hidden") == spikes
    assert spikes_of({"hidden": raster}, "hidden") == spikes
    with pytest.raises(DataError, match=r"^spikes: must be \d+ bytes for \d+ bits, got \d+$"):
        Spikes.from_bytes(sent + b"\0", **shape)
    if raster.size % 8:
        with pytest.raises(DataError, match=f"^spikes: have a bit after the last, bit .* of {raster.size}$"):
            Spikes.from_bytes(sent[:-1] + bytes([sent[-1] | 1]), **shape)


def test_bits_of_another_order_are_the_same_spikes() -> None:
    little = bitarray("110010", endian="little")
    assert Spikes(little, 2, 3) == Spikes(bitarray("110010"), 2, 3)
    assert Spikes(little, 2, 3).to_bytes() == b"\xc8"
    little[0] = 0
    assert Spikes(little, 2, 3).count() == 2


def test_nothing_changes_them_afterwards() -> None:
    bits = bitarray("1100")
    spikes = Spikes(bits, 2, 2)
    bits.setall(0)
    assert spikes.count() == 2
    with pytest.raises(TypeError):
        spikes.bits[0] = 0


REFUSED: list[tuple[Any, str]] = [
    (lambda: Spikes.from_array([[0, 1], [1]]), "spikes: must be an array, got rows of different lengths"),
    (lambda: Spikes.from_array([0, 1], "x"), "x: must have shape (ticks, units) or (ticks, samples, units), got (2,)"),
    (lambda: Spikes.from_array([["0"]]), "spikes: must hold 0 and 1, got <U1"),
    (lambda: Spikes.from_array([[0, 2]]), "spikes[0, 1]: must be 0 or 1, got 2"),
    (lambda: Spikes.from_array([[0, np.nan]]), "spikes[0, 1]: must be 0 or 1, got nan"),
    (lambda: Spikes(bitarray("101"), 2, 2), "spikes.bits: must be 2 × 2 = 4 bits, got 3"),
    (lambda: Spikes(b"1", 2, 2), "spikes.bits: must be a bitarray, got bytes"),  # type: ignore[arg-type]
    (lambda: Spikes(bitarray(), -1, 2), "spikes.ticks: must be a whole number, 0 or more, got -1"),
    (lambda: Spikes.joined([]), "spikes: must be at least one part, got none"),
    (lambda: Spikes.joined([Spikes(bitarray(), 0, 2), Spikes(bitarray("111"), 1, 3)]),
     "spikes[1]: must have shape (0, 2) but for its ticks, got (1, 3)"),
    (lambda: Spikes(bitarray("11"), 1, 2).counts("sample"), "axis: must be one of tick, unit, got 'sample'"),
    (lambda: spikes_of({}, "a"), "a: is missing"),
    (lambda: spikes_of({"a": np.zeros((2, 2))}, "a"), "a: must be uint8, got float64"),
    (lambda: spikes_of({"a": np.zeros(1, np.uint8), "a.shape": np.array([2.0, 2.0])}, "a"),
     "a.shape: must be two or three whole numbers: ticks, samples of a batch, units"),
    (lambda: spikes_of({"a": np.zeros((2, 2), np.uint8), "a.shape": np.array([2, 2])}, "a"),
     "a: must be bytes, as a.shape stands beside it, got uint8 (2, 2)"),
    (lambda: spikes_of({"a": np.zeros(2, np.uint8), "a.shape": np.array([2, 2])}, "a"),
     "a: must be 1 bytes for 4 bits, got 2"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), REFUSED)
def test_refused(make: Any, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        make()
    assert str(caught.value) == sentence


def test_a_wrong_index_is_pythons_error() -> None:
    spikes = Spikes(bitarray("1101"), 2, 2)
    with pytest.raises(IndexError, match=r"^index 2 is out of range for 2 on axis 0 of spikes$"):
        spikes[2]
    with pytest.raises(IndexError, match=r"^spikes have 2 axes, got 3 indices$"):
        spikes[0, 0, 0]
    with pytest.raises(TypeError, match="indexed by whole numbers and slices"):
        spikes["a"]


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    spikes = {"input": Spikes(bitarray("1101"), 2, 2), "hidden": Spikes(bitarray("110100"), 1, 2, 3)}
    path.write_bytes(npz_of(spikes))
    assert read_spikes(path) == spikes
    raster = np.array([[0, 1], [1, 1]], np.uint8)
    np.savez(path, **{"spikes.0": raster, "spikes.1": raster > 0, "weights.0": np.ones((2, 2)), "name": "x"})
    assert read_spikes(path) == dict.fromkeys(("spikes.0", "spikes.1"), Spikes.from_array(raster))
    np.savez(path, a=raster * 2)
    with pytest.raises(DataError) as caught:
        read_spikes(path)
    assert str(caught.value).startswith(f"{path}: a[0, 1]: must be 0 or 1, got 2")
    with pytest.raises(DataError, match="no such file"):
        read_spikes(tmp_path / "b.npz")
