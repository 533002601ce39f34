"""The emulated cores with two-compartment integrate-and-fire neurons: what crosses between cores is spikes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.arrays import Wiring, aligned_zeros
from neurochip.cores.bookkeeping import Bookkeeper, spikes_per_core
from neurochip.cores.layout import Layout
from neurochip.cores.synapse_mismatch import SynapseMismatch, synapse_factors
from neurochip.cores.synapses import SynapseMemories
from neurochip.cores.two_compartment_ticks import Constants, MembraneState, run_membranes
from neurochip.description.run_sections import MOST_TICKS
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import ConfigError
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
from neurochip.substrate.fitting import (
    check_observable,
    check_phase,
    check_record,
    fitting_inputs,
    fitting_presentations,
)
from neurochip.substrate.ledger import COUNTERS, PhaseBook

__all__ = ["LIFSubstrate"]

RECORDS = ("spikes", "states")
_START_STREAM = np.uint64(3)  # random numbers by purpose: one seed never serves two
_AT = {name: i for i, name in enumerate(COUNTERS)}


class LIFSubstrate:
    """Emulates a compiled chip of two-compartment neurons, all lanes of a minibatch.

    A neuron's value is r, its filtered spike train in units of the normalised rate. A receiving core keeps the same
    filter of each axon (its trace), so that both ends of a synapse know the same r from spikes alone.

    Parameters
    ----------
    image
        The compiled chip.
    neuron
        Constants of all neurons.
    mismatch
        Of the synapses; `None`: every synapse delivers what its memory holds.
    restarted
        r begins anew with each run: the mean of s since then, until the filter is full.
    seed
        Of first potentials and of stochastic rounding.
    rounding, weight_range
        How learning writes integer weights, and their largest magnitude.
    """

    def __init__(
        self,
        image: ChipImage,
        neuron: TwoCompartmentLIF,
        *,
        mismatch: SynapseMismatch | None = None,
        restarted: bool = False,
        seed: int = 0,
        rounding: Literal["nearest", "stochastic"] = "nearest",
        weight_range: float | None = None,
    ) -> None:
        self.image = image
        self.neuron = neuron
        self._restarted = restarted
        self._layout = Layout(image)
        self._books = Bookkeeper(image, traced=True)
        self._core_slots = np.array(self._layout.core_slots, dtype=np.uint64)
        self._dtype = self._layout.state_dtype
        self._synapses = SynapseMemories(
            self._layout,
            seed=seed,
            stochastic=rounding == "stochastic",
            weight_range=weight_range,
            threads=1,
            each_thread=lambda work: work(0),
        )
        self._factors = None if mismatch is None else synapse_factors(self._layout, mismatch)
        self._delivered = self._synapses.wiring
        self._scratch = self._layout.scratch()
        self._silence = aligned_zeros(self._layout.n_slots, np.uint8)
        self._constants = self._constants_of(neuron)
        self._seed = np.uint64(seed) ^ (_START_STREAM << np.uint64(56))
        self._states: dict[int, MembraneState] = {}
        self._targets: dict[int, NDArray[Any]] = {}
        self._state = self._lanes(1)
        self._presentations = np.zeros(1, dtype=np.uint64)
        self._inputs = np.zeros((1, image.network.sizes[0]), dtype=self._dtype)
        self._tick = self._ran = 0
        self._opening = False
        self._begun: set[Phase] = set()
        self._bias_books = Ledger(self._books.ledger.populations, self._books.ledger.sites, {})

    def _constants_of(self, neuron: TwoCompartmentLIF) -> Constants:
        t = self._dtype.type
        decay = math.exp(-1.0 / neuron.synapse)
        return Constants(
            rest=t(-neuron.margin),
            reset=t(-neuron.fall),
            keep=t(math.exp(-1.0 / neuron.membrane)),
            decay=t(decay),
            step=t((1.0 - decay) * neuron.period),
            bias_step=t(1.0 - decay),
            refractory=np.int32(neuron.refractory),
            carries=neuron.reset == "carry",
            spread=neuron.start == "spread",
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the chip can do: rates at both ends of a synapse, and spikes."""
        return Capabilities("lif", frozenset(Observable) - {Observable.ADJOINT}, sends_bits_only=True)

    def load(self, parameters: Parameters) -> None:
        """Write all weights and biases, rounding to nearest where weights are integers."""
        self._synapses.load(parameters)
        self._deliver()

    def parameters(self) -> Parameters:
        """Return the values of all weights and biases, as the memories hold them."""
        return self._synapses.parameters()

    def _deliver(self) -> None:
        """Work out what the synapses deliver; without mismatch that is what is held."""
        held = self._synapses.wiring
        self._delivered = held
        if self._factors is not None:
            weights, biases = self._factors
            self._delivered = held._replace(
                weights=(held.weights * weights).astype(self._dtype),
                bias=(held.bias * biases).astype(self._dtype),
            )

    @property
    def delivered(self) -> Wiring:
        """What the synapses deliver for a spike, mismatch included."""
        return self._delivered

    def begin(self, inputs: NDArray[Any], presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [lane, unit] in [0, 1]: each input neuron gets the constant current of that rate."""
        inputs = fitting_inputs(self.image.network, inputs)
        self._presentations = fitting_presentations(presentations, inputs.shape[0])
        self._state = self._lanes(inputs.shape[0])
        self._state.current[:, self._layout.slots_of[0]] = self.neuron.drive_at(inputs)
        self._tick = self._ran = 0
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
        """Run ``ticks`` more; see `Substrate.run`. ``record``: any of "spikes", "states" (r)."""
        lanes = self._state.bits.shape[0]
        check_phase(phase, ticks, beta, targets, (lanes, self.image.network.sizes[-1]))
        if ticks > MOST_TICKS:
            raise ConfigError(f"phases.{phase.value}", f"must be at most {MOST_TICKS} ticks, got {ticks}")
        check_record(record, RECORDS)
        t, state, slots = self._dtype, self._state, self._layout.n_slots
        wanted = self._wanted(lanes)
        if beta and targets is not None:
            wanted[:, self._layout.slots_of[-1]] = self.neuron.drive_at(targets)
        spikes = np.zeros((ticks if "spikes" in record else 0, lanes, slots), np.uint8)
        rates = np.zeros((ticks if "states" in record else 0, lanes, slots), t)
        carried = self._per_core(state.bits) if self._tick else np.zeros(len(self.image.cores), np.int64)
        run_membranes(
            np.arange(lanes),
            self._presentations,
            self._seed,
            self._tick + 1,
            ticks,
            self._delivered,
            state,
            self._scratch,
            self._silence,
            self._constants,
            self._shares(ticks),
            t.type(beta),
            wanted,
            spikes,
            rates,
        )
        self._books.run(
            phase,
            lanes=lanes,
            ticks=ticks,
            begins=phase not in self._begun,
            opening=self._opening,
            nudged=beta != 0,
            carried=carried,
            sent=self._per_core(state.counts),
            last=self._per_core(state.bits),
        )
        self._book_bias(phase, lanes * (ticks - int(self._tick == 0)), lanes * ticks)
        self._begun.add(phase)
        self._tick += ticks
        self._ran = ticks
        self._opening = False
        of = self._layout.slots_of
        return Settled(
            ticks=ticks,
            spikes=tuple(spikes[:, :, s] for s in of) if "spikes" in record else (),
            states=tuple(rates[:, :, s] for s in of) if "states" in record else (),
        )

    def _shares(self, ticks: int) -> NDArray[Any]:
        steady = 1.0 - math.exp(-1.0 / self.neuron.rate)
        shares = np.full(ticks, steady)
        if self._restarted:
            shares = np.maximum(shares, 1.0 / np.arange(1, ticks + 1))
        return shares.astype(self._dtype)

    def _book_bias(self, phase: Phase, arrived: int, fired: int) -> None:
        """Book the neuron on every core that always fires; its spikes stay there, so they are no packets."""
        size = self._books.size
        listens = np.array([not self.image.network.populations[p].clamped for p in self._books.population])
        book = np.zeros((size.size, len(COUNTERS)), dtype=np.int64)
        book[:, _AT["neuron_updates"]] = np.where(listens, fired, 0)
        book[:, _AT["sops"]] = book[:, _AT["weight_reads"]] = np.where(listens, arrived * size, 0)
        own = self._bias_books
        self._bias_books = own + Ledger(own.populations, own.sites, {phase: PhaseBook(0, 0, book)})

    def _wanted(self, lanes: int) -> NDArray[Any]:
        if lanes not in self._targets:
            self._targets[lanes] = np.zeros((lanes, self._layout.n_slots), dtype=self._dtype)
        return self._targets[lanes]

    def _per_core(self, per_slot: NDArray[Any]) -> NDArray[np.int64]:
        out = np.zeros(len(self.image.cores), dtype=np.int64)
        spikes_per_core(per_slot, self._core_slots, out)
        return out

    def _lanes(self, n: int) -> MembraneState:
        if n not in self._states:
            shape, t = (n, self._layout.n_slots), self._dtype
            self._states[n] = MembraneState(
                potential=aligned_zeros(shape, t),
                current=aligned_zeros(shape, t),
                synapse=aligned_zeros(shape, t),
                rate=aligned_zeros(shape, t),
                waiting=aligned_zeros(shape, np.int32),
                bits=aligned_zeros(shape, np.uint8),
                counts=aligned_zeros(shape, np.int32),
            )
        return self._states[n]

    def observe(self, what: Observable, layer: int) -> NDArray[Any]:
        """Return [lane, unit] of a layer, as a copy."""
        check_observable(what, self.capabilities, "is not kept on this chip")
        slots, state = self._layout.slots_of[layer], self._state
        if what is Observable.SPIKES:
            return np.ascontiguousarray(state.bits[:, slots])
        if what is Observable.RATE:
            per_tick: NDArray[Any] = state.counts[:, slots] / self._dtype.type(max(self._ran, 1))
            return per_tick
        return np.ascontiguousarray(state.rate[:, slots])

    def snapshot(self) -> Snapshot:
        """Return a copy of what the lanes remember."""
        return Snapshot(self._tick, self._ran, {k: v.copy() for k, v in self._state._asdict().items()})

    def restore(self, snapshot: Snapshot) -> None:
        """Put the lanes back where a snapshot was taken."""
        self._state = self._lanes(next(iter(snapshot.arrays.values())).shape[0])
        for name, array in self._state._asdict().items():
            array[...] = snapshot.arrays[name]
        self._tick, self._ran = snapshot.tick, snapshot.ran

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[NDArray[Any] | None]) -> None:
        """Change weights on their cores, and biases; a tied copy follows its original."""
        written = self._synapses.change(updates, biases)
        self._deliver()
        self._books.update(written.accumulations, written.writes, written.saturations, written.words)

    def book_readout(self, layer: int) -> None:
        """Book that the host read the rates of a layer."""
        self._books.readout(layer % len(self._layout.slots_of), self._state.bits.shape[0])

    def ledger(self) -> Ledger:
        """Return all counts since the chip was made."""
        return self._books.ledger + self._bias_books

    def restore_books(self, ledger: Ledger, updates: int) -> None:
        """Go on counting from a checkpoint."""
        self._books.restore(ledger)
        self._bias_books = Ledger(ledger.populations, ledger.sites, {})
        self._synapses.updates = updates

    @property
    def updates(self) -> int:
        """Changes of weights so far; part of the key of stochastic rounding."""
        return self._synapses.updates
