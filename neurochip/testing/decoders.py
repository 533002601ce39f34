"""What a decoder keeps: values that its slow twin makes of the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.elements import as_schedule
from neurochip.elements.element import Element
from neurochip.elements.stages import element_constants
from neurochip.testing.counting import Number
from neurochip.testing.elements import FIRST, LAST, NEURONS, OWN, TICKS, ElementContract, room

__all__ = ["DecoderContract"]

Array = NDArray[np.number]


def _shares(spec: object) -> Array:
    """Return λ of each tick, 1 for a decoder without."""
    return as_schedule(getattr(spec, "lam", 1.0), "lambda").at(1, TICKS)


class DecoderContract(ElementContract):
    """Contract of a decoder. `slow` returns an object whose ``value(drive)`` is the value after one more tick."""

    role = "decoder"

    def ran(self, spec: Any, values: Array, kernel: Any, argument: Any, dtype: DTypeLike) -> dict[str, Array]:
        """Decode drives tick by tick, from rest."""
        drive, value = room(dtype), room(dtype)
        kept = []
        shares = _shares(spec).astype(dtype)
        for row, share in zip(values, shares, strict=True):
            drive[OWN] = row
            kernel(FIRST, LAST, drive, share, argument, value)
            kept.append(value.copy())
        return {"value": np.array(kept)}

    def words_written(self, spec: object) -> int:
        """Return 1 if what came before is still in the value, else 0."""
        values, argument = self.values(), element_constants(spec, np.dtype(np.float64))
        other = values.copy()
        other[0] += 0.25
        last = [
            self.ran(spec, came, self.kernel(spec), argument, np.float64)["value"][1, OWN]
            for came in (values, other)
        ]
        return int(np.any(last[0] != last[1]))

    def count_one(self, spec: Any, python: Any, argument: Any, tick: int, arrays: list[object]) -> None:
        """Decode one drive."""
        drive, value = arrays[:2]
        python(0, 1, drive, Number(float(_shares(spec)[(tick - 1) % TICKS])), argument, value)

    def test_it_decodes_what_its_slow_twin_decodes(self, spec: Element) -> None:
        values = self.values()
        argument = element_constants(spec, np.dtype(np.float64))
        found = self.ran(spec, values, self.kernel(spec), argument, np.float64)["value"][:, OWN]
        slow = [self.slow(spec, lambda tick: 0.0) for _ in range(NEURONS)]
        expected = [[one.value(float(u)) for one, u in zip(slow, row, strict=True)] for row in values]
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
        assert np.ptp(found) > 0, "nothing was decoded"

    def test_bits_are_decoded_like_numbers(self, spec: Element) -> None:
        """A trace is made of the bits themselves, u8."""
        argument = element_constants(spec, np.dtype(np.float32))
        bits, numbers = room(np.uint8), room(np.float32)
        of_bits, of_numbers = room(np.float32), room(np.float32)
        random = np.random.default_rng(2)
        for share in _shares(spec).astype(np.float32):
            bits[OWN] = numbers[OWN] = random.integers(2, size=NEURONS)
            self.kernel(spec)(FIRST, LAST, bits, share, argument, of_bits)
            self.kernel(spec)(FIRST, LAST, numbers, share, argument, of_numbers)
            np.testing.assert_array_equal(of_bits, of_numbers)
