"""State dicts of snnTorch: every spike as snnTorch has it, later by the layer's depth.

`python -m tests.golden.making.state_dicts` makes them; the versions of the packages stand in each file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description.state_dict import import_state_dict
from neurochip.files import Foreign
from neurochip.files.safetensors import read_safetensors
from neurochip.replays.spiking import run_spiking

FILES = Path(__file__).parent / "state_dicts"


def differing(path: Path, name: str, **how: Any) -> tuple[int, int]:
    """Return spikes that differ from the tool's, and spikes that there are, of both layers."""
    with np.load(FILES / f"{name}.npz") as stored:
        wanted = dict(stored)
    network, _ = import_state_dict(path, **how)
    assert network.sizes == (20, 16, 4)
    x = np.unpackbits(wanted["x"], axis=1)[:, :20]
    run = run_spiking(network, x, "ideal-bits")
    wrong = there = 0
    for late, group in enumerate(network.groups[1:], start=1):
        spikes = np.unpackbits(wanted[f"s.{group.name}"], axis=1)[: len(x) - late, : group.size]
        wrong += int((run.replay.spikes[late][late:] != spikes).sum())
        there += int(spikes.sum())
    return wrong, there


def arrays(name: str) -> dict[str, Any]:
    return read_safetensors(Foreign(FILES / f"{name}.safetensors", "a state_dict", ""))


@pytest.mark.parametrize("name", ["subtracting", "zeroing"])
@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_every_spike(tmp_path: Path, name: str, suffix: str) -> None:
    path = FILES / f"{name}.safetensors"
    if suffix == ".npz":
        path = tmp_path / "net.npz"
        held = arrays(name)
        np.savez(path, **{key: held[key] for key in sorted(held)})
    wrong, there = differing(path, name)
    assert wrong == 0
    assert there > 200


def test_neurons_by_option_are_those_of_the_file(tmp_path: Path) -> None:
    held = arrays("subtracting")
    taken = {k: v for k, v in held.items() if k not in ("lif2.threshold", "lif2.beta")}
    np.savez(tmp_path / "net.npz", **taken)
    # β is stored as the float32 next to 0.75, which is 0.75
    assert differing(tmp_path / "net.npz", "subtracting", leaky=(float(np.float32(0.4)), 0.75))[0] == 0
    assert differing(tmp_path / "net.npz", "subtracting", leaky=(0.4, 0.5))[0] > 10


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("lif1.beta", lambda v: v - 0.1),
        ("lif2.threshold", lambda v: v * 1.2),
        ("fc1.bias", lambda v: -v),
        ("fc1.weight", lambda v: v.T.reshape(v.shape)),  # [in, out] taken for [out, in]
        ("lif1.reset_mechanism_val", lambda v: v + 1),
    ],
)
def test_another_network_differs(tmp_path: Path, key: str, change: Any) -> None:
    held = arrays("subtracting")
    held[key] = change(held[key])
    np.savez(tmp_path / "net.npz", **held)
    assert differing(tmp_path / "net.npz", "subtracting")[0] > 10


def test_a_reset_that_acts_at_once_differs() -> None:
    assert differing(FILES / "subtracting.safetensors", "subtracting", reset="subtract")[0] > 10
