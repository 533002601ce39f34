"""What the emulator does with some samples, kept for the bench of an exported chip."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.substrate import Parameters, Phase, Settled, WeightUpdate

__all__ = ["Played", "Recording"]


class Played:
    """A substrate that records every phase that is run on it."""

    def __init__(self, substrate: Any) -> None:
        self._substrate = substrate
        self.settled: list[Settled] = []

    def __getattr__(self, name: str) -> Any:
        """Everything else is the substrate's own."""
        return getattr(self._substrate, name)

    def run(self, phase: Phase, ticks: int, **how: Any) -> Settled:
        """Run, and keep spikes and values."""
        how["record"] = ("spikes", "states")
        self.settled.append(self._substrate.run(phase, ticks, **how))
        return self.settled[-1]

    def joined(self, what: str, population: int) -> NDArray[Any]:
        """Return [tick, sample, unit] of all phases."""
        return np.concatenate([getattr(settled, what)[population] for settled in self.settled])


class Recording(NamedTuple):
    """One minibatch: what was presented, what became of it, and what was learned.

    Attributes
    ----------
    numbers
        Of the presentations.
    inputs, targets
        Integers, [sample, unit].
    spikes, values
        By population [tick, sample, unit]; values as integers.
    free, beta
        Ticks of the free phase, and the signed strength of the nudge.
    updates
        Those of the rule.
    seed, updates_before
        Of the run, and how many changes of weights it had made.
    after
        Weights and biases behind the change.
    """

    numbers: NDArray[np.uint64]
    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    spikes: tuple[NDArray[np.uint8], ...]
    values: tuple[NDArray[np.int64], ...]
    free: int
    beta: float
    updates: tuple[WeightUpdate, ...]
    seed: int
    updates_before: int
    after: Parameters
