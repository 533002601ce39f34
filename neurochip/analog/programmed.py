"""What is programmed into a die: the stored weights and biases of all projections, and the circuits that have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.circuit import Circuit
from neurochip.analog.store import WeightStore
from neurochip.description.die.circuit import AnalogSpec
from neurochip.errors import NumericError
from neurochip.network import Network
from neurochip.substrate import Parameters, WeightUpdate
from neurochip.substrate.fitting import projection_matrices, weights_place
from neurochip.substrate.optimising import Optimising

__all__ = ["Programmed"]

Array = NDArray[np.floating]


class Programmed:
    """Weights and biases as they are stored; every circuit of the die is programmed with them.

    Parameters
    ----------
    network, spec
        Which projections, and what befalls a weight that is written.
    circuits
        Of the die: one, or two that are twins.
    dtype
        float32 or float64.
    seed
        Of the rounding of writes and of drift.
    optimiser
        Stands between changes and writes; `None`: a change is written as it is.
    """

    def __init__(
        self,
        network: Network,
        spec: AnalogSpec,
        circuits: Sequence[Circuit],
        dtype: np.dtype[np.floating],
        seed: int,
        optimiser: Optimising | None = None,
    ) -> None:
        self._optimiser = optimiser
        self._network, self._drift_of, self._circuits = network, spec.drift, circuits
        self._dtype = dtype
        self._store = WeightStore(network, spec, seed)
        self._weights: list[Array] = []  # of every projection
        self._biases: list[Array] = []

    def load(self, parameters: Parameters) -> None:
        """Program everything anew.

        Raises
        ------
        NumericError
            For a weight that is no number.
        """
        matrices = projection_matrices(self._network, parameters)
        for k, matrix in enumerate(matrices):
            if not np.all(np.isfinite(matrix)):
                raise NumericError(weights_place(self._network, k), "must be finite, got NaN or infinity")
        given = [np.array(matrix, dtype=self._dtype, order="C") for matrix in matrices]
        self._weights = [self._store.loaded(k, w) for k, w in enumerate(given)]
        self._biases = [np.array(b, dtype=self._dtype) for b in parameters.biases]
        self._program()

    def _program(self) -> None:
        for circuit in self._circuits:
            circuit.program(self._weights, self._biases)
            circuit.feed()

    def parameters(self) -> Parameters:
        """Return everything, as copies."""
        return Parameters(
            weights=tuple(self._weights[k].copy() for k in self._network.forward),
            feedback=tuple(self._weights[k].copy() for k in self._network.own_feedback),
            biases=tuple(b.copy() for b in self._biases),
        )

    def change(self, k: int, update: WeightUpdate, number: int) -> int:
        """Change the weights of a projection and of its tied copies; return how many met the end of their range.

        ``number`` is that of the update, on which chance in writing depends.
        """
        change = self._sum(update)
        if self._optimiser is not None:
            change = self._optimiser.weights(k, change, self._weights[k], number + 1)
        saturated = 0
        if self._store.is_plain:
            first, *changed = self._circuits
            first.add(k, self._weights[k], change)
        else:
            weights = self._weights[k] + self._store.meant(k, change, number)
            self._weights[k], saturated = self._store.written(k, weights, number)
            changed = list(self._circuits)
        self._copy(k)
        for circuit in changed:
            circuit.set_weights(k, self._weights[k])
        for one in self._network.tied_to(k):
            for circuit in self._circuits:
                circuit.set_weights(one, self._weights[one])
        return saturated

    def _sum(self, update: WeightUpdate) -> Array:
        """Return the sum of an update's terms, in the precision of the circuit."""
        rate = self._dtype.type(update.rate)
        change: Array | None = None
        for pre, post in update.terms:
            product = np.asarray(pre, self._dtype).T @ np.asarray(post * rate, self._dtype)
            change = product if change is None else change + product
        if change is None:
            change = np.zeros(self._network.weights_shape(update.projection), self._dtype)
        return change

    def _copy(self, k: int) -> None:
        """Store the weights of a projection where they are tied to it."""
        for copy in self._network.tied_to(k):
            self._weights[copy] = np.ascontiguousarray(self._weights[k].T)

    def end_update(self, biases: Sequence[Array | None], number: int) -> None:
        """Change biases, and let everything that is stored drift until the next update."""
        for layer, change in enumerate(biases):
            if change is not None:
                moved = change.astype(self._dtype)
                if self._optimiser is not None:
                    moved = self._optimiser.biases(self._network.updated[layer], moved, number + 1)
                self._biases[layer] += moved
                for circuit in self._circuits:
                    circuit.set_bias(layer, self._biases[layer])
        if self._drift_of.decay or self._drift_of.walk:
            self._drift(number)
        else:
            for circuit in self._circuits:
                circuit.feed()

    def _drift(self, number: int) -> None:
        for k, projection in enumerate(self._network.projections):
            if projection.transpose_of is None:
                self._weights[k] = self._store.drifted(k, self._weights[k], number)
                self._copy(k)
        for layer in range(len(self._biases)):
            self._biases[layer] *= self._dtype.type(1 - self._drift_of.decay)
        self._program()
