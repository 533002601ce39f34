"""What a neuron and a predictive front declare to cost is what their kernels do; for elements see their contracts."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any

from neurochip.elements import HardwareCost, SigmaDelta
from neurochip.elements.encoders.predictive import PREDICTIVE_COST, predict
from neurochip.elements.neurons.settling import NEURON_COST, NUDGE_COST, net_input, relax
from neurochip.testing.counting import Number


def counted(kernel: Any, n: int, *before: Any) -> Counter[str]:
    """Run a kernel's own Python on ``n`` numbers, large enough to fire."""
    Number.done = Counter()
    kernel.function(*(Number(0.7 + k / 10) for k in range(n - len(before))), *before)
    return Number.done


def declared(cost: HardwareCost) -> Counter[str]:
    names = ("additions", "multiplications", "divisions", "comparisons")
    return Counter({name: getattr(cost, name) for name in names if getattr(cost, name)})


def test_predictive_front() -> None:
    """The division by λ is declared as a product with a stored 1/λ."""
    assert counted(predict, 4) + Counter(multiplications=1) - Counter(divisions=1) == declared(
        PREDICTIVE_COST
    )


def test_a_predictive_front_keeps_the_value_before() -> None:
    words = (
        PREDICTIVE_COST.state_words_read,
        PREDICTIVE_COST.state_words_written,
        PREDICTIVE_COST.state_words_kept,
    )
    assert words == (1, 1, 1)


def test_neuron() -> None:
    """v + b, and the clipped step; what a nudge adds is declared on its own."""
    Number.done = Counter()
    net_input.function(*(Number(0.1 * k) for k in range(5)))
    relax.function(*(Number(0.1 * k) for k in range(5)))
    assert Number.done == declared(NEURON_COST + NUDGE_COST)


def test_costs_add() -> None:
    total = SigmaDelta.hardware + PREDICTIVE_COST
    for field in fields(HardwareCost):
        parts = getattr(SigmaDelta.hardware, field.name), getattr(PREDICTIVE_COST, field.name)
        assert getattr(total, field.name) == sum(parts)
    assert total.to_json()["additions"] == 3
