"""What a report says of neurons at their rails."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from neurochip.report.quantities import percent
from neurochip.report.sections.diagnosis import diagnosis


def document(low: float, high: float) -> Any:
    rails = [{"population": "output", "low": low, "high": high}]
    looked = {"samples": 20, "rails": rails, "residual": 0.01, "second": 0.0, "loop_gain": 1.2}
    epochs = [{"epoch": epoch, "diagnosis": copy.deepcopy(looked)} for epoch in (1, 2)]
    return {"result": {"epochs": epochs}}


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.9, 0.1, "0 %"), (0.1, 0.9, "0 %"), (0.7, 0.3, "0 %"), (0.7, 0.2, "10 %"), (0.0, 0.999, "&lt; 1 %")],
)
def test_no_neuron_is_between_its_rails_where_all_are_at_one(low: float, high: float, said: str) -> None:
    assert f"<td>{said} ({percent(low, 0)} at 0" in str(diagnosis(document(low, high))).replace("> ", ">")


def test_a_share_that_rounding_left_below_nothing_is_nothing() -> None:
    assert percent(-2e-17, 0) == "0 %" and percent(-0.01, 0) == "-1 %"
