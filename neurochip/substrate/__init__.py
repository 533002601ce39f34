"""The waist of the hourglass: what a learning rule may ask of whatever it learns on, and what is counted."""

from neurochip.substrate.counters import COUNTERS, Counters, Phase
from neurochip.substrate.protocol import (
    Capabilities,
    Machine,
    Observable,
    Parameters,
    Settled,
    Snapshot,
    Substrate,
    WeightUpdate,
)

__all__ = [
    "COUNTERS",
    "Capabilities",
    "Counters",
    "Machine",
    "Observable",
    "Parameters",
    "Phase",
    "Settled",
    "Snapshot",
    "Substrate",
    "WeightUpdate",
]
