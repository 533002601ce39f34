"""Every counter against events that the slow chip counted one at a time, on random mappings."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import ChipImage
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec, LearningSpec, PhasesSpec
from neurochip.elements import OSA, Identity, Predictive
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.substrate import COUNTERS, Phase
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.oracle.events import PhaseEvents, count_bits
from tests.oracle.settle import settle
from tests.oracle.slow_chip import SlowChip
from tests.property.networks import checked, seeds, slow_chip

BATCH, FREE, NUDGED = 2, 9, 6
meshes = st.sampled_from([(6, 6, 2), (3, 12, 1), (12, 3, 1), (4, 4, 4), (64, 1, 1)])
sizes_split = st.sampled_from([(7, 5, 3), (9, 6, 5, 4), (4, 12, 2), (20, 4), (3, 1, 8)])
decoders = st.sampled_from([Identity(), Predictive(0.275)])


def by_core(substrate: DigitalSubstrate, phase: Phase, counter: str) -> list[int]:
    """Return one counter of a phase, per core."""
    counted = substrate.counters().phases[phase]
    return [int(n) for n in counted.counts[:, COUNTERS.index(counter)]]


def per_sender(traffic: Counter[tuple[int, int]], image: ChipImage, weight: Any = None) -> list[int]:
    """Sum what went between pairs of cores over the senders; ``weight(sender, receiver)`` is 1 if not given."""
    out = [0] * len(image.cores)
    for (sender, receiver), n in traffic.items():
        out[sender] += n * (1 if weight is None else weight(sender, receiver))
    return out


def tree(image: ChipImage, sender: int) -> tuple[int, int]:
    """Walk the XY route to every receiver, link by link, and count the links of the tree: along x, along y."""
    position = [image.chip.mesh.position(core.site) for core in image.cores]
    along_x: set[Any] = set()
    along_y: set[Any] = set()
    for receiver in image.receivers[sender]:
        (x, y), (x1, y1) = position[sender], position[receiver]
        while x != x1:
            step = 1 if x1 > x else -1
            along_x.add(((x, y), (x + step, y)))
            x += step
        while y != y1:
            step = 1 if y1 > y else -1
            along_y.add(((x, y), (x, y + step)))
            y += step
    return len(along_x), len(along_y)


def run_both(
    net: Net, coding: CodingSpec, neurons: int, mesh: tuple[int, int, int], routing: Any
) -> tuple[DigitalSubstrate, SlowChip]:
    fast = fast_chip(net, coding, chip=small_chip(neurons, mesh=mesh, routing=routing, header_bits=5))
    fast.begin(net.x, np.arange(BATCH, dtype=np.uint64))
    fast.run(Phase.FREE, FREE)
    fast.run(Phase.NUDGED, NUDGED, beta=0.5, targets=net.y)
    slow = slow_chip(net, coding, image=fast.image)
    settle(slow, net.x.tolist(), net.y.tolist(), n_free=FREE, n_nudged=NUDGED, beta=0.5)
    return fast, slow


def under_way(slow: SlowChip, phase: Phase) -> Counter[tuple[int, int]]:
    """Packets in flight at the end of a phase less those at its beginning, by pair of cores."""
    net = Counter(slow.counters[phase.value].packets_in_flight)
    if phase is Phase.NUDGED:
        net.subtract(slow.counters["free"].packets_in_flight)
    return net


def check_traffic(fast: DigitalSubstrate, slow: SlowChip, phase: Phase) -> None:
    image, events = fast.image, slow.counters[phase.value]
    cores = range(len(image.cores))

    def found(counter: str) -> list[int]:
        return by_core(fast, phase, counter)

    assert found("spikes_sent") == [events.core_spikes_sent[c] for c in cores]
    assert found("packets") == per_sender(events.packets, image)
    arrived = Counter[int]()
    for (_, receiver), n in events.packets_delivered.items():
        arrived[receiver] += n
    assert found("spikes_delivered") == [arrived[c] for c in cores]
    assert found("spikes_in_flight") == per_sender(under_way(slow, phase), image)
    assert found("spikes_dropped") == [0] * len(image.cores)
    assert found("sops") == found("weight_reads") == [events.core_sops[c] for c in cores]
    clamped = [image.network.populations[core.population].clamped for core in image.cores]
    ticks = BATCH * (FREE if phase is Phase.FREE else NUDGED)
    size = [core.size for core in image.cores]
    assert found("neuron_updates") == [events.core_updates[c] for c in cores]
    assert found("clamped_updates") == [
        n * ticks * is_input for n, is_input in zip(size, clamped, strict=True)
    ]
    assert found("symbols") == [n * ticks for n in size]
    counted = fast.counters().phases[phase]
    assert (counted.ticks, counted.presentations) == (events.ticks, events.presentations) == (ticks, BATCH)
    for layer in range(1, len(slow.sizes)):
        updates = sum(found("neuron_updates")[c] for c in image.cores_of(layer))
        sops = sum(found("sops")[c] for c in image.cores_of(layer))
        assert (updates, sops) == (events.updates[layer], events.sops[layer])


def axon_bits(image: ChipImage, core: int) -> int:
    """Bits that tell apart the axons which reach a core."""
    network = image.network
    received = {p.source for p in network.projections if p.target == image.cores[core].population}
    n_axons = sum(network.sizes[p] for p in received)
    return max(1, (n_axons - 1).bit_length())


def check_bits(fast: DigitalSubstrate, slow: SlowChip, phase: Phase, routing: str) -> None:
    image, events = fast.image, slow.counters[phase.value]
    mesh, header = slow.mesh, image.chip.packet.header_bits

    def word(sender: int, receiver: int) -> int:
        return header + axon_bits(image, receiver)

    def total(counter: str) -> int:
        return sum(by_core(fast, phase, counter))

    def all_codings() -> dict[str, int]:
        names = {"spikes": "spikes_sent"}
        codings = (
            "symbols",
            "spikes",
            "aer",
            "bitmap",
            "symbols_hops",
            "spikes_hops",
            "aer_hops",
            "bitmap_hops",
        )
        return {coding: total(names.get(coding, coding)) for coding in codings}

    arrived = events.packets_delivered
    if routing == "unicast":
        words = {pair: word(*pair) for pair in arrived}
    else:
        words = {(s, r): max(word(s, other) for other in image.receivers[s]) for s, r in arrived}
    received = Counter[int]()
    for (sender, receiver), n in arrived.items():
        received[receiver] += n * words[sender, receiver]
    assert by_core(fast, phase, "aer_received") == [received[c] for c in range(len(image.cores))]
    # Frames are taken in a tick after they are sent, as packets are.
    late = BATCH if phase is Phase.FREE else 0
    frames = Counter[int]()
    for c, received in enumerate(image.receivers):
        for r in received:
            frames[r] += image.cores[c].size * (events.ticks - late)
    assert by_core(fast, phase, "symbols_received") == [frames[c] for c in range(len(image.cores))]
    sent_packets = by_core(fast, phase, "packets_sent")
    if routing == "unicast":
        assert sent_packets == by_core(fast, phase, "packets")
    else:
        has = [int(bool(received)) for received in image.receivers]
        sent_spikes = by_core(fast, phase, "spikes_sent")
        assert sent_packets == [n * any_ for n, any_ in zip(sent_spikes, has, strict=True)]

    found = all_codings()
    expected = count_bits(events, mesh, address_bits=lambda core: 0, header_bits=1)
    if routing == "unicast":
        ew, ns = mesh.total_hops(events.packets)
        assert (total("hops_ew"), total("hops_ns")) == (ew, ns)
        # The slow chip's word is the same to every receiver; here each has as many axons as reach it.
        expected["aer"] = sum(n * word(*pair) for pair, n in events.packets.items())
        expected["aer_hops"] = sum(
            n * word(*pair) * sum(mesh.hops(*pair)) for pair, n in events.packets.items()
        )
        assert found == expected
        return
    trees = [tree(image, c) for c in range(len(image.cores))]
    sent = by_core(fast, phase, "spikes_sent")
    symbols = by_core(fast, phase, "symbols")
    assert by_core(fast, phase, "hops_ew") == [n * ew for n, (ew, _) in zip(sent, trees, strict=True)]
    assert by_core(fast, phase, "hops_ns") == [n * ns for n, (_, ns) in zip(sent, trees, strict=True)]
    assert (found["symbols"], found["spikes"]) == (expected["symbols"], expected["spikes"])
    assert found["bitmap"] == sum(n for n, received in zip(symbols, image.receivers, strict=True) if received)
    # One packet that forks is as wide as its widest receiver asks.
    words = [max((word(c, r) for r in received), default=0) for c, received in enumerate(image.receivers)]
    assert found["aer"] == sum(n * w for n, w in zip(sent, words, strict=True))
    links = [sum(t) for t in trees]
    assert found["aer_hops"] == sum(n * w * k for n, w, k in zip(sent, words, links, strict=True))
    assert found["spikes_hops"] == sum(n * k for n, k in zip(sent, links, strict=True))
    assert found["symbols_hops"] == found["bitmap_hops"]
    assert found["symbols_hops"] == sum(n * k for n, k in zip(symbols, links, strict=True))


@given(
    seed=seeds,
    sizes=sizes_split,
    neurons=st.integers(2, 6),
    mesh=meshes,
    routing=st.sampled_from(["unicast", "multicast"]),
    decoder=decoders,
    tied=st.booleans(),
)
@checked(60)
def test_counters(
    seed: int,
    sizes: tuple[int, ...],
    neurons: int,
    mesh: tuple[int, int, int],
    routing: Literal["unicast", "multicast"],
    decoder: Any,
    tied: bool,
) -> None:
    net = draw_net(seed, sizes, batch=BATCH, tied=tied)
    coding = CodingSpec(decoder=decoder, annealer=OSA(0.0346, 1e-9))
    fast, slow = run_both(net, coding, neurons, mesh, routing)
    for phase in (Phase.FREE, Phase.NUDGED):
        check_traffic(fast, slow, phase)
        check_bits(fast, slow, phase, routing)


@given(
    seed=seeds,
    sizes=sizes_split,
    neurons=st.integers(2, 6),
    reference=st.sampled_from(["before", "parallel", "opposite"]),
)
@checked(10)
def test_phases_of_the_rule(seed: int, sizes: tuple[int, ...], neurons: int, reference: Any) -> None:
    """The phases that the rule asks for are those of the slow chip, and so is what they cost."""
    net = draw_net(seed, sizes, batch=BATCH)
    coding = CodingSpec(annealer=OSA(0.0346, 1e-9))
    fast = fast_chip(net, coding, chip=small_chip(neurons))
    fast.begin(net.x, np.arange(BATCH, dtype=np.uint64))
    rule = EquilibriumPropagation(
        fast.image.network,
        LearningSpec(rates=(0.1,) * (len(sizes) - 1), epochs=1),
        PhasesSpec(free=FREE, nudged=NUDGED, reference=reference),
    )
    rule.present(fast, net.y, 0.5)
    slow = slow_chip(net, coding, image=fast.image)
    settle(
        slow,
        net.x.tolist(),
        net.y.tolist(),
        n_free=FREE,
        n_nudged=NUDGED,
        beta=0.5,
        reference=reference,
    )
    by_phase = fast.counters().phases
    assert {phase.value for phase in by_phase} == set(slow.counters)
    for name, events in slow.counters.items():
        check_phase(by_phase[Phase(name)], events)


def check_phase(counted: Any, events: PhaseEvents) -> None:
    assert (counted.presentations, counted.ticks) == (events.presentations, events.ticks)
    assert counted.total("spikes_sent") == events.total_sent()
    assert counted.total("packets") == sum(events.packets.values())
    assert counted.total("spikes_delivered") == sum(events.packets_delivered.values())
    assert counted.total("sops") == sum(events.sops.values())
    assert counted.total("neuron_updates") == sum(events.updates.values())
