"""Networks written by the exporters of other tools: every spike and membrane as the tool has it, later by the depth.

Membranes are compared at the moment at which the tool keeps them: Norse, sinabs and Rockpool after the reset, as here;
snnTorch before a reset that it delays (which here is after it only with ``value``, whose v of that tick is lost), else
after it; Spyx before a step's spike is taken away, a step earlier than it fires.

`python -m tests.golden.making` makes them; the versions of the packages stand in each file.
"""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from neurochip.description.nir.graph import import_nir
from neurochip.description.spiking import NeuronGroup
from neurochip.errors import DataError
from neurochip.inference.checking import check_nir
from neurochip.replays.spiking import run_spiking
from tests.golden.making.written import EVERY, seen_units

TOOLS = Path(__file__).parent / "tools"
SEVERAL = "sinabs_multi_spike"  # whose neurons fire several times in a step
NAMES = sorted({path.name.removesuffix(".nir.xz") for path in TOOLS.glob("*.nir.xz")} - {SEVERAL})
LATER = {"spyx": 1}  # ticks by which its membranes come later here than its spikes
# What their users would say of them.
HOW = {
    "zero": {"reset": "value"},
    "zero_undelayed": {"reset": "value-at-once"},
    "subtract_undelayed": {"reset": "subtract"},
    "leaky_none": {"reset": "none"},
}


class Beside(NamedTuple):
    """What differs between a run here and one in the tool: spikes, readouts, membranes of layers that fire."""

    wrong: int
    there: int  # spikes
    readout: float  # largest difference
    membrane: float  # the same over the largest |v| of the layer, at least 1


def held(name: str) -> tuple[bytes, dict[str, Any]]:
    """Return the graph as the tool wrote it, and what it gave."""
    with np.load(TOOLS / f"{name}.npz") as stored:
        return lzma.decompress((TOOLS / f"{name}.nir.xz").read_bytes()), dict(stored)


def at_their_moment(v: Any, fired: Any, group: NeuronGroup, *, before: bool) -> Any:
    """Return v of each tick as a tool keeps it, after the reset or ``before``; NaN where that is lost here."""
    if before and group.reset == "subtract":
        return v + fired * group.parameters["v_threshold"].astype(v.dtype)
    return np.where(fired > 0, np.nan, v) if before and group.reset == "value" else v


def differing(
    place: Path, name: str, *, later: int | None = None, before: bool | None = None, **how: str
) -> Beside:
    """Compare a run with the tool's.

    Parameters
    ----------
    later, before
        The moment of membranes; `None`: that of the tool.
    """
    path = place / f"{name}.nir"
    content, wanted = held(name)
    path.write_bytes(content)
    made = import_nir(path, **how)
    network = made.network
    x = np.unpackbits(wanted["x"], axis=1)[:, : network.sizes[0]]
    run = run_spiking(network, x, "ideal-bits", potentials=True)
    groups = {g.name.partition(".")[0]: k for k, g in enumerate(network.groups)}
    tool = name.partition("_")[0]
    before = (
        (tool == "spyx" or (tool == "snntorch" and not name.endswith("undelayed")))
        if before is None
        else before
    )
    wrong = there = 0
    readout = membrane = 0.0
    for key in (key for key in wanted if key[:2] in ("s.", "v.", "m.")):
        k = groups[key[2:]]
        group = network.groups[k]
        late = made.late(group.name)
        if key[0] == "s":
            spikes = np.unpackbits(wanted[key], axis=1)[: len(x) - late, : network.sizes[k]]
            wrong += int((run.replay.spikes[k][late:] != spikes).sum())
            there += int(spikes.sum())
        elif key[0] == "v":
            output = next(name for name, group in network.outputs.items() if group == key[2:])
            off = np.abs(run.readout[output][late:] - wanted[key][: len(x) - late])
            readout = max(readout, float(off.max()))
        else:
            here = at_their_moment(run.potentials[group.name], run.replay.spikes[k], group, before=before)
            here = here[
                late + (LATER.get(tool, 0) if later is None else later) :: EVERY, seen_units(group.size)
            ]
            kept = min(len(here), len(wanted[key]))
            off = np.abs(here[:kept] - wanted[key][:kept])
            assert np.isfinite(off).mean() > 0.5
            membrane = max(membrane, float(np.nanmax(off)) / max(1.0, float(np.abs(wanted[key]).max())))
    return Beside(wrong, there, readout, membrane)


@pytest.mark.parametrize("name", NAMES)
def test_every_spike_and_readout(tmp_path: Path, name: str) -> None:
    said = next((how for end, how in HOW.items() if name.endswith(f"_{end}")), {})
    how = {"source": name.split("_")[0]} | said
    found = differing(tmp_path, name, **how)
    assert found.wrong == 0
    assert found.there > 50
    assert found.readout < 1e-5
    assert 0 <= found.membrane < 1e-5


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("snntorch_leaky_subtract", {"later": 1}),
        ("snntorch_leaky_zero", {"before": False}),
        ("norse_lif", {"later": 1}),
        ("sinabs_iaf", {"before": True}),
        ("rockpool_lif", {"before": True}),
        ("spyx_lif", {"later": 0}),
        ("spyx_cubalif", {"before": False}),
    ],
)
def test_membranes_of_another_moment_are_other_ones(
    tmp_path: Path, name: str, moment: dict[str, Any]
) -> None:
    how = {"reset": "value"} if name.endswith("zero") else {}
    found = differing(tmp_path, name, source=name.split("_")[0], **how, **moment)
    assert found.wrong == 0
    assert found.membrane > 0.01


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
        ("snntorch_leaky_none", {"source": "snntorch"}),
        ("snntorch_leaky_subtract", {"source": "snntorch", "reset": "none"}),
        ("spyx_lif", {"source": "spyx", "reset": "subtract"}),
        ("spyx_cubalif", {"source": "spyx", "reset": "subtract-late"}),
        ("spyx_rlif", {"source": "generic", "dt": 1}),
    ],
)
def test_other_conventions_are_other_networks(tmp_path: Path, name: str, how: dict[str, str]) -> None:
    assert differing(tmp_path, name, **how).wrong > 10


def test_neurons_that_fire_several_times_in_a_step_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.nir"
    content, stored = held(SEVERAL)
    path.write_bytes(content)
    counts = {key.removeprefix("counts."): values for key, values in stored.items() if "counts" in key}
    x = np.unpackbits(stored["x"], axis=1)[:, :16]
    assert max(values.max() for values in counts.values()) > 1
    np.savez(tmp_path / "x.npz", x=x)
    np.savez(tmp_path / "theirs.npz", **counts)
    with pytest.raises(DataError, match="fire several times in a step"):
        check_nir(path, tmp_path / "x.npz", tmp_path / "theirs.npz", source="sinabs")
    made = import_nir(path, source="sinabs")
    assert any("several times in a step" in note for note in made.notes)
