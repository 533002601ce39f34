"""What is measured of a voltage, as against what it is: converter, noise, offsets, a held value that droops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import Die
from neurochip.analog.noise import normals
from neurochip.description.die.circuit import AnalogSpec
from neurochip.substrate import Phase

__all__ = ["Readout"]

Array = NDArray[np.floating]
_READING = np.uint64(0x7EAD)  # keeps reading noise apart from that of the circuit
_NUDGED = (Phase.NUDGED, Phase.NUDGED_NEGATIVE)


class Readout:
    """Reads voltages of layers 1 …; with nothing set, exactly.

    Parameters
    ----------
    spec
        [analog.noise], [analog.converters], [analog.learning_path].
    die
        Holds each neuron's offset between phases.
    is_bipolar
        Whether a signal may be negative.
    seed
        Of the noise.
    held
        Phases whose readings wait for a later phase before they are used, and droop meanwhile.
    """

    def __init__(
        self, spec: AnalogSpec, die: Die, *, is_bipolar: bool, seed: int, held: frozenset[Phase]
    ) -> None:
        self._spec, self._die, self._is_bipolar = spec, die, is_bipolar
        self._seed = np.uint64(seed) ^ _READING
        self._held = held
        self._noise = spec.noise_read

    def convert_input(self, inputs: Array) -> Array:
        """Return inputs in [0, 1] as the DAC makes them."""
        bits = self._spec.converters.dac_bits
        if bits is None:
            return inputs
        most = inputs.dtype.type(2**bits - 1)
        return np.asarray(np.rint(inputs * most) / most, dtype=inputs.dtype)

    def read(
        self,
        signal: Array,
        layer: int,
        first: int,
        phase: Phase,
        presentations: NDArray[np.uint64],
        tick: int,
    ) -> Array:
        """Return what is measured of ``signal`` T[sample, neuron] of a layer; its first neuron has number ``first``."""
        spec = self._spec
        reading = signal.copy()
        offset = self._die.phase_offset[layer - 1]
        if offset is not None and phase in _NUDGED:
            reading += offset.astype(reading.dtype)
        if self._noise:
            error = np.empty_like(reading)
            normals(self._seed, presentations, np.uint64(tick), first, self._noise, error)
            reading += error
        if spec.learning_path.droop and phase in self._held:
            reading *= reading.dtype.type(1 - spec.learning_path.droop)
        if spec.converters.adc_bits is not None:
            reading = self._quantised(reading)
        return reading

    def _quantised(self, reading: Array) -> Array:
        converters = self._spec.converters
        full = converters.adc_range
        low = -full if self._is_bipolar else 0.0
        bits = converters.adc_bits or 0
        step = (full - low) / (2**bits - 1)
        codes = np.clip(np.rint((reading - low) / step), 0, 2**bits - 1)
        return np.asarray(codes * step + low, dtype=reading.dtype)
