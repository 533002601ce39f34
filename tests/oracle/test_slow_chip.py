"""The slow chip against laws: cores do not matter, events are conserved, counts follow from the spikes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.oracle.annealers import OSA, Scheduled
from tests.oracle.coders import Constant, PowerLaw, SecondOrderSigmaDelta, SigmaDelta, Stochastic, Threshold
from tests.oracle.events import Mesh, count_bits
from tests.oracle.neuron import Coding
from tests.oracle.settle import settle
from tests.oracle.slow_chip import Mailbox, Matrix, Placement, SlowChip, transpose

SIZES = [6, 5, 4, 3]
CODING = Coding(lambda _: SigmaDelta(), lambda: OSA(0.05, 1e-9), Constant(0.3), Constant(0.3))
SPLIT = Placement(
    [[0, 0, 0, 1, 1, 1], [1, 1, 2, 2, 2], [2, 3, 3, 3], [3, 3, 3]],
    {0: (0, 0), 1: (1, 0), 2: (0, 2), 3: (3, 1)},
)


def network(seed: int = 1) -> tuple[list[Matrix], list[list[float]], Matrix, Matrix]:
    """Draw weights, biases, samples and one-hot targets of a small deep network."""
    rng = random.Random(seed)
    weights = [
        [[rng.uniform(-1, 1) for _ in range(post)] for _ in range(pre)]
        for pre, post in zip(SIZES[:-1], SIZES[1:], strict=True)
    ]
    biases = [[rng.uniform(-0.2, 0.4) for _ in range(n)] for n in SIZES[1:]]
    xs = [[rng.random() for _ in range(SIZES[0])] for _ in range(2)]
    return weights, biases, xs, [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def run(placement: Placement | None = None, coding: Coding = CODING, **how: Any) -> Any:
    """Settle the small network."""
    weights, biases, xs, ys = network()
    made = {k: how.pop(k) for k in ("feedback", "scales", "feedback_scales", "uniform") if k in how}
    chip = SlowChip(weights, biases, coding, placement=placement, **made)
    return settle(chip, xs, ys, **{"n_free": 25, "n_nudged": 15, "beta": 0.5, **how})


def test_network_is_alive() -> None:
    settled = run()
    assert all(0 < sum(map(sum, sample)) < 40 * SIZES[k] for k in range(4) for sample in settled.spikes[k])
    assert settled.plus[3] != settled.minus[3]


def test_placement_changes_nothing_but_traffic() -> None:
    one, split = run(), run(SPLIT)
    assert (one.spikes, one.states, one.epsilons) == (split.spikes, split.states, split.epsilons)
    for phase in ("free", "nudged"):
        a, b = one.counters[phase], split.counters[phase]
        assert (a.spikes_sent, a.sops, a.updates) == (b.spikes_sent, b.sops, b.updates)
        assert a.packets != b.packets


def test_conservation_in_every_phase() -> None:
    settled = run(SPLIT)
    free, nudged = settled.counters["free"], settled.counters["nudged"]
    assert free.total_sent() == free.spikes_delivered + free.in_flight
    assert nudged.total_sent() + free.in_flight == nudged.spikes_delivered + nudged.in_flight
    assert free.packets == free.packets_delivered + free.packets_in_flight
    assert nudged.packets + free.packets_in_flight == nudged.packets_delivered + nudged.packets_in_flight
    assert (free.ticks, nudged.ticks, free.presentations) == (50, 30, 2)


def test_events_follow_from_the_spikes() -> None:
    settled = run(SPLIT)
    free = settled.counters["free"]
    projects_to = {0: [1], 1: [2], 2: [1, 3], 3: [2]}
    packets: Counter[tuple[int, int]] = Counter()
    operations = dict.fromkeys((1, 2, 3), 0)
    for k in range(4):
        cores = {core for post in projects_to[k] for core in SPLIT.cores[post]}
        for sample in settled.spikes[k]:
            for t, bits in enumerate(sample[:25]):
                for unit, bit in enumerate(bits):
                    packets.update((SPLIT.cores[k][unit], core) for core in cores if bit)
                    for post in projects_to[k]:
                        operations[post] += bit * SIZES[post] * (t < 24)
    assert free.packets == packets
    assert dict(free.sops) == operations
    assert sum(free.core_sops.values()) == sum(operations.values())


def test_bits_by_hand() -> None:
    """Two inputs on core 0, one neuron on core 1, two hops away: four ticks, constant inputs 1 and 0."""
    coding = Coding(lambda _: SigmaDelta(), lambda: Scheduled(Constant(0.5)))
    chip = SlowChip(
        [[[1.0], [1.0]]], [[0.0]], coding, placement=Placement([[0, 0], [1]], {0: (0, 0), 1: (1, 1)})
    )
    settle(chip, [[1.0, 0.0]], n_free=4)
    events = chip.counters["free"]
    assert events.packets == {(0, 1): 4}
    assert chip.mesh.total_hops(events.packets) == (4, 4)
    assert (events.clamped_updates[0], events.updates[1], events.sops[1]) == (8, 4, 3)
    bits = count_bits(events, chip.mesh, address_bits=lambda core: 1, header_bits=6, frame_header_bits=3)
    # The neuron: s = 0, .5, .75, .875 fires on ticks 3 and 4 (phi .5, then 1.25 - 1, then 1.125 - 1).
    assert bits == {
        "symbols": 12,
        "spikes": 6,
        "aer": 4 * 7,
        "bitmap": 4 * (2 + 3),
        "symbols_hops": 4 * 2 * 2,
        "spikes_hops": 4 * 2,
        "aer_hops": 4 * 7 * 2,
        "bitmap_hops": 4 * 5 * 2,
    }


def test_hops_are_manhattan() -> None:
    assert Mesh({0: (3, 1), 5: (1, 4)}).hops(0, 5) == (2, 3)


def test_untied_with_the_transpose_is_tied() -> None:
    weights, _, _, _ = network()
    feedback = [transpose(w) for w in weights[1:]]
    assert run(feedback=feedback).states == run().states
    assert run(feedback=[[[0.0] * len(row) for row in w] for w in feedback]).states != run().states


def test_scale_of_integer_weights() -> None:
    weights, biases, xs, ys = network()
    codes = [[[float(round(8 * w)) for w in row] for row in matrix] for matrix in weights]
    real = [[[w / 8 for w in row] for row in matrix] for matrix in codes]
    how: Any = {"n_free": 20, "n_nudged": 10, "beta": 0.5}
    scaled = settle(SlowChip(codes, biases, CODING, scales=[0.125] * 3), xs, ys, **how)
    assert scaled.states == settle(SlowChip(real, biases, CODING), xs, ys, **how).states


def test_samples_do_not_influence_one_another() -> None:
    weights, biases, xs, ys = network()
    both = run()
    alone = settle(SlowChip(weights, biases, CODING), xs[1:], ys[1:], n_free=25, n_nudged=15, beta=0.5)
    assert [layer[1] for layer in both.states] == [layer[0] for layer in alone.states]


def test_two_runs_are_one_run() -> None:
    weights, biases, xs, _ = network()
    chip = SlowChip(weights, biases, CODING)
    chip.begin(xs[0])
    chip.run("free", 10)
    chip.run("free", 15)
    assert chip.states == [layer[0][:25] for layer in run().states]


@pytest.mark.parametrize("reference", ["opposite", "parallel"])
def test_both_branches_start_from_the_free_state(reference: str) -> None:
    plain, branched = run(), run(reference=reference)
    assert branched.free == plain.free
    assert branched.plus == plain.plus
    other = run(beta=-0.5) if reference == "opposite" else run(n_free=40, n_nudged=0)
    assert branched.minus == (other.plus if reference == "opposite" else other.free)
    assert branched.span == (1.0 if reference == "opposite" else 0.5)


def test_received_bits_are_those_sent_a_tick_before() -> None:
    settled = run(SPLIT)
    for sample, cores in enumerate(settled.received):
        for axons in cores.values():
            for (layer, unit), bits in axons.items():
                sent = [tick[unit] for tick in settled.spikes[layer][sample]]
                assert bits == [0, *sent[:-1]]


def test_a_core_has_no_axon_for_what_does_not_project_to_it() -> None:
    mailbox = Mailbox(SIZES, {(0, 1)})
    mailbox.put((0, 1))
    with pytest.raises(LookupError, match=r"no free axon for \(2, 0\)"):
        mailbox.put((2, 0))
    assert mailbox.take()[0] == [0, 1, 0, 0, 0, 0]
    assert mailbox.take()[0] == [0] * 6


ENCODERS: dict[str, Any] = {
    "second-order": lambda _: SecondOrderSigmaDelta(),
    "threshold": lambda _: Threshold(),
    "stochastic": Stochastic,
}


@pytest.mark.parametrize("lam", [None, PowerLaw(0.7, 0.4)], ids=["plain", "predictive"])
@pytest.mark.parametrize("name", ENCODERS)
def test_other_encoders_settle_too(name: str, lam: PowerLaw | None) -> None:
    asked: list[tuple[int, int, int]] = []

    def uniform(sample: int, neuron: int, tick: int) -> float:
        asked.append((sample, neuron, tick))
        return random.Random(repr((sample, neuron, tick))).random()

    coding = replace(CODING, encoder=ENCODERS[name], encoder_lam=lam, decoder_lam=lam)
    settled = run(coding=coding, uniform=uniform)
    assert all(
        0.0 <= s <= 1.0 for layer in settled.states for sample in layer for tick in sample for s in tick
    )
    assert 0 < settled.counters["free"].total_sent() < 2 * 25 * sum(SIZES)
    if name == "stochastic":
        assert len(asked) == len(set(asked)) == 2 * 40 * sum(SIZES)
        assert {tick for _, _, tick in asked} == set(range(1, 41))
