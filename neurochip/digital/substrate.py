"""The emulated chip: cores that exchange nothing but bits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.description.faults import FaultsSpec
from neurochip.description.run_sections import MOST_TICKS, CodingSpec
from neurochip.digital.arrays import LaneState, Recorder, Schedules, Scratch
from neurochip.digital.bookkeeping import Bookkeeper, Broken, FaultCounts, spikes_per_core
from neurochip.digital.clock import ChipClock
from neurochip.digital.coder import coder_of, for_coding, rooms_of, schedules_of
from neurochip.digital.fault_arrays import FaultScratch, FaultState
from neurochip.digital.faults import FaultPlan, plan_faults
from neurochip.digital.faulty_tick import run_faulty_ticks
from neurochip.digital.isolated import CoreMemory
from neurochip.digital.layout import Layout
from neurochip.digital.synapses import SynapseMemories
from neurochip.digital.tick import run_ticks
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.substrate import (
    Capabilities,
    Ledger,
    Observable,
    Parameters,
    Phase,
    Settled,
    Snapshot,
    WeightUpdate,
)
from neurochip.substrate.fitting import check_phase, fitting_inputs
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["DigitalSubstrate"]

RECORDS = ("spikes", "states", "step_sizes")
_FAULTS = "faults."  # before the names of what lanes remember because of faults, in a snapshot
_MOST = {"bits": 1, "frame": 1, "faults.heard": 2, "faults.frame": 1, "faults.testing": 1}  # in a snapshot
_MOST_LANE_COUNTS = 8  # sizes of minibatches for which states are kept
_MOST_SCHEDULES = 64


class DigitalSubstrate:
    """Emulates a compiled chip, all lanes of a minibatch side by side.

    Parameters
    ----------
    image
        The compiled chip.
    coding
        Encoder, decoder and annealer.
    traced
        Receiving cores keep a decoder's trace of each axon, for rules that learn from bits alone.
    counting
        Receiving cores count the spikes of each axon, for such rules; this costs them as well.
    seed
        Of the stochastic encoder and of stochastic rounding.
    rounding
        How learning writes integer weights.
    weight_range
        Largest magnitude of an integer weight; `None`: 8 × the Glorot bound of each projection.
    threads
        Lanes are shared among so many threads; results do not depend on it.
    timing
        ``tick``: events are counted, cycles are not; ``analytic`` and ``cycle``: see `ChipClock`. None changes a spike
        or a count.
    timing_every
        Time one presentation in so many.
    faults
        What is broken, in training and in presentations that measure; `None` for a sound chip.
    """

    def __init__(
        self,
        image: ChipImage,
        coding: CodingSpec,
        *,
        traced: bool = False,
        counting: bool = False,
        seed: int = 0,
        rounding: Literal["nearest", "stochastic"] = "nearest",
        weight_range: float | None = None,
        threads: int = 1,
        timing: Literal["tick", "analytic", "cycle"] = "tick",
        timing_every: int = 1,
        faults: FaultsSpec | None = None,
    ) -> None:
        self.image = image
        self._coding = coding
        self._traced, self._counting = traced, counting
        self._layout = Layout(image)
        self._books = Bookkeeper(image, traced or counting)
        self._core_slots = np.array(self._layout.core_slots, dtype=np.uint64)
        self._dtype = self._layout.state_dtype
        self._threads = max(1, threads)
        spec = FaultsSpec() if faults is None else faults
        self.plans = tuple(
            plan_faults(spec, self._layout, seed, testing=testing) for testing in (False, True)
        )
        self._plan: FaultPlan | None = None  # of these presentations
        self._fault_states: dict[tuple[int, bool], FaultState] = {}
        self._fault_rooms: list[FaultScratch] = []
        self._clocks: tuple[ChipClock, ...] = ()  # in training, and in presentations that measure
        if timing != "tick":
            self._clocks = tuple(
                ChipClock(
                    image,
                    self._layout.core_slots,
                    timing,
                    every=timing_every,
                    threads=self._threads,
                    unheard=None if plan is None else plan.wiring.cut != 0,
                    dead=None if plan is None else plan.dead,
                )
                for plan in self.plans
            )
        self._clock = self._clocks[0] if self._clocks else None
        self._pool = ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None
        self._synapses = SynapseMemories(
            self._layout,
            seed=seed,
            stochastic=rounding == "stochastic",
            weight_range=weight_range,
            threads=self._threads,
            each_thread=self._map,
        )
        self._scratch: list[Scratch] = [self._layout.scratch() for _ in range(self._threads)]
        self._states: dict[int, LaneState] = {}  # kept by number of lanes: allocation costs more than a phase
        self._targets: dict[
            int, NDArray[Any]
        ] = {}  # likewise; only the last population's slots are ever used
        self._schedules: dict[tuple[int, int], Schedules] = {}
        self._state = self._lanes(1)
        self._presentations = np.zeros(1, dtype=np.uint64)
        self._tick = 0
        self._ran = 0
        self._opening = False
        # Phases of these presentations: each is counted once, even when it is taken up again.
        self._begun: set[Phase] = set()
        self._coder = coder_of(coding, self._dtype, seed=seed, traced=traced)
        self._run_ticks = for_coding(run_ticks, coding)
        self._run_faulty_ticks = for_coding(run_faulty_ticks, coding)

    @property
    def capabilities(self) -> Capabilities:
        """What the chip can do."""
        observables = {Observable.VALUE, Observable.RATE, Observable.SPIKES}
        if self._traced:
            observables.add(Observable.TRACE)
        return Capabilities("digital", frozenset(observables), sends_bits_only=True)

    def load(self, parameters: Parameters) -> None:
        """Write all weights and biases, rounding to nearest where weights are integers."""
        self._synapses.load(parameters)

    def parameters(self) -> Parameters:
        """Return the values of all weights and biases."""
        return self._synapses.parameters()

    def begin(self, inputs: NDArray[Any], presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [lane, unit] in [0, 1], from rest; ``presentations`` [lane] number them."""
        inputs = fitting_inputs(self.image.network, inputs)
        self._state = self._lanes(inputs.shape[0])
        self._state.value[:, self._layout.slots_of[0]] = inputs
        self._presentations = np.ascontiguousarray(presentations, dtype=np.uint64)
        if self._presentations.shape != (inputs.shape[0],):
            raise ConfigError(
                "presentations", f"must have shape ({inputs.shape[0]},), got {self._presentations.shape}"
            )
        self._tick = 0
        self._opening = True
        self._begun = set()

    def run(
        self,
        phase: Phase,
        ticks: int,
        *,
        beta: float = 0.0,
        targets: NDArray[Any] | None = None,
        record: Sequence[str] = (),
    ) -> Settled:
        """Run ``ticks`` more; see `Substrate.run`. ``record``: any of "spikes", "states", "step_sizes"."""
        check_phase(phase, ticks, beta, targets, (len(self._state.bits), self.image.network.sizes[-1]))
        if ticks > MOST_TICKS:
            raise ConfigError(
                f"phases.{phase.value}",
                f"must be at most {MOST_TICKS} ticks, got {ticks}",
            )
        for name in record:
            if name not in RECORDS:
                raise CapabilityError("record", f"must be among {', '.join(RECORDS)}, got {name}")
        if self._tick == 0:
            self._choose_plan(testing=phase is Phase.EVALUATION)
        t, state = self._dtype, self._state
        lanes = state.bits.shape[0]
        wanted = self._wanted(lanes)
        if beta and targets is not None:
            wanted[:, self._layout.slots_of[-1]] = targets
        kept = [ticks if name in record else 0 for name in RECORDS]
        carried = self._per_core(state.bits) if self._tick else np.zeros(len(self.image.cores), np.int64)
        # Minibatch after minibatch runs the same ticks: their schedules are made once.
        when = (self._tick + 1, ticks)
        if when not in self._schedules:
            _make_room(self._schedules, _MOST_SCHEDULES)
            self._schedules[when] = schedules_of(self._coding, *when, t)
        schedules = self._schedules[when]
        before = self._under_way() if self._tick else np.zeros_like(carried)
        for room in self._fault_rooms:
            room.tally[...] = 0
        begins = phase not in self._begun
        recorder = self._run_lanes(phase, begins, schedules, ticks, t.type(2.0 * beta), wanted, kept)
        self._books.run(
            phase,
            lanes=lanes,
            ticks=ticks,
            begins=begins,
            opening=self._opening,
            nudged=beta != 0,
            carried=carried,
            sent=self._per_core(state.counts),
            last=self._per_core(state.bits),
            faults=self._fault_counts(before),
        )
        self._begun.add(phase)
        self._tick += ticks
        self._ran = ticks
        self._opening = False
        of = self._layout.slots_of
        return Settled(
            ticks=ticks,
            spikes=tuple(recorder.spikes[:, :, s] for s in of) if kept[0] else (),
            states=tuple(recorder.states[:, :, s] for s in of) if kept[1] else (),
            step_sizes=tuple(recorder.sizes[:, :, s] for s in of) if kept[2] else (),
        )

    def _run_lanes(
        self,
        phase: Phase,
        begins: bool,
        schedules: Schedules,
        ticks: int,
        nudge: Any,
        wanted: NDArray[Any],
        kept: Sequence[int],
    ) -> Recorder:
        """Run all lanes, as many at once as there is room for what the clock needs of them, and time them."""
        clock, lanes, slots = self._clock, len(self._state.bits), self._layout.n_slots
        for_walking = ticks if clock is not None and clock.walks else 0
        for_counting = ticks if clock is not None and not clock.walks else 0
        at_once = lanes if clock is None or any(kept) else clock.lanes_at_once(ticks, slots)
        rows = max(1, min(lanes, at_once))
        recorder = Recorder(
            np.zeros((max(kept[0], for_walking), rows, slots), np.uint8),
            np.zeros((kept[1], rows, slots), self._dtype),
            np.zeros((kept[2], rows, slots), self._dtype),
            np.zeros((for_counting, rows, len(self.image.cores)), np.int32),
            np.arange(lanes) % rows,
        )
        if clock is not None and begins:
            self._books.time(phase, presentations=clock.begin(phase, lanes))
        for first in range(0, lanes, rows):
            some = np.arange(first, min(first + rows, lanes))
            self._each_thread(some, schedules, ticks, nudge, wanted, recorder)
            if clock is not None:
                timed = np.intersect1d(clock.timed(phase), some) - first
                self._books.time(
                    phase, clock.measure(timed, recorder.per_core, recorder.spikes, self._map, self._tick + 1)
                )
        return recorder

    def _rest(self) -> None:
        """Show lanes that have not run yet as they will start: the kernel clears them in its first tick."""
        if self._tick == 0:
            inputs = self._state.value[:, self._layout.slots_of[0]].copy()
            for array in self._state:
                array[...] = 0
            self._state.value[:, self._layout.slots_of[0]] = inputs

    def _wanted(self, lanes: int) -> NDArray[Any]:
        if lanes not in self._targets:
            _make_room(self._targets, _MOST_LANE_COUNTS)
            self._targets[lanes] = np.zeros((lanes, self._layout.n_slots), dtype=self._dtype)
        return self._targets[lanes]

    def _per_core(self, per_slot: NDArray[Any]) -> NDArray[np.int64]:
        out = np.zeros(len(self.image.cores), dtype=np.int64)
        spikes_per_core(per_slot, self._core_slots, out)
        return out

    def _lanes(self, n: int) -> LaneState:
        if n not in self._states:
            _make_room(self._states, _MOST_LANE_COUNTS)
            self._states[n] = self._layout.lane_state(n, trace=self._traced, **rooms_of(self._coding))
        return self._states[n]

    def _each_thread(
        self,
        lanes: NDArray[np.int64],
        schedules: Schedules,
        ticks: int,
        nudge: Any,
        wanted: NDArray[Any],
        recorder: Recorder,
    ) -> None:
        """Share the lanes among the threads; every lane is computed alone, so the split changes nothing."""
        plan, faults = self._plan, self._fault_state()

        def share(k: int) -> None:
            common = (
                lanes[k :: self._threads],
                self._presentations,
                self._tick + 1,
                ticks,
                self._synapses.wiring,
                self._state,
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

        self._map(share)

    def _choose_plan(self, *, testing: bool) -> None:
        """Break what is broken in the presentations that begin now."""
        self._plan = self.plans[testing]
        self._clock = self._clocks[testing] if self._clocks else None
        self._synapses.misread(None if self._plan is None else self._plan.flips)
        faults = self._fault_state()
        if self._plan is not None and faults is not None:
            faults.testing[...] = testing
            for core in np.flatnonzero(self._plan.dead):
                first, last = self._layout.core_slots[core]
                self._state.value[:, first:last] = 0

    def _fault_state(self) -> FaultState | None:
        """Return what these lanes remember because of faults; `None` where no spike is at fault."""
        plan = self._plan
        if plan is None or not plan.on_the_way:
            return None
        if not self._fault_rooms:
            self._fault_rooms = [plan.scratch() for _ in range(self._threads)]
        key = (self._state.bits.shape[0], plan.rates.delay > 0)
        if key not in self._fault_states:
            self._fault_states[key] = plan.state(key[0], traced=self._traced)
        return self._fault_states[key]

    def _under_way(self) -> NDArray[np.int64]:
        faults = self._fault_state()
        if self._plan is None or faults is None:
            return np.zeros(len(self.image.cores), dtype=np.int64)
        return self._plan.under_way(faults)

    def _fault_counts(self, before: NDArray[np.int64]) -> FaultCounts | None:
        plan = self._plan
        if plan is None or not plan.on_the_way:
            return None
        tally = sum((room.tally for room in self._fault_rooms), np.zeros_like(self._fault_rooms[0].tally))
        return FaultCounts(Broken(tuple(plan.dead.tolist()), plan.down), tally, before, self._under_way())

    def _map(self, work: Any) -> None:
        """Call ``work(k)`` for each thread; this one takes the first share and wakes only the others."""
        others = [] if self._pool is None else [self._pool.submit(work, k) for k in range(1, self._threads)]
        work(0)
        for other in others:
            other.result()

    def observe(self, what: Observable, layer: int) -> NDArray[Any]:
        """Return [lane, unit] of a layer, as a copy."""
        self._rest()
        slots = self._layout.slots_of[layer]
        if what is Observable.ACTIVITY:
            raise CapabilityError(what.value, "is the state itself on the digital substrate; observe value")
        if what not in self.capabilities.observables:
            raise CapabilityError(what.value, "is not kept on this chip; make it with traced=True")
        if what is Observable.VALUE:
            return np.ascontiguousarray(self._state.value[:, slots])
        faults = self._fault_state() if self._tick else None
        if self._plan is not None and faults is not None:
            if what is Observable.TRACE:
                return self._plan.at_cores(faults.trace, layer % len(self._layout.slots_of))
            if what is Observable.RATE and self._counting:
                counted = self._plan.at_cores(faults.counts, layer % len(self._layout.slots_of))
                return np.asarray(counted / self._dtype.type(max(self._ran, 1)))
        if what is Observable.TRACE:
            return np.ascontiguousarray(self._state.trace[:, slots])
        if what is Observable.SPIKES:
            return np.ascontiguousarray(self._state.bits[:, slots])
        rate: NDArray[Any] = self._state.counts[:, slots] / self._dtype.type(max(self._ran, 1))
        return rate

    def snapshot(self) -> Snapshot:
        """Return a copy of what the lanes remember."""
        self._rest()
        arrays = {k: v.copy() for k, v in self._state._asdict().items()}
        faults = self._fault_state() if self._tick else None
        if faults is not None:
            arrays |= {_FAULTS + k: v.copy() for k, v in faults._asdict().items()}
        return Snapshot(self._tick, self._ran, arrays)

    def restore(self, snapshot: Snapshot) -> None:
        """Put the lanes back where a snapshot was taken."""
        arrays = snapshot.arrays
        testing = arrays.get(f"{_FAULTS}testing")
        plan = self.plans[testing is not None and bool(testing.any())]
        wanted = set(LaneState._fields)
        if snapshot.tick and plan is not None and plan.on_the_way:
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
        rooms: list[tuple[str, LaneState | FaultState]] = [("", self._lanes(lanes))]
        if len(wanted) > len(LaneState._fields) and plan is not None:
            rooms.append((_FAULTS, plan.state(lanes, traced=self._traced)))
        for prefix, room in rooms:
            for name, array in room._asdict().items():
                if arrays[prefix + name].shape != array.shape:
                    raise DataError(
                        "snapshot",
                        f"{prefix}{name} has shape {arrays[prefix + name].shape}, this chip's is {array.shape}",
                    )
        self._state = self._lanes(lanes)
        for name, array in self._state._asdict().items():
            array[...] = arrays[name]
        self._choose_plan(testing=testing is not None and bool(testing.any()))
        faults = self._fault_state() if snapshot.tick else None
        if faults is not None:
            for name, array in faults._asdict().items():
                array[...] = arrays[_FAULTS + name]
        self._tick, self._ran = snapshot.tick, snapshot.ran

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[NDArray[Any] | None]) -> None:
        """Change weights on their cores, and biases; a tied copy follows its original."""
        written = self._synapses.change(updates, biases)
        plan = self.plans[False]
        if plan is not None:
            for counts in (written.accumulations, written.writes, written.saturations):
                counts[plan.dead] = 0  # a dead core learns nothing: its states and traces are 0
        self._books.update(written.accumulations, written.writes, written.saturations, written.words)
        if self._clocks:
            self._books.time(Phase.UPDATE, self._clocks[0].learned(written.accumulations, written.writes))

    def core_memory(self, core: int) -> CoreMemory:
        """Return copies of all that one core holds of its own, to run it alone."""
        wiring, layout = self._synapses.wiring, self._layout
        own = [block for block in layout.blocks if block.core == core]
        begin = own[0].start if own else 0
        end = own[-1].start + own[-1].rows * own[-1].width if own else 0
        first, last = layout.core_slots[core]
        return CoreMemory(
            wiring.weights[begin:end].copy(), wiring.scales.copy(), wiring.bias[first:last].copy()
        )

    def each_tick(self, spikes: Sequence[NDArray[np.uint8]]) -> list[PhaseTime]:
        """Return the time of every tick of one recorded presentation: u8[tick, unit] of each layer. Books nothing."""
        if self._clock is None:
            raise CapabilityError("timing", 'is "tick": cycles are not counted on this chip')
        slots = np.zeros((len(spikes[0]), self._layout.n_slots), dtype=np.uint8)
        for layer, bits in enumerate(spikes):
            slots[:, self._layout.slots_of[layer]] = bits
        return self._clock.each_tick(slots)

    def book_readout(self, layer: int) -> None:
        """Book that the host read the values of a layer."""
        self._books.readout(layer % len(self._layout.slots_of), self._state.bits.shape[0])

    def ledger(self) -> Ledger:
        """Return all counts since the chip was made."""
        return self._books.ledger

    def restore_books(self, ledger: Ledger, updates: int) -> None:
        """Go on counting from a checkpoint."""
        self._books.restore(ledger)
        for clock in self._clocks:
            clock.restore({phase: book.presentations for phase, book in ledger.phases.items()})
        self._synapses.updates = updates

    @property
    def updates(self) -> int:
        """Changes of weights so far; part of the key of stochastic rounding."""
        return self._synapses.updates


def _make_room(kept: dict[Any, Any], most: int) -> None:
    """Drop what was kept first, so that no more than ``most`` are kept."""
    while len(kept) >= most:
        kept.pop(next(iter(kept)))
