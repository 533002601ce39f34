"""The phases of a sample presentation, in order: what all rules go through, and when they read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.learning.readings import Reading, Readings
from neurochip.substrate import Phase, Substrate

__all__ = ["Moment", "Schedule"]

Moment = Literal["free", "nudged", "reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Phases of one presentation.

    Parameters
    ----------
    free, nudged
        Their lengths in ticks; ``nudged = 0``: the rule settles once and nudges nothing.
    reference
        What the nudged phase is compared with: ``"before"``, the end of the free phase; ``"parallel"``, a free run
        that goes on for as long from the same state, so that whatever still drifts cancels; ``"opposite"``, a phase
        nudged by −β from the same state.
    parts
        Equal parts of the nudged phase and of its reference, after each of which the rule reads.
    counts
        Spikes are counted over the second half of the free phase, when the network has nearly settled.
    aimed
        The free phase has targets, though it is not pulled to them: for a substrate that is asked for its gradient.
    """

    free: int
    nudged: int
    reference: Literal["before", "parallel", "opposite"] = "before"
    parts: int = 1
    counts: bool = False
    aimed: bool = False

    @property
    def uncounted(self) -> int:
        """Ticks of the free phase before spikes begin to be counted."""
        return max(1, self.free // 2) if self.counts else 0

    @property
    def branches(self) -> bool:
        """Whether the reference is a phase of its own, from the state in which the free phase ended."""
        return self.nudged > 0 and self.reference != "before"

    @property
    def ticks(self) -> int:
        """Ticks of one presentation, all phases together."""
        return self.free + self.nudged * (1 + self.branches)

    @property
    def lived(self) -> int:
        """Ticks of the branch that a presentation ends in, from its beginning."""
        return self.free + self.nudged

    @property
    def last_run(self) -> int:
        """Ticks of the last uninterrupted run."""
        return self.nudged // self.parts if self.nudged else self.free - self.uncounted or self.uncounted

    def run(
        self,
        substrate: Substrate,
        targets: NDArray[np.floating],
        beta: float,
        read: Callable[[Moment], Reading],
    ) -> Readings:
        """Run all phases on samples that have just begun; ``beta`` is signed, ``read`` takes a reading."""
        aim = targets if self.aimed else None
        if self.uncounted:
            substrate.run(Phase.FREE, self.uncounted, targets=aim)
        if self.free > self.uncounted:
            substrate.run(Phase.FREE, self.free - self.uncounted, targets=aim)
        free = read("free")
        if not self.nudged:
            return Readings(free, (), (), 1.0, targets)
        part = self.nudged // self.parts
        snapshot = substrate.snapshot() if self.branches else None
        nudged = []
        for _ in range(self.parts):
            substrate.run(Phase.NUDGED, part, beta=beta, targets=targets)
            nudged.append(read("nudged"))
        if snapshot is None:
            return Readings(free, tuple(nudged), (free,), beta, targets)
        substrate.restore(snapshot)
        reference = []
        for _ in range(self.parts):
            if self.reference == "opposite":
                substrate.run(Phase.NUDGED_NEGATIVE, part, beta=-beta, targets=targets)
            else:
                substrate.run(Phase.FREE, part)
            reference.append(read("reference"))
        span = 2 * beta if self.reference == "opposite" else beta
        return Readings(free, tuple(nudged), tuple(reference), span, targets)
