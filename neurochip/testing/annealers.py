"""What an annealer keeps: steps between 0 and 1 that its slow twin takes too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.cores.cell import Settling
from neurochip.description import CodingSpec
from neurochip.elements.element import Element
from neurochip.elements.neurons.settling import RATE
from neurochip.elements.stages import element_constants
from neurochip.testing.counting import Number
from neurochip.testing.elements import FIRST, LAST, NEURONS, OWN, TICKS, ElementContract, room

__all__ = ["AnnealerContract"]

Array = NDArray[np.number]


def _rates(spec: Any, dtype: DTypeLike) -> Array:
    rates: Array = Settling(CodingSpec(annealer=spec)).schedule(1, TICKS)[:, RATE].astype(dtype)
    return rates


class AnnealerContract(ElementContract):
    """Contract of an annealer. `slow` returns an object whose ``step(pressure)`` is ε of one more tick.

    Attributes
    ----------
    tolerance
        How far ε may be from that of the slow twin, which may add up in another order.
    """

    role = "annealer"
    tolerance = 1e-13

    def ran(self, spec: Any, values: Array, kernel: Any, argument: Any, dtype: DTypeLike) -> dict[str, Array]:
        """Anneal pressures tick by tick, from rest."""
        pressure, sizes = room(dtype), room(dtype)
        z = np.array([room(dtype) for _ in range(4)])
        kept: dict[str, list[Array]] = {name: [] for name in ("sizes", "z0", "z1", "z2", "z3")}
        rates = _rates(spec, dtype)
        for tick, row in enumerate(values, start=1):
            pressure[OWN] = row
            kernel(FIRST, LAST, pressure, tick, rates[tick - 1], z, argument, sizes)
            for name, array in zip(kept, (sizes, *z), strict=True):
                kept[name].append(array.copy())
        return {name: np.array(rows) for name, rows in kept.items()}

    def state(self, spec: Any) -> tuple[str, ...]:
        """Return the names of what an annealer remembers."""
        return "z0", "z1", "z2", "z3"

    def count_one(self, spec: Any, python: Any, argument: Any, tick: int, arrays: list[Any]) -> None:
        """Anneal one pressure."""
        pressure, z, sizes = arrays[0], np.array(arrays[1:5]), arrays[5]
        at = (tick - 1) % TICKS
        python(0, 1, pressure, tick, Number(float(_rates(spec, np.float64)[at])), z, argument, sizes)
        for k in range(4):
            arrays[1 + k][:] = z[k]

    def test_it_steps_as_its_slow_twin_does(self, spec: Element) -> None:
        values = self.values()
        argument = element_constants(spec, np.dtype(np.float64))
        found = self.ran(spec, values, self.kernel(spec), argument, np.float64)["sizes"][:, OWN]
        slow = [self.slow(spec, lambda tick: 0.0) for _ in range(NEURONS)]
        expected = [[one.step(float(p)) for one, p in zip(slow, row, strict=True)] for row in values]
        np.testing.assert_allclose(found, expected, rtol=0, atol=self.tolerance)

    def test_a_step_lies_between_0_and_1(self, spec: Element) -> None:
        argument = element_constants(spec, np.dtype(np.float64))
        for seed in range(3):
            values = self.values(seed) * 100.0**seed
            found = self.ran(spec, values, self.kernel(spec), argument, np.float64)["sizes"][:, OWN]
            assert np.all((found >= -1e-15) & (found <= 1))

    def test_state_that_changes_is_declared(self, spec: Element) -> None:
        """Words of state that a step writes are in the declared cost, or nobody pays for them."""
        argument = element_constants(spec, np.dtype(np.float64))
        found = self.ran(spec, self.values(), self.kernel(spec), argument, np.float64)
        written = sum(bool(np.any(found[name][:, OWN])) for name in ("z0", "z1", "z2", "z3"))
        assert spec.hardware.state_words_kept >= written
        assert spec.hardware.state_words_written >= written
