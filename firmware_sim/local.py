"""The shortest link: the device in this process."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import LinkError, Refusal
from firmware_sim.device import Device
from firmware_sim.queues import WORD, Words
from firmware_sim.transaction import Transaction

__all__ = ["LocalLink"]


def joined(parts: list[NDArray[Any]]) -> Words:
    """Return words in one piece."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class LocalLink:
    """The device in this process: the same words, but no frames.

    Parameters
    ----------
    device
        Nobody else may talk to it meanwhile.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        device.reset()

    def exchange(self, transaction: Transaction, *, idempotent: bool = False) -> Words:
        """Carry out the transaction."""
        parts = transaction.parts()
        payload = joined(parts) if parts else np.zeros(0, dtype=WORD)
        try:
            return joined(self.device.transact(payload, idempotent=idempotent))
        except Refusal as refusal:
            raise LinkError("device", refusal.about, refusal.code) from None

    def wants_save(self) -> bool:
        """Return False: device and driver live and die together."""
        return False

    def saved(self) -> None:
        """Do nothing: there is nothing to catch up on."""

    def close(self) -> None:
        """Do nothing."""
