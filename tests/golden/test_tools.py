"""Networks written by the exporters of other tools: every spike as the tool itself has it, later by the group's depth.

`make_tools.py` makes them; the versions of all packages stand in each file.
"""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from neurochip.description.nir_graph import import_nir
from neurochip.replays.spiking import run_spiking

TOOLS = Path(__file__).parent / "tools"
NAMES = sorted(path.name.removesuffix(".nir.xz") for path in TOOLS.glob("*.nir.xz"))


def differing(place: Path, name: str, **how: str) -> tuple[int, int, float]:
    """Return spikes that differ and spikes that there are, of all layers, and the largest difference of a readout."""
    path = place / f"{name}.nir"
    path.write_bytes(lzma.decompress((TOOLS / f"{name}.nir.xz").read_bytes()))
    with np.load(TOOLS / f"{name}.npz") as stored:
        wanted = dict(stored)
    network, _, _ = import_nir(path, **how)
    x = np.unpackbits(wanted["x"], axis=1)[:, : network.sizes[0]]
    run = run_spiking(network, x, "ideal-bits")
    groups = {g.name.removesuffix(".lif"): k for k, g in enumerate(network.groups)}
    wrong = there = 0
    off = 0.0
    for key in (key for key in wanted if key[:2] in ("s.", "v.")):
        k = groups[key[2:]]
        late = network.groups[k].begins
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
    how = {"source": name.split("_")[0]} | ({"reset": "value"} if name.endswith("_zero") else {})
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
    ],
)
def test_other_conventions_are_other_networks(tmp_path: Path, name: str, how: dict[str, str]) -> None:
    wrong, _, _ = differing(tmp_path, name, **how)
    assert wrong > 10
