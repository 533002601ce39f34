"""Neurons that fire learn a hidden layer, and not when its updates are reversed."""

from __future__ import annotations

import pytest

from neurochip.papers.neurons_on_stripes import Measured, markdown, measure, sets_of


def test_the_verdict_needs_both_controls() -> None:
    good, bad = (0.9, 0.95, 0.9, 0.92, 0.93), (0.5, 0.52, 0.5, 0.55, 0.51)
    assert Measured(good, bad, bad, 100.0, 1e-9).learns
    assert not Measured(good, bad, good, 100.0, 1e-9).learns, "a reversed update must not learn, too"
    assert not Measured(bad, bad, bad, 100.0, 1e-9).learns
    text = markdown({"lif": Measured(good, bad, bad, 100.0, 1e-9)})
    assert "| `lif` | learns: 92.0 ± 0.9 | 51.6 ± 0.9 | 51.6 ± 0.9 | 100 | 1 nJ |" in text
    assert sets_of("settling") == () and sets_of("lif")[0] == "neuron.kind=lif"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lif", "cuba-lif"])
def test_they_learn(kind: str) -> None:
    """docs/results/rules.md, Neurons."""
    assert measure(kind).learns
