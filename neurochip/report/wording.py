"""Words that more than one report uses."""

from __future__ import annotations

import math

from neurochip.description import RunSpec
from neurochip.report.schema import ResultTable

__all__ = ["network_words", "phase_words", "standard_error"]

_PHASES = {"nudged_negative": "nudged −"}


def phase_words(phase: str) -> str:
    """Return a phase as it heads a column."""
    return _PHASES.get(phase, phase)


def network_words(run: RunSpec, chip: str) -> str:
    """Return network and hardware in one phrase, e.g. ``[784-500-10] float32, digital on cmos45``."""
    layers = "-".join(str(size) for size in run.network.layers)
    place = f"digital on {chip}" if run.substrate == "digital" else run.substrate
    return f"[{layers}] {run.network.precision}, {place}"


def standard_error(result: ResultTable) -> float | None:
    """Return the binomial standard error of the test error; `None` when the number of samples is not known."""
    error, samples = result["test_error"], result["test_samples"]
    if error is None or not samples or not 0 <= error <= 1:
        return None
    return math.sqrt(error * (1 - error) / samples)
