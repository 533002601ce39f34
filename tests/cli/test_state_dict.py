"""`neurochip import` of a state_dict, and a run of it."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from .conftest import Run, Workplace

FILES = Path(__file__).parents[1] / "golden" / "state_dicts"


def test_import_and_run(run: Run, place: Workplace) -> None:
    made = run("import", FILES / "subtracting.safetensors", "net.npz")
    assert made.exit_code == 0
    assert "taken as fc1 (lif1) → fc2 (lif2)" in made.stderr
    assert "fc1" not in made.stdout and "input → lif1: dense, 320 synapses" in made.stdout
    with np.load(FILES / "subtracting.npz") as stored:
        x = np.unpackbits(stored["x"], axis=1)[:, :20]
        wanted = np.unpackbits(stored["s.lif2"], axis=1)[:, :4]
    np.savez(place.folder / "in.npz", **{"spikes.0": x})
    result = run("simulate", "net.npz", "--replay", "in.npz", "--chip", "ideal-bits", "--out", "made")
    assert result.exit_code == 0, result.output
    with np.load(place.folder / "made" / "spikes.npz") as kept:
        shape = tuple(kept["spikes.2.shape"])
        spikes = np.unpackbits(kept["spikes.2"])[: np.prod(shape)].reshape(shape)
    assert np.array_equal(spikes[2 : len(x)], wanted[:-2])
    assert not np.array_equal(spikes[1 : len(x)], wanted[:-1])  # it is two ticks late, and not one


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("net.pt", "o.npz"), "is a pickle, which runs code of its writer when it is read; write it with safe"),
        (("no.safetensors", "o.npz"), "no.safetensors: no such file; write it with safetensors.torch.save_file"),
        ((FILES / "zeroing.safetensors", "o.npz", "--leaky", "1", "0.5"), "--leaky: is for layers without"),
        ((FILES / "zeroing.safetensors", "o.npz", "--from", "norse"), "takes no other --from or --method"),
        ((FILES / "zeroing.safetensors", "o.npz", "--input", "in.npz"), "--input needs --arch"),
        (("net.nir", "o.npz", "--leaky", "1", "0.5"), "--leaky is for a state_dict"),
    ],
)  # fmt: skip
def test_refusals(run: Run, place: Workplace, args: tuple[str | Path, ...], said: str) -> None:
    (place.folder / "net.pt").write_bytes(pickle.dumps({"fc.weight": [1.0]}))
    result = run("import", *args)
    assert result.exit_code in (2, 3)
    assert said in " ".join(result.stderr.split())
    assert "o.npz" not in place.files()
