"""What crosses between the cores of a compiled network, against one packet after the other; cores moved for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.compile.image import ChipImage
from neurochip.compile.nearer import moved_to, nearer_sites
from neurochip.compile.placement_costs import costs
from neurochip.compile.route import links_crossed, route
from neurochip.description import CodingSpec, read_run
from neurochip.runs.building import build
from neurochip.testing.networks import compiled, small_chip


def drawn(image: ChipImage, seed: int = 0) -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 9, size) for size in image.network.sizes]


def by_packets(image: ChipImage, fired: Any, sites: Any) -> tuple[int, int, int]:
    """Return hops, packets to other cores and flits over the busiest link, neuron by neuron."""
    network, mesh, routing = image.network, image.chip.mesh, image.chip.packet.routing
    core_of = {
        (core.population, i): c for c, core in enumerate(image.cores) for i in range(core.first, core.last)
    }
    receivers: dict[tuple[int, int], set[int]] = {}
    for p in network.projections:
        n, m = network.sizes[p.source], network.sizes[p.target]
        if p.connection is None:
            pairs = [(i, j) for i in range(n) for j in range(m)]
        else:
            edges = p.connection.edges()
            pairs = list(zip(edges.source.tolist(), edges.target.tolist(), strict=True))
        for i, j in pairs:
            receivers.setdefault((p.source, i), set()).add(core_of[p.target, j])
    hops = cut = 0
    over: dict[Any, int] = {}
    for (population, i), found in receivers.items():
        here, spikes = core_of[population, i], int(fired[population][i])
        hops += spikes * sum(links_crossed(mesh, sites[here], [sites[r] for r in found], routing))
        cut += spikes * len(found - {here})
        paths = [route(mesh, sites[here], sites[r]) for r in found]
        links = [link for path in paths for link in path]
        for link in set(links) if routing == "multicast" else links:
            over[link] = over.get(link, 0) + spikes
    return hops, cut, max(over.values(), default=0)


@pytest.mark.parametrize("routing", ["unicast", "multicast"])
def test_a_chain(routing: Any) -> None:
    image = compiled((12, 9, 5), CodingSpec(), small_chip(3, mesh=(3, 3, 2), routing=routing))
    sites = np.random.default_rng(2).permutation(image.chip.mesh.n_cores)[: len(image.cores)]
    fired = drawn(image)
    found = costs(moved_to(image.sending, sites), fired)
    assert (found.hops, found.cut, found.busiest_link) == by_packets(image, fired, sites.tolist())
    given = costs(image.sending, fired)
    sent = [int(fired[core.population][core.first : core.last].sum()) for core in image.cores]
    assert given.hops == int(np.array(sent) @ image.sending.frame.links.sum(axis=1))


@pytest.mark.parametrize("routing", ["unicast", "multicast"])
def test_synapses_that_are_listed(routing: str) -> None:
    image = build(read_run("stripes-graph", ["chip.core.neurons=7", f"chip.packet.routing={routing}"])).image
    assert image is not None and image.network.is_listed
    fired = drawn(image)
    sites = np.random.default_rng(1).permutation(image.chip.mesh.n_cores)[: len(image.cores)]
    found = costs(moved_to(image.sending, sites), fired)
    assert (found.hops, found.cut, found.busiest_link) == by_packets(image, fired, sites.tolist())


def test_cores_move_nearer() -> None:
    pytest.importorskip("scipy")
    image = compiled((12, 9, 5), CodingSpec(), small_chip(3, mesh=(4, 4, 1)))
    fired = drawn(image)
    sites, before, after = nearer_sites(image, fired)
    assert len(set(sites.tolist())) == len(image.cores)
    assert costs(moved_to(image.sending, sites), fired) == after
    assert after.hops < before.hops and after.cut == before.cut
    silent = [np.zeros_like(spikes) for spikes in fired]
    kept, none, still = nearer_sites(image, silent)
    assert kept.tolist() == [core.site for core in image.cores] and none == still
