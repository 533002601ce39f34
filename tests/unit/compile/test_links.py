"""Load of links from counts: that of a walk over every packet's route, and of the network flit by flit."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import replay
from neurochip.compile.links import load_of_packets
from neurochip.description import MeshSpec
from neurochip.description.chip_changes import chip_with
from neurochip.elements.connections import Sparse

MESH = MeshSpec(width=4, height=3, cores_per_tile=2)


def walked(mesh: MeshSpec, sender: int, receiver: int) -> Any:
    """The links of a packet, one step after the other: along the row, then along the column."""
    load = np.zeros((mesh.width, mesh.height, 4), dtype=np.int64)
    (x, y), (to_x, to_y) = mesh.position(sender), mesh.position(receiver)
    while x != to_x:
        load[x, y, 0 if to_x > x else 1] += 1
        x += 1 if to_x > x else -1
    while y != to_y:
        load[x, y, 3 if to_y > y else 2] += 1
        y += 1 if to_y > y else -1
    return load


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23), st.integers(0, 5)), max_size=12))
def test_routes_are_walked(packets: list[tuple[int, int, int]]) -> None:
    table = np.array(packets, dtype=np.int64).reshape(-1, 3)
    wanted = sum((n * walked(MESH, a, b) for a, b, n in packets), np.zeros((4, 3, 4), dtype=np.int64))
    assert np.array_equal(load_of_packets(MESH, *table.T), wanted)


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["unicast", "multicast"]), st.booleans())
def test_as_the_network_flit_by_flit(seed: int, routing: str, sparse: bool) -> None:
    rng = np.random.default_rng(seed)
    chip = chip_with("cmos45", ["mesh.width = 4", "mesh.height = 3", f"packet.routing = {routing}"])
    sizes = (9, 12, 5)
    spikes = [(rng.random((6, n)) < 0.4).astype(np.uint8) for n in sizes]
    weights: list[Any] = []
    for a, b in zip(sizes, sizes[1:], strict=False):
        pre, post = np.nonzero(rng.random((a, b)) < (0.3 if sparse else 1))
        lists, order = Sparse.from_pairs(a, b, pre, post)
        weights.append((lists, np.ones(order.size, np.int8)) if sparse else np.ones((a, b), np.int8))
    cores = [rng.integers(0, 12, n) for n in sizes]
    seen = replay(spikes, weights, chip, cores, timing="cycle")
    assert seen.time.link_load is not None
    assert np.array_equal(seen.counters.link_load, seen.time.link_load)
    assert seen.counters.link_load[..., :2].sum() == seen.counters.hops_ew
    assert seen.counters.link_load[..., 2:].sum() == seen.counters.hops_ns


def test_another_placement_has_another_load() -> None:
    """Control: the load does depend on where neurons are."""
    spikes = [np.ones((2, 4), np.uint8)] * 2
    loads = [
        replay(spikes, [np.ones((4, 4), np.int8)], "cmos45", [[0] * 4, [to] * 4]).counters.link_load
        for to in (1, 9)
    ]
    assert loads[0].sum() == 8 and loads[1].sum() == 16
