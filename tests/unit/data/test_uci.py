"""Iris and the 8 × 8 digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurochip.data import load, uci
from neurochip.errors import DataError


def test_iris_is_fishers() -> None:
    flowers = uci.iris()
    assert flowers.inputs.shape == (150, 4)
    np.testing.assert_array_equal(np.bincount(flowers.labels), [50, 50, 50])
    assert (flowers.inputs.min(), flowers.inputs.max()) == (0.0, 1.0)
    tenths = uci.read_embedded()["iris"].astype(int)
    # Means of Fisher's table, in centimetres.
    np.testing.assert_allclose(tenths[:50].mean(axis=0) / 10, [5.006, 3.428, 1.462, 0.246])
    np.testing.assert_allclose(tenths[50:100].mean(axis=0) / 10, [5.936, 2.770, 4.260, 1.326])
    np.testing.assert_allclose(tenths[100:].mean(axis=0) / 10, [6.588, 2.974, 5.552, 2.026])


def test_the_digits_are_a_data_set() -> None:
    digits = load("digits")
    assert (digits.n_inputs, digits.n_outputs) == (64, 10)
    assert (len(digits.train), len(digits.test)) == (1300, 497)
    assert digits.inputs(slice(0, 5)).max() == 1.0
    everything = np.concatenate([digits.labels(), digits.labels("test")])
    np.testing.assert_array_equal(np.bincount(everything), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_a_row_is_held_out_for_good() -> None:
    assert set(uci.held_out(50, 5)) <= set(uci.held_out(50, 6))
    assert len(set(uci.held_out(1797, 497).tolist())) == 497


def test_a_changed_file_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, shape, _ = uci.ARRAYS["iris"]
    monkeypatch.setitem(uci.ARRAYS, "iris", (kind, shape, "0" * 64))
    with pytest.raises(DataError, match=r"uci\.npz: wrong checksum: SHA-256 of iris is 9f83"):
        uci.iris()


def test_making_it_needs_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert uci.main([str(tmp_path), str(tmp_path / "out.npz")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert list(tmp_path.iterdir()) == []
