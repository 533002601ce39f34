"""The lanes of a chip: what they remember, and how they are run through ticks, shared among threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import LaneState, Recorder, Schedules, Scratch
from neurochip.cores.bookkeeping import Broken, FaultCounts, spikes_per_core
from neurochip.cores.coder import coder_of, for_coding, rooms_of, schedules_of
from neurochip.cores.fault_arrays import FaultScratch, FaultState
from neurochip.cores.faults import FaultPlan
from neurochip.cores.faulty_tick import run_faulty_ticks
from neurochip.cores.layout import Layout
from neurochip.cores.synapses import SynapseMemories
from neurochip.cores.threads import Threads
from neurochip.cores.tick import run_ticks
from neurochip.description.run_sections import CodingSpec
from neurochip.errors import DataError

__all__ = ["Lanes"]

_FAULTS = "faults."  # before the names of what lanes remember because of faults, in a snapshot
_MOST = {"bits": 1, "frame": 1, "faults.heard": 2, "faults.frame": 1, "faults.testing": 1}  # in a snapshot
_MOST_LANE_COUNTS = 8  # sizes of minibatches for which states are kept
_MOST_SCHEDULES = 64


class Lanes:
    """All lanes of the present minibatch.

    Parameters
    ----------
    layout
        Where everything sits.
    synapses
        The weights of the cores.
    coding
        Encoder, decoder and annealer.
    traced
        Receiving cores keep a decoder's trace of each axon.
    seed
        Of the stochastic encoder.
    threads
        Lanes are shared among them; results do not depend on how many there are.
    plans
        What is broken in training, and in presentations that measure; `None` for a sound chip.
    """

    def __init__(
        self,
        layout: Layout,
        synapses: SynapseMemories,
        coding: CodingSpec,
        *,
        traced: bool,
        seed: int,
        threads: Threads,
        plans: tuple[FaultPlan | None, ...],
    ) -> None:
        self._layout, self._synapses, self._threads = layout, synapses, threads
        self._coding, self._traced = coding, traced
        self._coder = coder_of(coding, layout.state_dtype, seed=seed, traced=traced)
        self._run_ticks = for_coding(run_ticks, coding)
        self._run_faulty_ticks = for_coding(run_faulty_ticks, coding)
        self._core_slots = np.array(layout.core_slots, dtype=np.uint64)
        self._plans = plans
        self.plan: FaultPlan | None = None  # of these presentations
        self._fault_states: dict[tuple[int, bool], FaultState] = {}
        self._fault_rooms: list[FaultScratch] = []
        self._scratch: list[Scratch] = [layout.scratch() for _ in range(threads.count)]
        self._states: dict[int, LaneState] = {}  # kept by number of lanes: allocation costs more than a phase
        self._targets: dict[
            int, NDArray[Any]
        ] = {}  # likewise; only the last population's slots are ever used
        self._schedules: dict[tuple[int, int], Schedules] = {}
        self.state = self._kept(1)
        self._presentations = np.zeros(1, dtype=np.uint64)
        self.tick = 0

    def __len__(self) -> int:
        """Return how many lanes there are."""
        return int(self.state.bits.shape[0])

    def begin(self, inputs: NDArray[Any], presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [lane, unit], from rest; ``presentations`` u64[lane] number them."""
        self.state = self._kept(inputs.shape[0])
        self.state.value[:, self._layout.places[0]] = inputs
        self._presentations = presentations
        self.tick = 0

    def choose_plan(self, *, testing: bool) -> None:
        """Break what is broken in the presentations that begin now."""
        self.plan = self._plans[testing]
        self._synapses.misread(None if self.plan is None else self.plan.flips)
        faults = self.fault_state()
        if self.plan is not None and faults is not None:
            faults.testing[...] = testing
            for core in np.flatnonzero(self.plan.dead):
                first, last = self._layout.core_slots[core]
                self.state.value[:, first:last] = 0

    def targets(self) -> NDArray[Any]:
        """Return room for the targets T[lane, slot]."""
        lanes = len(self)
        if lanes not in self._targets:
            _make_room(self._targets, _MOST_LANE_COUNTS)
            self._targets[lanes] = np.zeros((lanes, self._layout.n_slots), dtype=self._layout.state_dtype)
        return self._targets[lanes]

    def run(
        self, some: NDArray[np.int64], ticks: int, nudge: Any, wanted: NDArray[Any], recorder: Recorder
    ) -> None:
        """Run the lanes ``some`` through the next ``ticks``, each lane alone: how they are shared changes nothing."""
        plan, faults, threads = self.plan, self.fault_state(), self._threads.count
        # Minibatch after minibatch runs the same ticks: their schedules are made once.
        when = (self.tick + 1, ticks)
        if when not in self._schedules:
            _make_room(self._schedules, _MOST_SCHEDULES)
            self._schedules[when] = schedules_of(self._coding, *when, self._layout.state_dtype)
        schedules = self._schedules[when]

        def share(k: int) -> None:
            common = (
                some[len(some) * k // threads : len(some) * (k + 1) // threads],
                self._presentations,
                self.tick + 1,
                ticks,
                self._synapses.wiring,
                self.state,
                self._scratch[k],
                self._coder,
                schedules,
                nudge,
                wanted,
                recorder,
            )
            if plan is None or faults is None:
                self._run_ticks(*common)
            else:
                self._run_faulty_ticks(*common, plan.wiring, plan.rates, faults, self._fault_rooms[k])

        self._threads.each(share)

    def rest(self) -> None:
        """Show lanes that have not run yet as they will start: the kernel clears them in its first tick."""
        if self.tick == 0:
            inputs = self.state.value[:, self._layout.slots_of[0]].copy()
            for array in self.state:
                array[...] = 0
            self.state.value[:, self._layout.slots_of[0]] = inputs

    def per_core(self, per_slot: NDArray[Any]) -> NDArray[np.int64]:
        """Sum small counts [lane, slot] over lanes and over the slots of each core."""
        out = np.zeros(len(self._layout.core_slots), dtype=np.int64)
        spikes_per_core(per_slot, self._core_slots, out)
        return out

    def fault_state(self) -> FaultState | None:
        """Return what these lanes remember because of faults; `None` where no spike is at fault."""
        plan = self.plan
        if plan is None or not plan.on_the_way:
            return None
        if not self._fault_rooms:
            self._fault_rooms = [plan.scratch() for _ in range(self._threads.count)]
        key = (len(self), plan.rates.delay > 0)
        if key not in self._fault_states:
            self._fault_states[key] = plan.state(key[0], traced=self._traced)
        return self._fault_states[key]

    def under_way(self) -> NDArray[np.int64]:
        """Return the packets of each sending core that faults let arrive later, over all lanes."""
        faults = self.fault_state()
        if self.tick == 0 or self.plan is None or faults is None:
            return np.zeros(len(self._layout.core_slots), dtype=np.int64)
        return self.plan.under_way(faults)

    def clear_tallies(self) -> None:
        """Begin to count anew what faults do."""
        for room in self._fault_rooms:
            room.tally[...] = 0

    def fault_counts(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> FaultCounts | None:
        """Return what faults did since `clear_tallies`, between packets under way ``before`` and ``after``."""
        plan = self.plan
        if plan is None or not plan.on_the_way:
            return None
        tally = sum((room.tally for room in self._fault_rooms), np.zeros_like(self._fault_rooms[0].tally))
        return FaultCounts(Broken(tuple(plan.dead.tolist()), plan.down), tally, before, after)

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """Return copies of all that the lanes remember, by name."""
        self.rest()
        arrays = {k: v.copy() for k, v in self.state._asdict().items()}
        faults = self.fault_state() if self.tick else None
        if faults is not None:
            arrays |= {_FAULTS + k: v.copy() for k, v in faults._asdict().items()}
        return arrays

    def restore(self, arrays: dict[str, NDArray[Any]], tick: int) -> bool:
        """Put the lanes back where a snapshot was taken; returns whether these presentations measure."""
        marked = arrays.get(f"{_FAULTS}testing")
        testing = marked is not None and bool(marked.any())
        plan = self._plans[testing]
        wanted = set(LaneState._fields)
        if tick and plan is not None and plan.on_the_way:
            wanted |= {_FAULTS + name for name in FaultState._fields}
        if wanted != set(arrays):
            raise DataError(
                "snapshot",
                f"is of another kind of chip: {', '.join(sorted(wanted ^ set(arrays)))} must be in both or none",
            )
        for name, most in _MOST.items():
            if name in arrays and arrays[name].max(initial=0) > most:
                raise DataError("snapshot", f"{name} must be {'0 or 1' if most == 1 else f'0 to {most}'}")
        lanes = len(arrays["bits"])
        rooms: list[tuple[str, LaneState | FaultState]] = [("", self._kept(lanes))]
        if len(wanted) > len(LaneState._fields) and plan is not None:
            rooms.append((_FAULTS, plan.state(lanes, traced=self._traced)))
        for prefix, room in rooms:
            for name, array in room._asdict().items():
                if arrays[prefix + name].shape != array.shape:
                    raise DataError(
                        "snapshot",
                        f"{prefix}{name} has shape {arrays[prefix + name].shape}, this chip's is {array.shape}",
                    )
        self.state = self._kept(lanes)
        for name, array in self.state._asdict().items():
            array[...] = arrays[name]
        self.choose_plan(testing=testing)
        faults = self.fault_state() if tick else None
        if faults is not None:
            for name, array in faults._asdict().items():
                array[...] = arrays[_FAULTS + name]
        self.tick = tick
        return testing

    def _kept(self, n: int) -> LaneState:
        """Return the state of ``n`` lanes, as it was left."""
        if n not in self._states:
            _make_room(self._states, _MOST_LANE_COUNTS)
            self._states[n] = self._layout.lane_state(n, trace=self._traced, **rooms_of(self._coding))
        return self._states[n]


def _make_room(kept: dict[Any, Any], most: int) -> None:
    """Drop what was kept first, so that no more than ``most`` are kept."""
    while len(kept) >= most:
        kept.pop(next(iter(kept)))
