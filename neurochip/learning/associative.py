"""The associative rule: STDP written in rates, with fixed associations (*STDP in ANN*, eqs 1 to 3).

Spike times are taken for inverse rates, T = 1/x and 1/p, so that an STDP window in ΔT = T_post − T_pre becomes

    ΔW = Z · x³ p (x − p) / ((2p − x)² + ε)

for a presynaptic value x and a postsynaptic value p in [0, 1]. Z = ±1 says whether a postsynaptic neuron wants to
associate. Nothing is sent backwards but the label.

The rule needs one free phase and no other. What stands for x and p: real values with ``learning.pre = "oracle"``, what
receiving cores make of spikes with ``"trace"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurochip.description.rule_keys import AssociativeKeys
from neurochip.errors import ConfigError
from neurochip.kernels._jit import entry
from neurochip.kernels.types import Matrix
from neurochip.learning.associations import Associations, drawn_associations
from neurochip.learning.readings import Array, Readings
from neurochip.learning.rule import LearningRule
from neurochip.network import Network, Projection
from neurochip.substrate import WeightUpdate

__all__ = ["AssociativeRule", "associative_change", "layer_change", "stdp_window"]


@entry
def associative_change(
    x: Matrix[np.float64],
    p: Matrix[np.float64],
    sign: Matrix[np.float64],
    epsilon: float,
    limit: float,
    change: Matrix[np.float64],
) -> None:
    """Add the mean over samples of Z x³p(x − p)/((2p − x)² + ε) to f64[pre, post] ``change``.

    ``x`` f64[sample, pre], ``p`` f64[sample, post], ``sign`` f64[sample, post] is Z; a single sample's share is cut at
    ± ``limit``.
    """
    batch = x.shape[0]
    share = 1.0 / batch
    for sample in range(batch):
        for i in range(x.shape[1]):
            a = x[sample, i]
            if a == 0.0:
                continue
            cube = a * a * a * share
            for j in range(p.shape[1]):
                b = p[sample, j]
                gap = 2.0 * b - a
                value = cube * b * (a - b) / (gap * gap + epsilon)
                top = limit * share
                value = min(max(value, -top), top)
                change[i, j] += sign[sample, j] * value


def stdp_window(difference: Array, pre_time: float) -> Array:
    """Return eq. 1, ΔT / (T_pre² (T_pre − ΔT)²), at differences ΔT of spike times.

    It is eq. 2 with x = 1/T_pre and p = 1/(T_pre + ΔT), exactly; the pole at x = 2p is where ΔT = T_pre.
    """
    return np.asarray(difference / (pre_time**2 * (pre_time - difference) ** 2))


def layer_change(
    x: Array, p: Array, sign: NDArray[np.float64], epsilon: float = 1e-9, limit: float | None = None
) -> NDArray[np.float64]:
    """Return ΔW/η f64[pre, post], the mean over samples, of values [sample, unit] at both ends.

    ``sign`` is Z [sample, post].

    ``limit`` cuts the share of one sample in one weight; the paper does not cut, and has ε = 1e-9.
    """
    before = np.ascontiguousarray(np.clip(x, 0.0, 1.0), dtype=np.float64)
    after = np.ascontiguousarray(np.clip(p, 0.0, 1.0), dtype=np.float64)
    if after.shape != sign.shape:
        raise ConfigError("associations", f"are for {sign.shape[1]} neurons, the layer has {after.shape[1]}")
    change = np.zeros((before.shape[1], after.shape[1]))
    associative_change(before, after, sign, epsilon, np.inf if limit is None else limit, change)
    return change


@dataclass(frozen=True)
class AssociativeRule(LearningRule):
    """The rule; feedback, where there is any, stays as it is.

    Parameters
    ----------
    associations
        Z of every population that learns; `None` draws them (`drawn_associations`) by ``learning.own.draw``.
    """

    nudges = False
    feedback_learns = False

    associations: Associations | None = None

    @cached_property
    def _associations(self) -> Associations:
        sizes = self.network.sizes[1:]
        return self.associations or drawn_associations(sizes, self._keys.draw)

    @property
    def _keys(self) -> AssociativeKeys:
        keys: AssociativeKeys = self.learning.own
        return keys

    def serve(self, network: Network) -> None:
        """Raise `ConfigError` for a network whose positions share weights: the rule is no sum of products."""
        for p in network.projections:
            if p.convolution is not None:
                raise ConfigError(
                    "learning.rule",
                    '"associative" changes every synapse on its own, and this network shares kernels; use another rule',
                )

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection, one row at a time.

        The rule is no sum of products, so each presynaptic neuron takes a turn of its own with its row of changes.
        """
        change = self._change(seen, seen.free.pre[projection.source], projection.target)
        rows = np.eye(change.shape[0])
        return WeightUpdate(
            projection.index,
            ((rows, change),),
            rate,
            self.words_per_axon,
            len(seen.targets),
        )

    def bias_of(self, seen: Readings, population: int, rate: float) -> Array:
        """Return the change of the biases of a population: weights from a neuron whose value is 1."""
        push = self._change(seen, np.ones((len(seen.targets), 1)), population)[0]
        return np.asarray((rate * push).astype(np.float32))

    def _change(self, seen: Readings, x: Array, population: int) -> NDArray[np.float64]:
        sign = self._associations.of(seen.targets)[population - 1]
        p = seen.free.pre[population] if self.learning.pre == "trace" else seen.free.value[population]
        return layer_change(x, p, sign, self._keys.epsilon, self._keys.limit)
