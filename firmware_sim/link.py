"""What a driver talks through."""

from __future__ import annotations

from typing import Protocol

from firmware_sim.queues import Words
from firmware_sim.transaction import Transaction

__all__ = ["Link"]


class Link(Protocol):
    """Carries transactions to a device, each exactly once, in order."""

    def exchange(self, transaction: Transaction, *, idempotent: bool = False) -> Words:
        """Return the answer's words: code, interrupts, and what was read."""
        ...

    def wants_save(self) -> bool:
        """Whether the device should keep its state now, so that less would have to be done again."""
        ...

    def saved(self) -> None:
        """Note that the device has kept everything so far."""
        ...

    def close(self) -> None:
        """Leave the device to others."""
        ...
