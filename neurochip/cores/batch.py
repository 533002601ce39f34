"""The samples that a chip works on side by side: what they remember, and how threads share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import (
    SHOWN,
    Channel,
    Chip,
    Pull,
    Reception,
    Recorder,
    Samples,
    Scratch,
    Span,
    State,
    Wiring,
)
from neurochip.cores.axons import pattern_taker
from neurochip.cores.cells import Cells
from neurochip.cores.channel import sound_channel
from neurochip.cores.counters import Broken, FaultCounts, spikes_per_core
from neurochip.cores.faults import FaultPlan
from neurochip.cores.layout import Layout
from neurochip.cores.memory import SynapseMemories
from neurochip.cores.rooms import axons_of, pulled, reception, scratch, state
from neurochip.cores.threads import Threads
from neurochip.cores.tick import run_ticks
from neurochip.elements.integers import columns
from neurochip.errors import DataError
from neurochip.spikes import SpikeTrains

__all__ = ["Batch"]

K = TypeVar("K")
V = TypeVar("V")

_TESTING = "testing"  # in a snapshot: whether its presentations measure
_MOST = {"bits": 1, "reference": 1, "arrived": 2, _TESTING: 1}  # in a snapshot
_MOST_SIZES = 8  # of batches for which room is kept
_MOST_SCHEDULES = 64


class Batch:
    """All samples of the present minibatch.

    Parameters
    ----------
    layout
        Where everything sits.
    memory
        The weights of the cores.
    cells, traced, seed
        The neurons; whether receivers keep traces of their axons; of the random bits of neurons.
    threads
        Samples are shared among them; results do not depend on how many there are.
    plans
        What is broken in training, and in presentations that measure; `None` for a sound chip.
    """

    def __init__(
        self,
        layout: Layout,
        memory: SynapseMemories,
        cells: Cells,
        *,
        traced: bool,
        seed: int,
        threads: Threads,
        plans: tuple[FaultPlan | None, ...] = (None, None),
    ) -> None:
        self._layout, self._memory, self._threads = layout, memory, threads
        self._cells, self._seed = cells, cells.seed(seed)
        self._neurons = cells.neurons(layout.state_dtype, layout.n_slots, traced=traced)
        if layout.image.network.is_listed:
            # Reference patterns are sums of rows of matrices.
            self._neurons = self._neurons._replace(patterned=0)
        self._core_slots = np.array(layout.core_slots, dtype=np.uint64).reshape(-1, 2)
        self._plans = plans
        self.plan: FaultPlan | None = None  # of these presentations
        self._channels: dict[int, list[Channel]] = {}  # by plan, one per thread
        self._scratch: list[Scratch] = []
        # Kept by size of the batch: allocation costs more than a phase.
        self._states: dict[int, State] = {}
        self._receptions: dict[tuple[int, bool, bool], Reception] = {}
        self._targets: dict[int, NDArray[np.number]] = {}  # only the last population's slots are ever used
        self._schedules: dict[tuple[int, int], NDArray[np.number]] = {}
        self._presentations = np.zeros(1, dtype=np.uint64)
        # Spikes that the inputs are shown, as slots, and where those of each tick begin; `None`: inputs hold values.
        self._shown: tuple[NDArray[np.int64], NDArray[np.uint64]] | None = None
        self._showing: dict[bool, Wiring] = {}  # by whether packets may get lost
        self._testing = False
        self.tick = 0
        self.state = self._kept(1)

    def __len__(self) -> int:
        """Return how many samples there are."""
        return int(self.state.bits.shape[0])

    def begin(self, inputs: NDArray[np.number] | SpikeTrains, presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs``, values [sample, unit] or spikes, from rest; ``presentations`` u64[sample] number them."""
        self.state = self._kept(len(inputs))
        self._shown = None
        if isinstance(inputs, SpikeTrains):
            slots = np.concatenate([np.arange(self._layout.n_slots)[self._layout.slots_of[k]]
                                    for k in self._layout.image.network.inputs]).astype(np.uint64)  # fmt: skip
            self._shown = inputs.each_tick(), slots[inputs.at % inputs.units]
            inputs = np.zeros(inputs.shape)
        self._present(inputs)
        self._presentations = presentations
        self.tick = 0

    def _present(self, inputs: NDArray[np.number]) -> None:
        """Let the inputs hold values [sample, unit], those of all of them side by side."""
        first = 0
        for k in self._layout.image.network.inputs:
            slots = self._layout.slots_of[k]
            size = slots.stop - slots.start
            self.state.words[:, 0, slots] = inputs[:, first : first + size]
            first += size

    def choose_plan(self, *, testing: bool) -> None:
        """Break what is broken in the presentations that begin now."""
        self.plan, self._testing = self._plans[testing], testing
        self._memory.misread(None if self.plan is None else self.plan.flips)
        if self.lossy and self.plan is not None:
            for core in np.flatnonzero(self.plan.dead):
                first, last = self._layout.core_slots[core]
                self.state.words[:, 0, first:last] = 0

    @property
    def lossy(self) -> bool:
        """Whether spikes may be lost on the way."""
        return self.plan is not None and self.plan.on_the_way

    @property
    def wiring(self) -> Wiring:
        """What sits where, in these presentations."""
        found = self._memory.by_core() if self.lossy else self._memory.delivered
        if self._shown is None:
            return found
        kept = self._showing.get(self.lossy)
        if kept is None or any(a is not b for a, b in zip(kept[1:], found[1:], strict=True)):
            populations: NDArray[Any] = found.populations.copy()
            for k in self._layout.image.network.inputs:
                populations[k, 2:4] = self._cells.shown[k], SHOWN
            kept = self._showing[self.lossy] = found._replace(populations=populations)
        return kept

    def _pull(self, nudges: NDArray[np.number], wanted: NDArray[np.number]) -> Pull:
        """Return what comes from outside."""
        pull = pulled(nudges, wanted)
        if self._shown is None:
            return pull
        begins, slots = self._shown
        if self.lossy and self.plan is not None and np.any(self.plan.dead):
            # Inputs on a dead core show nothing: their spikes go to a slot that is no neuron.
            slots, first = slots.copy(), self._layout.population_slots[-1][1]
            for core in np.flatnonzero(self.plan.dead):
                here = (slots >= self._core_slots[core, 0]) & (slots < self._core_slots[core, 1])
                slots[here] = np.uint64(first)
        return pull._replace(shown_from=begins, shown=slots)

    @property
    def reception(self) -> Reception:
        """What receivers remember in these presentations."""
        late = self.lossy and self.plan is not None and self.plan.rates.delay > 0
        key = (len(self), self.lossy, late)
        if key not in self._receptions:
            _make_room(self._receptions, _MOST_SIZES)
            self._receptions[key] = reception(
                self.wiring,
                key[0],
                self._layout.sum_dtype,
                self._layout.longest_delay,
                patterned=bool(self._neurons.patterned),
                traced=bool(self._neurons.traced),
                lossy=self.lossy,
                late=late,
            )
        return self._receptions[key]

    def targets(self) -> NDArray[np.number]:
        """Return room for the targets T[sample, slot]."""
        n = len(self)
        if n not in self._targets:
            _make_room(self._targets, _MOST_SIZES)
            self._targets[n] = np.zeros((n, self._layout.n_slots), dtype=self._layout.state_dtype)
        return self._targets[n]

    def run(
        self,
        some: NDArray[np.int64],
        ticks: int,
        nudges: NDArray[np.number],
        wanted: NDArray[np.number],
        recorder: Recorder,
    ) -> None:
        """Run ``some`` samples through the next ``ticks``, each for itself: how they are shared changes nothing."""
        threads = self._threads.count
        # Minibatch after minibatch runs the same ticks: their schedules are made once.
        when = (self.tick + 1, ticks)
        if when not in self._schedules:
            _make_room(self._schedules, _MOST_SCHEDULES)
            self._schedules[when] = self._cells.schedule(*when).astype(self._layout.state_dtype)
        span = Span(self._presentations, self._seed, self.tick + 1, self._schedules[when])
        wiring, channels, pull = self.wiring, self._channels_now(), self._pull(nudges, wanted)
        synapses, room = self._layout.synapses(wiring), self._room(wiring)
        samples = Samples(self.state, self.reception)
        patterns = pattern_taker(wiring, self._layout.sum_dtype, bool(self._neurons.patterned))

        def share(k: int) -> None:
            mine = some[len(some) * k // threads : len(some) * (k + 1) // threads]
            chip = Chip(wiring, synapses, self._neurons, channels[k], patterns)
            run_ticks(mine, span, chip, samples, room[k], pull, recorder)

        self._threads.each(share)

    def _channels_now(self) -> list[Channel]:
        key = self._plans.index(self.plan) if self.lossy else -1
        if key not in self._channels:
            make = self.plan.channel if self.lossy and self.plan is not None else sound_channel
            self._channels[key] = [make(self.wiring) for _ in range(self._threads.count)]
        return self._channels[key]

    def _room(self, wiring: Wiring) -> list[Scratch]:
        if not self._scratch or len(self._scratch[0].received) < axons_of(wiring):
            made = wiring, self._cells.variables, self._layout.sum_dtype
            self._scratch = [scratch(*made) for _ in range(self._threads.count)]
        return self._scratch

    def rest(self) -> None:
        """Show samples that have not run yet as they will start: the loop clears them in its first tick."""
        if self.tick == 0:
            held = self._layout.image.network.inputs
            inputs = [self.state.words[:, 0, self._layout.slots_of[k]].copy() for k in held]
            for array in (*self.state, *self.reception):
                array[...] = 0
            self._present(np.concatenate(inputs, axis=1))

    def bits(self) -> NDArray[np.uint8]:
        """Return the spikes of the last tick, u8[sample, slot]."""
        last: NDArray[np.uint8] = self.state.bits[:, self.tick % self.state.bits.shape[1]]
        return last

    def per_core(self, per_slot: NDArray[np.number]) -> NDArray[np.int64]:
        """Sum small counts [sample, slot] over samples and over the slots of each core."""
        out = np.zeros(len(self._layout.core_slots), dtype=np.int64)
        spikes_per_core(np.ascontiguousarray(per_slot), self._core_slots, out)
        return out

    def saturated(self) -> NDArray[np.int64]:
        """Return how often integer state met the end of its format in these presentations, [what, core]."""
        met = self.state.words[:, columns.MET : columns.VARIABLES]
        return np.stack([self.per_core(met[:, k]) for k in range(met.shape[1])])

    def under_way(self) -> NDArray[np.int64]:
        """Return the packets of each sending core that faults let arrive later, over all samples."""
        if self.tick == 0 or self.plan is None or not self.lossy:
            return np.zeros(len(self._layout.core_slots), dtype=np.int64)
        return self.plan.under_way(self.reception, self.tick)

    def clear_tallies(self) -> None:
        """Begin to count anew what faults do."""
        for channel in self._channels_now():
            channel.faults.tally[...] = 0

    def fault_counts(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> FaultCounts | None:
        """Return what faults did since `clear_tallies`, between packets under way ``before`` and ``after``."""
        plan = self.plan
        if plan is None or not self.lossy:
            return None
        tally = np.sum([channel.faults.tally for channel in self._channels_now()], axis=0)
        return FaultCounts(Broken(tuple(plan.dead.tolist()), plan.down), tally, before, after)

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """Return copies of all that the samples remember, by name."""
        self.rest()
        arrays = {name: array.copy() for name, array in self._named(self.tick).items()}
        return arrays | {_TESTING: np.full((len(self), 1), self._testing, np.uint8)}

    def _named(self, tick: int) -> dict[str, NDArray[Any]]:
        """Return what samples remember after ``tick`` ticks: before the first, receivers have received nothing."""
        if not tick:
            return self.state._asdict()
        received = {f"received.{name}": array for name, array in self.reception._asdict().items()}
        return {**self.state._asdict(), **received}

    def restore(self, arrays: Mapping[str, NDArray[np.number]], tick: int) -> bool:
        """Put the samples back where a snapshot was taken; returns whether these presentations measure."""
        marked = arrays.get(_TESTING)
        testing = marked is not None and bool(np.any(marked))
        before = self.state, self.plan, self._testing
        self.plan = self._plans[testing]
        wanted = set(self._named(tick)) | {_TESTING}
        self.plan = before[1]
        if wanted != set(arrays):
            raise DataError(
                "snapshot",
                f"is of another kind of chip: {', '.join(sorted(wanted ^ set(arrays)))} must be in both or none",
            )
        for name, array in arrays.items():
            most = _MOST.get(name.removeprefix("received."))
            if most is not None and array.max(initial=0) > most:
                raise DataError("snapshot", f"{name} must be {'0 or 1' if most == 1 else f'0 to {most}'}")
        self.state = self._kept(len(arrays["bits"]))
        self.plan, self._testing = self._plans[testing], testing
        for name, array in self._named(tick).items():
            if arrays[name].shape != array.shape:
                shape = array.shape
                self.state, self.plan, self._testing = before
                raise DataError("snapshot", f"{name} has shape {arrays[name].shape}, this chip's is {shape}")
        for name, array in self._named(tick).items():
            array[...] = arrays[name]
        self.choose_plan(testing=testing)
        self.tick = tick
        return testing

    def _kept(self, n: int) -> State:
        """Return the state of ``n`` samples, as it was left."""
        if n not in self._states:
            _make_room(self._states, _MOST_SIZES)
            self._states[n] = state(self._memory.wiring, n, self._cells.variables, self._layout.longest_delay)
        return self._states[n]


def _make_room(kept: dict[K, V], most: int) -> None:
    """Drop what was kept first, so that no more than ``most`` are kept."""
    while len(kept) >= most:
        kept.pop(next(iter(kept)))
