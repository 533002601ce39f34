"""Networks of a few routers against the one of plain objects: small enough to be run without compilation too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.description.chip import MeshSpec, TimingSpec
from tests.property.test_network_equals_oracle import Case, check_conservation, check_tick, check_traffic

pytestmark = [
    pytest.mark.interp,
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]

# Width, height, cores of a tile, depth of FIFOs; cycles of routers and of links along rows and columns.
MESHES: dict[str, tuple[int, ...]] = {
    "crowded tile": (1, 1, 4, 1, 0, 1, 1),
    "row": (4, 1, 2, 2, 1, 2, 3),
    "column": (1, 4, 2, 3, 0, 3, 1),
    "plane": (3, 3, 1, 2, 2, 1, 4),
    "shallow": (3, 2, 2, 1, 1, 1, 2),
}
TIMINGS: dict[str, dict[str, Any]] = {
    "quick receivers": {"sops_per_cycle": 3.5, "cycles_per_packet_out": 0.3, "outbox": True},
    "slow receivers": {"sops_per_cycle": 0.2857, "cycles_per_packet_in": 2.5, "outbox": False},
    "slow receivers of a list": {"sops_per_cycle": 0.2857, "cycles_per_packet_out": 0.0, "outbox": True},
    "one engine": {"engines": 1, "cycles_per_neuron_update": 2.5, "fill_cycles": 8.4},
    "words": {"weights_per_access": 3, "cycles_per_neuron_update": 0.3},
    "slow senders": {"sops_per_cycle": 3.5, "cycles_per_neuron_update": 30.3},
}


def drawn(mesh: str, timing: str, packets: int) -> Case:
    """Return packets from and to random cores, half of them forks, in a rush."""
    width, height, cores_per_tile, depth, router, ew, ns = MESHES[mesh]
    given: dict[str, Any] = {
        "sops_per_cycle": 1.0,
        "cycles_per_neuron_update": 1.0,
        "cycles_per_packet_in": 1.0,
        "cycles_per_packet_out": 1.0,
    }
    times = TimingSpec(
        **(given | TIMINGS[timing]),
        clock=1e9,
        cycles_per_spike_out=0,
        router_cycles=router,
        link_cycles_ew=ew,
        link_cycles_ns=ns,
        fifo_depth=depth,
        barrier_cycles=((1, 3), (4, 10)),
    )
    chip = MeshSpec(width=width, height=height, cores_per_tile=cores_per_tile)
    random = np.random.default_rng(packets)
    most = random.choice([1, 1, 2, chip.n_cores - 1], packets)
    destinations = [random.permutation(chip.n_cores)[:n].tolist() for n in most]
    source = random.integers(chip.n_cores, size=packets).tolist()
    return Case(chip, times, source, destinations, random.integers(12, size=packets).tolist())


@pytest.mark.parametrize("mesh", MESHES)
def test_traffic(mesh: str) -> None:
    check_traffic(drawn(mesh, "words", 30))


@pytest.mark.parametrize("mesh", ["row", "shallow"])
def test_conservation(mesh: str) -> None:
    check_conservation(drawn(mesh, "words", 10))


@pytest.mark.parametrize("mesh", ["row", "plane", "shallow"])
@pytest.mark.parametrize("timing", TIMINGS)
def test_ticks(mesh: str, timing: str) -> None:
    check_tick(drawn(mesh, timing, 24), np.random.default_rng(5))
