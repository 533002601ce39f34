"""One convention for all codings: what leaves a core, what crosses links, and what is received (docs/cycle.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip import replay, settle
from neurochip.description import ChipSpec, read_chip

TICKS, SPIKES = 10, 4

# Of the example in docs/cycle.md, worked out by hand: sent, times links, received.
UNICAST = {"symbols": (10, 70, 30), "spikes": (4, 28, 12), "aer": (108, 252, 108), "bitmap": (30, 70, 30)}
MULTICAST = {"symbols": (10, 40, 30), "spikes": (4, 16, 12), "aer": (36, 144, 108), "bitmap": (10, 40, 30)}


def example(chip: str) -> Any:
    """One neuron at (0, 0) whose spikes go to one neuron each at (2, 0), (2, 1) and (1, 1)."""
    raster = np.zeros((TICKS, 1), dtype=np.uint8)
    raster[:SPIKES] = 1
    silent = np.zeros((TICKS, 3), dtype=np.uint8)
    return replay([raster, silent], [np.ones((1, 3), dtype=int)], chip, [[0], [16, 17, 9]])


@pytest.mark.parametrize(("chip", "expected"), [("cmos45", UNICAST), ("cmos45-multicast", MULTICAST)])
def test_the_example_of_the_docs(chip: str, expected: dict[str, tuple[int, int, int]]) -> None:
    counted = example(chip).counters.counted.to_json()["free"]
    sender = counted["populations"]["input"]
    for coding, (sent, crossed, received) in expected.items():
        counter = "spikes_sent" if coding == "spikes" else coding
        assert sender[counter] == sent, coding
        assert counted["bits"][f"{coding}_hops"] == crossed, coding
        assert counted["bits"][f"{coding}_received"] == received, coding
    assert counted["packets"] == 12
    assert counted["packets_sent"] == (12 if chip == "cmos45" else 4)


def test_a_fork_saves_packets_and_links_and_changes_nothing_else() -> None:
    unicast, multicast = example("cmos45"), example("cmos45-multicast")
    for name in ("spikes_sent", "packets", "spikes_delivered", "sops", "aer_received", "symbols_received"):
        assert unicast.counters.totals[name] == multicast.counters.totals[name]
    assert (unicast.counters.hops_ew, unicast.counters.hops_ns) == (5 * SPIKES, 2 * SPIKES)
    assert (multicast.counters.hops_ew, multicast.counters.hops_ns) == (2 * SPIKES, 2 * SPIKES)
    out, over = 10e-12, 0.15e-12 * 9  # one packet out of a core; its nine bits over a link
    saved = 8 * out + (28 - 16) * over
    assert unicast.energy_j["network"] - multicast.energy_j["network"] == pytest.approx(saved)


@pytest.mark.parametrize("chip", ["cmos45", "cmos45-multicast"])
def test_every_coding_of_a_settling_network_is_counted_alike(chip: str) -> None:
    """Four to a core, so that every population but one has several; an own walk over the routes counts the bits."""
    specification = four_neurons(read_chip(chip))
    ticks, sizes = 20, (4, 16, 4)
    seen = settle(
        [np.full((4, 16), 0.1), np.full((16, 4), 0.1)],
        [np.zeros(16), np.zeros(4)],
        np.full((1, 4), 0.7),
        n_free=ticks,
        chip=specification,
    )
    # Cores along the first column, downwards: the input, four of the hidden population, the output.
    where = [[0], [1, 2, 3, 4], [5]]
    receive = {0: where[1], 1: where[2], 2: where[1]}
    axons = {**dict.fromkeys(where[1], sizes[0] + sizes[2]), **dict.fromkeys(where[2], sizes[1])}
    forks = chip == "cmos45-multicast"
    expected: dict[str, int] = {}

    def add(name: str, bits: int) -> None:
        expected[name] = expected.get(name, 0) + bits

    for layer, cores in enumerate(where):
        for place, core in enumerate(cores):
            bits = seen.spikes[layer][:, 0, 4 * place : 4 * place + 4]
            spikes, arrived, neurons = int(bits.sum()), int(bits[:-1].sum()), bits.shape[1]
            to = receive[layer]
            word = {r: 8 + (axons[r] - 1).bit_length() for r in to}
            if forks:
                word = dict.fromkeys(to, max(word.values()))
                below, above = max([0, *(r - core for r in to)]), max([0, *(core - r for r in to)])
                ways = [(word[to[0]], below + above)]
            else:
                ways = [(word[r], abs(r - core)) for r in to]
            links = sum(n for _, n in ways)
            add("symbols", neurons * ticks)
            add("bitmap", neurons * ticks * len(ways))
            add("aer", spikes * sum(width for width, _ in ways))
            add("packets_sent", spikes * len(ways))
            add("symbols_hops", neurons * ticks * links)
            add("bitmap_hops", neurons * ticks * links)
            add("spikes_hops", spikes * links)
            add("aer_hops", spikes * sum(width * n for width, n in ways))
            # What is sent in a tick is received in the next.
            add("symbols_received", neurons * (ticks - 1) * len(to))
            add("spikes_delivered", arrived * len(to))
            add("aer_received", arrived * sum(word.values()))
    assert expected["aer"] > 0
    assert {name: seen.counters.total(name) for name in expected} == expected


def four_neurons(chip: ChipSpec) -> ChipSpec:
    """Return a chip whose cores hold four neurons."""
    return replace(chip, core=replace(chip.core, neurons=4))
