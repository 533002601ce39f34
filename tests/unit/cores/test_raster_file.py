"""A file of recorded spikes: what is read, and each refusal in its whole sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.cores.raster_file import load_arrays, recorded_traffic
from neurochip.errors import DataError
from neurochip.spikes import Spikes, packed_arrays

Arrays = dict[str, np.ndarray[Any, Any]]


def good() -> Arrays:
    rng = np.random.default_rng(3)
    return {f"spikes.{k}": rng.integers(0, 2, (6, n), dtype=np.uint8) for k, n in enumerate((3, 4, 2))}


def test_everything_is_read() -> None:
    arrays = good() | {
        "weights.0": np.ones((3, 4)),
        "weights.1": np.ones((4, 2)),
        "recurrent.2": np.ones((2, 2)),
        "feedback.1": np.ones((2, 4)),
        "placement.0": np.arange(3),
        "placement.1": np.arange(4),
        "placement.2": np.arange(2),
    }
    found = recorded_traffic(arrays)
    assert found.sizes == (3, 4, 2)
    assert found.weights is not None and [w.shape for w in found.weights] == [(3, 4), (4, 2)]
    assert found.recurrent is not None and found.recurrent[0] is None and found.recurrent[1] is not None
    assert found.feedback is not None and found.feedback[0] is arrays["feedback.1"]
    assert found.placement is not None and found.placement[1].tolist() == [0, 1, 2, 3]


def test_spikes_alone_will_do_and_may_be_bool() -> None:
    arrays = good()
    arrays["spikes.1"] = arrays["spikes.1"].astype(bool)
    found = recorded_traffic(arrays)
    assert (found.weights, found.recurrent, found.feedback, found.placement) == (None, None, None, None)
    assert found.spikes[1].array().tolist() == good()["spikes.1"].tolist()


def test_packed_spikes_are_those_of_the_array() -> None:
    arrays = good()
    packed = arrays | packed_arrays("spikes.1", Spikes.from_array(arrays["spikes.1"]))
    assert recorded_traffic(packed).spikes == recorded_traffic(arrays).spikes
    alone = packed_arrays("spikes.0", Spikes.from_array(arrays["spikes.0"]))
    assert recorded_traffic(alone, input_only=True).sizes == (3,)


CASES: list[tuple[Arrays, str]] = [
    ({"spikes.1": np.zeros((5, 4), np.uint8)}, "spikes.1: must have shape (6, units), got (5, 4)"),
    ({"spikes.1": np.zeros(6, np.uint8)}, "spikes.1: must have shape (6, units), got (6,)"),
    ({"spikes.2": np.zeros((6, 2))}, "spikes.2: must be uint8, got float64"),
    ({"spikes.4": np.zeros((6, 2), np.uint8)},
     "spikes.3: is missing; every layer needs its raster, the input is spikes.0"),
    ({"spikes.1": np.full((6, 4), 2, np.uint8)}, "spikes.1[0, 0]: must be 0 or 1, got 2"),
    ({"spikes.1": np.zeros(3, np.uint8), "spikes.1.shape": np.array([6, 5])},
     "spikes.1: must be 4 bytes for 30 bits, got 3"),
    ({"spikes.1": np.zeros(3, np.uint8), "spikes.1.shape": np.array([6, 2, 2])},
     "spikes.1: must have shape (6, units), got (6, 2, 2)"),
    ({"spikes.3.shape": np.array([6, 5])},
     "spikes.3: is missing; every layer needs its raster, the input is spikes.0"),
    ({"weights.0": np.ones((3, 4))}, "weights.1: is missing; give all 2 of weights or none"),
    ({"weights.0": np.ones((3, 5)), "weights.1": np.ones((4, 2))},
     "weights.0: must have shape (3, 4), as the rasters have it, got (3, 5)"),
    ({"weights.2": np.ones((2, 2))}, "weights.2: is too much; the last is weights.1"),
    ({"placement.0": np.arange(2), "placement.1": np.arange(4), "placement.2": np.arange(2)},
     "placement.0: must have shape (3,), as the rasters have it, got (2,)"),
    ({"feedback.2": np.ones((2, 2))},
     "feedback.2: has no place here; so many layers have feedback.1 to feedback.1"),
    ({"recurrent.0": np.ones((3, 3))},
     "recurrent.0: has no place here; so many layers have recurrent.1 to recurrent.2"),
    ({"wieghts.0": np.ones((3, 4))},
     "wieghts.0: is no array of such a file; it may have spikes.K, weights.K, recurrent.K, feedback.K or placement.K"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), CASES)
def test_refused(changes: Arrays, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        recorded_traffic(good() | changes)
    assert str(caught.value) == sentence


def test_one_layer_is_no_traffic() -> None:
    with pytest.raises(DataError, match=r"^spikes\.1: is missing; traffic needs at least two layers$"):
        recorded_traffic({"spikes.0": good()["spikes.0"]})


def test_input_alone_where_the_rest_is_computed() -> None:
    assert recorded_traffic({"spikes.0": good()["spikes.0"]}, input_only=True).sizes == (3,)
    with pytest.raises(
        DataError, match=r"^weights\.0: is no array of such a file; it may have spikes\.0 and placement\.K$"
    ):
        recorded_traffic({"spikes.0": good()["spikes.0"], "weights.0": np.ones((3, 4))}, input_only=True)
    placed = {"spikes.0": good()["spikes.0"], "placement.1": np.ones(4, int)}
    with pytest.raises(DataError, match=r"^placement\.0: is missing; give all 2 of placement or none$"):
        recorded_traffic(placed, input_only=True)
    found = recorded_traffic(placed | {"placement.0": np.zeros(3, int)}, input_only=True)
    assert found.placement is not None and [on.tolist() for on in found.placement] == [[0] * 3, [1] * 4]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"no array"])
def test_no_npz(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_arrays(path)
    assert str(caught.value).startswith(f"{path}: is damaged or not an .npz of plain arrays (")
    assert str(caught.value).endswith("); write it anew with numpy.savez")


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, spikes=np.array([{}], dtype=object))
    with pytest.raises(DataError) as caught:
        load_arrays(path)
    assert str(caught.value) == (
        f"{path}: spikes: has elements of type '|O'; numbers, truth values and text are read"
    )


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_arrays(tmp_path / "x.npz")
    assert str(caught.value) == f"{tmp_path / 'x.npz'}: no such file; name an .npz of recorded spikes"
