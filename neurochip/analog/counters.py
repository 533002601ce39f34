"""What an analog chip counts: nothing is sent as bits or words, but inputs, readings and writes cross its border."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.description.cell_library import CHARGE_UNIT
from neurochip.network import Network
from neurochip.substrate.counters import CIRCUIT, COUNTERS, Counters, Phase, PhaseCounters

__all__ = ["CircuitCounters"]

_NOTHING = (0,) * len(CIRCUIT)
_AT = {name: i for i, name in enumerate(COUNTERS)}


class CircuitCounters:
    """Counts of one chip; every population stands for one core."""

    def __init__(self, network: Network) -> None:
        self._names = tuple(p.name for p in network.populations)
        self._sizes = np.array(network.sizes, dtype=np.int64)
        self._counts: dict[Phase, PhaseCounters] = {}
        self._opening = False
        self._begun: set[Phase] = set()

    def begin(self) -> None:
        """New presentations."""
        self._opening, self._begun = True, set()

    def ran(
        self, phase: Phase, batch: int, ticks: int, *, nudged: bool, drawn: tuple[float, float] | None = None
    ) -> None:
        """Count ``ticks`` in all, over ``batch`` samples; a neuron update is one neuron for one tick.

        ``drawn`` is the charge that synapses and leaks took from the supply, in C V₀, where the cells are known.
        """
        counts, sizes = self._empty(), self._sizes
        counts[1:, _AT["neuron_updates"]] = sizes[1:] * ticks
        if nudged:
            counts[-1, _AT["nudged_updates"]] = sizes[-1] * ticks
            if phase not in self._begun:
                counts[-1, _AT["host_words_in"]] = sizes[-1] * batch
        if self._opening:
            counts[0, _AT["host_words_in"]] = sizes[0] * batch
        self._opening = False
        circuit = _NOTHING
        if drawn is not None:
            words = int(counts[:, _AT["host_words_in"]].sum())
            circuit = (*(round(charge / CHARGE_UNIT) for charge in drawn), 0, 0, words)
        self._add(phase, counts, 0 if phase in self._begun else batch, ticks, circuit)
        self._begun.add(phase)

    def wrote(self, target: int, synapses: int, products: int, saturated: int = 0, steps: int = 0) -> None:
        """Count one write of a projection's synapses, ``products`` samples × terms summed into each.

        ``steps`` of an optimiser stood between.
        """
        counts = self._empty()
        counts[target, _AT["weight_accumulations"]] = products * synapses
        counts[target, _AT["weight_writes"]] = synapses
        counts[target, _AT["weight_saturations"]] = saturated
        counts[target, _AT["optimiser_steps"]] = steps
        self._add(Phase.UPDATE, counts)

    def measured(self, phase: Phase, voltages: int, *, converted: bool) -> None:
        """Count voltages that were sampled and held, and converted if there is a converter."""
        self._add(phase, self._empty(), circuit=(0, 0, voltages, voltages if converted else 0, 0))

    def read_out(self, layer: int, words: int) -> None:
        """Count a reading by the host."""
        counts = self._empty()
        counts[layer, _AT["readout_words"]] = words
        self._add(Phase.READOUT, counts)

    def counters(self) -> Counters:
        """Return all counts."""
        return Counters(self._names, tuple(range(len(self._names))), dict(self._counts))

    def restore(self, counters: Counters) -> None:
        """Go on from other counts."""
        self._counts = dict(counters.phases)

    def _empty(self) -> NDArray[np.int64]:
        return np.zeros((self._sizes.size, len(COUNTERS)), dtype=np.int64)

    def _add(
        self,
        phase: Phase,
        counts: NDArray[np.int64],
        presentations: int = 0,
        ticks: int = 0,
        circuit: tuple[int, ...] = _NOTHING,
    ) -> None:
        counted = PhaseCounters(presentations, ticks, counts, circuit=circuit)
        self._counts[phase] = self._counts[phase] + counted if phase in self._counts else counted
