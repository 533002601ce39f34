"""A number that counts what is done with it: what a kernel costs, from its own Python."""

from __future__ import annotations

from collections import Counter

__all__ = ["Number"]


class Number:
    """A number whose additions, multiplications, divisions and comparisons are counted, in ``Number.done``."""

    done: Counter[str] = Counter()

    def __init__(self, value: float) -> None:
        self.value = value

    @staticmethod
    def _count(kind: str) -> None:
        Number.done[kind] += 1

    def __add__(self, other: Number | float) -> Number:
        """Count an addition."""
        self._count("additions")
        return Number(self.value + _value(other))

    def __sub__(self, other: Number | float) -> Number:
        """Count a subtraction as an addition."""
        self._count("additions")
        return Number(self.value - _value(other))

    def __rsub__(self, other: Number | float) -> Number:
        """Count a subtraction as an addition."""
        self._count("additions")
        return Number(_value(other) - self.value)

    def __mul__(self, other: Number | float) -> Number:
        """Count a multiplication."""
        self._count("multiplications")
        return Number(self.value * _value(other))

    def __truediv__(self, other: Number | float) -> Number:
        """Count a division."""
        self._count("divisions")
        return Number(self.value / _value(other))

    def __rtruediv__(self, other: Number | float) -> Number:
        """Count a division."""
        self._count("divisions")
        return Number(_value(other) / self.value)

    def __gt__(self, other: Number | float) -> bool:
        """Count a comparison."""
        self._count("comparisons")
        return bool(self.value > _value(other))

    def __lt__(self, other: Number | float) -> bool:
        """Count a comparison."""
        self._count("comparisons")
        return bool(self.value < _value(other))

    def __ge__(self, other: Number | float) -> bool:
        """Count a comparison."""
        self._count("comparisons")
        return bool(self.value >= _value(other))

    def __le__(self, other: Number | float) -> bool:
        """Count a comparison."""
        self._count("comparisons")
        return bool(self.value <= _value(other))

    def __neg__(self) -> Number:
        """A sign costs nothing."""
        return Number(-self.value)

    __radd__, __rmul__ = __add__, __mul__


def _value(other: Number | float) -> float:
    return other.value if isinstance(other, Number) else float(other)
