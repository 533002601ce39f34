"""Networks of run files: what they mean, and what is refused before the first tick."""

from __future__ import annotations

import copy
import re
from typing import Any

import numpy as np
import pytest

from neurochip import machine
from neurochip.description import RunSpec, network_of, run_to_toml
from neurochip.elements.connections import Convolution
from neurochip.errors import CapabilityError, ConfigError
from neurochip.files import parse_toml
from neurochip.network import layered
from neurochip.runs.building import build, digest_of
from neurochip.training.streams import glorot

GRAPH: dict[str, Any] = {
    "name": "graph",
    "data": {"set": "digits"},
    "network": {
        "populations": [
            {"name": "out", "shape": [10], "role": "output"},
            {"name": "pixels", "shape": [1, 8, 8], "role": "input"},
            {"name": "maps", "shape": [4, 6, 6]},
            {"name": "pooled", "shape": [4, 3, 3]},
            {"name": "side", "shape": [36]},
        ],
        "projections": [
            {"from": "pixels", "to": "maps", "connectivity": {"kind": "convolution", "kernel": 3}},
            {"from": "maps", "to": "pooled", "connectivity": {"kind": "pooling", "kernel": 2}},
            {"from": "pooled", "to": "side", "connectivity": "one-to-one", "delay": 3, "feedback": "none"},
            {"from": "side", "to": "side", "connectivity": {"kind": "sparse", "density": 0.2}, "gain": 0.5},
            {"from": "side", "to": "out", "feedback": "own"},
        ],
    },
    "substrate": "ideal",
    "coding": {"annealer": "constant"},
    "learning": {"rates": [0.1, 0.0, 0.1, 0.1, 0.1], "epochs": 1},
}


def changed(*path: Any, value: Any) -> dict[str, Any]:
    table = copy.deepcopy(GRAPH)
    node: Any = table
    for key in path[:-1]:
        node = node[key]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return table


def test_a_graph_of_a_run_file() -> None:
    network = network_of(RunSpec.from_dict(GRAPH).network)
    assert [p.name for p in network.populations] == ["pixels", "maps", "pooled", "side", "out"]
    assert network.inputs == (0,) and network.outputs == (4,)
    ways = [(p.source, p.target, p.delay, p.gain, p.tied) for p in network.projections]
    assert ways == [
        (0, 1, 1, 1.0, False),
        (1, 2, 1, 1.0, False),
        (2, 3, 3, 1.0, False),
        (3, 3, 1, 0.5, False),
        (3, 4, 1, 1.0, False),
        (2, 1, 1, 1.0, True),
        (3, 3, 1, 0.5, True),
        (4, 3, 1, 1.0, False),
    ]
    assert [network.projections[k].feedback_of for k in (5, 6, 7)] == [1, 3, 4]
    kinds = [None if p.connection is None else p.connection.kind for p in network.projections]
    assert kinds == ["convolution", "pooling", "one-to-one", "sparse", None, "pooling", "sparse", None]
    assert network.synapses(0) == 36 * 4 * 9 and network.synapses(2) == 36


def test_a_graph_is_written_and_read_again() -> None:
    run = RunSpec.from_dict(GRAPH)
    text = run_to_toml(run)
    assert "[[network.populations]]" in text and 'from = "pixels"' in text
    assert RunSpec.from_dict(parse_toml(text, "run.toml")) == run


def test_a_chain_means_the_same_either_way() -> None:
    names = ["input", "hidden1", "hidden2", "output"]
    populations = [
        {"name": name, "shape": [size], "role": role}
        for name, size, role in zip(
            names, (64, 9, 7, 10), ("input", "hidden", "hidden", "output"), strict=True
        )
    ]
    gains = [1.0, 0.5, 2.0]
    projections = [
        {"from": a, "to": b, "gain": gain} for a, b, gain in zip(names, names[1:], gains, strict=False)
    ]
    table = changed("network", value={"populations": populations, "projections": projections})
    table["learning"]["rates"] = [0.1, 0.1, 0.1]
    graph = RunSpec.from_dict(table)
    table["network"] = {"layers": [64, 9, 7, 10], "gains": gains}
    chain = RunSpec.from_dict(table)
    assert network_of(graph.network) == network_of(chain.network)
    assert network_of(chain.network) == layered((64, 9, 7, 10), gains=(1.0, 0.5, 2.0))
    assert RunSpec.from_dict(parse_toml(run_to_toml(chain), "run.toml")) == chain


def test_gains_stretch_the_first_weights_and_nothing_else() -> None:
    sizes = (6, 5, 4)
    usual, stretched = (glorot(layered(sizes, tied=False, gains=gains), 1) for gains in (None, (0.5, 2.0)))
    for gain, before, after in zip((0.5, 2.0), usual.weights, stretched.weights, strict=True):
        assert np.array_equal(gain * before, after)
    assert np.array_equal(2.0 * usual.feedback[0], stretched.feedback[0])


REFUSED: list[tuple[tuple[Any, ...], Any, str, str]] = [
    (("network", "projections", 0, "from"), "pixel", "projections[0].from", "did you mean 'pixels'?"),
    (("network", "projections", 0, "to"), "nowhere", "projections[0].to", 'no population "nowhere"'),
    (("network", "projections", 0, "to"), "pixels", "projections[0].to", "receives nothing"),
    (("network", "projections", 0, "to"), None, "projections[0].to", "is missing"),
    (("network", "projections", 0, "feedback"), "tied", "projections[0].feedback", 'must be "none"'),
    (("network", "projections", 0, "connectivity", "kernel"), 4, "projections[0].connectivity", "4 × 5 × 5"),
    (
        ("network", "projections", 0, "connectivity", "kernel"),
        9,
        "projections[0].connectivity.kernel",
        "spans 9",
    ),
    (
        ("network", "projections", 0, "connectivity", "size"),
        4,
        "projections[0].connectivity.size",
        "unknown key",
    ),
    (
        ("network", "projections", 0, "connectivity", "kind"),
        "convolutions",
        "connectivity.kind",
        "did you mean",
    ),
    (
        ("network", "projections", 2, "connectivity"),
        "one-to-many",
        "projections[2].connectivity",
        "one-to-one",
    ),
    (("network", "projections", 2, "delay"), 0, "projections[2].delay", "1 to 255 ticks"),
    (("network", "projections", 2, "delay"), 256, "projections[2].delay", "255"),
    (("network", "projections", 3, "connectivity", "density"), 0, "connectivity.density", "(0, 1]"),
    (("network", "projections", 3, "source"), "side", "projections[3].source", "did you mean 'from'?"),
    (
        ("network", "projections", 4, "connectivity"),
        "one-to-one",
        "projections[4].connectivity",
        "as many neurons",
    ),
    (("network", "populations", 2, "name"), "side", "populations[2].name", "is there twice"),
    (("network", "populations", 0, "role"), "hidden", "network.populations", "have no output"),
    (("network", "populations", 1, "role"), "hidden", "network.populations", "have no input"),
    (("network", "populations", 2, "shape"), [], "populations[2].shape", "at least one"),
    (
        ("network", "populations", 2, "shape"),
        [144],
        "projections[0].connectivity",
        "channels × height × width",
    ),
    (("network", "populations", 0, "shape"), [11], "network.populations", "do not match the data"),
    (("network", "layers"), [64, 10], "network.populations", "contradicts network.layers"),
    (("network", "tied"), False, "network.tied", "no effect"),
    (("network", "gains"), [1.0], "network.gains", "no effect"),
    (("network",), {"layers": [64, 5, 10], "gains": [1.0]}, "network.gains", "each of the 2 projections"),
    (("network",), {"layers": [64, 5, 10], "gains": [1.0, 0.0]}, "network.gains", "must be > 0"),
    (("network", "populations"), None, "network.layers", "is missing"),
    (("learning", "rates"), [0.1], "learning.rates", "each of the 5 projections"),
]


@pytest.mark.parametrize(("path", "value", "place", "problem"), REFUSED)
def test_what_cannot_be_is_refused(path: tuple[Any, ...], value: Any, place: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RunSpec.from_dict(changed(*path, value=value))
    assert place in caught.value.place
    assert problem in caught.value.problem


def test_what_nothing_reaches_is_refused() -> None:
    table = changed("network", "projections", value=GRAPH["network"]["projections"][:2])
    table["learning"]["rates"] = [0.1, 0.1]
    with pytest.raises(ConfigError, match="none ends at side"):
        RunSpec.from_dict(table)


def test_a_chain_in_another_order_is_told_from_the_chain() -> None:
    """A checkpoint of one would be read as the other's: weights of the same shapes, in other places."""
    populations = [
        {"name": "in", "shape": [64], "role": "input"},
        *({"name": name, "shape": [10]} for name in "ab"),
        {"name": "out", "shape": [10], "role": "output"},
    ]
    ways = [{"from": a, "to": b} for a, b in (("in", "a"), ("a", "b"), ("b", "out"))]
    found = set()
    for order in ((0, 1, 2), (0, 2, 1)):
        network = {"populations": populations, "projections": [ways[k] for k in order]}
        table = {**GRAPH, "network": network, "learning": {"rates": [0.1] * 3, "epochs": 1}}
        found.add(digest_of(build(RunSpec.from_dict(table))))
    assert len(found) == 2


@pytest.mark.parametrize(("delays", "fits"), [((1, 2), False), ((2, 2), True), ((1, 1), True)])
def test_a_core_keeps_one_trace_of_a_neuron(delays: tuple[int, int], fits: bool) -> None:
    """A rule would learn from the trace of spikes that arrive at another time than those of the projection."""
    network = {
        "populations": [
            {"name": "in", "shape": [64], "role": "input"},
            {"name": "middle", "shape": [6]},
            {"name": "out", "shape": [10], "role": "output"},
        ],
        "projections": [
            {"from": "in", "to": "middle", "feedback": "none", "delay": delays[0]},
            {"from": "in", "to": "out", "feedback": "none", "delay": delays[1]},
            {"from": "middle", "to": "out", "feedback": "own"},
        ],
    }
    learning = {"rates": [0.1] * 3, "epochs": 1, "pre": "trace"}
    phases = {"free": 6, "nudged": 3, "reference": "parallel"}
    table = {**GRAPH, "network": network, "learning": learning, "substrate": "digital", "phases": phases}
    run = RunSpec.from_dict({key: value for key, value in table.items() if key != "coding"})
    if fits:
        assert build(run).image is not None
        return
    with pytest.raises(CapabilityError) as refused:
        build(run)
    assert str(refused.value) == (
        'learning.pre: is "trace", a core keeps one trace of each neuron, and spikes of in arrive after 1 and 2 ticks; '
        'give its projections one delay, or take "oracle"'
    )


def sparse(seed: int = 1, size: int = 40, density: float = 0.2) -> RunSpec:
    network = {
        "populations": [
            {"name": "in", "shape": [64], "role": "input"},
            {"name": "middle", "shape": [size]},
            {"name": "out", "shape": [10], "role": "output"},
        ],
        "projections": [
            {
                "from": "in",
                "to": "middle",
                "connectivity": {"kind": "sparse", "density": density, "seed": seed},
            },
            {"from": "middle", "to": "out"},
        ],
    }
    return RunSpec.from_dict({**GRAPH, "network": network, "learning": {"rates": [0.1, 0.1], "epochs": 1}})


def test_synapses_are_drawn_once_for_a_run() -> None:
    run, same, other = sparse(), sparse(), sparse(seed=2)
    first = network_of(run.network).projections[0].connection
    assert first is network_of(run.network).projections[0].connection
    assert first is network_of(same.network).projections[0].connection
    another = network_of(other.network).projections[0].connection
    assert first is not None and another is not None and another is not first
    assert not np.array_equal(first.edges().target, another.edges().target)


def test_synapses_beyond_memory_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused while nothing of it is there: before the first list, whatever the machine has."""
    monkeypatch.setattr(np.random, "default_rng", lambda *_: pytest.fail("was drawn"))
    with pytest.raises(ConfigError) as refused:
        sparse(size=2**44, density=0.9)
    assert re.fullmatch(
        r"network.projections\[0\].connectivity: takes at least .* of memory, and .* are free; make in or middle "
        r"smaller, or the density",
        str(refused.value),
    )


def test_neurons_beyond_all_counting_are_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        RunSpec.from_dict(changed("network", "populations", 4, "shape", value=[2**47] * 30))
    assert refused.value.place == "network.populations[4].shape"
    assert "must make 281474976710656 neurons at most" in refused.value.problem


def test_maps_beyond_memory_are_refused_before_their_synapses_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {**GRAPH, "learning": {"rates": [0.1] * 3, "epochs": 1}}
    table["network"] = {
        "populations": [
            {"name": "in", "shape": [64], "role": "input"},
            {"name": "maps", "shape": [1, 60000, 60000]},
            {"name": "more", "shape": [1, 59998, 59998]},
            {"name": "out", "shape": [10], "role": "output"},
        ],
        "projections": [
            {"from": "in", "to": "maps"},
            {"from": "maps", "to": "more", "connectivity": {"kind": "convolution", "kernel": 3}},
            {"from": "more", "to": "out"},
        ],
    }
    monkeypatch.setattr(Convolution, "fan_out", lambda _: pytest.fail("takes 27 GiB"))
    monkeypatch.setattr(machine, "free_memory", lambda: 8 << 30)
    with pytest.raises(ConfigError) as refused:
        build(RunSpec.from_dict(table))
    assert refused.value.place == "network.populations"
    assert refused.value.problem.endswith("of memory, and 8 GiB are free; make populations smaller")
