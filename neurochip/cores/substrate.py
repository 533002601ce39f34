"""The emulated chip: cores that exchange nothing but bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.arrays import Recorder, Wiring
from neurochip.cores.batch import Batch
from neurochip.cores.cells import Neuron, cells_of
from neurochip.cores.clock import Timed, clocks_of
from neurochip.cores.counters import EventCounters
from neurochip.cores.faults import plan_faults
from neurochip.cores.integer_learning import refuse_optimiser
from neurochip.cores.isolated import CoreMemory, memory_of
from neurochip.cores.layout import Layout
from neurochip.cores.memory import SynapseMemories
from neurochip.cores.rooms import no_records
from neurochip.cores.run_counts import RunCounts
from neurochip.cores.synapse_mismatch import SynapseMismatch
from neurochip.cores.threads import Threads
from neurochip.description.faults import FaultsSpec
from neurochip.description.run_sections import MOST_TICKS
from neurochip.errors import CapabilityError, ConfigError
from neurochip.network import refuse_several_delays
from neurochip.spikes import Spikes, SpikeTrains
from neurochip.substrate import (
    Capabilities,
    Counters,
    Observable,
    Parameters,
    Phase,
    Settled,
    Snapshot,
    WeightUpdate,
)
from neurochip.substrate.fitting import (
    check_observable,
    check_phase,
    check_record,
    fitting_inputs,
    fitting_presentations,
    fitting_spikes,
)
from neurochip.substrate.optimising import Optimising
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["DigitalSubstrate"]

RECORDS = ("spikes", "states", "step_sizes")
UNTIMED = Timed()


class DigitalSubstrate:
    """Emulates a compiled chip, all samples of a minibatch side by side.

    Parameters
    ----------
    image
        The compiled chip.
    neuron
        Encoder, decoder and annealer of neurons that settle, or other neurons; a list of them has one for each
        population.
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
        Samples are shared among so many threads; results do not depend on it.
    timing
        ``tick``: events are counted, cycles are not; ``analytic`` and ``cycle``: see `ChipClock`. None changes a spike
        or a count. With how often: see `Timed`.
    faults
        What is broken, in training and in presentations that measure; `None` for a sound chip.
    mismatch
        Of the synapses; `None`: every synapse delivers what its memory holds.
    optimiser
        Stands between changes and weights; `None`: a change is added as it is. None on integer cores.
    """

    def __init__(
        self,
        image: ChipImage,
        neuron: Neuron | Sequence[Neuron],
        *,
        traced: bool = False,
        counting: bool = False,
        seed: int = 0,
        rounding: Literal["nearest", "stochastic"] = "nearest",
        weight_range: float | None = None,
        threads: int = 1,
        timing: Timed = UNTIMED,
        faults: FaultsSpec | None = None,
        mismatch: SynapseMismatch | None = None,
        optimiser: Optimising | None = None,
    ) -> None:
        refuse_optimiser(image, optimiser)
        if traced:
            refuse_several_delays(image.network, "a core keeps one trace", CapabilityError)
        self.image, self.optimiser = image, optimiser
        self._traced, self._counting = traced, counting
        self._layout = Layout(image, delivers_reals=mismatch is not None)
        self._cells = cells_of(self._layout, neuron)
        self._counters = EventCounters(image, traced or counting, bias_axon=self._cells.has_bias_axon)
        self._dtype = self._layout.state_dtype
        self._nudge_type = np.int64 if self._dtype.kind == "i" else self._dtype.type
        self._reals = np.float64 if self._dtype.kind == "i" else self._dtype.type
        self._threads = Threads(threads)
        self.plans = tuple(
            None if faults is None else plan_faults(faults, self._layout, seed, testing=t)
            for t in (False, True)
        )
        # In training, and in presentations that measure.
        self._clocks = clocks_of(image, self._layout.core_slots, timing, self._threads.count, self.plans)
        self._clock = self._clocks[0] if self._clocks else None
        self._synapses = SynapseMemories(
            self._layout,
            seed=seed,
            stochastic=rounding == "stochastic",
            weight_range=weight_range,
            threads=self._threads.count,
            each_thread=self._threads.each,
            gains=self._cells.gains,
            kinds=self._cells.kinds,
            mismatch=mismatch,
            traced=traced,
            optimiser=optimiser,
        )
        self._batch = Batch(
            self._layout,
            self._synapses,
            self._cells,
            traced=self._cells.keeps_traces(traced),
            seed=seed,
            threads=self._threads,
            plans=self.plans,
        )
        self._run_counts = RunCounts(self._layout, self._batch)
        self._ran = 0
        self._opening = self._shows = False
        # Phases of these presentations: each is counted once, even when it is taken up again.
        self._begun: set[Phase] = set()

    @property
    def capabilities(self) -> Capabilities:
        """What the chip can do."""
        # What a core makes of the spikes that reach it is not the value any more where some get lost.
        lost = any(plan is not None and plan.on_the_way for plan in self.plans)
        lost = lost and not self._cells.keeps_traces(self._traced)
        observables = self._cells.observables | ({Observable.TRACE} if self._traced and not lost else set())
        return Capabilities("digital", observables, sends_bits_only=True)

    def load(self, parameters: Parameters) -> None:
        """Write all weights and biases, rounding to nearest where weights are integers."""
        self._synapses.load(parameters)

    def parameters(self) -> Parameters:
        """Return the values of all weights and biases."""
        return self._synapses.parameters()

    def begin(self, inputs: NDArray[Any] | SpikeTrains, presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs``, [sample, unit] in [0, 1] or spikes, from rest; ``presentations`` [sample] number them."""
        self._shows = isinstance(inputs, SpikeTrains)
        shown: NDArray[Any] | SpikeTrains
        if isinstance(inputs, SpikeTrains):
            fires = all(self._cells.shown[k] is not None for k in self.image.network.inputs)
            shown = fitting_spikes(self.image.network, inputs, fires)
        else:
            shown = self._cells.present(fitting_inputs(self.image.network, inputs))
        self._batch.begin(shown, fitting_presentations(presentations, len(shown)))
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
        network = self.image.network
        pulled = sum(network.sizes[k] for k in network.outputs)
        check_phase(phase, ticks, beta, targets, (len(self._batch), pulled))
        if ticks > MOST_TICKS:
            raise ConfigError(
                f"phases.{phase.value}",
                f"must be at most {MOST_TICKS} ticks, got {ticks}",
            )
        check_record(record, self._cells.records)
        batch = self._batch
        if batch.tick == 0:
            testing = phase is Phase.EVALUATION
            batch.choose_plan(testing=testing)
            self._choose_clock(testing)
        wanted = batch.targets()
        if beta and targets is not None:
            aim = self._cells.aim(targets)
            edges = np.cumsum([network.sizes[k] for k in network.outputs])
            for k, part in zip(network.outputs, np.split(aim, edges[:-1], axis=1), strict=True):
                wanted[:, self._layout.slots_of[k]] = part
        kept = [ticks if name in record else 0 for name in RECORDS]
        before = self._run_counts.before()
        begins = phase not in self._begun
        nudges = self._cells.nudges(beta).astype(self._nudge_type)
        recorder = self._run_batch(phase, begins, ticks, nudges, wanted, kept)
        batch.tick += ticks
        self._counters.run(
            phase,
            self._run_counts.after(before),
            samples=len(batch),
            ticks=ticks,
            begins=begins,
            opening=self._opening,
            shows=self._shows,
            nudged=beta != 0,
        )
        self._begun.add(phase)
        self._ran = ticks
        self._opening = False
        of = self._layout.slots_of
        return Settled(
            ticks=ticks,
            spikes=tuple(recorder.spikes[:, :, s] for s in of) if kept[0] else (),
            states=tuple(self._values(recorder.states[:, :, s], "value") for s in of) if kept[1] else (),
            step_sizes=tuple(self._values(recorder.steps[:, :, s], "step") for s in of) if kept[2] else (),
        )

    def _values(self, state: NDArray[Any], what: str) -> NDArray[Any]:
        """Return state as values: on integer cores its integers stand for so many units."""
        return state if self.image.numbers is None else self._reals(self._cells.unit(what)) * state

    def _run_batch(
        self,
        phase: Phase,
        begins: bool,
        ticks: int,
        nudges: NDArray[Any],
        wanted: NDArray[Any],
        kept: Sequence[int],
    ) -> Recorder:
        """Run all samples, as many at once as there is room for what the clock needs of them, and time them."""
        clock, samples, slots = self._clock, len(self._batch), self._layout.n_slots
        for_walking = ticks if clock is not None and clock.needs_bits else 0
        for_counting = ticks if clock is not None and not clock.needs_bits else 0
        at_once = samples if clock is None or any(kept) else clock.samples_at_once(ticks, slots)
        rows = max(1, min(samples, at_once))
        recorder = no_records(self._synapses.wiring, rows, self._cells.values)._replace(
            spikes=np.zeros((max(kept[0], for_walking), rows, slots), np.uint8),
            states=np.zeros((kept[1], rows, slots), self._dtype),
            steps=np.zeros((kept[2], rows, slots), self._dtype),
            per_core=np.zeros((for_counting, rows, len(self.image.cores)), np.int32),
            row=np.arange(samples) % rows,
        )
        if clock is not None and begins:
            self._counters.time(phase, presentations=clock.begin(phase, samples))
        for first in range(0, samples, rows):
            some = np.arange(first, min(first + rows, samples))
            before = self._batch.bits()[some] if self._batch.tick else None
            self._batch.run(some, ticks, nudges, wanted, recorder)
            if clock is not None:
                timed = np.intersect1d(clock.timed(phase), some) - first
                took = clock.measure(
                    timed,
                    recorder.per_core,
                    recorder.spikes,
                    self._threads.each,
                    self._batch.tick + 1,
                    before,
                )
                self._counters.time(phase, took)
        return recorder

    def _choose_clock(self, testing: bool) -> None:
        self._clock = self._clocks[testing] if self._clocks else None

    def observe(self, what: Observable, layer: int) -> NDArray[Any]:
        """Return [sample, unit] of a layer, as a copy."""
        batch = self._batch
        batch.rest()
        state, plan, layer = batch.state, batch.plan, layer % len(self._layout.slots_of)
        slots = self._layout.slots_of[layer]
        check_observable(what, self.capabilities, "is not kept on this chip; make it with traced=True")
        own = self._cells.traced_by_itself(layer) and what is Observable.TRACE
        if what is Observable.VALUE or own:
            return self._values(np.array(state.words[:, self._cells.of[layer].value, slots]), "value")
        if what is Observable.SPIKES:
            return np.array(batch.bits()[:, slots])
        lost = plan is not None and batch.lossy and batch.tick > 0
        ran = self._reals(max(self._ran, 1) / self._cells.of[layer].period)
        if what is Observable.TRACE:
            trace = batch.reception.trace
            if plan is not None and lost:
                return self._values(plan.at_cores(trace, layer), "trace")
            kept = np.array(trace[:, slots] if not batch.lossy else 0 * state.words[:, 0, slots])
            return self._values(kept, "trace")
        if plan is not None and lost and self._counting:
            return np.asarray(plan.at_cores(batch.reception.counts, layer) / ran)
        rate: NDArray[Any] = state.counts[:, slots] / ran
        return rate

    def snapshot(self) -> Snapshot:
        """Return a copy of what the samples remember."""
        return Snapshot(self._batch.tick, self._ran, self._batch.snapshot())

    def restore(self, snapshot: Snapshot) -> None:
        """Put the samples back where a snapshot was taken."""
        self._choose_clock(self._batch.restore(snapshot.arrays, snapshot.tick))
        self._ran = snapshot.ran

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[NDArray[Any] | None]) -> None:
        """Change weights on their cores, and biases; a tied copy follows its original."""
        written = self._synapses.change(updates, biases)
        plan = self.plans[False]
        if plan is not None:
            for counts in (written.accumulations, written.writes, written.saturations):
                counts[plan.dead] = 0  # a dead core learns nothing: its states and traces are 0
        took = written.accumulations, written.writes, written.saturations, written.words
        self._counters.update(*took, optimised=self.optimiser is not None)
        if self._clocks:
            self._counters.time(Phase.UPDATE, self._clocks[0].learned(written.accumulations, written.writes))

    @property
    def records(self) -> tuple[str, ...]:
        """What a run can record."""
        return self._cells.records

    @property
    def delivered(self) -> Wiring:
        """What the synapses deliver for a spike, mismatch included."""
        return self._synapses.delivered

    def core_memory(self, core: int) -> CoreMemory:
        """Return copies of all that one core holds of its own, to run it alone."""
        return memory_of(self._layout, self._synapses.wiring, core)

    def each_tick(self, spikes: Sequence[Spikes]) -> list[PhaseTime]:
        """Return the time of every tick of one recorded presentation: [tick, unit] of each layer. Counters nothing."""
        if self._clock is None:
            raise CapabilityError("timing", 'is "tick": cycles are not counted on this chip')
        slots = np.zeros((len(spikes[0]), self._layout.n_slots), dtype=np.uint8)
        for layer, bits in enumerate(spikes):
            slots[:, self._layout.slots_of[layer]] = bits.array()
        return self._clock.each_tick(slots)

    def count_readout(self, layer: int) -> None:
        """Count that the host read the values of a layer."""
        self._counters.readout(layer % len(self._layout.slots_of), len(self._batch))

    def counters(self) -> Counters:
        """Return all counts since the chip was made."""
        return self._counters.counters

    def restore_counters(self, counters: Counters, updates: int) -> None:
        """Go on counting from a checkpoint."""
        self._counters.restore(counters)
        for clock in self._clocks:
            clock.restore({phase: counted.presentations for phase, counted in counters.phases.items()})
        self._synapses.updates = updates

    @property
    def updates(self) -> int:
        """Changes of weights so far; part of the key of stochastic rounding."""
        return self._synapses.updates
