"""What real exporters write: scalars, batches, old names, graphs within graphs, sums, chains, and steps nobody says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from neurochip.description.nir.export import to_nir
from neurochip.description.nir.graph import from_nir, import_nir, read_nir
from neurochip.errors import CapabilityError, ConfigError
from neurochip.replays.spiking import run_spiking

Array = Any


def write(path: Path, nodes: dict[str, Any], edges: list[tuple[str, str]]) -> Path:
    """Write a graph as it stands, whatever the package would say to it."""

    def put(group: Any, content: dict[str, Any]) -> None:
        for key, value in content.items():
            if isinstance(value, dict):
                put(group.create_group(key), value)
            else:
                group.create_dataset(key, data=value)

    with h5py.File(path, "w") as file:
        file.create_dataset("version", data="0.2.0")
        put(file.create_group("node"), {"type": "NIRGraph", "edges": np.array(edges, "S"), "nodes": nodes})
    return path


def neuron(n: int | tuple[int, ...], threshold: float, **given: float) -> Any:
    """Return memoryless-simple neurons: IF, which a spike of weight 1 moves by 1 at dt = 0.1 ms."""
    ones = np.ones(n)
    return nir.IF(r=ones * 1e4, v_threshold=ones * threshold, v_reset=0 * ones)


def fired(graph: Any, raster: Array, group: str, dt: float = 1e-4, **how: Any) -> list[int]:
    network = from_nir(graph, dt=dt, **how)
    seen = run_spiking(network, raster, "ideal-bits").replay
    found: list[int] = np.flatnonzero(
        seen.spikes[[g.name for g in network.groups].index(group)].any(axis=1)
    ).tolist()
    return found


def between(mid: dict[str, Any], edges: list[tuple[str, str]], threshold: float) -> Any:
    nodes = {
        "in": nir.Input(np.array([1])),
        **mid,
        "n": neuron(1, threshold),
        "out": nir.Output(np.array([1])),
    }
    return nir.NIRGraph(nodes, [*edges, ("n", "out")], type_check=False)


def every(step: int, ticks: int = 20) -> Array:
    raster = np.zeros((ticks, 1), np.uint8)
    raster[::step] = 1
    return raster


def test_one_number_for_all_neurons_and_batches_of_one(tmp_path: Path) -> None:
    """Neurons are as many as the matrix before them says; an Output of [1, 1, 1], a batch of weights do not matter."""
    lif = {"type": "LIF", "tau": np.float32(1e-2), "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0}
    nodes = {
        "input": {"type": "Input", "shape": np.array([1, 1, 2])},
        "w": {"type": "Linear", "weight": np.ones((1, 5, 2), "f4")},
        "0": lif,
        "v": {"type": "Affine", "weight": np.ones((3, 5), "f4"), "bias": np.float32(0.5)},
        "1": {**lif, "type": "LI", "tau": np.array([1e-2])},
        "output": {"type": "Output", "shape": np.array([1, 1, 1])},
    }
    chain = list(nodes)
    network = read_nir(write(tmp_path / "x.nir", nodes, list(zip(chain, chain[1:], strict=False))), dt=1e-3)
    assert [(g.name, g.size) for g in network.groups] == [("input", 2), ("0", 5), ("1", 3)]
    assert network.groups[1].parameters["v_reset"].tolist() == [0] * 5  # which old files leave out
    bias = network.connections[1].bias
    assert bias is not None and bias.tolist() == [0.5] * 3
    assert network.outputs == {"output": "1"}


@pytest.mark.parametrize("shape", [(2, 1, 1), (2,)])
def test_numbers_by_map_are_those_of_its_units(shape: tuple[int, ...]) -> None:
    nodes = {
        "in": nir.Input(np.array([1, 4, 4])),
        "c": nir.Conv2d(None, np.ones((2, 1, 3, 3)), 1, 1, 1, 1, np.zeros(2)),
        "s": nir.Scale(np.array([1.0, 3.0]).reshape(shape)),
        "n": nir.IF(r=np.ones(shape), v_threshold=np.array([1.0, 2.0]).reshape(shape)),
        "p": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "f": nir.Flatten({"input": np.array([2, 2, 2])}, 0, -1),
        "out": nir.Output(np.array([8])),
    }
    chain = list(nodes)
    network = from_nir(
        nir.NIRGraph(nodes, list(zip(chain, chain[1:], strict=False)), type_check=False), dt=1.0
    )
    assert network.group("n").shape == (2, 4, 4)
    assert network.group("n").parameters["v_threshold"].tolist() == [1.0] * 16 + [2.0] * 16
    weights = network.connections[0].weights
    assert weights is not None and np.unique(weights[..., 0]) == 1 and np.unique(weights[..., 1]) == 3
    assert (network.group("out").kind, network.group("out").size) == ("Readout", 8)  # averages of spikes


def test_yes_and_no_are_weights() -> None:
    graph = between({"w": nir.Linear(np.array([[True]]))}, [("in", "w"), ("w", "n")], 0.5)
    assert fired(graph, np.array([[1], [0], [1]], np.uint8), "n") == [1]
    assert from_nir(graph, dt=1e-4).connections[0].weights.dtype == np.int8  # type: ignore[union-attr]


def test_a_convolution_behind_a_batch_of_one_is_written_as_one() -> None:
    nodes = {
        "in": nir.Input(np.array([1, 2, 5, 5])),
        "c": nir.Conv2d(None, np.ones((3, 2, 3, 3)), 1, 0, 1, 1, np.zeros(3)),
        "n": neuron((1, 3, 3, 3), 1.0),
        "out": nir.Output(np.array([1, 3, 3, 3])),
    }
    chain = list(nodes)
    graph = nir.NIRGraph(nodes, list(zip(chain, chain[1:], strict=False)), type_check=False)
    back = to_nir(from_nir(graph, dt=1e-4))
    assert type(back.nodes["c"]).__name__ == "Conv2d"


def test_graphs_within_graphs_are_flattened(tmp_path: Path) -> None:
    """Nested, flat, and with an edge that names a node as it was called before: the same spikes."""
    loop = {"w": nir.Linear(np.array([[0.6]])), "r": nir.Linear(np.array([[0.6]]))}
    flat = between(loop, [("in", "w"), ("w", "n"), ("n", "r"), ("r", "n")], 1.0)
    inner = nir.NIRGraph(
        {"i": nir.Input(np.array([1])), "lif": neuron(1, 1.0), "r": loop["r"], "o": nir.Output(np.array([1]))},
        [("i", "lif"), ("lif", "r"), ("r", "lif"), ("lif", "o")],
    )  # fmt: skip
    nested = nir.NIRGraph(
        {"in": nir.Input(np.array([1])), "w": loop["w"], "n": inner, "out": nir.Output(np.array([1]))},
        [("in", "w"), ("w", "n"), ("n", "out")], type_check=False,
    )  # fmt: skip
    wanted = fired(flat, every(2, 40), "n")
    assert len(wanted) > 5
    assert fired(nested, every(2, 40), "n.lif") == wanted
    nir.write(tmp_path / "x.nir", nested)
    with h5py.File(tmp_path / "x.nir", "r+") as file:
        held = file["node/nodes/n/nodes"]
        held.move("lif", "n")
    network, _, notes = import_nir(tmp_path / "x.nir", dt=1e-4)
    assert notes == ("graph 'n': edges name 'lif', and 'n' stands in none: taken to be the same node",)
    assert network.groups[1].name == "n.n"


@pytest.mark.parametrize(
    ("mid", "edges", "weight"),
    [
        ({"p": 0.4, "q": 0.7}, [("in", "p"), ("in", "q"), ("p", "n"), ("q", "n")], 1.1),
        ({"p": 0.5, "q": 2.2}, [("in", "p"), ("p", "q"), ("q", "n")], 1.1),
        ({"p": 0.1}, [("in", "p"), ("p", "n"), ("in", "n")], 1.1),
    ],
)  # fmt: skip
def test_sums_and_chains_are_one_matrix(
    mid: dict[str, float], edges: list[tuple[str, str]], weight: float
) -> None:
    made = {name: nir.Linear(np.array([[w]])) for name, w in mid.items()}
    graph = between(made, edges, 1.0)
    network = from_nir(graph, dt=1e-4)
    assert [c.joined(1)[1].ravel().tolist() for c in network.connections] == [[pytest.approx(weight)]]
    assert fired(graph, every(4), "n") == [1, 5, 9, 13, 17]


def test_scales_thresholds_and_delays() -> None:
    w = {"w": nir.Linear(np.array([[0.5]]))}
    chain = [("in", "w"), ("w", "m"), ("m", "n")]
    assert fired(between(w | {"m": nir.Scale(np.array([2.0]))}, chain, 0.9), every(4), "n") == [
        1,
        5,
        9,
        13,
        17,
    ]
    # A threshold is a neuron without memory, and takes a tick.
    assert fired(between(w | {"m": nir.Threshold(np.array([0.1]))}, chain, 0.9), every(4), "n") == [
        2,
        6,
        10,
        14,
        18,
    ]
    assert fired(between(w | {"m": nir.Threshold(np.array([0.6]))}, chain, 0.9), every(4), "n") == []
    late = between(w | {"m": nir.Delay(np.array([3e-4]))}, chain, 0.4)
    assert fired(late, every(20), "n") == [4]
    _, _, notes = import_nir(between(w | {"m": nir.Delay(np.array([2.6e-4]))}, chain, 0.4), dt=1e-4)
    assert notes == ("Delay 'm': 0.00026 s is no whole number of ticks of 0.0001 s; rounded to 3",)
    for bias, delay, said in ((0.25, 3e-4, 1), (0.0, 3e-4, 0), (0.25, 0.0, 0)):
        affine = {"w": nir.Affine(np.array([[0.5]]), np.array([bias]))}
        _, _, notes = import_nir(between(affine | {"m": nir.Delay(np.array([delay]))}, chain, 9.0), dt=1e-4)
        assert len(notes) == said
        assert all("biases that it delays act from the first tick on here, not after 3" in n for n in notes)


def test_a_delay_of_its_own_for_each_unit() -> None:
    nodes = {
        "in": nir.Input(np.array([3])), "d": nir.Delay(np.array([0, 2e-4, 2e-4])), "w": nir.Linear(np.ones((1, 3))),
        "n": neuron(1, 2.5), "out": nir.Output(np.array([1])),
    }  # fmt: skip
    graph = nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:], strict=False)))
    raster = np.zeros((9, 3), np.uint8)
    raster[4, 0] = raster[2, 1:] = 1  # all arrive at once
    assert fired(graph, raster, "n") == [5]


def test_several_inputs_stand_side_by_side() -> None:
    nodes = {
        "b": nir.Input(np.array([2])), "a": nir.Input(np.array([1])), "wb": nir.Linear(np.array([[1.0, 0.0]])),
        "wa": nir.Linear(np.array([[1.0]])), "n": neuron(1, 1.5), "out": nir.Output(np.array([1])),
    }  # fmt: skip
    edges = [("a", "wa"), ("b", "wb"), ("wa", "n"), ("wb", "n"), ("n", "out")]
    network, _, notes = import_nir(nir.NIRGraph(nodes, edges), dt=1e-4)
    assert notes == ("its inputs stand side by side in 'inputs': units a 0 to 0, b 1 to 2",)
    raster = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]], np.uint8)
    run = run_spiking(network, raster, "ideal-bits").replay
    assert run.spikes[1][:, 0].tolist() == [0, 0, 1, 1, 0]
    assert run.counters.sops == 4 + 1  # the weight of 0 is a synapse, as in any matrix


def test_what_is_read_out_may_be_a_sum() -> None:
    """A classifier that ends in weights: W s + b at every tick, whatever the neurons do."""
    w, b = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0.1, 0.2, 0.3])
    nodes = {
        "in": nir.Input(np.array([2])), "w": nir.Linear(np.eye(2)), "n": neuron(2, 0.5), "dec": nir.Affine(w, b),
        "out": nir.Output(np.array([3])), "spikes": nir.Output(np.array([2])),
    }  # fmt: skip
    edges = [("in", "w"), ("w", "n"), ("n", "dec"), ("dec", "out"), ("n", "spikes")]
    network = from_nir(nir.NIRGraph(nodes, edges), dt=1e-4)
    raster = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [0, 0]], np.uint8)
    out = run_spiking(network, raster, "ideal-bits").readout["out"]
    assert out[:2].tolist() == [[0] * 3] * 2  # the first spikes are two ticks away
    assert out[2:] == pytest.approx(raster[:3] @ w.T + b)
    assert dict(network.outputs) == {"out": "out", "spikes": "n"}


def test_neurons_that_fire_by_themselves() -> None:
    """v_leak above the threshold: the interval is τ ln(v_leak/(v_leak − θ)), and v begins at 0."""
    tau, rest = 1e-2, 1.2
    graph = between({"w": nir.Linear(np.zeros((1, 1)))}, [("in", "w"), ("w", "n")], 1.0)
    one = np.ones(1)
    graph.nodes["n"] = nir.LIF(tau=one * tau, r=one, v_leak=one * rest, v_threshold=one, v_reset=0 * one)
    interval = math.ceil(tau * math.log(rest / (rest - 1)) / 1e-4)
    found = fired(graph, np.zeros((600, 1), np.uint8), "n", method="exact")
    assert interval == 180
    assert found == [180, 360, 540]
    assert fired(graph, np.zeros((200, 1), np.uint8), "n", method="exact", source="norse", dt=1e-2)[0] == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_time_constants_of_one_step_and_without_end(dtype: Any) -> None:
    """Exporters write τ = dt/(1 − β): τ is dt for β = 0, but for rounding, and infinite for β = 1."""
    dt = dtype(1e-4)
    with np.errstate(divide="ignore"):
        tau = dt / (1 - np.array([0.0, 1.0, 0.5], dtype))
    nodes = {
        "in": nir.Input(np.array([1])), "w": nir.Linear(np.full((3, 1), 0.4)),
        "n": nir.LIF(tau=tau, r=tau / dt, v_leak=np.zeros(3, dtype), v_threshold=np.ones(3, dtype)),
        "out": nir.Output(np.array([3])),
    }  # fmt: skip
    network = from_nir(nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:], strict=False))), dt=1e-4)
    spikes = run_spiking(network, np.ones((12, 1), np.uint8), "cmos45").replay.spikes[1]
    # 0.4 each time and forgotten; 0.4, 0.8, 1.2; 0.4, 0.6, 0.7 … 0.8.
    assert [np.flatnonzero(unit).tolist() for unit in spikes.T] == [[], [3, 6, 9], []]


def test_the_step_of_an_exporter_shows_in_its_numbers() -> None:
    tau = np.full(1, 2e-3)
    graph = between({"w": nir.Linear(np.array([[0.3]]))}, [("in", "w"), ("w", "n")], 1.0)
    graph.nodes["n"] = nir.LIF(tau=tau, r=tau / 1e-4, v_leak=0 * tau, v_threshold=np.ones(1))
    assert from_nir(graph).dt == pytest.approx(1e-4)
    _, _, notes = import_nir(graph, dt=1e-3)
    assert notes[0].startswith(
        "R dt/τ is 10 for all neurons: a spike of weight 1 moves v by that, and not by 1."
    )
    assert "--dt 0.0001" in notes[0]
    _, _, quiet = import_nir(graph, dt=1e-4)
    assert [note[:30] for note in quiet] == ["R = τ/(0.0001 s), as snnTorch "]
    assert import_nir(graph, source="snntorch").notes == ()


def test_sources_say_what_files_do_not() -> None:
    graph = between({"w": nir.Linear(np.array([[0.3]]))}, [("in", "w"), ("w", "n")], 1.0)
    found = {
        name: from_nir(graph, source=name, dt=1e-3).groups[1] for name in ("snntorch", "sinabs", "norse")
    }
    assert {name: (g.reset, g.fires_when) for name, g in found.items()} == {
        "snntorch": ("subtract-late", "above"), "sinabs": ("subtract", "reached"), "norse": ("value", "above"),
    }  # fmt: skip
    assert found["sinabs"].parameters["r"].tolist() == [1e7]
    assert from_nir(graph, source="snntorch", reset="value").groups[1].reset == "value"
    graph.metadata = {"framework": "sinabs 2.0"}
    network, source, notes = import_nir(graph)
    assert (source.name, network.dt, notes[0]) == ("sinabs", 1e-3, "metadata say that sinabs wrote it")
    with pytest.raises(ConfigError, match="from: must be one of generic, snntorch.*did you mean"):
        from_nir(graph, source="snntorc")


def test_a_loop_of_several_groups_is_told_of() -> None:
    one = {
        "w": nir.Linear(np.ones((1, 1))),
        "x": nir.Linear(np.ones((1, 1))),
        "y": nir.Linear(np.ones((1, 1))),
    }
    graph = between(
        one | {"m": neuron(1, 1.0)},
        [("in", "w"), ("w", "n"), ("n", "x"), ("x", "m"), ("m", "y"), ("y", "n")],
        1.0,
    )
    network, _, notes = import_nir(graph, dt=1e-4)
    assert notes == (
        "the connection from 'm' back to 'n' closes a loop of several groups: a chip takes 1 ticks more for a round "
        "than a framework, and its spikes differ",
    )
    assert [c.delay for c in network.connections] == [1, 1, 1]


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"type": "Linear"}, "w.weight: is missing; a Linear needs it: export the network again"),
        ({"type": "Sigmoid"}, "Sigmoid (node 'w'): is not known here; there are "),
        ({"type": "Linear", "weight": np.ones((2, 1))}, "w: must end in 3 units, those of n, got 2"),
        ({"type": "Linear", "weight": np.ones((1, 3))}, "w: must have shape (1, 1), got (3, 1)"),
    ],
)  # fmt: skip
def test_refused_by_node_and_field(tmp_path: Path, node: Any, sentence: str) -> None:
    one = np.ones(3)
    lif = {"type": "LIF", "tau": one, "r": one, "v_leak": one, "v_threshold": one}
    held = {"in": {"type": "Input", "shape": np.array([1])}, "w": node, "n": lif, "out": {"type": "Output"}}
    path = write(tmp_path / "x.nir", held, [("in", "w"), ("w", "n"), ("n", "out")])
    with pytest.raises((CapabilityError, ConfigError)) as caught:
        read_nir(path, dt=1e-3)
    assert str(caught.value).startswith(f"{path}: {sentence}")
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "reader"),
    [(kind, reader) for kind in ("I", "LI", "CubaLI") for reader in ("neurons", "weights", "sum")
     if (kind, reader) != ("LI", "weights")],  # which is an LI behind the weights
)  # fmt: skip
def test_a_potential_is_no_spike(kind: str, reader: str) -> None:
    """What never fires gives its potential to whoever reads it, in NIR; a network of bits would read 0."""
    one = np.ones(1)
    given: dict[str, Any] = {"r": one}
    if kind != "I":
        given |= {"v_leak": 0 * one, ("tau" if kind == "LI" else "tau_mem"): one}
    if kind == "CubaLI":
        given |= {"tau_syn": one}
    end = {
        "neurons": [("u", "n"), ("n", "out")],
        "weights": [("u", "w"), ("w", "out")],
        "sum": [("in", "n"), ("n", "out"), ("u", "out")],
    }[reader]
    graph = between({"u": getattr(nir, kind)(**given), "w": nir.Linear(np.eye(1))}, [("in", "u"), *end], 0.5)
    used = {"in", "out"}.union(*end)
    graph = nir.NIRGraph(
        {name: node for name, node in graph.nodes.items() if name in used or name == "u"},
        [edge for edge in graph.edges if used.issuperset(edge) or edge == ("in", "u")],
        type_check=False,
    )
    with pytest.raises(CapabilityError) as caught:
        from_nir(graph, dt=1e-4)
    at = "n" if reader == "neurons" else "out"
    assert str(caught.value).startswith(
        f"{kind} (node 'u'): gives its potential to '{at}', and a chip sends spikes"
    )
