"""What an analog chip counts: nothing is sent as bits or words, but inputs, readings and writes cross its border."""

from __future__ import annotations

from typing import NamedTuple

from neurochip.description.die.cell_library import CHARGE_UNIT
from neurochip.network import Network
from neurochip.substrate import exact
from neurochip.substrate.counters import CIRCUIT, COUNTERS, Counters, Phase, PhaseCounters

__all__ = ["CircuitCounters"]

_NOTHING = (0,) * len(CIRCUIT)
_AT = {name: i for i, name in enumerate(COUNTERS)}
_MOST = 256  # kinds of events that are kept apart


class _Event(NamedTuple):
    """What is counted at once; a training has few kinds of it, and each of them very often."""

    phase: Phase
    counts: tuple[tuple[int, str, int], ...]  # core, counter, how much
    presentations: int = 0
    ticks: int = 0
    circuit: tuple[int, ...] = _NOTHING


class CircuitCounters:
    """Counts of one chip; every population stands for one core."""

    def __init__(self, network: Network) -> None:
        self._names = tuple(p.name for p in network.populations)
        self._sizes = network.sizes
        self._counts: dict[Phase, PhaseCounters] = {}
        self._events: dict[_Event, int] = {}  # that are not in it yet, and how often each was
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
        sizes, last = self._sizes, len(self._sizes) - 1
        counts = [(core, "neuron_updates", n * ticks) for core, n in enumerate(sizes) if core]
        words = [(0, sizes[0] * batch)] if self._opening else []
        if nudged:
            counts.append((last, "nudged_updates", sizes[-1] * ticks))
            if phase not in self._begun:
                words.append((last, sizes[-1] * batch))
        counts += [(core, "host_words_in", n) for core, n in words]
        self._opening = False
        circuit = _NOTHING
        if drawn is not None:
            circuit = (*(round(charge / CHARGE_UNIT) for charge in drawn), 0, 0, sum(n for _, n in words))
        self._add(
            phase, *counts, presentations=0 if phase in self._begun else batch, ticks=ticks, circuit=circuit
        )
        self._begun.add(phase)

    def wrote(self, target: int, synapses: int, products: int, saturated: int = 0, steps: int = 0) -> None:
        """Count one write of a projection's synapses, ``products`` samples × terms summed into each.

        ``steps`` of an optimiser stood between.
        """
        self._add(
            Phase.UPDATE,
            (target, "weight_accumulations", products * synapses),
            (target, "weight_writes", synapses),
            (target, "weight_saturations", saturated),
            (target, "optimiser_steps", steps),
        )

    def measured(self, phase: Phase, voltages: int, *, converted: bool) -> None:
        """Count voltages that were sampled and held, and converted if there is a converter."""
        self._add(phase, circuit=(0, 0, voltages, voltages if converted else 0, 0))

    def read_out(self, layer: int, words: int) -> None:
        """Count a reading by the host."""
        self._add(Phase.READOUT, (layer, "readout_words", words))

    def counters(self) -> Counters:
        """Return all counts."""
        self._sum_up()
        return Counters(self._names, tuple(range(len(self._names))), dict(self._counts))

    def restore(self, counters: Counters) -> None:
        """Go on from other counts."""
        self._counts, self._events = dict(counters.phases), {}

    def _add(
        self,
        phase: Phase,
        *counts: tuple[int, str, int],
        presentations: int = 0,
        ticks: int = 0,
        circuit: tuple[int, ...] = _NOTHING,
    ) -> None:
        event = _Event(phase, counts, presentations, ticks, circuit)
        self._events[event] = self._events.get(event, 0) + 1
        if len(self._events) > _MOST:
            self._sum_up()

    def _sum_up(self) -> None:
        """Take all events into the counts of their phases."""
        for event, times in self._events.items():
            table = [[0] * len(COUNTERS) for _ in self._sizes]
            for core, counter, n in event.counts:
                table[core][_AT[counter]] += n * times
            counted = PhaseCounters(
                event.presentations * times,
                event.ticks * times,
                exact.integers(table),
                circuit=tuple(n * times for n in event.circuit),
            )
            before = self._counts.get(event.phase)
            self._counts[event.phase] = counted if before is None else before + counted
        self._events = {}
