"""What an encoder keeps: bits that its slow twin sends too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray

from neurochip.elements.element import Element
from neurochip.elements.stages import element_constants
from neurochip.kernels.random_bits import uniform
from neurochip.testing.elements import (
    FIRST,
    LAST,
    NEURONS,
    OWN,
    SLOTS,
    TICKS,
    ElementContract,
    key_of,
    room,
)

__all__ = ["EncoderContract"]

Array = NDArray[np.number]
_NEURON = np.arange(100, 100 + SLOTS, dtype=np.uint64)


class EncoderContract(ElementContract):
    """Contract of an encoder. `slow` returns an object whose ``bit(value)`` is the next bit, 0 or 1."""

    role = "encoder"

    def ran(self, spec: Any, values: Array, kernel: Any, argument: Any, dtype: DTypeLike) -> dict[str, Array]:
        """Encode values tick by tick, from rest."""
        arrays = {name: room(dtype) for name in ("coded", "residue", "second")} | {"bits": room(np.uint8)}
        kept: dict[str, list[Array]] = {name: [] for name in arrays}
        for tick, row in enumerate(values, start=1):
            arrays["coded"][OWN] = row
            kernel(
                FIRST, LAST, arrays["coded"], arrays["residue"], arrays["second"],
                _NEURON, key_of(tick), argument, arrays["bits"],
            )  # fmt: skip
            for name, array in arrays.items():
                kept[name].append(array.copy())
        return {name: np.array(rows) for name, rows in kept.items()}

    def state(self, spec: Any) -> tuple[str, ...]:
        """Return the names of the residues."""
        return "residue", "second"

    def test_it_draws_as_many_bits_as_it_declares(self, spec: Element) -> None:
        """As many as a float32 between 0 and 1 has, if it looks at a draw at all."""
        argument = element_constants(spec, np.dtype(np.float64))
        halves = np.full((2 * TICKS, NEURONS), 0.5)
        bits = self.ran(spec, halves, self.kernel(spec), argument, np.float64)["bits"][:, OWN]
        draws = bool(np.any(bits != bits[:, :1]))  # neurons draw for themselves
        assert spec.hardware.random_bits == (np.finfo(np.float32).nmant + 1 if draws else 0)

    def is_silent_at_zero(self, spec: object) -> bool:
        """Return whether a 0 never fires, and leaves nothing."""
        argument = element_constants(spec, np.dtype(np.float64))
        found = self.ran(spec, np.zeros((TICKS, NEURONS)), self.kernel(spec), argument, np.float64)
        return not any(np.any(array[:, OWN]) for array in found.values())

    def test_it_is_silent_at_zero_if_it_says_so(self, spec: Element) -> None:
        assert self.is_silent_at_zero(spec) or not getattr(spec, "silent_at_zero", False)

    def count_one(self, spec: Any, python: Any, argument: Any, tick: int, arrays: list[object]) -> None:
        """Encode one value."""
        coded, residue, second = arrays[:3]
        python(0, 1, coded, residue, second, _NEURON, key_of(tick), argument, np.zeros(1, np.uint8))

    def test_it_sends_what_its_slow_twin_sends(self, spec: Element) -> None:
        def of_neuron(j: int) -> Callable[[int], float]:
            return lambda tick: float(uniform(key_of(tick), _NEURON[OWN.start + j]))

        values = self.values()
        argument = element_constants(spec, np.dtype(np.float64))
        bits = self.ran(spec, values, self.kernel(spec), argument, np.float64)["bits"][:, OWN]
        slow = [self.slow(spec, of_neuron(j)) for j in range(NEURONS)]
        expected = [[int(one.bit(float(a))) for one, a in zip(slow, row, strict=True)] for row in values]
        np.testing.assert_array_equal(bits, expected)
        assert bits.any() and not bits.all(), "the values of the test must make it fire, and not always"

    def test_bits_are_bits(self, spec: Element) -> None:
        argument = element_constants(spec, np.dtype(np.float32))
        kernel = self.kernel(spec)

        @settings(max_examples=30, deadline=None, derandomize=True, database=None)
        @given(st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=40))
        def law(given_values: list[float]) -> None:
            values = np.repeat(np.array(given_values, np.float32)[:, None], NEURONS, axis=1)
            found = self.ran(spec, values, kernel, argument, np.float32)
            assert set(np.unique(found["bits"][:, OWN])) <= {0, 1}
            assert np.all(np.isfinite(found["residue"])) and np.all(np.isfinite(found["second"]))

        law()

    def test_state_that_changes_is_declared(self, spec: Element) -> None:
        """Words of state that a step writes are in the declared cost, or nobody pays for them."""
        argument = element_constants(spec, np.dtype(np.float64))
        found = self.ran(spec, self.values(), self.kernel(spec), argument, np.float64)
        written = sum(bool(np.any(found[name][:, OWN])) for name in ("residue", "second"))
        assert spec.hardware.state_words_kept >= written
        assert spec.hardware.state_words_written >= written
