"""The noise of a die while it settles: what each step adds to every voltage, and the currents that wander slowly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.circuit import Circuit
from neurochip.analog.flicker import LINES, flicker
from neurochip.analog.integrate import Drawing
from neurochip.analog.noise import normals
from neurochip.analog.shot_noise import current_noise
from neurochip.analog.stochastic import Noise
from neurochip.description.die.circuit import AnalogSpec

__all__ = ["StepNoise"]

_WANDERING = np.uint64(0xC2B2AE3D27D4EB4F)  # sets 1/f noise apart from that of voltages

Array = NDArray[np.floating]


class StepNoise:
    """What a run's ``[analog.noise]`` makes of the steps of a phase.

    Parameters
    ----------
    spec
        The section ``[analog]``.
    seed
        Of the run.
    is_leak_known
        Whether a neuron alone goes back to rest at most linearly, so that its fluctuation has a closed form.
    """

    def __init__(self, spec: AnalogSpec, seed: int, *, is_leak_known: bool) -> None:
        self._spec, self._noise, self._step = spec, spec.noise, spec.settle.step
        self._white = spec.noise_step
        self._seed, self._is_leak_known = np.uint64(seed), is_leak_known

    @property
    def is_there(self) -> bool:
        """Whether any step is noisy."""
        return self._is_white or self._noise.flicker > 0

    @property
    def _is_white(self) -> bool:
        return self._white > 0 or self._noise.currents > 0

    def _strength(self, circuit: Circuit) -> float | Array:
        """Return the white noise per √τ_nominal of all neurons, or f64[neuron] where they differ."""
        if not self._noise.currents:
            return self._white
        return np.hypot(self._white, current_noise(circuit, self._spec))

    def of_phase(
        self, batch: Batch, presentations: NDArray[np.uint64], begins: int, nudge: float
    ) -> Drawing | None:
        """Return what draws the noise of each step of a phase that begins at a tick; `None` where there is none.

        ``presentations`` is u64[sample]; ``nudge`` is 2β.
        """
        if not self.is_there:
            return None
        share, slow = batch.circuit.neurons.fraction, self._wandering(batch, presentations, begins)
        out = np.empty_like(batch.voltage)
        scale = self._strength(batch.circuit) * self.fluctuation(batch.circuit, nudge)
        scale = scale.astype(batch.voltage.dtype)

        def draw(tick: int) -> Array:
            now = begins + tick
            if self._is_white:
                normals(self._seed, presentations, np.uint64(now), 0, 1.0, out)
                out[...] *= scale
            if slow is not None:
                current = slow(tick)
                out[...] = share * current if not self._is_white else out + share * current
            return out

        return draw

    def paths(self, batch: Batch, presentations: NDArray[np.uint64], begins: int) -> Noise:
        """Return the noise of a phase that begins at a tick, for steps of any length; ``presentations`` u64[sample]."""
        slow = self._wandering(batch, presentations, begins)
        return Noise(self._seed, presentations, begins, self._strength(batch.circuit), slow)

    def _wandering(self, batch: Batch, presentations: NDArray[np.uint64], begins: int) -> Drawing | None:
        """Return what gives the 1/f currents of each tick, always in the same array; `None` where there are none."""
        if not self._noise.flicker:
            return None
        lines, amplitude = (
            LINES * self._noise.flicker_decades,
            self._noise.flicker * float(np.sqrt(2 / LINES)),
        )
        out = np.empty_like(batch.voltage)

        def current(tick: int) -> Array:
            time = (begins + tick) * self._step
            flicker(self._seed ^ _WANDERING, presentations, time, lines, amplitude, out)
            return out

        return current

    def fluctuation(self, circuit: Circuit, nudge: float) -> NDArray[np.float64]:
        """Return by how much each neuron moves at random in one step, f64[neuron], for a noise of 1 per √τ_nominal.

        A neuron of leak λ (1, and with the nudge more) and τ_nominal/τ = κ is an Ornstein–Uhlenbeck process of
        variance 1/(2κλ). A step that leaves the share a of the way keeps that variance if it adds (1 − a²) of it.
        """
        plain = np.full(circuit.rate.size, float(np.sqrt(self._step)))
        if not self._is_leak_known:
            return plain
        leak = np.ones(circuit.rate.size)
        leak[int(circuit.starts[-2]) :] += nudge
        left = 1 - circuit.neurons.fraction.astype(np.float64) * leak
        rate = circuit.rate.astype(np.float64) * leak
        stays = (np.abs(left) < 1) & (rate > 0)
        exact = np.sqrt((1 - left**2) / (2 * np.where(stays, rate, 1.0)), where=stays, out=plain.copy())
        return np.where(stays, exact, plain)
