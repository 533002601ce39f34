"""Imported graphs on a chip: every spike as frameworks have it, later by the depth of the group, whatever the paths."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip.description.nir.export import to_nir
from neurochip.description.nir.graph import from_nir, import_nir
from neurochip.replays.spiking import run_spiking

from ..oracle.framework import run_in_steps

DT = 1e-3


def neurons(rng: np.random.Generator, n: int, kind: str) -> Any:
    ones, tau = np.ones(n), rng.uniform(2e-3, 2e-2, n)
    theta = {"v_threshold": rng.uniform(0.5, 1.5, n)}
    leak = {"r": ones * 8, "v_leak": rng.uniform(-0.2, 0.2, n)}
    if kind == "IF":
        return nir.IF(r=ones * 600, **theta)
    if kind == "LIF":
        return nir.LIF(tau=tau, **leak, **theta)
    return nir.CubaLIF(tau_syn=tau, tau_mem=tau[::-1], w_in=ones * 3, **leak, **theta)


def drawn(seed: int) -> tuple[Any, dict[str, Any]]:
    """Return a graph with skips, parallel ways, chains, delays, loops of one group, and sums that are read out."""
    rng = np.random.default_rng(seed)
    sizes = {"in": int(rng.integers(1, 7))} | {
        f"n{k}": int(rng.integers(1, 6)) for k in range(int(rng.integers(2, 5)))
    }
    nodes: dict[str, Any] = {"in": nir.Input(np.array([sizes["in"]]))}
    edges: list[tuple[str, str]] = []
    names = list(sizes)

    def way(source: str, target: str, label: str) -> None:
        n, m = sizes[source], sizes[target]
        at = source
        for step, node in enumerate(chain(n, m)):
            nodes[f"{label}.{step}"] = node
            edges.append((at, f"{label}.{step}"))
            at = f"{label}.{step}"
        edges.append((at, target))

    def chain(n: int, m: int) -> list[Any]:
        found = []
        if rng.random() < 0.3:
            found.append(nir.Delay(rng.integers(0, 4, n) * DT))
        if rng.random() < 0.3:
            found.append(nir.Scale(rng.normal(1, 0.3, n)))
        weight = rng.normal(0.6, 1.0, (m, n))
        found.append(
            nir.Affine(weight, rng.normal(0.2, 0.3, m)) if rng.random() < 0.6 else nir.Linear(weight)
        )
        if rng.random() < 0.3:
            found.append(nir.Linear(np.eye(m) + rng.normal(0, 0.1, (m, m))))
        return found

    for k, target in enumerate(names[1:], start=1):
        sources = {names[k - 1], names[int(rng.integers(0, k))], names[int(rng.integers(0, k))]}
        for source in sorted(sources):
            for way_number in range(int(rng.integers(1, 3))):
                way(source, target, f"{source}-{target}-{way_number}")
        nodes[target] = neurons(rng, sizes[target], str(rng.choice(["IF", "LIF", "CubaLIF"])))
        if rng.random() < 0.4:  # the weights stand after the neurons, so what they get is of the step before
            way(target, target, f"{target}-loop")
    nodes["w_out"] = nir.Affine(rng.normal(0, 1, (2, sizes[names[-1]])), np.array([0.5, -0.5]))
    nodes["sum"], nodes["out"] = nir.Output(np.array([2])), nir.Output(np.array([sizes[names[-1]]]))
    edges += [(names[-1], "w_out"), ("w_out", "sum"), (names[-1], "out")]
    raster = (rng.random((50, sizes["in"])) < 0.3).astype(np.uint8)
    return nir.NIRGraph(nodes, edges, type_check=False), {"in": raster}


def looped_first(graph: Any) -> Any:
    """Return the graph with what closes loops after their neurons, where the framework of the oracle expects it."""
    order = sorted(graph.nodes, key=lambda name: ("-loop" in name, 0))
    nodes = {}
    for name in graph.nodes:
        if "-loop" in name:
            continue
        nodes[name] = graph.nodes[name]
        nodes |= {one: graph.nodes[one] for one in order if one.startswith(f"{name}-loop")}
    return nir.NIRGraph(nodes, graph.edges, type_check=False)


@given(seed=st.integers(0, 10**6), late=st.booleans())
@settings(max_examples=30, deadline=None)
def test_every_spike_is_the_framework_s_later_by_the_depth(seed: int, late: bool) -> None:
    graph, inputs = drawn(seed)
    network = from_nir(graph, dt=DT, reset="subtract-late" if late else "value")
    run = run_spiking(network, inputs["in"], "ideal-bits")
    wanted, _ = run_in_steps(looped_first(graph), inputs, DT, late=late)
    depth = {g.name: g.begins for g in network.groups}
    for g, spikes in zip(network.groups[1:], run.replay.spikes[1:], strict=True):
        if g.fires:
            assert spikes[: depth[g.name]].sum() == 0
            assert np.array_equal(spikes[depth[g.name] :], wanted[g.name][: -depth[g.name]]), g.name
    late_by = depth["sum"]
    assert run.readout["sum"][late_by:] == pytest.approx(wanted["sum"][:-late_by], abs=1e-9)
    again = run_spiking(from_nir(to_nir(network)), inputs["in"], "ideal-bits")
    assert all(np.array_equal(a, b) for a, b in zip(run.replay.spikes, again.replay.spikes, strict=True))


def test_the_examples_fire_and_hold_skips_and_delays() -> None:
    """Most of the networks above send spikes, and some have paths that need balancing, or the above says little."""
    active = skips = 0
    for seed in range(20):
        graph, inputs = drawn(seed)
        network, _, notes = import_nir(graph, dt=DT)
        skips += any("paths of different length" in note for note in notes)
        fired = sum(int(s.sum()) for s in run_spiking(network, inputs["in"], "ideal-bits").replay.spikes[1:])
        active += fired > 10
    assert active >= 15
    assert skips >= 5
