"""Networks laid out by hand: pieces, packets, and the links of a spike as the compiler counts them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile.placement import place
from neurochip.compile.route import links_crossed
from neurochip.description import ChipSpec, CoreSpec, EnergyTable, MeshSpec, PacketSpec, WeightsSpec
from tests.property.networks import checked


def chip_of(routing: str) -> ChipSpec:
    return ChipSpec(
        name="mesh",
        about="",
        mesh=MeshSpec(width=5, height=4, cores_per_tile=2),
        core=CoreSpec(),
        weights=WeightsSpec(min_bits=2, max_bits=16),
        packet=PacketSpec(header_bits=3, routing=routing),  # type: ignore[arg-type]
        timing=None,
        energies=EnergyTable(name="none", neuron_energy="none"),
    )


@checked(50)
@given(
    cores=st.lists(st.lists(st.integers(0, 39), min_size=1, max_size=12), min_size=2, max_size=4),
    routing=st.sampled_from(["unicast", "multicast"]),
)
def test_links_are_those_of_the_compiler(cores: list[list[int]], routing: str) -> None:
    chip = chip_of(routing)
    sizes = [len(on) for on in cores]
    projections = [(k, k + 1) for k in range(len(cores) - 1)]
    arrays = [np.array(on) for on in cores]
    placed = place(sizes, projections, arrays, chip, weight_bits=8, state_bits=64)
    for k, on in enumerate(cores):
        received = sorted(set(cores[k + 1])) if k + 1 < len(cores) else []
        ways = set(placed.ways.of[k].tolist())
        assert all(placed.sending.packets[way] == len(received) for way in ways)
        assert all(placed.sending.delivered[placed.ways.rows[way]].sum() == len(received) for way in ways)
        for unit, core in enumerate(on):
            piece = placed.pieces.of[k][unit]
            assert (placed.pieces.population[piece], placed.pieces.site[piece]) == (k, core)
            assert tuple(placed.sending.spike.links[placed.ways.of[k][unit]]) == links_crossed(
                chip.mesh, core, received, routing
            )  # type: ignore[arg-type]
    assert placed.pieces.neurons.sum() == sum(sizes)


def test_a_core_may_hold_several_layers() -> None:
    """Its packets are one for each spike, however many of its layers receive them."""
    chip = chip_of("unicast")
    cores = [np.array([0]), np.array([7, 7, 9]), np.array([7, 0])]
    placed = place([1, 3, 2], [(0, 1), (1, 2), (1, 1)], cores, chip, weight_bits=8, state_bits=64)
    assert list(
        zip(
            placed.pieces.population.tolist(),
            placed.pieces.site.tolist(),
            placed.pieces.neurons.tolist(),
            strict=True,
        )
    ) == [
        (0, 0, 1),
        (1, 7, 2),
        (1, 9, 1),
        (2, 0, 1),
        (2, 7, 1),
    ]
    assert placed.sending.packets.tolist() == [2, 3, 3, 0, 0]
    assert placed.ways.operations.tolist() == [[0, 2, 1, 0, 0], [0, 2, 1, 1, 1], [0, 0, 0, 0, 0]]
    assert placed.sending.delivered.tolist() == [[0, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
