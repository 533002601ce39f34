"""What stands between the change of weights that a rule wants and the step that is taken: one for each machine.

It is kept where the weights are: moments in the shape of the weights of each projection that learns, and of the biases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.optimisers import Optimiser
from neurochip.errors import CheckpointError
from neurochip.network import Network

__all__ = ["Optimising"]

Array = NDArray[np.floating]


class Optimising:
    """The optimiser of one machine, with its moments.

    Parameters
    ----------
    network
        Whose weights learn.
    method
        How a change becomes a step.
    rates
        η of each forward projection; feedback has that of its forward partner.
    decay
        λ, the share of every weight that a step takes away (Loshchilov & Hutter 2019, eq. 12 and Algorithm 2): it is
        apart from the change, and does not pass through the moments. Biases do not decay.

    Attributes
    ----------
    share
        What rates and decay are multiplied by; the paper's schedule multiplier.
    """

    def __init__(
        self, network: Network, method: Optimiser, rates: Sequence[float], *, decay: float = 0.0
    ) -> None:
        self._network, self.method, self.decay = network, method, decay
        self._rates = dict(zip(network.forward, rates, strict=True))
        self.share = 1.0
        self._moments: dict[str, Array] = {}

    def rate(self, projection: int) -> float:
        """Return η of a projection, without the schedule."""
        partner = self._network.projections[projection].feedback_of
        return self._rates[projection if partner is None else partner]

    def weights(self, projection: int, change: Array, held: Array, number: int) -> Array:
        """Return what to add to the weights of a projection.

        Parameters
        ----------
        change
            What a plain step would add, in the shape of the weights.
        held
            The weights as they are.
        number
            Of the step, 1 for the first.
        """
        step = self._step(f"weights.{projection}", change, self.rate(projection), number)
        return step - (self.share * self.decay) * held if self.decay else step

    def biases(self, population: int, change: Array, number: int) -> Array:
        """Return what to add to the biases of a population; see `weights`."""
        into = [self._rates[k] for k in self._network.into(population) if k in self._rates]
        return self._step(f"biases.{population}", change, into[0] if into else 0.0, number)

    def _step(self, name: str, change: Array, rate: float, number: int) -> Array:
        rate *= self.share
        if not rate:
            return change
        moments = []
        for moment in self.method.moments:
            key = f"{name}.{moment}"
            if key not in self._moments:
                self._moments[key] = np.zeros_like(change)
            moments.append(self._moments[key])
        return self.method.step(change / rate, moments, number, rate).astype(change.dtype, copy=False)

    def state(self) -> dict[str, Array]:
        """Return copies of all moments, by name."""
        return {name: array.copy() for name, array in self._moments.items()}

    def restore(self, moments: Mapping[str, Array]) -> None:
        """Go on with the moments of a checkpoint.

        Raises
        ------
        CheckpointError
            For moments that are not of this optimiser.
        """
        known = {
            f"{family}.{k}.{moment}"
            for family, of in (
                ("weights", range(len(self._network.projections))),
                ("biases", self._network.updated),
            )
            for k in of
            for moment in self.method.moments
        }
        strange = sorted(set(moments) - known)
        if strange:
            raise CheckpointError(
                "moments",
                f"has {strange[0]}, which {self.method.kind} does not keep; resume it with its own run.toml",
            )
        self._moments = {name: np.array(array) for name, array in moments.items()}
