"""State dicts that are read in their order, and those that are refused: in one sentence that names the array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description.state_dict import import_state_dict
from neurochip.errors import NeurochipError
from neurochip.files import Foreign
from neurochip.files.safetensors import read_safetensors
from tests.unit.description.state_dicts import safetensors_of


def weights(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype("f4")


def leaky(name: str, beta: Any = 0.9, threshold: Any = 1.0) -> dict[str, Any]:
    return {f"{name}.beta": np.float32(beta), f"{name}.threshold": np.float32(threshold)}


def read(folder: Path, arrays: dict[str, Any], **how: Any) -> Any:
    (folder / "x.safetensors").write_bytes(safetensors_of(arrays))
    return import_state_dict(folder / "x.safetensors", **how)


def order(network: Any) -> list[tuple[str, str]]:
    return [(c.name, c.target) for c in network.connections]


def test_numbers_go_before_letters(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {}
    for k in range(1, 12):
        arrays |= {f"fc{k}.weight": weights(3, 3, seed=k)} | leaky(f"lif{k}", k / 20)
    network, notes = read(tmp_path, arrays, dt=1.0)
    assert order(network) == [(f"fc{k}", f"lif{k}") for k in range(1, 12)]
    assert np.array_equal(network.connections[1].weights, weights(3, 3, seed=2).T)
    tau = network.group("lif11").parameters["tau"]
    assert tau == pytest.approx(1 / (1 - 11 / 20))
    assert "fc10 (lif10) → fc11 (lif11)" in notes[0]


def test_sizes_order_what_names_do_not(tmp_path: Path) -> None:
    arrays = {"a.weight": weights(2, 4), "b.weight": weights(4, 3)}
    arrays |= leaky("x", [0.5] * 2) | leaky("y", [0.6] * 4)
    assert order(read(tmp_path, arrays)[0]) == [("b", "y"), ("a", "x")]
    square = arrays | {"a.weight": weights(3, 3), "b.weight": weights(3, 3)}
    with pytest.raises(NeurochipError, match=r"in which order a, b come.*numpy\.savez"):
        read(tmp_path, square)
    np.savez(
        tmp_path / "x.npz",
        **{"b.weight": weights(3, 3), **leaky("y"), "a.weight": weights(3, 3), **leaky("x")},
    )  # type: ignore[arg-type]
    assert order(import_state_dict(tmp_path / "x.npz")[0]) == [("b", "y"), ("a", "x")]


def test_neurons_that_could_stand_in_either_place(tmp_path: Path) -> None:
    arrays = {"fc1.weight": weights(4, 3), "fc2.weight": weights(2, 4)}
    same = read(tmp_path, arrays | leaky("first") | leaky("last"))[0]
    assert order(same) == [("fc1", "first"), ("fc2", "last")]
    with pytest.raises(NeurochipError, match="in which order first, last come"):
        read(tmp_path, arrays | leaky("first", 0.5) | leaky("last"))


def test_a_sequential_with_layers_without_neurons(tmp_path: Path) -> None:
    arrays = {"0.weight": weights(4, 3), "2.weight": weights(2, 4)} | leaky("1", 0.5)
    network, _ = read(tmp_path, arrays, leaky=(2.0, 0.25), dt=1.0)
    assert order(network) == [("0", "1"), ("2", "2.leaky")]
    assert network.group("2.leaky").parameters["v_threshold"].tolist() == [2.0, 2.0]
    assert network.group("2.leaky").parameters["tau"] == pytest.approx(4 / 3)
    assert network.group("1").parameters["tau"] == pytest.approx(2)


def test_ends_of_beta(tmp_path: Path) -> None:
    arrays = {"0.weight": weights(3, 3)} | leaky("1", [-0.5, 1.0, 1.5])
    group = read(tmp_path, arrays, dt=0.5)[0].groups[1]
    assert group.parameters["tau"].tolist() == [0.5, np.inf, np.inf]
    assert group.parameters["r"].tolist() == [1.0, 2.0, 2.0]


GOOD = {"0.weight": weights(4, 3), "0.bias": weights(4)} | leaky("1")


@pytest.mark.parametrize(
    ("change", "how", "said"),
    [
        ({"0.weight": weights(4, 3, 5, 5)}, {}, "0.weight: is of a convolution, whose stride.*by NIR"),
        ({"0.weight": weights(4)}, {}, r"0.weight: has shape \(4,\)"),
        ({"1.alpha": np.float32(0.5)}, {}, "1.alpha: belongs to no layer.*by NIR"),
        ({"1.recurrent.weight": weights(4, 4)}, {}, "1.recurrent.weight: is of recurrent neurons"),
        ({"0.running_mean": weights(4)}, {}, "0.running_mean: belongs to no layer"),
        ({"2.weight": weights(4, 5)} | leaky("3"), {}, "2.weight: takes 5 units, and '0' before it gives 4"),
        ({"2.weight": weights(2, 4)}, {}, "2: has no beta of its neurons; give --leaky THRESHOLD BETA"),
        ({"2.beta": np.float32(1)}, {}, "2: are neurons that follow no linear layer"),
        (
            {"3.weight": weights(4, 4), "4.weight": weights(2, 4)} | leaky("2"),
            {},
            "2: are neurons that follow no",
        ),
        ({"out.beta": np.float32(1)}, {}, "has 1 linear layers and 2 of neurons"),
        ({"1.beta": weights(3)}, {}, r"1.beta: must be one number or 4, one a neuron, got shape \(3,\)"),
        ({"1.beta": np.float32("nan")}, {}, "1.beta: must be finite"),
        ({"1.reset_mechanism_val": np.int64(3)}, {}, "1.reset_mechanism_val: must be 0, 1 or 2"),
        ({"1.reset_mechanism_val": np.int64(2)}, {"reset": "value"}, "--reset: contradicts 1.reset_mech"),
        ({"1.reset_mechanism_val": np.int64(1)}, {"reset": "subtract"}, "--reset: contradicts 1.reset_mech"),
        ({"1.graded_spikes_factor": np.float32(2)}, {}, "1.graded_spikes_factor: is not 1; multiply"),
        ({"0.weight": weights(4, 3) * np.inf}, {}, "0.weight: must be finite"),
        ({"0.bias": weights(3)}, {}, "bias: must be 4 finite numbers"),
        ({}, {"leaky": (1.0, 0.5)}, "--leaky: is for layers without"),
    ],
)
def test_refusals(tmp_path: Path, change: Any, how: Any, said: str) -> None:
    read(tmp_path, GOOD)  # nothing else is wrong
    with pytest.raises(NeurochipError, match=f"^{tmp_path}/x.safetensors: .*{said}"):
        read(tmp_path, GOOD | change, **how)


def test_types(tmp_path: Path) -> None:
    there = {
        "a": weights(3, 2),
        "b": np.float64(0.1),
        "c": np.zeros((0, 4), "f2"),
        "d": np.array([True, False]),
    }
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors_of(there))
    found = read_safetensors(Foreign(path, "arrays", ""))
    assert found.keys() == there.keys()
    for name, values in there.items():
        assert found[name].dtype == np.asarray(values).dtype
        assert np.array_equal(found[name], values)
    # The upper half of a float32.
    path.write_bytes(
        safetensors_of(
            {"a": np.zeros((2, 2), "u1")}, a={"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}
        )
    )
    content = path.read_bytes()
    path.write_bytes(content[:-4] + bytes.fromhex("c03f20c1"))
    assert read_safetensors(Foreign(path, "arrays", ""))["a"].tolist() == [1.5, -10.0]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 2**62]},
            "declares 1152921504606846976 of F32",
        ),
        (
            {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]},
            "declares 3 of F32, 12 bytes, in bytes 0 to 16",
        ),
        ({"dtype": "F32", "shape": [3], "data_offsets": [4, 16]}, "those from 0 on are free"),
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}, "4 bytes that belong to no array"),
        ({"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}, "shape"),
        ({"dtype": "F8_E4M3", "shape": [16], "data_offsets": [0, 16]}, "elements of type 'F8_E4M3'"),
        ({"dtype": "BOOL", "shape": [16], "data_offsets": [0, 16]}, "neither 0 nor 1"),
        ({"dtype": "F32", "shape": [4]}, "data_offsets"),
    ],
)
def test_headers_are_not_believed(tmp_path: Path, said: Any, problem: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors_of({"a": weights(4)}, a=said))
    with pytest.raises(NeurochipError, match=problem):
        read_safetensors(Foreign(path, "arrays", ""))
    path.write_bytes(safetensors_of({"a": weights(4)}))
    read_safetensors(Foreign(path, "arrays", ""))


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0", b"\xff" * 8 + b"{}", b"\2\0\0\0\0\0\0\0{}abc"])
def test_no_such_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(NeurochipError, match="is damaged or not"):
        import_state_dict(path)


def test_no_and_yes_are_weights_of_0_and_1(tmp_path: Path) -> None:
    made = np.random.default_rng(2).random((4, 3)) < 0.5
    found, *_ = read(tmp_path, {"0.weight": made} | leaky("1"))
    whole, *_ = read(tmp_path, {"0.weight": made.astype(np.float32)} | leaky("1"))
    assert np.array_equal(found.connections[0].weights, whole.connections[0].weights)
