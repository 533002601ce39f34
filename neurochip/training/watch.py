"""A watch on numbers: weights, biases and states after every epoch, and at the end of every task of a study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.quantise import largest_weight, quantise
from neurochip.description import RunSpec, network_of
from neurochip.description.precision import integer_bits, integer_range
from neurochip.errors import NumericError
from neurochip.substrate import Observable, Parameters, Substrate
from neurochip.substrate.fitting import weights_place

__all__ = ["Watch", "check_finite"]

_CURE = "use smaller learning.rates, or a learning.beta nearer to 1"
_MANY = 0.1  # share of weights at an end of their range that is worth a warning
_MOST = 0.9  # share at which nothing is learnt any more
_FEW_BITS = 3  # so narrow that weights stand at the ends of their range in any network
_LARGE = 1e3  # of a floating-point weight, where values lie in [0, 1]


def check_finite(parameters: Parameters, when: str) -> None:
    """Refuse weights and biases that are NaN or infinite.

    Raises
    ------
    NumericError
        With the place, how many, ``when``, and what to do.
    """
    for place, array in _named(parameters):
        _finite(place, array, when)


class Watch:
    """Looks at the numbers of one machine.

    Parameters
    ----------
    run
        What is carried out.
    substrate
        The machine, with the weights that it begins with: what is 0 from the beginning is no fault of training.
    """

    def __init__(self, run: RunSpec, substrate: Substrate) -> None:
        self._run, self._substrate = run, substrate
        network = network_of(run.network)
        # Place → the largest weight that integers hold where the run names none.
        self._largest = {weights_place(network, k): largest_weight(network, k)
                         for k in (*network.forward, *network.own_feedback)}  # fmt: skip
        self._began_silent = {place for place, w in _weights(substrate.parameters()) if not w.any()}

    def look(self, confusion: NDArray[np.int64] | None, when: str, *, states: bool = True) -> tuple[str, ...]:
        """Return a sentence for each thing that a reader of the results should know.

        Parameters
        ----------
        confusion
            i64[true, predicted] of the last evaluation, if there was one.
        when
            Names the moment in errors, e.g. ``epoch 3``.
        states
            Whether the states of what was presented last are looked at, too.

        Raises
        ------
        NumericError
            For a weight, bias or state that is NaN or infinite; for weights of a projection that became 0 all
            together, or of which nearly all stand at an end of their range.
        """
        parameters = self._substrate.parameters()
        check_finite(parameters, when)
        found: list[str] = []
        for place, weights in _weights(parameters):
            found += self._weights(place, weights, when)
        if states:
            found += self._states(when)
        if confusion is not None:
            found += _answers(confusion)
        return tuple(found)

    def _weights(self, place: str, weights: NDArray[np.number], when: str) -> Iterator[str]:
        precision = self._run.network.precision
        if not weights.size:  # of a connectivity that has none
            return
        if not weights.any():
            if place in self._began_silent:
                yield (
                    f"{place}: all are 0, as they were drawn: {precision} holds none of them; use more bits, or a "
                    "smaller network.weight_range"
                )
                return
            raise NumericError(place, f"became 0 all together in {when}; {_CURE}")
        bits = integer_bits(precision)
        if bits is None:
            largest = float(np.abs(weights).max())
            if largest > _LARGE:
                yield f"{place}: reach {largest:.2g} in {when}, and states lie between 0 and 1; {_CURE}"
            return
        if bits <= _FEW_BITS:
            return
        end = self._run.network.weight_range or self._largest[place]
        held = quantise(weights, precision, largest=end, place=place).weights
        bottom, top = integer_range(bits)
        share = float(np.mean((held == top) | (held <= bottom + 1)))
        ends = f"{100 * share:.0f} % stand at an end of the range of {precision} in {when}"
        cure = "use a larger network.weight_range, or smaller learning.rates"
        if share >= _MOST:
            raise NumericError(place, f"{ends}; {cure}")
        if share >= _MANY:
            yield f"{place}: {ends}; {cure}"

    def _states(self, when: str) -> Iterator[str]:
        network = network_of(self._run.network)
        for layer in network.updated:
            values = self._substrate.observe(Observable.VALUE, layer)
            name = network.populations[layer].name
            _finite(f"states of {name}", values, when)
            for end in (0, 1):
                if values.size and np.all(values == end):
                    yield f"states of {name}: all are {end} for every sample looked at in {when}; {_CURE}"


def _answers(confusion: NDArray[np.int64]) -> Iterator[str]:
    asked, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    dead = np.flatnonzero((asked > 0) & (answered == 0))
    if dead.size and int(asked.sum()) >= 10 * len(confusion):  # of fewer samples it may be chance
        classes = ", ".join(map(str, dead))
        yield f"outputs: {dead.size} of {len(confusion)} classes are never answered ({classes})"


def _named(parameters: Parameters) -> Iterator[tuple[str, NDArray[np.number]]]:
    yield from _weights(parameters)
    for k, bias in enumerate(parameters.biases):
        yield f"biases[{k}]", bias


def _weights(parameters: Parameters) -> Iterator[tuple[str, NDArray[np.number]]]:
    families: Sequence[tuple[str, tuple[NDArray[np.number], ...]]] = (
        ("weights", parameters.weights),
        ("feedback", parameters.feedback),
    )
    for family, matrices in families:
        for k, matrix in enumerate(matrices):
            yield f"{family}[{k}]", matrix


def _finite(place: str, values: NDArray[np.number], when: str) -> None:
    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        raise NumericError(place, f"{bad} of {values.size} are not finite in {when}; {_CURE}")
