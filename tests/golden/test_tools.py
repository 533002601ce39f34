"""Networks written by the exporters of other tools: every spike as the tool itself has it, later by the group's depth.

`python -m tests.golden.making` makes them; the versions of the packages stand in each file.
"""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from neurochip.description.nir_graph import import_nir
from neurochip.errors import DataError
from neurochip.inference.checking import check_nir
from neurochip.replays.spiking import run_spiking

TOOLS = Path(__file__).parent / "tools"
SEVERAL = "sinabs_multi_spike"  # whose neurons fire several times in a step
NAMES = sorted({path.name.removesuffix(".nir.xz") for path in TOOLS.glob("*.nir.xz")} - {SEVERAL})
# What their users would say of them.
HOW = {
    "zero": {"reset": "value"},
    "zero_undelayed": {"reset": "value-at-once"},
    "subtract_undelayed": {"reset": "subtract"},
}


def differing(place: Path, name: str, **how: str) -> tuple[int, int, float]:
    """Return spikes that differ and spikes that there are, of all layers, and the largest difference of a readout."""
    path = place / f"{name}.nir"
    path.write_bytes(lzma.decompress((TOOLS / f"{name}.nir.xz").read_bytes()))
    with np.load(TOOLS / f"{name}.npz") as stored:
        wanted = dict(stored)
    made = import_nir(path, **how)
    network = made.network
    x = np.unpackbits(wanted["x"], axis=1)[:, : network.sizes[0]]
    run = run_spiking(network, x, "ideal-bits")
    groups = {g.name.partition(".")[0]: k for k, g in enumerate(network.groups)}
    wrong = there = 0
    off = 0.0
    for key in (key for key in wanted if key[:2] in ("s.", "v.")):
        k = groups[key[2:]]
        late = made.late(network.groups[k].name)
        if key[0] == "s":
            spikes = np.unpackbits(wanted[key], axis=1)[: len(x) - late, : network.sizes[k]]
            wrong += int((run.replay.spikes[k][late:] != spikes).sum())
            there += int(spikes.sum())
        else:
            output = next(name for name, group in network.outputs.items() if group == key[2:])
            off = max(off, float(np.abs(run.readout[output][late:] - wanted[key][: len(x) - late]).max()))
    return wrong, there, off


@pytest.mark.parametrize("name", NAMES)
def test_every_spike_and_readout(tmp_path: Path, name: str) -> None:
    said = next((how for end, how in HOW.items() if name.endswith(f"_{end}")), {})
    how = {"source": name.split("_")[0]} | said
    wrong, there, off = differing(tmp_path, name, **how)
    assert wrong == 0
    assert there > 50
    assert off < 1e-5


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("snntorch_leaky_subtract", {"source": "generic"}),
        ("snntorch_leaky_subtract", {"source": "snntorch", "reset": "subtract"}),
        ("snntorch_synaptic_zero", {"source": "generic"}),
        ("norse_lif", {"source": "generic", "dt": 1e-3, "method": "exact"}),
        ("sinabs_iaf", {"source": "sinabs", "reset": "value"}),
        ("rockpool_lif", {"source": "generic", "dt": 1e-3}),
        ("rockpool_lif_neuron", {"source": "generic", "dt": 1e-3}),
        ("snntorch_synaptic_zero_undelayed", {"source": "snntorch", "reset": "value"}),
        ("snntorch_leaky_subtract_undelayed", {"source": "snntorch"}),
        ("spyx_lif", {"source": "spyx", "reset": "subtract"}),
        ("spyx_cubalif", {"source": "spyx", "reset": "subtract-late"}),
        ("spyx_rlif", {"source": "generic", "dt": 1}),
    ],
)
def test_other_conventions_are_other_networks(tmp_path: Path, name: str, how: dict[str, str]) -> None:
    wrong, _, _ = differing(tmp_path, name, **how)
    assert wrong > 10


def test_neurons_that_fire_several_times_in_a_step_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    path.write_bytes(lzma.decompress((TOOLS / f"{SEVERAL}.nir.xz").read_bytes()))
    with np.load(TOOLS / f"{SEVERAL}.npz") as stored:
        counts = {key.removeprefix("counts."): values for key, values in stored.items() if "counts" in key}
        x = np.unpackbits(stored["x"], axis=1)[:, :16]
    assert max(values.max() for values in counts.values()) > 1
    np.savez(tmp_path / "x.npz", x=x)
    np.savez(tmp_path / "theirs.npz", **counts)
    with pytest.raises(DataError, match="fire several times in a step"):
        check_nir(path, tmp_path / "x.npz", tmp_path / "theirs.npz", source="sinabs")
    made = import_nir(path, source="sinabs")
    assert any("several times in a step" in note for note in made.notes)
