"""NeuroBench's metrics of a network of snnTorch, against the package itself (`make_neurobench.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description.nir.graph import import_nir
from neurochip.inference.inferring import LabelledSamples, infer
from neurochip.replays.neurobench import workload

FIGURES = ("connection_sparsity", "activation_sparsity", "effective_acs", "effective_macs", "dense")


@pytest.fixture
def recorded() -> dict[str, Any]:
    with np.load(Path(__file__).parent / "neurobench.npz") as stored:
        return dict(stored)


def figures(of: dict[str, Any], place: Path, **how: Any) -> dict[str, float]:
    (place / "x.nir").write_bytes(of["nir"].tobytes())
    network = import_nir(place / "x.nir", source="snntorch", connectivity="dense", **how).network
    x = np.unpackbits(of["x"], axis=-1)[..., :16]
    shown = infer(network, LabelledSamples(x, np.zeros(len(x), int)), "ideal-bits")
    return dict(workload(network, shown.replay, len(x)))  # type: ignore[arg-type]


def test_the_same_figures_to_the_digit(tmp_path: Path, recorded: dict[str, Any]) -> None:
    found = figures(recorded, tmp_path)
    assert recorded["version"] == "2.3.0"
    assert round(found["connection_sparsity"], 4) == recorded["connection_sparsity"]
    for key in FIGURES[1:]:
        # The package averages over batches, which may round the last bit.
        assert found[key] == pytest.approx(float(recorded[key]), rel=1e-15), key
    assert recorded["effective_acs"] > 1000


def test_other_activations_have_other_figures(tmp_path: Path, recorded: dict[str, Any]) -> None:
    found = figures(recorded, tmp_path, reset="subtract")
    assert found["activation_sparsity"] != recorded["activation_sparsity"]
    assert found["effective_acs"] != recorded["effective_acs"]
