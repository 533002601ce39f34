"""Whether the phases had settled when they ended, and the sentences about those that had not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurochip.substrate import Phase

__all__ = ["PhaseSettling", "SettlingRecord"]

_LEARNING = (Phase.FREE, Phase.NUDGED, Phase.NUDGED_NEGATIVE)


@dataclass(slots=True)
class PhaseSettling:
    """How one kind of phase ended: presentations, those above the limit, and residuals in full scales."""

    presentations: int = 0
    unsettled: int = 0
    sum_residual: float = 0.0
    largest: float = 0.0


@dataclass(slots=True)
class SettlingRecord:
    """Residuals |τ dV/dt| at the ends of phases, since the last `reset`."""

    phases: dict[Phase, PhaseSettling] = field(default_factory=dict)

    def note(self, phase: Phase, residuals: NDArray[np.float64], limit: float) -> None:
        """Take in f64[lane] of a phase that has just ended."""
        if not residuals.size:
            return
        book = self.phases.setdefault(phase, PhaseSettling())
        book.presentations += residuals.size
        book.unsettled += int(np.count_nonzero(~(residuals <= limit)))
        book.sum_residual += float(residuals.sum())
        book.largest = max(book.largest, float(residuals.max()))

    def reset(self) -> None:
        """Forget everything."""
        self.phases = {}

    def state(self) -> dict[Phase, dict[str, float]]:
        """Return phase → what has been counted, for a checkpoint."""
        return {phase: asdict(book) for phase, book in self.phases.items()}

    def restore(self, state: Mapping[Phase, Mapping[str, float]]) -> None:
        """Go on from a checkpoint."""
        self.phases = {
            phase: PhaseSettling(
                int(book["presentations"]), int(book["unsettled"]), book["sum_residual"], book["largest"]
            )
            for phase, book in state.items()
        }

    def as_table(self) -> dict[str, dict[str, float]]:
        """Return phase → share unsettled, mean and largest residual."""
        return {
            phase.value: {
                "presentations": book.presentations,
                "unsettled": book.unsettled / book.presentations,
                "mean_residual": book.sum_residual / book.presentations,
                "largest_residual": book.largest,
            }
            for phase, book in self.phases.items()
            if book.presentations
        }
