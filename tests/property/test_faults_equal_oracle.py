"""A chip with faults against the slow one: every spike, state, trace and count, whatever is broken."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurochip.description import ChipSpec, CodingSpec
from neurochip.description.faults import FaultsSpec
from neurochip.elements import (
    OSA,
    Constant,
    Identity,
    PowerLaw,
    Predictive,
    SigmaDelta,
    Stochastic,
    Threshold,
)
from neurochip.substrate import Observable, Phase
from neurochip.substrate.counters import COUNTERS
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.oracle.learning import trace
from tests.property.faulty_networks import fault_specs, slow_faulty_chip
from tests.property.networks import checked, seeds

BATCH, FREE, NUDGED = 2, 11, 6
PRESENTATIONS = np.array([5, 2**40 + 1], dtype=np.uint64)
RECORD = ("spikes", "states")
codings = st.builds(
    CodingSpec,
    encoder=st.sampled_from([SigmaDelta(), SigmaDelta(PowerLaw(0.67, 0.578)), Stochastic(0.5), Threshold()]),
    decoder=st.sampled_from([Identity(), Predictive(0.3), Predictive(PowerLaw(0.9, 0.4))]),
    annealer=st.sampled_from([Constant(0.5), OSA(0.0346, 1e-9)]),
)
split = st.sampled_from([(9, 7, 4), (20, 12, 5, 3), (70, 8, 3), (6, 5)])


@given(
    seed=seeds,
    sizes=split,
    coding=codings,
    faults=fault_specs(),
    neurons=st.integers(2, 9),
    routing=st.sampled_from(["unicast", "multicast"]),
    tied=st.booleans(),
)
@checked(120)
def test_every_fault(
    seed: int,
    sizes: tuple[int, ...],
    coding: CodingSpec,
    faults: FaultsSpec,
    neurons: int,
    routing: Literal["unicast", "multicast"],
    tied: bool,
) -> None:
    net = draw_net(seed, sizes, batch=BATCH, tied=tied)
    check_every_fault(net, small_chip(neurons, mesh=(9, 9, 2), routing=routing), coding, faults, seed)


def check_every_fault(
    net: Net, chip: ChipSpec, coding: CodingSpec, faults: FaultsSpec, seed: int, ticks: int = FREE
) -> None:
    """Run two phases on both chips."""
    fast = fast_chip(net, coding, chip=chip, seed=seed, faults=faults, traced=True)
    fast.begin(net.x, PRESENTATIONS)
    phases = [
        fast.run(Phase.FREE, ticks, record=RECORD),
        fast.run(Phase.NUDGED, NUDGED, beta=0.5, targets=net.y, record=RECORD),
    ]
    slow = slow_faulty_chip(net, coding, fast, faults, seed=seed, presentations=PRESENTATIONS)
    for sample in range(BATCH):
        slow.begin(net.x[sample].tolist(), sample)
        slow.run("free", ticks)
        slow.run("nudged", NUDGED, beta=0.5, y=net.y[sample].tolist())
        for layer in range(len(net.sizes)):
            spikes = np.concatenate([phase.spikes[layer][:, sample] for phase in phases])
            np.testing.assert_array_equal(spikes, slow.spikes[layer])
            states = np.concatenate([phase.states[layer][:, sample] for phase in phases])
            np.testing.assert_allclose(states, slow.states[layer], rtol=0, atol=1e-11)
        check_traces(fast, slow, sample)
    for phase in (Phase.FREE, Phase.NUDGED):
        check_counters(fast, slow, phase, chip.packet.routing)


def check_traces(fast: Any, slow: Any, sample: int) -> None:
    """Each receiving core's own trace of each axon, from the packets that reached it."""
    behind = slow.coding.decoder_lam
    for layer in range(len(slow.sizes)):
        kept = fast.observe(Observable.TRACE, layer)
        receivers = slow.destinations[layer, 0]
        sound = kept.ndim == 2
        assert sound or kept.shape[1] == len(receivers)
        for place, core in enumerate(receivers):
            if core in slow.faults.dead:
                assert not kept[sample, place].any()
                continue
            for unit in range(slow.sizes[layer]):
                bits = slow.cores[core].received[layer, unit]
                expected = float(bits[-1]) if behind is None else trace(bits, behind)
                found = kept[sample, unit] if sound else kept[sample, place, unit]
                assert abs(found - expected) < 1e-11


def check_counters(fast: Any, slow: Any, phase: Phase, routing: str) -> None:
    image, events, all_counted = fast.image, slow.fault_counters[phase.value], fast.counters().phases[phase]
    cores = range(len(image.cores))

    def found(counter: str) -> list[int]:
        return [int(n) for n in all_counted.counts[:, COUNTERS.index(counter)]]

    def sent_by(pairs: Any) -> list[int]:
        return [sum(n for (sender, _), n in pairs.items() if sender == c) for c in cores]

    assert found("spikes_sent") == [events.core_spikes_sent[c] for c in cores]
    assert found("packets") == sent_by(events.packets)
    assert found("spikes_delivered") == [
        sum(n for (_, receiver), n in events.packets_delivered.items() if receiver == c) for c in cores
    ]
    for counter, counted in (
        ("lost_to_drop", events.lost["drop"]),
        ("lost_to_dead_core", events.lost["dead"]),
        ("lost_on_link", events.lost["link"]),
        ("packets_delayed", events.delayed),
        ("spikes_spurious", events.spurious),
        ("spikes_forced", events.forced),
        ("spikes_silenced", events.silenced),
        ("sops", events.core_sops),
        ("weight_reads", events.core_sops),
        ("neuron_updates", events.core_updates),
    ):
        assert found(counter) == [counted[c] for c in cores], counter
    header = image.chip.packet.header_bits
    for receiver in cores:
        bits = 0
        for (sender, to), n in events.packets_delivered.items():
            if to == receiver:
                every = image.receivers[sender] if routing == "multicast" else [receiver]
                bits += n * (header + max(image.address_bits[r] for r in every))
        assert found("aer_received")[receiver] == bits
    lost = [sum(counter[c] for counter in events.lost.values()) for c in cores]
    assert found("spikes_dropped") == lost
    flight = [events.ended_in_flight[c] - events.started_in_flight[c] for c in cores]
    assert found("spikes_in_flight") == flight
    total = sum(found("spikes_delivered")) + sum(found("spikes_dropped")) + sum(found("spikes_in_flight"))
    assert sum(found("packets")) == total
    if routing == "unicast":
        assert found("hops_ew") == [events.hops[c, "ew"] for c in cores]
        assert found("hops_ns") == [events.hops[c, "ns"] for c in cores]
