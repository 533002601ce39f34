"""Every claim of every experiment can fail: its control, measured in the same way, misses the tolerance."""

from __future__ import annotations

import math

import pytest

from neurochip.papers import EXPERIMENTS, find
from neurochip.papers.experiment import Settings
from tests.unit.papers.control_forms import CONTROLLED


def test_every_experiment_is_tried() -> None:
    assert list(CONTROLLED) == list(EXPERIMENTS)


@pytest.mark.parametrize("name", CONTROLLED)
def test_the_control_of_every_claim_misses_its_tolerance(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    CONTROLLED[name](monkeypatch.setattr)
    experiment = find(name)
    told: list[float] = []
    outcome = experiment.run(Settings(quick=True, threads=2), lambda share, doing: told.append(share))
    assert told == sorted(told) and told[-1] <= 1.0
    found = {finding.claim: finding for finding in outcome.findings}
    assert found.keys() == {claim.key for claim in experiment.claims}
    for claim in experiment.claims:
        assert claim.control
        control = found[claim.key].control
        assert not math.isnan(control), claim.key
        for bound in claim.bounds(quick=True):
            assert bound is None or not bound.holds(control), (claim.key, control, str(bound))
