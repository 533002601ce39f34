"""The real-valued network as a substrate: the reference, and what it costs not to use bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.elements import Constant, PowerLaw
from neurochip.errors import CapabilityError, ConfigError, NumericError
from neurochip.ideal.products import product_of
from neurochip.ideal.relax import step
from neurochip.network import Network, turned
from neurochip.spikes import SpikeTrains
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
from neurochip.substrate.counters import COUNTERS, PhaseCounters
from neurochip.substrate.fitting import (
    check_observable,
    check_phase,
    check_record,
    fitting_inputs,
    projection_matrices,
    weights_place,
)
from neurochip.substrate.optimising import Optimising

__all__ = ["IdealSubstrate"]

RECORDS = ("states", "step_sizes")

_AT = {name: i for i, name in enumerate(COUNTERS)}


class IdealSubstrate:
    """Populations of real-valued neurons; every neuron tells its value to its neighbours at every step.

    Parameters
    ----------
    network
        Populations and projections.
    annealer
        Step size ε_t.
    dtype
        float32 or float64.
    bound
        Largest value of a neuron: 1, the hard sigmoid, or infinity, a rectifier.
    optimiser
        Stands between changes and weights; `None`: a change is added as it is.
    """

    def __init__(
        self,
        network: Network,
        annealer: Constant | PowerLaw,
        *,
        dtype: type[np.floating] | np.dtype[np.floating] = np.float32,
        bound: float = 1.0,
        optimiser: Optimising | None = None,
    ) -> None:
        if not bound > 0:
            raise ConfigError("bound", f"must be > 0, got {bound:g}")
        self.network, self.optimiser = network, optimiser
        self._annealer = annealer
        self._dtype = np.dtype(dtype)
        self._bound = self._dtype.type(bound)
        self._products = [product_of(p, self._dtype) for p in network.projections]
        self._weights: list[NDArray[np.floating]] = []  # of every projection
        self._biases: list[NDArray[np.floating]] = []  # of the populations that are not clamped
        self._states: list[NDArray[np.floating]] = []  # of every population
        self._longest = max((p.delay for p in network.projections), default=1)
        # What was sent at the last steps, the newest last; with nothing but delays of 1, at none but this one.
        self._sent: list[list[NDArray[np.floating]]] = []
        self._tick = 0
        self._opening = False
        self._begun: set[Phase] = set()  # phases that these presentations have entered
        names = tuple(p.name for p in network.populations)
        # Every population stands for one core of a chip that moves words.
        self._counters = Counters(names, tuple(range(len(names))), {})
        self.updates = 0

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: only values."""
        return Capabilities("ideal", frozenset({Observable.VALUE}), sends_bits_only=False)

    def load(self, parameters: Parameters) -> None:
        """Set all weights and biases."""
        matrices = projection_matrices(self.network, parameters)
        for k, matrix in enumerate(matrices):
            if not np.all(np.isfinite(matrix)):
                raise NumericError(weights_place(self.network, k), "must be finite, got NaN or infinity")
        self._weights = [np.array(matrix, dtype=self._dtype, order="C") for matrix in matrices]
        self._biases = [np.array(b, dtype=self._dtype) for b in parameters.biases]

    def parameters(self) -> Parameters:
        """Return all weights and biases, as copies."""
        return Parameters(
            weights=tuple(self._weights[k].copy() for k in self.network.forward),
            feedback=tuple(self._weights[k].copy() for k in self.network.own_feedback),
            biases=tuple(b.copy() for b in self._biases),
        )

    def begin(self, inputs: NDArray[np.floating] | SpikeTrains, presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [sample, unit] in [0, 1], from rest."""
        values, sizes = fitting_inputs(self.network, inputs), self.network.sizes
        self._states = [np.zeros((values.shape[0], size), dtype=self._dtype) for size in sizes]
        edges = np.cumsum([sizes[k] for k in self.network.inputs])
        for k, part in zip(self.network.inputs, np.split(values, edges[:-1], axis=1), strict=True):
            self._states[k][...] = part
        self._sent = []
        self._tick = 0
        self._opening = True
        self._begun = set()

    def run(
        self,
        phase: Phase,
        ticks: int,
        *,
        beta: float = 0.0,
        targets: NDArray[np.floating] | None = None,
        record: Sequence[str] = (),
    ) -> Settled:
        """Take ``ticks`` Euler steps, all populations at once; ``record``: "states" and "step_sizes"."""
        network, t, states = self.network, self._dtype, self._states
        outputs = network.outputs
        pulled = (len(states[0]), sum(network.sizes[k] for k in outputs))
        check_phase(phase, ticks, beta, targets, pulled)
        if "spikes" in record:
            raise CapabilityError("spikes", "are not sent by the ideal substrate; record states")
        check_record(record, RECORDS)
        wanted = np.zeros(pulled, t) if targets is None else np.asarray(targets, dtype=t)
        edges = np.cumsum([network.sizes[k] for k in outputs])
        aims = dict(zip(outputs, np.split(wanted, edges[:-1], axis=1), strict=True))
        sizes = self._annealer.at(self._tick + 1, ticks).astype(t)
        kept = [np.zeros((ticks, *s.shape), t) for s in states] if "states" in record else []
        # A clamped input does not change: its products with the weights are taken once.
        from_input = {k: self._from_input(k) for i in network.inputs for k in network.out_of(i)}
        biases = {k: self._spread(bias, k) for k, bias in zip(network.updated, self._biases, strict=True)}
        for at in range(ticks):
            self._sent = [*self._sent[1 - self._longest :], [s.copy() for s in states]][-self._longest :]
            for layer in network.updated:
                drive = np.zeros_like(states[layer])
                for k in network.into(layer):
                    found = network.projections[k]
                    # Nothing has arrived in the first ticks, not even from the input.
                    if self._tick + at < found.delay:
                        continue
                    if k in from_input:
                        drive += from_input[k]
                    else:
                        self._products[k].drive(
                            self._sent[-found.delay][found.source], self._weights[k], drive
                        )
                nudge = t.type(2 * beta if layer in aims else 0)
                step(
                    states[layer], drive, biases[layer], sizes[at], nudge, aims.get(layer, drive), self._bound
                )
            for series, s in zip(kept, states, strict=False):
                series[at] = s
        self._count_run(phase, ticks, nudged=beta != 0)
        self._tick += ticks
        steps: tuple[NDArray[np.floating], ...] = ()
        if "step_sizes" in record:
            steps = tuple(
                np.broadcast_to(sizes[:, None, None], (ticks, *s.shape))
                if layer in network.updated
                else np.zeros((0, *s.shape), t)
                for layer, s in enumerate(states)
            )
        return Settled(ticks, states=tuple(kept), step_sizes=steps)

    def _from_input(self, projection: int) -> NDArray[np.floating]:
        """Return what a projection from an input brings at every step, [sample, unit]."""
        found = self.network.projections[projection]
        drive = np.zeros_like(self._states[found.target])
        self._products[projection].drive(self._states[found.source], self._weights[projection], drive)
        return drive

    def _spread(self, bias: NDArray[np.floating], layer: int) -> NDArray[np.floating]:
        """Return the bias of every neuron of a layer, [unit]; neurons of a map share one."""
        return np.tile(bias, self.network.sizes[layer] // bias.size)

    def _count_run(self, phase: Phase, ticks: int, *, nudged: bool) -> None:
        sizes = np.array(self.network.sizes, dtype=np.int64)
        batch = self._states[0].shape[0]
        counted = np.zeros((sizes.size, len(COUNTERS)), dtype=np.int64)
        updated, outputs, inputs = (
            list(k) for k in (self.network.updated, self.network.outputs, self.network.inputs)
        )
        for name in ("neuron_updates", "real_valued_words"):
            counted[updated, _AT[name]] = sizes[updated] * batch * ticks
        if nudged:
            counted[outputs, _AT["nudged_updates"]] = sizes[outputs] * batch * ticks
            if phase not in self._begun:
                counted[outputs, _AT["host_words_in"]] = sizes[outputs] * batch
        if self._opening:
            # A clamped value is told once.
            for name in ("real_valued_words", "host_words_in"):
                counted[inputs, _AT[name]] = sizes[inputs] * batch
        self._opening = False
        self._add(phase, counted, 0 if phase in self._begun else batch, batch * ticks)
        self._begun.add(phase)

    def _add(self, phase: Phase, counted: NDArray[np.int64], presentations: int = 0, ticks: int = 0) -> None:
        counters = self._counters
        self._counters = counters + Counters(
            counters.populations, counters.sites, {phase: PhaseCounters(presentations, ticks, counted)}
        )

    def observe(self, what: Observable, layer: int) -> NDArray[np.floating]:
        """Return the values [sample, unit] of a layer, as a copy."""
        check_observable(
            what, self.capabilities, "does not exist on the ideal substrate, which sends no bits"
        )
        return self._states[layer].copy()

    def values(self) -> list[NDArray[np.floating]]:
        """Return the values [sample, unit] of every layer, as copies."""
        return [s.copy() for s in self._states]

    def snapshot(self) -> Snapshot:
        """Return a copy of what the samples remember."""
        arrays = {str(k): s.copy() for k, s in enumerate(self._states)}
        if self._longest > 1:
            arrays |= {
                f"sent.{b}.{k}": s.copy() for b, row in enumerate(self._sent) for k, s in enumerate(row)
            }
        return Snapshot(self._tick, 0, arrays)

    def restore(self, snapshot: Snapshot) -> None:
        """Put the samples back where a snapshot was taken."""
        populations = range(len(self.network.populations))
        self._states = [snapshot.arrays[str(k)].copy() for k in populations]
        rows = range(min(snapshot.tick, self._longest)) if self._longest > 1 else range(0)
        self._sent = [[snapshot.arrays[f"sent.{b}.{k}"].copy() for k in populations] for b in rows]
        self._tick = snapshot.tick

    def write_weights(
        self, updates: Sequence[WeightUpdate], biases: Sequence[NDArray[np.floating] | None]
    ) -> None:
        """Change weights and biases; a tied copy follows its original."""
        sizes = self.network.sizes
        counted = np.zeros((len(sizes), len(COUNTERS)), dtype=np.int64)
        for update in updates:
            k = update.projection
            product = self._products[k]
            change = sum(
                (product.change(pre, post) for pre, post in update.terms),
                start=np.zeros(self.network.weights_shape(k), dtype=self._dtype),
            )
            change = self._dtype.type(update.rate) * change
            if self.optimiser is not None:
                change = self.optimiser.weights(k, change, self._weights[k], self.updates + 1)
            self._weights[k] += change
            copies = self.network.tied_to(k)
            for copy in copies:
                self._weights[copy][...] = turned(self.network.projections[k], self._weights[k])
            for target in (self.network.projections[i].target for i in (k, *copies)):
                batch = update.samples * len(update.terms)
                counted[target, _AT["weight_accumulations"]] += batch * change.size * product.shared_by
                counted[target, _AT["weight_writes"]] += change.size
                counted[target, _AT["weight_reads"]] += change.size
                counted[target, _AT["optimiser_steps"]] += change.size * (self.optimiser is not None)
        for population, kept, bias in zip(self.network.updated, self._biases, biases, strict=True):
            if bias is None:
                continue
            moved = bias.astype(self._dtype).reshape(-1, kept.size).sum(axis=0)
            if self.optimiser is not None:
                moved = self.optimiser.biases(population, moved, self.updates + 1)
            kept += moved
        self._add(Phase.UPDATE, counted)
        self.updates += 1

    def count_readout(self, layer: int) -> None:
        """Count that the host read the values of a layer."""
        counted = np.zeros((len(self.network.sizes), len(COUNTERS)), dtype=np.int64)
        counted[layer, _AT["readout_words"]] = self._states[layer].size
        self._add(Phase.READOUT, counted)

    def counters(self) -> Counters:
        """Return all counts since the substrate was made."""
        return self._counters

    def restore_counters(self, counters: Counters, updates: int) -> None:
        """Go on counting from a checkpoint."""
        self._counters = Counters(self._counters.populations, self._counters.sites, counters.phases)
        self.updates = updates
