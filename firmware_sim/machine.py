"""What the device drives: any substrate whose books can be taken up again."""

from __future__ import annotations

from typing import Protocol

from neurochip.substrate import Ledger, Substrate

__all__ = ["Machine"]


class Machine(Substrate, Protocol):
    """A substrate that a run can be resumed on."""

    @property
    def updates(self) -> int:
        """Changes of weights so far."""
        ...

    def restore_books(self, ledger: Ledger, updates: int) -> None:
        """Go on counting from a checkpoint."""
        ...
