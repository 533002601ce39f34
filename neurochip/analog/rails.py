"""Voltages against the supply: how many went where no transistor could take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.spread import THERMAL_MV
from neurochip.analog.supply_lines import Drops
from neurochip.description.die.biasing import steepness
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.processes import SLOPE_FACTOR
from neurochip.substrate import Phase

__all__ = ["RailRecord", "full_scale_v", "headroom", "local_headroom", "supply_v"]

_SUPPLY = 1.8  # V


def full_scale_v(spec: AnalogSpec) -> float:
    """Return V₀ in volts: of the cells, of the run, or over which a pair turns its tail, 2 n U_T in weak inversion."""
    library = spec.library
    if library is not None:
        return library.full_scale
    if spec.full_scale_mv is not None:
        return spec.full_scale_mv * spec.scale_ratio / 1e3
    process = spec.mismatch.transistors
    slope = SLOPE_FACTOR if process is None else process.slope_factor
    wider = steepness(spec.inversion) if spec.characteristic == "ekv" else 1.0
    return wider * 2 * slope * THERMAL_MV * spec.scale_ratio / 1e3


def supply_v(spec: AnalogSpec) -> float:
    """Return the supply: of the run, of its cells, or 1.8 V."""
    library = spec.library
    if library is not None:
        return library.supply
    return _SUPPLY if spec.supply_v is None else spec.supply_v


def headroom(spec: AnalogSpec) -> float | None:
    """Return how far a voltage may go from its rest, to the nearer rail, full scales.

    `None` where the circuit has rails of its own, which no voltage leaves.
    """
    if spec.characteristic == "hard-sigmoid":
        return None
    library = spec.library
    if library is not None:
        return min(library.headroom)
    return supply_v(spec) / 2 / full_scale_v(spec)


def local_headroom(spec: AnalogSpec, drops: Drops | None) -> float | NDArray[np.float64] | None:
    """Return `headroom` less what the lines of the supply lose on the way to each neuron, f64[neuron]."""
    room = headroom(spec)
    return room if room is None or drops is None else room - drops.volts / full_scale_v(spec)


@dataclass(slots=True)
class _Seen:
    """Voltages at the ends of one kind of phase: how many, how many beyond the rails, the furthest in full scales."""

    voltages: int = 0
    beyond: int = 0
    furthest: float = 0.0


@dataclass(slots=True)
class RailRecord:
    """Voltages beyond the rails at the ends of phases, since the last `reset`.

    Attributes
    ----------
    limit
        How far a voltage may go from rest, full scales, or f64[neuron]; `None`: nothing is recorded.
    """

    limit: float | NDArray[np.float64] | None
    _phases: dict[Phase, _Seen] = field(default_factory=dict)

    def note(self, phase: Phase, voltage: NDArray[np.floating]) -> None:
        """Take in T[sample, neuron] of a phase that has just ended."""
        if self.limit is None or not voltage.size:
            return
        size = np.abs(voltage)
        seen = self._phases.setdefault(phase, _Seen())
        seen.voltages += size.size
        seen.beyond += int(np.count_nonzero(size > self.limit))
        seen.furthest = max(seen.furthest, float(size.max()))

    def reset(self) -> None:
        """Forget everything."""
        self._phases = {}

    def state(self) -> dict[Phase, dict[str, float]]:
        """Return phase → what has been counted, for a checkpoint."""
        return {phase: asdict(seen) for phase, seen in self._phases.items()}

    def restore(self, state: Mapping[Phase, Mapping[str, float]]) -> None:
        """Go on from a checkpoint."""
        self._phases = {
            phase: _Seen(int(seen["voltages"]), int(seen["beyond"]), seen["furthest"])
            for phase, seen in state.items()
        }

    def as_table(self) -> dict[str, dict[str, float]]:
        """Return phase → share of voltages beyond the rails, and the furthest in full scales."""
        return {
            phase.value: {"beyond": seen.beyond / seen.voltages, "furthest": seen.furthest}
            for phase, seen in self._phases.items()
        }
