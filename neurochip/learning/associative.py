"""The associative rule: STDP written in rates, with fixed associations (*STDP in ANN*, eqs 1 to 3).

Spike times are taken for inverse rates, T = 1/x and 1/p, so that an STDP window in ΔT = T_post − T_pre becomes

    ΔW = Z · x³ p (x − p) / ((2p − x)² + ε)

for a presynaptic value x and a postsynaptic value p in [0, 1]. Z = ±1 says whether a postsynaptic neuron wants to
associate: for the output +1 when the label is 1 and −1 when it is 0; for each hidden neuron a sign that is drawn
once, as many of each in a layer, and that turns round with the label. Nothing is sent backwards but the label.

What a chip must let a rule see is the value, trace or rate of both sides; the rule needs one free phase and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.kernels._jit import entry
from neurochip.substrate import Observable, Phase, Substrate, WeightUpdate

__all__ = [
    "Associated",
    "AssociativeRule",
    "Associations",
    "associative_change",
    "balanced_associations",
    "stdp_window",
    "weight_updates",
]

Array = NDArray[Any]


@entry
def associative_change(x: Any, p: Any, sign: Any, epsilon: float, limit: float, change: Any) -> None:
    """Add the mean over lanes of Z x³p(x − p)/((2p − x)² + ε) to f64[pre, post] ``change``.

    ``x`` f64[lane, pre], ``p`` f64[lane, post], ``sign`` f64[lane, post] is Z; a single lane's share is cut at
    ± ``limit``.
    """
    lanes = x.shape[0]
    share = 1.0 / lanes
    for lane in range(lanes):
        for i in range(x.shape[1]):
            a = x[lane, i]
            if a == 0.0:
                continue
            cube = a * a * a * share
            for j in range(p.shape[1]):
                b = p[lane, j]
                gap = 2.0 * b - a
                value = cube * b * (a - b) / (gap * gap + epsilon)
                top = limit * share
                value = min(max(value, -top), top)
                change[i, j] += sign[lane, j] * value


def stdp_window(difference: Array, pre_time: float) -> Array:
    """Return eq. 1, ΔT / (T_pre² (T_pre − ΔT)²), at differences ΔT of spike times.

    It is eq. 2 with x = 1/T_pre and p = 1/(T_pre + ΔT), exactly; the pole at x = 2p is where ΔT = T_pre.
    """
    return np.asarray(difference / (pre_time**2 * (pre_time - difference) ** 2))


def balanced_associations(size: int, draws: np.random.Generator) -> Array:
    """Return the signs of a hidden layer: as many +1 as −1 (one more −1 where the size is odd), in random order."""
    signs = np.where(np.arange(size) < size // 2, 1.0, -1.0)
    return draws.permutation(signs)


@dataclass(frozen=True)
class Associations:
    """Z of every layer that learns.

    Parameters
    ----------
    sizes
        Neurons of layers 1 … ; the last must be 1, since the rule tells two classes apart.
    signs
        ±1 of each neuron of those layers.
    """

    sizes: tuple[int, ...]
    signs: tuple[Array, ...]

    def __post_init__(self) -> None:
        """Check shapes and values."""
        if not self.sizes or self.sizes[-1] != 1:
            last = self.sizes[-1] if self.sizes else 0
            raise ConfigError(
                "associations", f"need an output layer of one neuron, which says yes or no; got {last}"
            )
        if len(self.signs) != len(self.sizes):
            raise ConfigError(
                "associations", f"must be given for {len(self.sizes)} layers, got {len(self.signs)}"
            )
        for k, (size, signs) in enumerate(zip(self.sizes, self.signs, strict=True), start=1):
            if np.shape(signs) != (size,):
                raise ConfigError(
                    f"associations[{k}]",
                    f"must have one sign for each of {size} neurons, got {np.size(signs)}",
                )
            if not np.all(np.abs(signs) == 1):
                raise ConfigError(f"associations[{k}]", "must be +1 or −1")

    def of(self, labels: NDArray[np.integer]) -> list[Array]:
        """Return Z f64[lane, neuron] of every layer for labels of 0 and 1.

        Raises
        ------
        DataError
            For any other label.
        """
        labels = np.asarray(labels)
        found = np.unique(labels)
        if not np.all(np.isin(found, (0, 1))):
            raise DataError(
                "labels",
                "must be 0 or 1, since the associative rule tells two classes apart, got "
                f"{', '.join(map(str, found))}; choose a pair of classes",
            )
        turned = np.where(labels == 1, 1.0, -1.0)[:, None]
        return [np.ascontiguousarray(turned * signs[None, :]) for signs in self.signs]


class Associated(NamedTuple):
    """What one minibatch came to: values [lane, unit] of all layers, and ΔW/η [pre, post] of each projection."""

    values: list[Array]
    changes: list[Array]


@dataclass(frozen=True)
class AssociativeRule:
    """The rule, for one chain of layers.

    Parameters
    ----------
    associations
        Z of every layer.
    epsilon
        ε of the denominator; the paper has 1e-9.
    limit
        One lane's change of one weight is cut at ± this; the paper does not cut.
    reads
        What stands for x and p on a substrate: the ``value``, or decoded from spikes as ``trace`` or ``rate``.
    """

    associations: Associations
    epsilon: float = 1e-9
    limit: float = np.inf
    reads: Literal["value", "trace", "rate"] = "value"

    def __post_init__(self) -> None:
        """Check the constants."""
        if not self.epsilon > 0:
            raise ConfigError("epsilon", f"must be positive, got {self.epsilon:g}")
        if not self.limit > 0:
            raise ConfigError("limit", f"must be positive, got {self.limit:g}")

    @property
    def needs(self) -> frozenset[Observable]:
        """What the rule reads of a substrate."""
        return frozenset({Observable(self.reads)})

    def check(self, substrate: Substrate) -> None:
        """Raise `CapabilityError` if the substrate lacks what the rule needs."""
        if not self.needs <= substrate.capabilities.observables:
            raise CapabilityError(
                "learning",
                f"needs {self.reads}, which the {substrate.capabilities.name} substrate does not keep",
            )

    def changes(self, values: list[Array], labels: NDArray[np.integer]) -> list[Array]:
        """Return ΔW/η f64[pre, post] of each projection, the mean over lanes; ``values`` [lane, unit] of all layers."""
        return [
            self.layer_change(values[k], values[k + 1], k, labels)
            for k in range(len(self.associations.sizes))
        ]

    def layer_change(self, x: Array, p: Array, layer: int, labels: NDArray[np.integer]) -> Array:
        """Return ΔW/η f64[pre, post] of the projection into the ``layer``-th layer that learns, counted from 0."""
        sign = self.associations.of(labels)[layer]
        x = np.ascontiguousarray(np.clip(x, 0.0, 1.0), dtype=np.float64)
        p = np.ascontiguousarray(np.clip(p, 0.0, 1.0), dtype=np.float64)
        if p.shape[1] != sign.shape[1]:
            raise ConfigError(
                f"associations[{layer + 1}]", f"are for {sign.shape[1]} neurons, the layer has {p.shape[1]}"
            )
        change = np.zeros((x.shape[1], p.shape[1]))
        associative_change(x, p, sign, self.epsilon, self.limit, change)
        return change

    def present(self, substrate: Substrate, labels: NDArray[np.integer], ticks: int) -> Associated:
        """Let lanes that have just begun settle, and return what was read and what should change."""
        self.check(substrate)
        substrate.run(Phase.FREE, ticks)
        what = Observable(self.reads)
        layers = range(len(self.associations.sizes) + 1)
        values = [np.asarray(substrate.observe(what, k), dtype=np.float64) for k in layers]
        return Associated(values, self.changes(values, labels))


def weight_updates(changes: list[Array], rate: float) -> tuple[WeightUpdate, ...]:
    """Return changes of whole matrices as updates of the forward projections, one row at a time.

    The rule is no sum of products, so each presynaptic neuron takes a turn of its own with its row of changes.
    """
    return tuple(
        WeightUpdate(k, k + 1, ((np.eye(change.shape[0]), change),), rate, 0)
        for k, change in enumerate(changes)
    )
