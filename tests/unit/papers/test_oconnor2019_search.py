"""The search in so small a form that only its counters can be checked."""

from __future__ import annotations

import pytest

from neurochip.papers import find
from neurochip.papers import oconnor2019_search as search
from neurochip.papers.experiment import Settings


def test_a_tiny_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "QUICK", search.Size(2, 1, 2, 100, 1, 3, 1, 2))
    monkeypatch.setattr(
        search, "_BARE", (*search._BARE, "data.train=60", "data.test=20", "network.layers=[784, 20, 10]")
    )
    told: list[float] = []
    outcome = search.run(Settings(quick=True), lambda share, what: told.append(share))
    assert told == sorted(told) and told[-1] == 1.0
    experiment = find("oconnor2019-search")
    assert [finding.claim for finding in outcome.findings] == [claim.key for claim in experiment.claims]
    front = outcome.series["front"]
    bits = [point["bits_per_sample"] for point in front]
    errors = [point["held_out_error"] for point in front]
    assert len(front) >= 1 and bits == sorted(bits, reverse=True) and errors == sorted(errors)
    assert all(len(point["test"]) == 2 for point in front)
    # One bit per neuron and tick.
    for trial in outcome.series["trials"]:
        assert trial["bits"] == 814 * (trial["phases.free"] + trial["phases.nudged"])
    shares = {finding.claim: finding.value for finding in outcome.findings}
    assert 0 < shares["ticks"] <= 1
    assert shares["osa-λ"] >= 1
