"""The waist of the hourglass: what a learning rule may ask of whatever it learns on, and what is counted."""

from neurochip.substrate.ledger import COUNTERS, Ledger, Phase
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
    "Ledger",
    "Machine",
    "Observable",
    "Parameters",
    "Phase",
    "Settled",
    "Snapshot",
    "Substrate",
    "WeightUpdate",
]
