"""One host's conversation with a device: each transaction is carried out once, however often it is sent."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from firmware_sim.codes import Code, Refusal
from firmware_sim.device import Device
from firmware_sim.frames import Frame, Kind, frame_parts
from firmware_sim.queues import WORD

__all__ = ["Session"]

_LOG = logging.getLogger("neurochip.firmware")


class Session:
    """What a device remembers of its host: who it is, and the last transaction with its answer.

    Parameters
    ----------
    token
        Names the session; never 0.
    on_save
        Writes the device's state, when a transaction asked for it.
    """

    def __init__(self, device: Device, token: int, on_save: Callable[[Session], None] | None = None) -> None:
        self.device = device
        self.token = token
        self.executed = 0
        self.request_crc = 0
        self.last: list[Any] = []  # answer to `executed`
        self._on_save = on_save

    def answer(self, frame: Frame) -> list[Any]:
        """Return the buffers of the answer to a READ or TRANSACT."""
        kind, _, sequence, payload = frame
        if len(payload) % 4:
            return frame_parts(Kind.REFUSED, sequence, code=Code.BAD_PAYLOAD)
        words = np.frombuffer(payload, dtype=WORD)
        if kind == Kind.READ:
            try:
                return frame_parts(Kind.ANSWER, sequence, self.device.transact(words, idempotent=True))
            except Refusal as refusal:
                return frame_parts(Kind.REFUSED, sequence, code=refusal.code)
        if kind != Kind.TRANSACT:
            return frame_parts(Kind.REFUSED, sequence, code=Code.BAD_KIND)
        crc = zlib.crc32(payload)
        if sequence == self.executed and self.last:
            if crc != self.request_crc:
                return frame_parts(Kind.REFUSED, sequence, code=Code.SEQUENCE_REUSED)
            return self.last
        if sequence != self.executed + 1:
            expected = (self.executed + 1).to_bytes(8, "little")
            return frame_parts(Kind.REFUSED, sequence, [expected], code=Code.OUT_OF_SEQUENCE)
        try:
            parts = self.device.transact(words)
        except Exception:
            _LOG.exception("a transaction met a fault of the device")
            parts = [np.array([Code.INTERNAL, 0], dtype=WORD)]
        self.last = frame_parts(Kind.ANSWER, sequence, parts)
        self.executed, self.request_crc = sequence, crc
        if self.device.save_asked:
            self.device.save_asked = False
            if self._on_save is not None:
                self._on_save(self)
        return self.last
