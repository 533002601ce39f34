"""Task 1 of the NIR paper: one LIF neuron, against what its back ends stored (`make_nir_paper.py`)."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description.nir.graph import import_nir
from neurochip.replays.spiking import run_spiking

FOLDER = Path(__file__).parent / "nir_paper"
STEPS = 1000
# Steps by which spikes are later here: a tick for the connection, which some back ends take too.
LATE = {"norse": 1, "lava_cpu_float": 0, "snntorch": 1, "nengo": 1, "spinnaker2": 1, "spyx": 0, "exact": 1}


def run_of(place: Path, file: str = "lif_norse", **how: Any) -> tuple[Any, Any, dict[str, Any]]:
    with np.load(FOLDER / "lif.npz") as stored:
        wanted = dict(stored)
    (place / "lif.nir").write_bytes(lzma.decompress((FOLDER / f"{file}.nir.xz").read_bytes()))
    network = import_nir(place / "lif.nir", **{"dt": 1e-4, **how}).network
    run = run_spiking(network, np.unpackbits(wanted["x"])[:STEPS, None], "ideal-bits", potentials=True)
    return run.replay.spikes[1][:, 0], run.potentials[network.groups[1].name][:, 0], wanted


def test_spikes_of_the_back_ends(tmp_path: Path) -> None:
    spikes, v, wanted = run_of(tmp_path)
    for name, late in LATE.items():
        theirs = np.unpackbits(wanted[f"{name}.s"])[:STEPS]
        np.testing.assert_array_equal(spikes[late:], theirs[: STEPS - late], name)
        assert theirs.sum() == 4
        if name in ("norse", "lava_cpu_float"):
            assert np.abs(v[late:] - wanted[f"{name}.v"][: STEPS - late]).max() < 1e-5


def test_back_ends_that_leak_by_an_exponential(tmp_path: Path) -> None:
    """Rockpool, by the file that it wrote; sinabs was given its numbers: 0.04 for a spike, τ in steps."""
    spikes, v, wanted = run_of(tmp_path, "lif_rockpool", source="rockpool")
    for name in ("rockpool", "sinabs"):
        np.testing.assert_array_equal(spikes[1:], np.unpackbits(wanted[f"{name}.s"])[: STEPS - 1], name)
        assert np.abs(v[1:] - wanted[f"{name}.v"][: STEPS - 1]).max() < 1e-5
    earlier = np.flatnonzero(np.unpackbits(wanted["norse.s"])) - np.flatnonzero(spikes[1:])
    assert earlier.tolist() == [10, 10, 0, 0]


@pytest.mark.parametrize("how", [{"source": "generic"}, {"source": "rockpool", "reset": "value"}])
def test_rockpool_by_another_convention_is_another_neuron(tmp_path: Path, how: dict[str, Any]) -> None:
    _, v, wanted = run_of(tmp_path, "lif_rockpool", **how)
    assert np.abs(v[1:] - wanted["rockpool.v"][: STEPS - 1]).max() > 1e-3


@pytest.mark.parametrize("how", [{"dt": 2e-4}, {"source": "norse"}])
def test_another_step_or_tool_is_another_neuron(tmp_path: Path, how: dict[str, Any]) -> None:
    spikes, _, wanted = run_of(tmp_path, **how)
    assert (spikes[1:] != np.unpackbits(wanted["norse.s"])[: STEPS - 1]).any()
