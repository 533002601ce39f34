"""Convolutions, pooling and matrices of NIR: the synapses that they become, against arithmetic on maps."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip.cores.raster_file import load_arrays
from neurochip.description.nir.export import to_nir
from neurochip.description.nir.graph import from_nir
from neurochip.description.spiking import Connection, SpikingNetwork
from neurochip.description.spiking_file import read_spiking
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.replays.spiking import run_spiking
from neurochip.runs.exporting import write_network

Array = NDArray[Any]
RNG = np.random.default_rng(3)


def conv2d(shape: tuple[int, ...], out: int, kernel: tuple[int, int], **given: Any) -> Any:
    groups = given.pop("groups", 1)
    weight = RNG.normal(size=(out, shape[0] // groups, *kernel))
    settings = {"stride": 1, "padding": 0, "dilation": 1, "bias": RNG.normal(size=out)} | given
    return nir.Conv2d(input_shape=shape[1:], weight=weight, groups=groups, **settings)


def conv1d(shape: tuple[int, int], out: int, kernel: int, **given: Any) -> Any:
    settings = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": RNG.normal(size=out)} | given
    return nir.Conv1d(input_shape=shape[1], weight=RNG.normal(size=(out, shape[0], kernel)), **settings)


def pool(kind: str, kernel: Any, stride: Any = None, padding: Any = 0) -> Any:
    both = [np.array([v, v]) if np.ndim(v) == 0 else np.array(v) for v in (kernel, stride or kernel, padding)]
    return getattr(nir, kind)(kernel_size=both[0], stride=both[1], padding=both[2])


def applied(node: Any, x: Array) -> Array:
    """Return what a node makes of values, by its definition."""
    kind = type(node).__name__
    if kind == "Flatten":
        return x.reshape(-1)
    if kind in ("Linear", "Affine"):
        return node.weight @ x.reshape(-1) + getattr(node, "bias", 0)
    if kind == "Conv1d":
        lifted = nir.Conv2d(
            (1, x.shape[1]), node.weight[:, :, None], (1, int(node.stride)),
            node.padding if isinstance(node.padding, str) else (0, int(node.padding)),
            (1, int(node.dilation)), node.groups, node.bias,
        )  # fmt: skip
        return applied(lifted, x[:, None])[:, 0]
    pair = lambda v: np.ravel(np.broadcast_to(v, 2)).astype(int)  # noqa: E731
    spans = (
        pair(node.dilation) * (np.array(node.weight.shape[2:]) - 1) if kind == "Conv2d" else np.zeros(2, int)
    )
    named = {"same": (spans + 1) // 2, "valid": 0}
    stride = pair(node.stride)
    padding = pair(named[str(node.padding)] if np.asarray(node.padding).dtype.kind in "US" else node.padding)
    padded = np.pad(x, ((0, 0), (padding[0],) * 2, (padding[1],) * 2))
    if str(node.padding) == "same":  # the far side has one more where a kernel spans an odd number of units
        padded = padded[:, spans[0] % 2 :, spans[1] % 2 :]
    pooling = kind != "Conv2d"
    size = pair(node.kernel_size) if pooling else np.array(node.weight.shape[2:])
    dilation = np.array([1, 1]) if pooling else pair(node.dilation)
    rows, columns = (np.array(padded.shape[1:]) - dilation * (size - 1) - 1) // stride + 1
    channels = x.shape[0] if pooling else node.weight.shape[0]
    out = np.zeros((channels, rows, columns))
    for o, r, c in itertools.product(range(channels), range(rows), range(columns)):
        at = [
            slice(start, start + d * (k - 1) + 1, d)
            for start, k, d in zip((r, c) * stride, size, dilation, strict=True)
        ]
        if pooling:
            out[o, r, c] = padded[o, at[0], at[1]].sum() / (size.prod() if kind == "AvgPool2d" else 1)
        else:
            per = x.shape[0] // node.groups
            first = o // (channels // node.groups) * per
            seen = padded[first : first + per, at[0], at[1]]
            out[o, r, c] = (seen * node.weight[o]).sum() + node.bias[o]
    return out


def network_of(shape: tuple[int, ...], chain: list[Any], **given: Any) -> tuple[SpikingNetwork, Array, Array]:
    """Return Input → chain → IF, and W [pre, post] and b of the chain by its definition."""
    zero = np.zeros(shape)
    result = zero
    for node in chain:
        result = applied(node, result)
    bias, to = result.reshape(-1), result.shape
    basis = np.eye(zero.size).reshape(-1, *shape)
    rows = []
    for one in basis:
        for node in chain:
            one = applied(node, one)
        rows.append(one.reshape(-1) - bias)
    nodes: dict[str, Any] = {"in": nir.Input(input_type={"input": np.array(shape)})}
    nodes |= {f"n{k}": node for k, node in enumerate(chain)}
    nodes["if"] = nir.IF(r=np.ones(to), v_threshold=np.ones(to), v_reset=np.zeros(to))
    nodes["out"] = nir.Output(output_type={"output": np.array(to)})
    names = list(nodes)
    graph = nir.NIRGraph(nodes, list(itertools.pairwise(names)), type_check=False)
    return from_nir(graph, dt=1.0, **given), np.array(rows), bias


def matrix(network: SpikingNetwork) -> tuple[Array, Array, Connection]:
    (c,) = network.connections
    made, weights = c.joined(network.group(c.source).size)
    edges = made.edges()
    found = np.zeros((made.sources, made.targets))
    values = weights.reshape(-1)[edges.weight] if weights.size else np.ones(made.synapses)
    found[edges.source, edges.target] = values * made.scale
    return found, np.zeros(made.targets) if c.bias is None else c.bias, c


MAPS = (4, 7, 6)
CHAINS: list[tuple[str, tuple[int, ...], Any]] = [
    ("convolution", MAPS, lambda: [conv2d(MAPS, 3, (3, 2), stride=(2, 1), padding=(1, 0))]),
    ("convolution", MAPS, lambda: [conv2d(MAPS, 6, (3, 3), groups=2, dilation=2, bias=np.zeros(6))]),
    ("convolution", MAPS, lambda: [conv2d(MAPS, 2, (3, 3), padding="same")]),
    ("convolution", MAPS, lambda: [conv2d(MAPS, 2, (3, 3), padding="valid")]),
    ("sparse", MAPS, lambda: [conv2d(MAPS, 2, (2, 3), padding="same")]),
    ("sparse", (3, 9), lambda: [conv1d((3, 9), 2, 4, padding="same")]),
    ("sparse", MAPS, lambda: [conv2d(MAPS, 2, (2, 2), padding="same", dilation=(3, 2))]),
    ("convolution", (3, 9), lambda: [conv1d((3, 9), 2, 3, stride=2, padding=1)]),
    ("pooling", (2, 6, 6), lambda: [pool("SumPool2d", 2)]),
    ("pooling", (2, 7, 6), lambda: [pool("AvgPool2d", (3, 2), 2, 1)]),
    ("pooling", (2, 6, 6), lambda: [pool("AvgPool2d", 2), nir.Flatten({"input": np.array([2, 3, 3])}, 0, -1)]),
    # Pooling, then a convolution: one convolution with a larger kernel, where edges and gaps allow it.
    ("convolution", (2, 8, 8), lambda: [pool("SumPool2d", 2), conv2d((2, 4, 4), 3, (3, 3), padding=1)]),
    ("convolution", (2, 8, 8), lambda: [pool("AvgPool2d", 2), conv2d((2, 4, 4), 2, (3, 3), stride=2, groups=2)]),
    ("sparse", (2, 9, 9), lambda: [pool("SumPool2d", 2), conv2d((2, 4, 4), 3, (3, 3), padding=1)]),
    ("sparse", (1, 12, 12), lambda: [pool("SumPool2d", 2), conv2d((1, 6, 6), 2, (2, 2), dilation=2)]),
    ("sparse", (1, 12, 12), lambda: [pool("SumPool2d", 3, 2), conv2d((1, 5, 5), 2, (2, 2), padding=1)]),
    ("sparse", (1, 8, 8), lambda: [conv2d((1, 8, 8), 2, (3, 3), padding=1), pool("AvgPool2d", 2)]),
    # Matrices.
    ("dense", (2, 4, 4), lambda: [
        pool("SumPool2d", 2), nir.Flatten({"input": np.array([2, 2, 2])}, 0, -1),
        nir.Affine(RNG.normal(size=(5, 8)), RNG.normal(size=5)),
    ]),
    ("dense", (6,), lambda: [nir.Affine(RNG.normal(size=(5, 6)), np.ones(5)), nir.Linear(RNG.normal(size=(4, 5)))]),
    ("one-to-one", (5,), lambda: [nir.Linear(np.diag(RNG.normal(size=5)))]),
    ("sparse", (9,), lambda: [nir.Linear(np.eye(9) + np.eye(9, k=1))]),
    ("dense", (7,), lambda: [nir.Linear(np.eye(7) + np.eye(7, k=1))]),  # 13 of 49 are more than a quarter
    ("sparse", (5,), lambda: [nir.Linear(np.diag([1.0, 0, 2, 3, 4]))]),  # no synapse where the diagonal is 0
]  # fmt: skip


@pytest.mark.parametrize(("kind", "shape", "make"), CHAINS)
def test_a_chain_is_one_connectivity(kind: str, shape: tuple[int, ...], make: Any, tmp_path: Path) -> None:
    chain = make()
    network, weights, bias = network_of(shape, chain)
    found, moved, c = matrix(network)
    np.testing.assert_allclose(found, weights, atol=1e-12)
    np.testing.assert_allclose(moved, bias, atol=1e-12)
    made, _ = c.joined(int(np.prod(shape)))
    assert made.kind == kind
    if kind in ("convolution", "pooling"):
        assert made.synapses == np.count_nonzero(weights)
    for how in ("sparse", "dense"):
        other, _, _ = network_of(shape, chain, connectivity=how)
        np.testing.assert_allclose(matrix(other)[0], weights, atol=1e-12)
        listed, _ = other.connections[0].joined(int(np.prod(shape)))
        assert listed.kind == how
        assert how == "dense" or listed.synapses == np.count_nonzero(weights)
    # Out and in again, by both kinds of file.
    again = from_nir(to_nir(network))
    assert again.connections[0].joined(1)[0].kind == kind
    np.testing.assert_array_equal(matrix(again)[0], found)
    write_network(network, tmp_path / "x.npz")
    read = read_spiking("x.npz", load_arrays(tmp_path / "x.npz"))
    np.testing.assert_array_equal(matrix(read)[0], found)
    assert [g.shape for g in read.groups] == [g.shape for g in network.groups]


def test_what_a_file_says_of_a_connectivity_is_checked(tmp_path: Path) -> None:
    import json

    network, _, _ = network_of(MAPS, [conv2d(MAPS, 3, (3, 2))])
    write_network(network, tmp_path / "x.npz")
    arrays = dict(load_arrays(tmp_path / "x.npz"))
    text = json.loads(str(arrays["network"]))

    def refusal(**changes: Any) -> str:
        connection = text["connections"][0]
        changed = {**connection, "connectivity": {**connection["connectivity"], **changes}}
        arrays["network"] = np.array(json.dumps({**text, "connections": [changed]}))
        with pytest.raises((ConfigError, DataError)) as caught:
            read_spiking("x.npz", arrays)
        return str(caught.value)

    assert "must be one of dense, sparse, convolution, pooling, one-to-one" in refusal(kind="star")
    assert "connection.0.connectivity.kernel: spans 9" in refusal(kernel=[9, 2])
    assert "must join 168 units" in refusal(source=[4, 8, 6])
    assert "must join 168 units to 75" in refusal(channels=5)
    assert "senders: must be a range within 0 to 168" in refusal(senders=[100, 268])
    assert "does not describe a connectivity" in refusal(sides=3)


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        (conv2d(MAPS, 2, (3, 3), padding="same", stride=2),
         'n0.padding: "same" takes stride 1; say how many'),
        (conv2d(MAPS, 2, (3, 8)), "n0.kernel: spans 8, more than the width with padding, 6"),
        (pool("SumPool2d", 8), "n0.kernel: spans 8, more than the height with padding, 7"),
    ],
)  # fmt: skip
def test_refused(node: Any, sentence: str) -> None:
    nodes = {
        "in": nir.Input(input_type={"input": np.array(MAPS)}), "n0": node,
        "if": nir.IF(r=np.ones(3), v_threshold=np.ones(3)),
    }  # fmt: skip
    graph = nir.NIRGraph(nodes, [("in", "n0"), ("n0", "if")], type_check=False)
    with pytest.raises((CapabilityError, ConfigError)) as caught:
        from_nir(graph, dt=1.0)
    assert str(caught.value) == sentence


def neurons(shape: Any, threshold: float = 0.5) -> Any:
    return nir.IF(r=np.full(shape, 1.0), v_threshold=np.full(shape, threshold), v_reset=np.zeros(shape))


@pytest.mark.parametrize("edge", [True, False])
def test_one_to_one_meets_one_synapse_each(edge: bool) -> None:
    n = 4096
    nodes: dict[str, Any] = {
        "in": nir.Input(np.array([n])),
        "n": neurons(n),
        "out": nir.Output(np.array([n])),
    }
    edges = [("in", "n"), ("n", "out")]
    if not edge:
        nodes["w"] = nir.Linear(np.eye(n, dtype=np.float32))
        edges = [("in", "w"), ("w", "n"), ("n", "out")]
    spikes = np.zeros((3, n), np.uint8)
    spikes[0] = 1
    run = run_spiking(from_nir(nir.NIRGraph(nodes, edges), dt=1.0), spikes, "cmos45").replay
    assert run.counters.sops == n
    assert run.counters.packets == n  # each to the one core that has its synapse
    assert run.spikes[1].sum() == n
    # A core has 512 neurons; 4096 synapses of 32 bits are 3 % of the memory of one. An edge alone takes what a 1 does.
    assert run.placed.needs["synapse_memory"].sum() == n * (2 if edge else 32)
    assert run.placed.cores.size == 2 * n // 512


def test_two_ways_into_a_group_add_up() -> None:
    nodes = {
        "in": nir.Input(np.array([1])), "p": nir.Linear(np.array([[0.4]])), "q": nir.Linear(np.array([[0.7]])),
        "n": neurons(1, 1.0), "out": nir.Output(np.array([1])),
    }  # fmt: skip
    edges = [("in", "p"), ("in", "q"), ("p", "n"), ("q", "n"), ("n", "out")]
    spikes = np.zeros((50, 1), np.uint8)
    spikes[::5] = 1
    run = run_spiking(from_nir(nir.NIRGraph(nodes, edges), dt=1.0), spikes, "cmos45").replay
    assert (run.spikes[1].sum(), run.counters.sops, run.counters.packets) == (10, 10, 10)


def network_of_maps() -> tuple[Any, list[tuple[Array, Array]]]:
    """Return a network of the shapes of the NIR paper's for N-MNIST, with weights drawn here, and its matrices."""
    c0 = conv2d((2, 34, 34), 16, (5, 5), stride=2, padding=1)
    c1 = conv2d((16, 16, 16), 16, (3, 3), padding=1)
    c2 = conv2d((16, 8, 8), 8, (3, 3), padding=1)
    f3, f4 = (nir.Affine(RNG.normal(size=s), RNG.normal(size=s[0])) for s in ((256, 128), (10, 256)))
    for node, scale in ((c0, 0.2), (c1, 0.12), (c2, 0.1), (f3, 0.1), (f4, 0.1)):
        node.weight = (node.weight * scale).astype(np.float32)
        node.bias = (node.bias * 0.02).astype(np.float32)
    nodes = {
        "input": nir.Input(np.array([2, 34, 34])), "c0": c0, "n0": neurons((16, 16, 16), 1.0), "c1": c1,
        "n1": neurons((16, 16, 16), 1.0), "p1": pool("SumPool2d", 2), "c2": c2, "n2": neurons((8, 8, 8), 1.0),
        "p2": pool("SumPool2d", 2), "flat": nir.Flatten({"input": np.array([8, 4, 4])}, 0, -1), "f3": f3,
        "n3": neurons(256, 1.0), "f4": f4, "n4": neurons(10, 1.0), "out": nir.Output(np.array([10])),
    }  # fmt: skip
    return nir.NIRGraph(nodes, list(itertools.pairwise(nodes)), type_check=False), []


def test_a_network_of_maps_on_cores_is_its_unrolled_self() -> None:
    graph, _ = network_of_maps()
    spikes = (np.random.default_rng(0).random((12, 2312)) < 0.08).astype(np.uint8)
    shared, listed = (from_nir(graph, dt=1.0, connectivity=how) for how in ("auto", "sparse"))
    kinds = [c.joined(1)[0].kind for c in shared.connections]
    assert kinds == ["convolution", "convolution", "convolution", "dense", "dense"]
    kernels = run_spiking(shared, spikes, "cmos45").replay  # fits
    cores = kernels.placed.pieces.placement
    one, other = (run_spiking(net, spikes, "ideal-bits", cores).replay for net in (shared, listed))
    for k in range(6):
        np.testing.assert_array_equal(one.spikes[k], kernels.spikes[k])
        np.testing.assert_array_equal(one.spikes[k], other.spikes[k])
    assert all(0 < layer.sum() for layer in one.spikes[:4])
    assert one.counters.totals == other.counters.totals
    assert one.counters.sops == kernels.counters.sops
    memory = [int(run.placed.needs["synapse_memory"].sum()) for run in (one, other)]
    assert memory[0] * 10 < memory[1]
