"""Arrays by any name: taken where a file can mean only one thing, else refused with the names that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.data import DataSpec, load
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import DataError
from neurochip.inference.inferring import read_samples
from neurochip.inference.input_files import network_input
from neurochip.inference.quantising import calibration

Y = np.arange(20) % 2
X = np.where(Y[:, None] == 0, [0.1, 0.2, 0.9], [0.9, 0.8, 0.1])
BITS = (np.arange(8).reshape(4, 2) % 3 == 0).astype(np.uint8)


def stored(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_inputs_of_any_name_beside_labels(tmp_path: Path) -> None:
    named = load(DataSpec(file=str(stored(tmp_path / "named.npz", x=X, labels=Y))))
    other = {"about": np.array(["a", "b"]), "ids": np.arange(20), "Rates": X, "centres": X[:3]}
    found = load(DataSpec(file=str(stored(tmp_path / "other.npz", labels=Y, **other))))
    assert np.array_equal(found.train.inputs, named.train.inputs)
    with h5py.File(tmp_path / "deep.h5", "w") as file:
        file["recorded/rates"], file["y"] = X, Y
    assert np.array_equal(load(DataSpec(file=str(tmp_path / "deep.h5"))).train.inputs, named.train.inputs)


@pytest.mark.parametrize(
    ("arrays", "names"),
    [
        ({"a": X, "b": X, "y": Y}, "a, b, y"),  # either
        ({"a": X[:9], "y": Y}, "a, y"),  # other samples
        ({"a": X, "b": Y}, "a, b"),  # no labels by name: b may be anything
        ({"y": Y}, "y"),
    ],
)
def test_what_may_mean_several_things_is_refused(tmp_path: Path, arrays: dict[str, Any], names: str) -> None:
    path = stored(tmp_path / "f.npz", **arrays)
    with pytest.raises(DataError) as caught:
        load(DataSpec(file=str(path)))
    assert str(caught.value).startswith(
        f"{path}: has the arrays {names}; name the arrays of inputs and targets"
    )


def network() -> SpikingNetwork:
    given = {"r": np.ones(2), "v_threshold": np.ones(2), "v_reset": np.zeros(2)}
    groups = (
        NeuronGroup(name="in", kind="Input", size=2),
        NeuronGroup(name="out", kind="IF", size=2, parameters=given),
    )
    connections = (Connection(name="w", source="in", target="out", weights=np.eye(2)),)
    return SpikingNetwork(groups=groups, connections=connections)


def test_the_input_of_a_network(tmp_path: Path) -> None:
    made = network()
    for name in ("spikes", "x", "anything", "arr_0"):
        [found] = network_input(stored(tmp_path / "f.npz", **{name: BITS}), made).spikes
        assert np.array_equal(found.array(), BITS)
    with pytest.raises(DataError) as caught:
        network_input(stored(tmp_path / "f.npz", a=BITS, b=BITS), made)
    assert str(caught.value) == (
        f"{tmp_path / 'f.npz'}: has the arrays a, b; call the one with the input spikes.0"
    )
    for beside in ({"spikes.0": BITS, "extra": BITS}, {"x": BITS, "spikes.1": BITS}, {"weights.0": BITS}):
        with pytest.raises(DataError, match="f.npz: "):
            network_input(stored(tmp_path / "f.npz", **beside), made)


def test_labelled_samples_of_a_network(tmp_path: Path) -> None:
    samples = np.stack([BITS, 1 - BITS, BITS])
    for name in ("spikes", "rasters"):
        path = stored(tmp_path / "f.npz", **{name: samples, "labels": np.array([0, 1, 0])})
        assert np.array_equal(read_samples(path).spikes, samples)
        assert np.array_equal(calibration(path, network())[0], samples.reshape(-1, 2))
    with pytest.raises(DataError, match=r"must have spikes .* has labels, a, b$"):
        read_samples(stored(path, labels=np.array([0, 1, 0]), a=samples, b=samples))
