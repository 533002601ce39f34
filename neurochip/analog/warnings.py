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
        """Take in f64[sample] of a phase that has just ended."""
        if not residuals.size:
            return
        counted = self.phases.setdefault(phase, PhaseSettling())
        counted.presentations += residuals.size
        counted.unsettled += int(np.count_nonzero(~(residuals <= limit)))
        counted.sum_residual += float(residuals.sum())
        counted.largest = max(counted.largest, float(residuals.max()))

    def reset(self) -> None:
        """Forget everything."""
        self.phases = {}

    def state(self) -> dict[Phase, dict[str, float]]:
        """Return phase → what has been counted, for a checkpoint."""
        return {phase: asdict(counted) for phase, counted in self.phases.items()}

    def restore(self, state: Mapping[Phase, Mapping[str, float]]) -> None:
        """Go on from a checkpoint."""
        self.phases = {
            phase: PhaseSettling(
                int(counted["presentations"]),
                int(counted["unsettled"]),
                counted["sum_residual"],
                counted["largest"],
            )
            for phase, counted in state.items()
        }

    def as_table(self) -> dict[str, dict[str, float]]:
        """Return phase → share unsettled, mean and largest residual."""
        return {
            phase.value: {
                "presentations": counted.presentations,
                "unsettled": counted.unsettled / counted.presentations,
                "mean_residual": counted.sum_residual / counted.presentations,
                "largest_residual": counted.largest,
            }
            for phase, counted in self.phases.items()
            if counted.presentations
        }
