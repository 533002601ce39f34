"""What a page says of labelled samples and of NeuroBench's metrics."""

from __future__ import annotations

from neurochip.report.sections.inference import accuracy_card, inference, neurobench

TABLE = {
    "samples": 1500,
    "ticks": 27,
    "accuracy": 0.9375,
    "accuracy_error": 0.00625,
    "per_inference": {
        "sops": {"mean": 126846.0, "deviation": 3862.7},
        "energy_j": {"mean": 1.733e-6, "deviation": 4.7e-8},
    },
}


def test_accuracy_and_costs_are_said() -> None:
    assert "93.75 %" in accuracy_card(TABLE) and "0.62\u00a0%" in accuracy_card(TABLE)
    found = str(inference(TABLE))
    for words in ("27 ticks", "synaptic operations", "127 k", "1.73 µJ", "± 47.0 nJ"):
        assert words in found
    assert "latency" not in found  # not known without a model of time


def test_nothing_is_said_of_what_there_is_not() -> None:
    assert inference(None) is None
    assert neurobench(None) is None


def test_shares_are_in_percent() -> None:
    found = str(neurobench({"activation_sparsity": 0.358, "effective_acs": 126846.0}))
    assert "35.80 %" in found and "127 k" in found and "footprint" not in found
