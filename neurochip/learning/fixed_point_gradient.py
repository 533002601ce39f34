"""What two-phase learning changes, and what the gradient would be, solved exactly at a fixed point.

For dynamics dh/dt = μ(W, h) − β ∂C/∂h that settle at h⁰ (Scellier et al. 2018, Theorem 1, with J = ∂μ/∂h there)

    −∂J/∂W = (J⁻ᵀ ∂C/∂h)ᵀ ∂μ/∂W          the gradient of the cost at the fixed point, and
         ν = (J⁻¹ ∂C/∂h)ᵀ ∂μ/∂W          what a small nudge changes, divided by it.

They are the same where J is symmetric. A layered network gives J block by block: forward and feedback weights need
not be each other's transpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import NumericError

__all__ = ["LayeredField", "Nonlinearity"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Nonlinearity:
    """ρ with its first and second derivative."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    bend: Callable[[Array], Array]


@dataclass(frozen=True)
class LayeredField:
    """μ of a chain of layers; the first, x, is clamped.

    Parameters
    ----------
    forward
        f64[pre, post] from layer k to layer k + 1.
    feedback
        f64[pre, post] from layer k + 1 back to layer k, for k ≥ 1.
    rho
        The nonlinearity.
    gated
        Whether a neuron's input is weighted with ρ′ of its own state: μ = −h + ρ′(h) W ρ(h). With symmetric weights
        that is the gradient of an energy; without it (the paper's neurons) μ = −h + W ρ(h) is none.
    """

    forward: tuple[Array, ...]
    feedback: tuple[Array, ...]
    rho: Nonlinearity
    gated: bool

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of the layers that move."""
        return tuple(w.shape[1] for w in self.forward)

    def _matrix(self) -> Array:
        """Return W f64[post, pre] among the neurons that move."""
        edges = np.concatenate([[0], np.cumsum(self.sizes)])
        whole = np.zeros((edges[-1], edges[-1]))
        for k, back in enumerate(self.feedback):
            lower, upper = slice(edges[k], edges[k + 1]), slice(edges[k + 1], edges[k + 2])
            whole[upper, lower] = self.forward[k + 1].T
            whole[lower, upper] = back.T
        return whole

    def _drive(self, h: Array, x: Array, matrix: Array) -> Array:
        drive = matrix @ self.rho.value(h)
        drive[: self.sizes[0]] += self.forward[0].T @ self.rho.value(x)
        return np.asarray(drive)

    def velocity(self, h: Array, x: Array, beta: float, target: Array) -> Array:
        """Return dh/dt for h f64[neuron] of all moving layers; the output is pulled by β(y − h)."""
        drive = self._drive(h, x, self._matrix())
        moved = (self.rho.slope(h) * drive if self.gated else drive) - h
        moved[-target.size :] += beta * (target - h[-target.size :])
        return moved

    def settled(
        self, x: Array, beta: float = 0.0, target: Array | None = None, start: Array | None = None
    ) -> Array:
        """Return the fixed point, by Newton's method after a relaxation.

        Raises
        ------
        NumericError
            When it does not settle.
        """
        wanted = np.zeros(self.sizes[-1]) if target is None else target
        h = np.zeros(sum(self.sizes)) if start is None else start.copy()
        for _ in range(200):
            h = h + 0.2 * self.velocity(h, x, beta, wanted)
        for _ in range(50):
            moved = self.velocity(h, x, beta, wanted)
            if np.abs(moved).max() < 1e-13:
                return h
            jacobian = self.jacobian(h, x)
            jacobian[-wanted.size :, -wanted.size :] -= beta * np.eye(wanted.size)
            h = h - np.linalg.solve(jacobian, moved)
        if np.abs(self.velocity(h, x, beta, wanted)).max() < 1e-9:
            return h
        raise NumericError("fixed point", "was not reached; use smaller weights")

    def jacobian(self, h: Array, x: Array) -> Array:
        """Return ∂μ/∂h f64[post, pre]."""
        matrix, slope = self._matrix(), self.rho.slope(h)
        inner = matrix * slope[None, :]
        if self.gated:
            inner = slope[:, None] * inner
            inner[np.diag_indices(h.size)] += self.rho.bend(h) * self._drive(h, x, matrix)
        return inner - np.eye(h.size)

    def _spread(self, factor: Array, h: Array, x: Array) -> list[Array]:
        """Return factorᵀ ∂μ/∂W as f64[pre, post] of each forward, then each feedback projection."""
        if self.gated:
            factor = factor * self.rho.slope(h)
        edges = np.concatenate([[0], np.cumsum(self.sizes)])
        rates = [self.rho.value(x)] + [
            self.rho.value(h[a:b]) for a, b in zip(edges[:-1], edges[1:], strict=True)
        ]
        parts = [factor[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]
        up = [np.outer(rates[k], parts[k]) for k in range(len(parts))]
        down = [np.outer(rates[k + 2], parts[k]) for k in range(len(parts) - 1)]
        return up + down

    def descent(self, h: Array, x: Array, target: Array) -> list[Array]:
        """Return −∂J/∂W at the fixed point h; J = ½‖y − h_out‖²."""
        slope = np.zeros(h.size)
        slope[-target.size :] = h[-target.size :] - target
        return self._spread(np.asarray(np.linalg.solve(self.jacobian(h, x).T, slope), np.float64), h, x)

    def learned(self, h: Array, x: Array, target: Array) -> list[Array]:
        """Return ν at the fixed point h: the change of a small nudge, per β."""
        slope = np.zeros(h.size)
        slope[-target.size :] = h[-target.size :] - target
        return self._spread(np.asarray(np.linalg.solve(self.jacobian(h, x), slope), np.float64), h, x)

    def nudged(self, h: Array, x: Array, target: Array, beta: float) -> list[Array]:
        """Return what two phases change with a nudge of β: (h^β − h⁰) ρ(pre) / β, by letting it settle again."""
        moved = (self.settled(x, beta, target, start=h) - h) / beta
        return self._spread(moved, h, x)
