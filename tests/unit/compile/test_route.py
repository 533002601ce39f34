"""Where cores stand and which links their spikes cross, in closed form."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile.route import links_crossed, snake
from neurochip.description import CodingSpec, MeshSpec
from neurochip.testing.networks import compiled, small_chip
from tests.property.networks import checked

MESH = MeshSpec(width=5, height=4, cores_per_tile=2)


def site(x: int, y: int, core: int = 0) -> int:
    """Index of a core of the mesh: tiles go down each column."""
    return (x * 4 + y) * 2 + core


@pytest.mark.parametrize(
    ("width", "height", "cores_per_tile", "tiles"),
    [(4, 3, 1, None), (1, 7, 2, None), (7, 1, 3, None), (3, 3, 2, 7)],
)
def test_snake(width: int, height: int, cores_per_tile: int, tiles: Any) -> None:
    mesh = MeshSpec(width=width, height=height, cores_per_tile=cores_per_tile, tiles=tiles)
    sites = snake(mesh, mesh.n_cores)
    assert sorted(sites) == list(range(mesh.n_cores))
    if tiles is None:
        for a, b in itertools.pairwise(sites):
            assert sum(mesh.hops(a, b)) == (0 if a // cores_per_tile == b // cores_per_tile else 1)
    for n in range(mesh.n_cores):
        assert snake(mesh, n) == sites[:n]


def test_unicast_is_the_sum_of_manhattan_distances() -> None:
    receivers = [site(0, 0), site(4, 3), site(2, 1, 1), site(2, 1, 0)]
    assert links_crossed(MESH, site(1, 2), receivers, "unicast") == (1 + 3 + 1 + 1, 2 + 1 + 1 + 1)


def test_multicast_counts_a_link_once() -> None:
    # One trunk eastwards along y = 2 from x = 1 to 4 with branches at 2 and 4; one westwards to x = 0.
    receivers = [site(4, 0), site(4, 3), site(2, 2), site(2, 3, 1), site(2, 3, 0), site(0, 1)]
    assert links_crossed(MESH, site(1, 2), receivers, "multicast") == (3 + 1, (2 + 1) + 1 + 1)


def test_nobody_listens_or_only_the_sender_itself() -> None:
    for routing in ("unicast", "multicast"):
        assert links_crossed(MESH, site(1, 2), [], routing) == (0, 0)  # type: ignore[arg-type]
        assert links_crossed(MESH, site(1, 2), [site(1, 2, 1)], routing) == (0, 0)  # type: ignore[arg-type]


@given(sender=st.integers(0, 39), receivers=st.lists(st.integers(0, 39), min_size=1, unique=True))
@checked(200)
def test_bounds_of_a_tree(sender: int, receivers: list[int]) -> None:
    """A tree is no longer than all routes together, and no shorter than the longest of them."""
    apart = links_crossed(MESH, sender, receivers, "unicast")
    tree = links_crossed(MESH, sender, receivers, "multicast")
    each = [links_crossed(MESH, sender, [r], "multicast") for r in receivers]
    assert each == [links_crossed(MESH, sender, [r], "unicast") for r in receivers]
    for axis in (0, 1):
        assert max(e[axis] for e in each) <= tree[axis] <= apart[axis]
    # The x parts of XY routes share one row: links to the farthest east plus to the farthest west.
    x0, _ = MESH.position(sender)
    xs = [MESH.position(r)[0] for r in receivers]
    assert tree[0] == max(max(xs) - x0, 0) + max(x0 - min(xs), 0)


def test_a_line_of_cores() -> None:
    """Six cores in a row, [2 | 2 | 2] of [8-8-8]: hops are differences of positions."""
    image = compiled((8, 8, 8), CodingSpec(), small_chip(4, mesh=(6, 1, 1)))
    assert [core.site for core in image.cores] == list(range(6))
    assert image.receivers == ((2, 3), (2, 3), (4, 5), (4, 5), (2, 3), (2, 3))
    crossed = [[2 + 3, 0], [1 + 2, 0], [2 + 3, 0], [1 + 2, 0], [2 + 1, 0], [3 + 2, 0]]
    assert image.sending.frame.links.tolist() == crossed
    fork = compiled((8, 8, 8), CodingSpec(), small_chip(4, mesh=(6, 1, 1), routing="multicast"))
    assert fork.sending.frame.links.tolist() == [[3, 0], [2, 0], [3, 0], [2, 0], [2, 0], [3, 0]]
    assert image.address_bits == (1, 1, 4, 4, 3, 3)
