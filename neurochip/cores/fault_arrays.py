"""The arrays of a chip with faults. With them each core has its own view of its axons: packets are lost one by one.

*Axon slots* number the axons of all cores, block after block of `Wiring.blocks`, each as wide as the slots of its
source population.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurochip.cores.arrays import aligned_zeros

__all__ = ["LOST", "TALLY", "FaultRates", "FaultScratch", "FaultState", "FaultWiring"]

Array = np.ndarray[Any, Any]

# Why a packet never arrives, by number in `FaultWiring.cut`; 0 arrives.
LOST = ("", "link_down", "dead_core")

# What the kernel counts, per core.
TALLY = (
    "spikes_delivered",  # on the receiving core; all others but the last on the sending one
    "lost_on_link",
    "lost_to_dead_core",
    "lost_to_drop",
    "packets_delayed",
    "spikes_spurious",
    "spikes_forced",
    "spikes_silenced",
    "aer_received",  # on the receiving core
)


class FaultWiring(NamedTuple):
    """What is broken for good."""

    axons: Array  # u64[block, 2]  first axon slot, axon slot after the last: multiples of 64
    packet_bits: Array  # i64[block]  of one packet as it is taken in
    core_of: Array  # u64[slot]  core that holds a slot
    sites: Array  # u64[core]
    size: Array  # u64[core]  neurons, without padding
    dead: Array  # u8[core]
    cut: Array  # u8[sender, receiver]  index into LOST
    stuck: Array  # u64[stuck neuron]  its slot
    stuck_at: Array  # u8[stuck neuron]
    is_stuck: Array  # u8[slot]


class FaultRates(NamedTuple):
    """What breaks by chance: probabilities, and the u64 seeds of their draws."""

    drop: float
    spurious: float
    delay: float
    delay_ticks: Any  # u64
    drop_seed: Any
    spurious_seed: Any
    delay_seed: Any


class FaultState(NamedTuple):
    """What lanes remember besides `LaneState`. All of it is 0 at the beginning."""

    heard: Array  # u8[lane, axon]  packets to be taken in at the next tick, 0 to 2
    late: Array  # u64[lane, axon | 0]  packets held back: bit k arrives k ticks later than the next one
    frame: Array  # u8[lane, axon]  reference frame of each core's own axons
    window: Array  # u8[lane, axon]  packets since the last frame
    trace: Array  # T[lane, axon | 0]
    counts: Array  # u16[lane, axon]  packets that got through since the beginning of the phase
    testing: Array  # u8[lane]  1 in a presentation that measures


class FaultScratch(NamedTuple):
    """Room for one lane's tick, one per thread."""

    arrived: Array  # u8[axon]  1 where any packet arrived
    packed: Array  # u8[axon / 8]
    plus: Array  # u64[widest block + 4]
    minus: Array  # u64[widest block + 4]
    twice: Array  # u64[widest block + 4]  axons with two packets
    fired: Array  # u64[slot]  slots that sent, each population's from its first slot on
    n_fired: Array  # u64[population]
    tally: Array  # i64[core, TALLY]

    @classmethod
    def of(cls, n_axons: int, widest: int, n_slots: int, n_populations: int, n_cores: int) -> FaultScratch:
        """Return zeros."""
        return cls(
            arrived=aligned_zeros(n_axons, np.uint8),
            packed=aligned_zeros(n_axons // 8, np.uint8),
            plus=aligned_zeros(widest + 4, np.uint64),
            minus=aligned_zeros(widest + 4, np.uint64),
            twice=aligned_zeros(widest + 4, np.uint64),
            fired=aligned_zeros(n_slots, np.uint64),
            n_fired=aligned_zeros(n_populations, np.uint64),
            tally=aligned_zeros((n_cores, len(TALLY)), np.int64),
        )
