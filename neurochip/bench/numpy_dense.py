"""The settle loop in dense NumPy: what a careful user would write, and what kernels are measured against.

Sigma-delta coding with a constant lambda, OSA, a free and a nudged phase, a whole minibatch at once. Every
array is made before the first tick and every tick works in place; bits are 0/1 numbers of the precision of
the weights, so that delivery is a matrix product (BLAS). Arrays are [sample, unit] and hold all layers above
the input side by side, so that each element-wise step is one call for the whole network; a layer is a block
of columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class DenseNetwork:
    """A layered network with tied weights that settles one minibatch in place, all samples side by side.

    Parameters
    ----------
    weights : sequence of array [pre, post]
        Their dtype is that of the whole computation.
    biases : sequence of array [unit]
        One per layer above the input.
    samples : int
        Samples in a minibatch.
    lam, nu_bar, regulariser : float
        Predictive coding and OSA.
    """

    def __init__(
        self,
        weights: Sequence[Array],
        biases: Sequence[Array],
        batch: int,
        lam: float,
        nu_bar: float,
        regulariser: float,
    ) -> None:
        dtype = weights[0].dtype
        self.lam, self.nu_bar, self.regulariser = lam, nu_bar, regulariser
        self.upward = [np.ascontiguousarray(w) for w in weights]
        self.downward = [np.ascontiguousarray(w.T) for w in weights[1:]]
        self.bias = np.concatenate(biases).astype(dtype)
        ends = np.cumsum([0, *(len(b) for b in biases)])
        columns = [slice(int(a), int(b)) for a, b in zip(ends[:-1], ends[1:], strict=True)]
        self.layers = [(slice(None), block) for block in columns]
        units, inputs = int(ends[-1]), weights[0].shape[0]

        self.x_step = np.empty((batch, inputs), dtype)
        self.phi_in = np.empty((batch, inputs), dtype)
        self.q_in = np.empty((batch, inputs), dtype)
        self.fired_in = np.empty((batch, inputs), bool)
        (
            self.u,
            self.v,
            self.p,
            self.s,
            self.s_before,
            self.phi,
            self.q,
            self.theta,
            self.bias_error,
            self.deviation,
            self.spread,
            self.error,
            self.epsilon,
            self.work,
        ) = (np.empty((batch, units), dtype) for _ in range(14))
        self.fired = np.empty((batch, units), bool)
        self.feedback = [np.empty((batch, len(b)), dtype) for b in biases[:-1]]
        self.nudge = np.empty((batch, len(biases[-1])), dtype)

    def begin(self, x: Array) -> None:
        """Present samples [sample, unit] with everything at rest."""
        self.x = np.ascontiguousarray(x, dtype=self.s.dtype)
        # The input does not change, so neither does what it codes from the second tick on; on the first the
        # encoder remembers 0, which leaves (1 - lam) x / lam more in the accumulator.
        np.multiply(self.x, 1 - self.lam, out=self.x_step)
        np.subtract(self.x, self.x_step, out=self.x_step)
        self.x_step /= self.lam
        np.divide(self.x, self.lam, out=self.phi_in)
        self.phi_in -= self.x_step
        for rest in (
            self.q_in,
            self.v,
            self.s,
            self.s_before,
            self.phi,
            self.q,
            self.theta,
            self.bias_error,
            self.deviation,
            self.spread,
        ):
            rest.fill(0)
        self.nu = 1.0
        self.first = True
        self.count_in = np.zeros(self.fired_in.shape, np.uint16)
        self.count = np.zeros(self.fired.shape, np.uint16)

    def run(self, ticks: int, beta: float = 0.0, y: Array | None = None) -> None:
        """Go on for some ticks; targets [sample, unit] nudge the output with strength ``beta``."""
        target = None if y is None else np.ascontiguousarray(y, dtype=self.s.dtype)
        for _ in range(ticks):
            self._deliver()
            self._decode_and_press(beta, target)
            self._anneal()
            self._move()
            self._encode()

    def _deliver(self) -> None:
        below = self.q_in
        for k, layer in enumerate(self.layers):
            np.matmul(below, self.upward[k], out=self.u[layer])
            if k + 1 < len(self.layers):
                np.matmul(self.q[self.layers[k + 1]], self.downward[k], out=self.feedback[k])
                self.u[layer] += self.feedback[k]
            below = self.q[layer]

    def _decode_and_press(self, beta: float, target: Array | None) -> None:
        self.v *= 1 - self.lam
        self.u *= self.lam
        self.v += self.u
        # rho' is 1 wherever a state can be, since states are clipped to [0, 1].
        np.add(self.v, self.bias, out=self.p)
        if target is not None:
            output = self.layers[-1]
            np.subtract(target, self.s[output], out=self.nudge)
            self.nudge *= 2 * beta
            self.p[output] += self.nudge

    def _anneal(self) -> None:
        error, work, epsilon = self.error, self.work, self.epsilon
        self.nu = self.nu / (1 + self.nu - self.nu_bar)
        np.subtract(self.p, self.theta, out=error)
        np.multiply(error, self.nu, out=work)
        self.bias_error *= 1 - self.nu
        self.bias_error += work
        work *= error
        self.deviation *= 1 - self.nu
        self.deviation += work
        if self.first:
            epsilon.fill(1)
            self.first = False
        else:
            np.multiply(self.bias_error, self.bias_error, out=work)
            np.subtract(self.deviation, work, out=work)
            np.add(self.spread, 1, out=epsilon)
            work /= epsilon
            work += self.regulariser
            np.add(self.deviation, self.regulariser, out=epsilon)
            work /= epsilon
            np.subtract(1, work, out=epsilon)
        np.multiply(epsilon, error, out=work)
        self.theta += work
        np.subtract(1, epsilon, out=error)
        self.spread *= error
        self.spread *= error
        np.multiply(epsilon, epsilon, out=work)
        self.spread += work

    def _move(self) -> None:
        # `error` holds 1 - epsilon here. The new state is written where the one before the last stood.
        np.multiply(self.s, self.error, out=self.s_before)
        np.multiply(self.epsilon, self.p, out=self.work)
        self.s_before += self.work
        np.clip(self.s_before, 0, 1, out=self.s_before)
        self.s, self.s_before = self.s_before, self.s

    def _encode(self) -> None:
        np.multiply(self.s_before, 1 - self.lam, out=self.work)
        np.subtract(self.s, self.work, out=self.work)
        self.work /= self.lam
        self.phi += self.work
        np.greater(self.phi, 0.5, out=self.fired)
        np.copyto(self.q, self.fired)
        self.phi -= self.q
        self.count += self.fired

        self.phi_in += self.x_step
        np.greater(self.phi_in, 0.5, out=self.fired_in)
        np.copyto(self.q_in, self.fired_in)
        self.phi_in -= self.q_in
        self.count_in += self.fired_in


def settle_numpy(
    weights: Sequence[Array],
    biases: Sequence[Array],
    x: Array,
    y: Array | None,
    n_free: int,
    n_nudged: int,
    beta: float,
    lam: float,
    nu_bar: float,
    regulariser: float,
) -> tuple[list[NDArray[np.uint16]], list[Array]]:
    """Settle a minibatch freely, then nudged; return spike counts and final states by layer, [sample, unit]."""
    network = DenseNetwork(weights, biases, len(x), lam, nu_bar, regulariser)
    network.begin(x)
    network.run(n_free)
    network.run(n_nudged, beta, y)
    counts = [network.count_in, *(network.count[layer] for layer in network.layers)]
    states = [network.x, *(network.s[layer] for layer in network.layers)]
    return counts, states
