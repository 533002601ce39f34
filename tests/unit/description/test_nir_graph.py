"""NIR in and out: the same network comes back, and what cannot run is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip.cores.raster_file import load_arrays
from neurochip.description.nir_graph import from_nir, read_nir, to_nir
from neurochip.description.spiking import SpikingNetwork, read_spiking
from neurochip.errors import CapabilityError, ConfigError, DataError, NeurochipError
from neurochip.exporting import write_network

from ...property.test_spiking_equals_oracle import drawn


def same(one: SpikingNetwork, other: SpikingNetwork) -> None:
    assert [g.name for g in one.groups] == [g.name for g in other.groups]
    for a, b in zip(one.groups, other.groups, strict=True):
        assert (a.kind, a.size, a.reset, a.refractory, a.metadata) == (
            b.kind,
            b.size,
            b.reset,
            b.refractory,
            b.metadata,
        )
        assert set(a.parameters) == set(b.parameters)
        assert all(np.array_equal(a.parameters[key], b.parameters[key]) for key in a.parameters)
    key = lambda c: (c.target, c.source)  # noqa: E731
    for p, q in zip(sorted(one.connections, key=key), sorted(other.connections, key=key), strict=True):
        assert (p.source, p.target, p.metadata) == (q.source, q.target, q.metadata)
        for x, y in ((p.weights, q.weights), (p.bias, q.bias)):
            if x is None or y is None:
                assert x is None and y is None
            else:
                assert x.dtype == y.dtype and np.array_equal(x, y)
    assert (one.outputs, one.dt, one.method, one.metadata) == (
        other.outputs,
        other.dt,
        other.method,
        other.metadata,
    )


def plain(network: SpikingNetwork) -> SpikingNetwork:
    """Return it without what NIR has two spellings for: a bias on a connection without weights."""
    from dataclasses import replace

    return replace(
        network,
        connections=tuple(
            replace(c, bias=None, name="") if c.weights is None else c for c in network.connections
        ),
    )


@given(seed=st.integers(0, 10**6), exact=st.booleans())
@settings(max_examples=30, deadline=None)
def test_import_of_export_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, exact: bool
) -> None:
    network = plain(drawn(seed, "exact" if exact else "euler")[0])
    same(from_nir(to_nir(network)), network)
    folder = tmp_path_factory.mktemp("nir")
    write_network(network, folder / "x.nir")
    same(read_nir(folder / "x.nir"), network)
    write_network(network, folder / "x.npz")
    same(read_spiking("x.npz", load_arrays(folder / "x.npz")), network)


def chain(**changes: Any) -> nir.NIRGraph:
    """Return Input → Affine → LIF → Linear → LI → Output as another tool would write it."""
    ones = np.ones(4)
    nodes: dict[str, Any] = {
        "input": nir.Input(input_type={"input": np.array([3])}),
        "fc1": nir.Affine(weight=np.arange(12.0).reshape(4, 3), bias=np.arange(4.0)),
        "lif1": nir.LIF(tau=ones * 0.02, r=ones, v_leak=ones * 0, v_threshold=ones),
        "fc2": nir.Linear(weight=np.arange(8.0).reshape(2, 4)),
        "li": nir.LI(tau=np.ones(2) * 0.01, r=np.ones(2), v_leak=np.zeros(2)),
        "output": nir.Output(output_type={"output": np.array([2])}),
    }
    edges = [("input", "fc1"), ("fc1", "lif1"), ("lif1", "fc2"), ("fc2", "li"), ("li", "output")]
    edges += changes.pop("edges", [])
    dropped = changes.pop("dropped", [])
    nodes |= changes
    return nir.NIRGraph(nodes, [e for e in edges if e not in dropped], type_check=False)


def test_a_graph_of_another_tool() -> None:
    network = from_nir(chain(), dt=1e-3)
    assert [(g.name, g.kind, g.size) for g in network.groups] == [
        ("input", "Input", 3), ("lif1", "LIF", 4), ("li", "LI", 2),
    ]  # fmt: skip
    first, second = network.connections
    assert (first.name, first.source, first.target) == ("fc1", "input", "lif1")
    # NIR has [out, in].
    assert first.weights is not None and first.weights.tolist() == np.arange(12.0).reshape(4, 3).T.tolist()
    assert first.bias is not None and first.bias.tolist() == [0, 1, 2, 3]
    assert (second.source, second.target, second.bias) == ("lif1", "li", None)
    assert (network.outputs, network.dt, network.method) == ({"output": "li"}, 1e-3, "euler")
    assert network.group("lif1").parameters["v_reset"].tolist() == [0] * 4


def test_flatten_after_the_input() -> None:
    graph = chain(
        input=nir.Input(input_type={"input": np.array([1, 3])}),
        flat=nir.Flatten(input_type={"input": np.array([1, 3])}, start_dim=0, end_dim=-1),
        edges=[("input", "flat"), ("flat", "fc1")], dropped=[("input", "fc1")],
    )  # fmt: skip
    network = from_nir(graph, dt=1e-3)
    assert network.sizes == (3, 4, 2)
    assert [(c.source, c.target) for c in network.connections] == [("input", "lif1"), ("lif1", "li")]


def conv() -> Any:
    return nir.Conv2d(
        input_shape=(8, 8),
        weight=np.ones((1, 1, 3, 3)),
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=np.zeros(1),
    )


ones = np.ones(4)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"conv1": conv()}, "Conv2d (node 'conv1'): hears 0 nodes; one is what a matrix of this chip joins"),
    ({"conv1": conv(), "edges": [("input", "conv1"), ("conv1", "lif1")]},
     "Conv2d (node 'conv1'): takes (channels, height, width), and gets (3,)"),
    ({"d": nir.Delay(delay=ones)},
     "Delay (node 'd'): every connection of this chip takes one tick, and no other delay is there"),
    ({"s": nir.Scale(scale=ones)},
     "Scale (node 's'): scaling is not a connection of its own here; multiply it into the weights"),
    ({"t": nir.Threshold(threshold=ones)},
     "Threshold (node 't'): a threshold without a membrane is no neuron of this chip; use an IF"),
    ({"rnn": chain()},
     "NIRGraph (node 'rnn'): a graph within a graph is not taken apart; flatten it before"),
    ({"a": nir.Linear(weight=np.ones((4, 4))), "b": nir.Linear(weight=np.ones((4, 4))),
      "edges": [("a", "b"), ("b", "a")]},
     "Linear (node 'a'): stands on no way from a group of neurons to another; remove it"),
    ({"edges": [("input", "fc2")]},
     "Linear (node 'fc2'): hears 2 nodes; one is what a matrix of this chip joins"),
    ({"output2": nir.Output(output_type={"output": np.array([4])}), "edges": [("fc1", "output2")]},
     "Affine (node 'fc1'): is heard by 2 nodes; one is what a matrix of this chip joins"),
    ({"lif1": nir.LIF(tau=np.ones(()), r=np.ones(()), v_leak=np.zeros(()), v_threshold=np.ones(()))},
     "LIF (node 'lif1'): has neurons without a shape; give its parameters one value for each neuron"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_what_cannot_run_is_refused_by_name(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CapabilityError) as caught:
        from_nir(chain(**changes), dt=1e-3)
    assert str(caught.value) == sentence


WRONG: list[tuple[dict[str, Any], float | None, str]] = [
    ({}, None, "dt: is missing; NIR is in continuous time, so say how long a tick is, in seconds"),
    ({}, 0.0, "dt: must be > 0 seconds, got 0"),
    ({}, 0.05,
     "lif1.tau: is 0.02 s, shorter than dt = 0.05 s, where Euler overshoots; use a shorter dt or method = \"exact\""),
    ({"input2": nir.Input(input_type={"input": np.array([3])})}, 1e-3,
     "nir: must have one Input, got 2 (input, input2)"),
    ({"fc2": nir.Linear(weight=np.ones((2, 5)))}, 1e-3, "fc2: must have shape (4, 2), got (5, 2)"),
    ({"lif1": nir.LIF(tau=ones, r=ones, v_leak=ones, v_threshold=ones)}, 1e-3,
     "lif1.v_threshold[0]: must exceed the potential at rest, 1, got 1"),
    ({"lif1": nir.LIF(tau=-ones, r=ones, v_leak=0 * ones, v_threshold=ones)}, 1e-3, "lif1.tau: must be > 0, got -1"),
    ({"lif1": nir.LIF(tau=ones, r=ones * np.nan, v_leak=0 * ones, v_threshold=ones)}, 1e-3,
     "lif1.r: must be finite"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "dt", "sentence"), WRONG)
def test_wrong_numbers(changes: dict[str, Any], dt: float | None, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_nir(chain(**changes), dt=dt)
    assert str(caught.value) == sentence


def test_metadata_comes_through() -> None:
    graph = chain()
    graph.metadata = {"author": "me", "version": np.int64(3)}
    graph.nodes["lif1"].metadata = {"layer": "first"}
    network = from_nir(graph, dt=1e-3)
    assert network.metadata == {"author": "me", "version": 3}
    back = to_nir(network)
    assert back.nodes["lif1"].metadata == {"layer": "first"}
    assert back.metadata["author"] == "me"


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"no NIR"])
def test_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.nir"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_nir(path)
    assert str(caught.value).startswith(f"{path}: is damaged or not a NIR graph (")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NeurochipError) as caught:
        read_nir(tmp_path / "x.nir")
    assert str(caught.value) == f"{tmp_path / 'x.nir'}: no such file; name a .nir"
