"""Bits sent, without counting: every stream is written, put on every link that it crosses, and measured.

The writer knows spikes, placement and the widths of a packet; what it does not know is any counter. The streams are
then read back as who received them would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pytest
from bitarray import bitarray
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurochip import replay
from neurochip.compile.streams import Stream, streams
from neurochip.description import CodingSpec, MeshSpec
from neurochip.elements import OSA
from neurochip.spikes import Aer, Spikes
from neurochip.substrate import COUNTERS, Phase
from neurochip.substrate.counters import BIT_CODINGS
from neurochip.testing.networks import draw_net, fast_chip, small_chip
from tests.property.networks import checked, seeds
from tests.property.test_replay_equals_oracle import draw_connectivity

Array = NDArray[Any]
Code = Literal["symbols", "aer", "bitmap"]
CODES: tuple[Code, ...] = ("symbols", "aer", "bitmap")
Routing = Literal["unicast", "multicast"]
routings = st.sampled_from(["unicast", "multicast"])
meshes = st.sampled_from([(6, 6, 2), (3, 12, 1), (12, 3, 1), (4, 4, 4), (36, 1, 1)])
Write = Callable[[Stream, Spikes], Sequence[bitarray]]


def written(stream: Stream, spikes: Spikes) -> Sequence[bitarray]:
    """Write a stream and read it back."""
    sent = stream.code.encode(spikes)
    assert stream.code.decode(sent) == spikes
    return sent


def with_a_wrong_header(stream: Stream, spikes: Spikes) -> Sequence[bitarray]:
    """Write one bit of header too much."""
    code = stream.code
    if isinstance(code, Aer):
        code = Aer(code.axons, code.header_bits + 1, code.address_bits, code.header)
    return code.encode(spikes)


def path(mesh: MeshSpec, start: int, end: int) -> list[Any]:
    """Walk from core to core, along x and then along y, and note every step."""
    (x, y), (x1, y1) = mesh.position(start), mesh.position(end)
    steps = []
    while (x, y) != (x1, y1):
        to = (x + (1 if x1 > x else -1), y) if x != x1 else (x, y + (1 if y1 > y else -1))
        steps.append(((x, y), to))
        x, y = to
    return steps


class Wires:
    """All bits that left a core, that were sent over any link, and that came to a core."""

    def __init__(self, mesh: MeshSpec, forks: bool) -> None:
        self.mesh, self.forks = mesh, forks
        self.left: Counter[int] = Counter()  # by row of the counters
        self.on_links: Counter[int] = Counter()
        self.arrived: Counter[int] = Counter()  # by core of the chip

    def send(self, stream: Stream, bits: bitarray) -> None:
        self.left[stream.row] += len(bits)
        ways = [path(self.mesh, stream.site, site) for site in stream.receivers]
        every = [step for way in ways for step in way]
        for _ in set(every) if self.forks else every:
            self.on_links[stream.row] += len(bits)

    def take_in(self, stream: Stream, bits: bitarray) -> None:
        for site in stream.receivers:
            self.arrived[site] += len(bits)


def joined(parts: Sequence[bitarray]) -> bitarray:
    whole = bitarray()
    for part in parts:
        whole += part
    return whole


def check_bits(wires: Wires, code: Code, found: Array, sites: Sequence[int]) -> None:
    """Compare with the counters: what was sent row by row, what was received core by core."""

    def counted(name: str) -> list[int]:
        return [int(n) for n in found[:, COUNTERS.index(BIT_CODINGS[name])]]

    rows = range(len(found))
    assert [wires.left[row] for row in rows] == counted(code)
    assert [wires.on_links[row] for row in rows] == counted(f"{code}_hops")
    received: Counter[int] = Counter()
    for site, n in zip(sites, counted(f"{code}_received"), strict=True):
        received[site] += n
    assert +wires.arrived == +received


FREE, NUDGED, SAMPLES = 7, 5, 2


def settled(seed: int, sizes: tuple[int, ...], neurons: int, mesh: Any, routing: Routing, header: int) -> Any:
    """Run two samples, free and nudged; return the chip, and the spikes of both phases by population."""
    net = draw_net(seed, sizes, batch=SAMPLES)
    chip = small_chip(neurons, mesh=mesh, routing=routing, header_bits=header)
    fast = fast_chip(net, CodingSpec(annealer=OSA(0.0346, 1e-9)), chip=chip)
    fast.begin(net.x, np.arange(SAMPLES, dtype=np.uint64))
    free = fast.run(Phase.FREE, FREE, record=("spikes",))
    nudged = fast.run(Phase.NUDGED, NUDGED, beta=0.5, targets=net.y, record=("spikes",))
    return fast, [
        Spikes.from_array(np.concatenate(both)) for both in zip(free.spikes, nudged.spikes, strict=True)
    ]


def check_settling(fast: Any, spikes: list[Spikes], write: Write, codes: Sequence[Code] = CODES) -> None:
    image = fast.image
    forks, sites = image.chip.packet.routing == "multicast", [core.site for core in image.cores]
    for code in codes:
        free, nudged = Wires(image.chip.mesh, forks), Wires(image.chip.mesh, forks)
        for stream in streams(image.sending, code):
            core = image.cores[stream.row]
            for sample in range(SAMPLES):
                parts = write(stream, spikes[core.population][:, sample][:, core.first : core.last])
                # What is sent in a tick is taken in in the next.
                free.send(stream, joined(parts[:FREE]))
                free.take_in(stream, joined(parts[: FREE - 1]))
                nudged.send(stream, joined(parts[FREE:]))
                nudged.take_in(stream, joined(parts[FREE - 1 : -1]))
        check_bits(free, code, fast.counters().phases[Phase.FREE].counts, sites)
        check_bits(nudged, code, fast.counters().phases[Phase.NUDGED].counts, sites)


@given(
    seed=seeds,
    sizes=st.sampled_from([(7, 5, 3), (9, 6, 5, 4), (4, 12, 2), (20, 4), (3, 1, 8)]),
    neurons=st.integers(2, 6),
    mesh=meshes,
    routing=routings,
    header=st.sampled_from([0, 3, 5, 64]),
)
@checked(25)
def test_settling_networks(
    seed: int, sizes: tuple[int, ...], neurons: int, mesh: Any, routing: Routing, header: int
) -> None:
    check_settling(*settled(seed, sizes, neurons, mesh, routing, header), written)


@pytest.mark.parametrize("routing", ["unicast", "multicast"])
def test_a_wrong_header_is_seen(routing: Routing) -> None:
    seen = settled(1, (7, 5, 3), 3, (6, 6, 2), routing, 5)
    check_settling(*seen, with_a_wrong_header, ("symbols", "bitmap"))  # these have none
    with pytest.raises(AssertionError):
        check_settling(*seen, with_a_wrong_header, ("aer",))


@given(
    seed=seeds, sizes=st.lists(st.integers(1, 9), min_size=2, max_size=4), mesh=meshes, routing=routings,
    recurrent=st.booleans(), cores=st.integers(1, 8), rate=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    sparse=st.booleans(),
)  # fmt: skip
@checked(40)
def test_recorded_spikes(
    seed: int,
    sizes: list[int],
    mesh: Any,
    routing: Routing,
    recurrent: bool,
    cores: int,
    rate: float,
    sparse: bool,
) -> None:
    """Any neuron on any core, several layers on one core, a core that receives from itself."""
    rng = np.random.default_rng(seed)
    chip = small_chip(mesh=mesh, routing=routing, header_bits=int(rng.integers(0, 9)))
    rasters = [Spikes.from_array(rng.random((6, n)) < rate) for n in sizes]
    sites = rng.choice(chip.mesh.n_cores, cores, replace=False)
    linked: list[Any] = [draw_connectivity(rng, *shape) for shape in zip(sizes, sizes[1:], strict=False)]
    run = replay(
        rasters,
        [
            (made, np.ones(made.shape, np.int8)) if sparse else np.ones(shape, np.int8)
            for made, shape in zip(linked, zip(sizes, sizes[1:], strict=False), strict=True)
        ],
        chip,
        [rng.choice(sites, n) for n in sizes],
        recurrent=[np.ones((n, n), np.int8) if recurrent else None for n in sizes[1:]],
    )
    placed, counted = run.placed, run.counters.counted.phases[Phase.FREE].counts
    for code in CODES:
        wires = Wires(chip.mesh, routing == "multicast")
        for stream in streams(placed.sending, code):
            layer = int(placed.pieces.population[stream.row])
            units = np.flatnonzero(placed.pieces.of[layer] == stream.row)[list(stream.units)]
            bits = joined(written(stream, Spikes.from_array(rasters[layer].array()[:, units])))
            wires.send(stream, bits)
            wires.take_in(stream, bits)  # a replay takes in what it sends within the tick
        check_bits(wires, code, counted, placed.pieces.site.tolist())
