"""The real-valued network as a substrate: the reference, and the price of not using bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.description.network import Network
from neurochip.elements import Constant, PowerLaw
from neurochip.errors import CapabilityError, ConfigError, NumericError
from neurochip.ideal.products import product_of
from neurochip.ideal.relax import step
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
    projection_matrices,
    weights_place,
)
from neurochip.substrate.ledger import COUNTERS, PhaseBook

__all__ = ["IdealSubstrate"]

RECORDS = ("states", "step_sizes")

_AT = {name: i for i, name in enumerate(COUNTERS)}


class IdealSubstrate:
    """Layers of real-valued neurons; every neuron tells its value to its neighbours at every step.

    Parameters
    ----------
    network
        Layers and projections.
    annealer
        Step size ε_t.
    dtype
        float32 or float64.
    bound
        Largest value of a neuron: 1, the hard sigmoid, or infinity, a rectifier.
    """

    def __init__(
        self,
        network: Network,
        annealer: Constant | PowerLaw,
        *,
        dtype: Any = np.float32,
        bound: float = 1.0,
    ) -> None:
        if not bound > 0:
            raise ConfigError("bound", f"must be > 0, got {bound:g}")
        self.network = network
        self._annealer = annealer
        self._dtype = np.dtype(dtype)
        self._bound = self._dtype.type(bound)
        self._products = [product_of(p) for p in network.projections]
        self._weights: list[NDArray[Any]] = []  # of every projection
        self._biases: list[NDArray[Any]] = []  # of layers 1 …
        self._states: list[NDArray[Any]] = []  # of every layer
        self._tick = 0
        self._opening = False
        self._begun: set[Phase] = set()  # phases that these presentations have entered
        names = tuple(p.name for p in network.populations)
        # Every population stands for one core of a chip that moves words.
        self._ledger = Ledger(names, tuple(range(len(names))), {})
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
        n = len(self.network.populations) - 1
        return Parameters(
            weights=tuple(w.copy() for w in self._weights[:n]),
            feedback=() if self.network.tied else tuple(w.copy() for w in self._weights[n:]),
            biases=tuple(b.copy() for b in self._biases),
        )

    def begin(self, inputs: NDArray[Any], presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [lane, unit] in [0, 1], from rest."""
        inputs, sizes = fitting_inputs(self.network, inputs), self.network.sizes
        self._states = [np.zeros((inputs.shape[0], size), dtype=self._dtype) for size in sizes]
        self._states[0][...] = inputs
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
        """Take ``ticks`` Euler steps, all layers at once; ``record``: "states" and "step_sizes"."""
        check_phase(phase, ticks, beta, targets, self._states[-1].shape)
        if "spikes" in record:
            raise CapabilityError("spikes", "are not sent by the ideal substrate; record states")
        check_record(record, RECORDS)
        t, states = self._dtype, self._states
        wanted = np.zeros_like(states[-1]) if targets is None else np.asarray(targets, dtype=t)
        sizes = self._annealer.at(self._tick + 1, ticks).astype(t)
        kept = [np.zeros((ticks, *s.shape), t) for s in states] if "states" in record else []
        # A clamped input does not change: its product with the weights is taken once.
        from_input = np.zeros_like(states[1])
        self._products[0].drive(states[0], self._weights[0], from_input)
        biases = [self._spread(b, k + 1) for k, b in enumerate(self._biases)]
        silent = [np.zeros_like(s) for s in states]
        for at in range(ticks):
            # At the first step of a presentation nothing has been sent yet, not even by the input.
            sent = silent if self._tick + at == 0 else [s.copy() for s in states]
            for layer in range(1, len(states)):
                drive = np.zeros_like(states[layer])
                for k in self.network.into(layer):
                    source = self.network.projections[k].source
                    if source == 0:
                        drive += from_input if self._tick + at else 0
                    else:
                        self._products[k].drive(sent[source], self._weights[k], drive)
                nudge = t.type(2 * beta if layer == len(states) - 1 else 0)
                target = wanted if layer == len(states) - 1 else drive
                step(states[layer], drive, biases[layer - 1], sizes[at], nudge, target, self._bound)
            for series, s in zip(kept, states, strict=False):
                series[at] = s
        self._book_run(phase, ticks, nudged=beta != 0)
        self._tick += ticks
        steps: tuple[NDArray[Any], ...] = ()
        if "step_sizes" in record:
            steps = tuple(
                np.broadcast_to(sizes[:, None, None], (ticks, *s.shape))
                if layer
                else np.zeros((0, *s.shape), t)
                for layer, s in enumerate(states)
            )
        return Settled(ticks, states=tuple(kept), step_sizes=steps)

    def _spread(self, bias: NDArray[Any], layer: int) -> NDArray[Any]:
        """Return the bias of every neuron of a layer, [unit]; neurons of a map share one."""
        return np.tile(bias, self.network.sizes[layer] // bias.size)

    def _book_run(self, phase: Phase, ticks: int, *, nudged: bool) -> None:
        sizes = np.array(self.network.sizes, dtype=np.int64)
        lanes = self._states[0].shape[0]
        book = np.zeros((sizes.size, len(COUNTERS)), dtype=np.int64)
        book[1:, _AT["neuron_updates"]] = sizes[1:] * lanes * ticks
        book[1:, _AT["real_valued_words"]] = sizes[1:] * lanes * ticks
        if nudged:
            book[-1, _AT["nudged_updates"]] = sizes[-1] * lanes * ticks
            if phase not in self._begun:
                book[-1, _AT["host_words_in"]] = sizes[-1] * lanes
        if self._opening:
            # A clamped value is told once.
            book[0, _AT["real_valued_words"]] = sizes[0] * lanes
            book[0, _AT["host_words_in"]] = sizes[0] * lanes
        self._opening = False
        self._add(phase, book, 0 if phase in self._begun else lanes, lanes * ticks)
        self._begun.add(phase)

    def _add(self, phase: Phase, book: NDArray[np.int64], presentations: int = 0, ticks: int = 0) -> None:
        ledger = self._ledger
        self._ledger = ledger + Ledger(
            ledger.populations, ledger.sites, {phase: PhaseBook(presentations, ticks, book)}
        )

    def observe(self, what: Observable, layer: int) -> NDArray[Any]:
        """Return the values [lane, unit] of a layer, as a copy."""
        check_observable(
            what, self.capabilities, "does not exist on the ideal substrate, which sends no bits"
        )
        return self._states[layer].copy()

    def values(self) -> list[NDArray[Any]]:
        """Return the values [lane, unit] of every layer, as copies."""
        return [s.copy() for s in self._states]

    def snapshot(self) -> Snapshot:
        """Return a copy of what the lanes remember."""
        return Snapshot(self._tick, 0, {str(k): s.copy() for k, s in enumerate(self._states)})

    def restore(self, snapshot: Snapshot) -> None:
        """Put the lanes back where a snapshot was taken."""
        self._states = [snapshot.arrays[str(k)].copy() for k in range(len(self.network.populations))]
        self._tick = snapshot.tick

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[NDArray[Any] | None]) -> None:
        """Change weights and biases; a tied copy follows its original."""
        sizes = self.network.sizes
        book = np.zeros((len(sizes), len(COUNTERS)), dtype=np.int64)
        for update in updates:
            k = self.network.between(update.source, update.target)
            product = self._products[k]
            change = sum(
                (product.change(pre, post) for pre, post in update.terms),
                start=np.zeros(self.network.weights_shape(k), dtype=self._dtype),
            )
            self._weights[k] += self._dtype.type(update.rate) * change
            copies = [i for i, p in enumerate(self.network.projections) if p.transpose_of == k]
            for copy in copies:
                self._weights[copy][...] = self._weights[k].T
            for target in [update.target, *(self.network.projections[i].target for i in copies)]:
                lanes = update.samples * len(update.terms)
                book[target, _AT["weight_accumulations"]] += lanes * change.size * product.shared_by
                book[target, _AT["weight_writes"]] += change.size
                book[target, _AT["weight_reads"]] += change.size
        for kept, bias in zip(self._biases, biases, strict=True):
            if bias is not None:
                kept += bias.astype(self._dtype).reshape(-1, kept.size).sum(axis=0)
        self._add(Phase.UPDATE, book)
        self.updates += 1

    def book_readout(self, layer: int) -> None:
        """Book that the host read the values of a layer."""
        book = np.zeros((len(self.network.sizes), len(COUNTERS)), dtype=np.int64)
        book[layer, _AT["readout_words"]] = self._states[layer].size
        self._add(Phase.READOUT, book)

    def ledger(self) -> Ledger:
        """Return all counts since the substrate was made."""
        return self._ledger

    def restore_books(self, ledger: Ledger, updates: int) -> None:
        """Go on counting from a checkpoint."""
        self._ledger = Ledger(self._ledger.populations, self._ledger.sites, ledger.phases)
        self.updates = updates
