"""NIR in and out: the same network comes back, and what cannot run is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip.cores.raster_file import load_arrays
from neurochip.description.nir.export import to_nir
from neurochip.description.nir.graph import from_nir, read_nir
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.description.spiking_file import read_spiking
from neurochip.elements.connections import OneToOne, Sparse
from neurochip.errors import CapabilityError, ConfigError, DataError, NeurochipError
from neurochip.replays.spiking import run_spiking
from neurochip.runs.exporting import write_network

from ...property.test_spiking_equals_oracle import drawn


def same(one: SpikingNetwork, other: SpikingNetwork) -> None:
    assert [g.name for g in one.groups] == [g.name for g in other.groups]
    for a, b in zip(one.groups, other.groups, strict=True):
        for key in (
            "kind",
            "size",
            "reset",
            "refractory",
            "fires_when",
            "start",
            "begins",
            "shape",
            "metadata",
        ):
            assert getattr(a, key) == getattr(b, key), key
        assert set(a.parameters) == set(b.parameters)
        assert all(np.array_equal(a.parameters[key], b.parameters[key]) for key in a.parameters)
    key = lambda c: (c.target, c.source)  # noqa: E731
    for p, q in zip(sorted(one.connections, key=key), sorted(other.connections, key=key), strict=True):
        assert (p.name, p.source, p.target, p.metadata, p.delay) == (
            q.name, q.source, q.target, q.metadata, q.delay
        )  # fmt: skip
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
    return replace(
        network,
        connections=tuple(replace(c, bias=None) if c.weights is None else c for c in network.connections),
    )


def test_what_has_two_connections_between_the_same_groups_comes_back() -> None:
    """NIR's edges are a set, and names of nodes are free or taken: what stands there twice needs nodes of its own."""
    head, body = NeuronGroup(name="in", kind="Input", size=3), drawn(1)[0].groups[1]
    body = replace(
        body, name="w", size=3, parameters={k: np.resize(v, 3) for k, v in body.parameters.items()}, begins=1
    )
    ways = [
        Connection(name="", source="in", target="w", weights=None),
        Connection(name="", source="in", target="w", weights=None),
        Connection(name="", source="in", target="w", weights=None, delay=3, metadata={"a": 1}),
        Connection(name="w", source="in", target="w", weights=np.eye(3)),
        Connection(name="w", source="w", target="w", weights=np.array([0.0, 2, 0]), connectivity=OneToOne(3, 3)),
        Connection(
            name="out", source="w", target="w", weights=np.array([0.0, 1, 0]), delay=2,
            connectivity=Sparse.from_pairs(3, 3, [0, 1, 2], [1, 1, 0])[0],
        ),
    ]  # fmt: skip
    network = SpikingNetwork(groups=(head, body), connections=tuple(ways), outputs={"out": "w", "in": "w"})
    back = from_nir(to_nir(network))
    assert len(back.connections) == 6
    for one, other in zip(network.connections, back.connections, strict=True):
        assert (one.name, one.delay, one.metadata) == (other.name, other.delay, other.metadata)
        for a, b in zip(one.joined(3), other.joined(3), strict=True):
            if isinstance(a, Sparse):
                assert (a.offsets == b.offsets).all() and (a.ends == b.ends).all()
            else:
                assert np.array_equal(a, b)
    assert dict(back.outputs) == {"out": "w", "in": "w"}
    raster = (np.random.default_rng(0).random((40, 3)) < 0.4).astype(np.uint8)
    spikes = [run_spiking(one, raster, "ideal-bits").replay.spikes[1] for one in (network, back)]
    assert spikes[0].any() and np.array_equal(*spikes)


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
    ({"conv1": conv()},
     "Conv2d (node 'conv1'): stands on no way from a group of neurons to another; remove it"),
    ({"conv1": conv(), "edges": [("conv1", "lif1")]},
     "Conv2d (node 'conv1'): receives from no node; join it to what it is to receive from, or remove it"),
    ({"conv1": conv(), "edges": [("lif1", "conv1"), ("conv1", "li")]},
     "Conv2d (node 'conv1'): takes (channels, height, width), and gets (4,)"),
    ({"a": nir.Linear(weight=np.ones((4, 4))), "b": nir.Linear(weight=np.ones((4, 4))),
      "edges": [("a", "b"), ("b", "a")]},
     "Linear (node 'a'): stands on no way from a group of neurons to another; remove it"),
    ({"a": nir.Linear(weight=np.ones((4, 4))), "b": nir.Linear(weight=np.ones((4, 4))),
      "edges": [("a", "b"), ("b", "a"), ("b", "lif1")]},
     "Linear (node 'a'): receives from itself without neurons between"),
    ({"out2": nir.Output(output_type={"output": np.array([4])})},
     "Output (node 'out2'): receives from no node; join it to what is to be read out"),
    ({"x": nir.Linear(weight=np.ones((2, 2, 4))), "edges": [("lif1", "x"), ("x", "li")]},
     "Linear (node 'x'): has weights in shape (2, 2, 4); they must be [out, in]"),
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
    ({"edges": [("input", "fc2")]}, 1e-3, "fc2: must receive as many units from all, got 4 and 3"),
    ({"edges": [("input", "absent")]}, 1e-3,
     "edges: has an edge with 'absent', and there is no such node; there are input, fc1, lif1, fc2, li, output"),
    ({"d": nir.Delay(delay=-ones), "edges": [("lif1", "d"), ("d", "fc2")]}, 1e-3,
     "d.delay: must be finite and not negative"),
    ({"s": nir.Scale(scale=np.ones(5)), "edges": [("lif1", "s"), ("s", "lif1")]}, 1e-3,
     "s.scale: must be one number, or one for each of 4 units (4,), got (5,)"),
    ({"fc2": nir.Linear(weight=np.ones((2, 5)))}, 1e-3, "fc2: must have shape (4, 2), got (5, 2)"),
    ({"lif1": nir.LIF(tau=-ones, r=ones, v_leak=0 * ones, v_threshold=ones)}, 1e-3, "lif1.tau: must be > 0, got -1"),
    ({"lif1": nir.LIF(tau=ones, r=ones * np.nan, v_leak=0 * ones, v_threshold=ones)}, 1e-3,
     "lif1.r: must be finite"),
    ({"lif1": nir.LIF(tau=ones, r=ones, v_leak=0 * ones, v_threshold=ones * np.inf)}, 1e-3,
     "lif1.v_threshold: must be finite; neurons that never fire are LI, which has no threshold"),
    ({"lif1": nir.LIF(tau=ones, r=ones, v_leak=0 * ones, v_threshold=ones * np.nan)}, 1e-3,
     "lif1.v_threshold: must be finite"),
    ({"lif1": nir.LIF(tau=ones * 0.00099999, r=ones, v_leak=0 * ones, v_threshold=ones)}, 1e-3,
     "lif1.tau: is 0.00099999 s, shorter than dt = 0.001 s, where Euler overshoots; use a shorter dt or method = "
     "\"exact\""),
    ({"lif1": nir.LIF(tau=ones * 0.0009999996, r=ones, v_leak=0 * ones, v_threshold=ones)}, 1e-3,
     "lif1.tau: is 0.0009999996 s, shorter than dt = 0.001 s, where Euler overshoots; use a shorter dt or method = "
     "\"exact\""),
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
    assert back.nodes["lif1"].metadata["layer"] == "first"
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
