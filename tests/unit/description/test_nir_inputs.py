"""Inputs of NIR that do not say their shape or are fed, and fields that NIR does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description.nir.graph import import_nir, read_nir
from neurochip.errors import CapabilityError
from tests.unit.description.test_nir_reading import write

SPIKING: dict[str, Any] = {"type": "IF", "r": np.full(3, 1e4), "v_threshold": np.full(3, 0.5)}


@pytest.mark.parametrize(
    ("given", "reader"),
    [
        ({}, {"type": "Linear", "weight": np.ones((3, 3))}),
        ({}, {"type": "Scale", "scale": np.ones(3)}),
        ({}, None),
        ({"input_type": {"input": np.array([3])}}, {"type": "Scale", "scale": np.array(2.0)}),
    ],
)
def test_an_input_has_the_shape_that_its_reader_takes(tmp_path: Path, given: Any, reader: Any) -> None:
    nodes = {"in": {"type": "Input", **given}, "n": SPIKING} | ({} if reader is None else {"w": reader})
    edges = [("in", "n")] if reader is None else [("in", "w"), ("w", "n")]
    assert read_nir(write(tmp_path / "x.nir", nodes, edges), dt=1e-4).sizes == (3, 3)


def test_an_input_of_no_known_shape_is_refused(tmp_path: Path) -> None:
    nodes = {
        "in": {"type": "Input"},
        "w": {"type": "Scale", "scale": 2.0},
        "n": {**SPIKING, "r": 1.0, "v_threshold": 1.0},
    }
    with pytest.raises(
        CapabilityError, match=r"Input \(node 'in'\): has no shape, and nothing after it says one"
    ):
        read_nir(write(tmp_path / "x.nir", nodes, [("in", "w"), ("w", "n")]), dt=1e-4)


def test_what_plays_no_part_is_said(tmp_path: Path) -> None:
    nodes = {
        "in": {"type": "Input", "shape": np.array([3])},
        "n": {**SPIKING, "refractory": np.full(3, 2e-3)},
    }
    notes = import_nir(write(tmp_path / "x.nir", nodes, [("in", "n")]), dt=1e-4).notes
    assert notes == ("n.refractory: IF has no such field in NIR; it plays no part here",)
    with pytest.raises(CapabilityError) as caught:
        import_nir(write(tmp_path / "y.nir", nodes, [("in", "n"), ("n", "in")]), dt=1e-4)
    assert str(caught.value).endswith(
        "Input (node 'in'): receives from 'n', and plays what it is given; remove the edge"
    )
