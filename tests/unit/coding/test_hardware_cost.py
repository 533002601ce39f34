"""What an element declares to cost is what its kernel does: counted by numbers that count their operations."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from neurochip.coding import (
    OSA,
    HardwareCost,
    Identity,
    Predictive,
    SecondOrderSigmaDelta,
    SigmaDelta,
    Threshold,
)
from neurochip.coding.annealers.osa import osa_step, osa_variance
from neurochip.coding.decoders.identity import identity
from neurochip.coding.decoders.predictive import predictive
from neurochip.coding.encoders.predictive import PREDICTIVE_COST, predict
from neurochip.coding.encoders.second_order import second_order
from neurochip.coding.encoders.sigma_delta import sigma_delta
from neurochip.coding.encoders.threshold import threshold
from neurochip.neurons.clipped import NEURON_COST, NUDGE_COST, pressure, relax


class Number:
    """A number that counts what is done with it."""

    done: Counter[str] = Counter()

    def __init__(self, value: float) -> None:
        self.value = value

    def _with(self, other: Any, kind: str, result: float) -> Number:
        Number.done[kind] += 1
        return Number(result)

    def __add__(self, other: Number) -> Number:
        return self._with(other, "additions", self.value + other.value)

    def __sub__(self, other: Number) -> Number:
        return self._with(other, "additions", self.value - other.value)

    def __mul__(self, other: Number) -> Number:
        return self._with(other, "multiplications", self.value * other.value)

    def __truediv__(self, other: Number) -> Number:
        return self._with(other, "divisions", self.value / other.value)

    def __gt__(self, other: Number) -> bool:
        Number.done["comparisons"] += 1
        return self.value > other.value

    def __lt__(self, other: Number) -> bool:
        Number.done["comparisons"] += 1
        return self.value < other.value


def counted(kernel: Any, n: int, *before: Any) -> Counter[str]:
    """Run a kernel's own Python on ``n`` numbers, large enough to fire."""
    Number.done = Counter()
    kernel.function(*(Number(0.7 + k / 10) for k in range(n - len(before))), *before)
    return Number.done


def declared(cost: HardwareCost) -> Counter[str]:
    names = ("additions", "multiplications", "divisions", "comparisons")
    return Counter({name: getattr(cost, name) for name in names if getattr(cost, name)})


@pytest.mark.parametrize(
    ("kernel", "numbers", "cost"),
    [
        (sigma_delta, 4, SigmaDelta.hardware),
        (second_order, 5, SecondOrderSigmaDelta.hardware),
        (threshold, 2, Threshold.hardware),
        (identity, 1, Identity.hardware),
        (predictive, 4, Predictive.hardware),
    ],
)
def test_coders(kernel: Any, numbers: int, cost: HardwareCost) -> None:
    assert counted(kernel, numbers) == declared(cost)


def test_predictive_front() -> None:
    """The division by λ is declared as a product with a stored 1/λ."""
    assert counted(predict, 4) + Counter(multiplications=1) - Counter(divisions=1) == declared(
        PREDICTIVE_COST
    )


def test_osa() -> None:
    Number.done = Counter()
    numbers = [Number(0.1 * k) for k in range(1, 8)]
    osa_variance.function(*numbers, Number(1.0))
    osa_step.function(numbers[0], False, *numbers[1:6], Number(1.0))
    assert Number.done == declared(OSA.hardware)


def test_neuron() -> None:
    """v + b, and the clipped step; what a nudge adds is declared on its own."""
    Number.done = Counter()
    pressure.function(*(Number(0.1 * k) for k in range(5)))
    relax.function(*(Number(0.1 * k) for k in range(5)))
    assert Number.done == declared(NEURON_COST + NUDGE_COST)


def test_costs_add() -> None:
    total = SigmaDelta.hardware + PREDICTIVE_COST
    for field in fields(HardwareCost):
        parts = getattr(SigmaDelta.hardware, field.name), getattr(PREDICTIVE_COST, field.name)
        assert getattr(total, field.name) == sum(parts)
    assert total.to_json()["additions"] == 3
