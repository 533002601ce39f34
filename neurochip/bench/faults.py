"""What faults cost the emulation: the settle loop of [784-500-10] float32 on ``cmos45``, fresh weights, one thread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurochip.bench.loads import BATCH, digits, learner
from neurochip.bench.rounds import Work, in_turn
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.substrate import Phase

__all__ = ["FAMILY"]

_CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    # At test only: none is at work while it learns, which is what is timed here.
    "faults-asleep": (
        "faults of which none is at work",
        ("faults.spike_drop.rate=0.01", "faults.spike_drop.when=test"),
    ),
    "faults-drop": ("1 % of packets lost", ("faults.spike_drop.rate=0.01",)),
    "faults-delay": ("1 % of packets late", ("faults.spike_delay.rate=0.01",)),
    "faults-spurious": ("0.1 % spurious spikes", ("faults.spike_spurious.rate=0.001",)),
}
_ROWS = tuple(
    Row(name, f"settle loop, {words}", "samples/s", "without faults") for name, (words, _) in _CASES.items()
)


def _settling(overrides: tuple[str, ...], free: int, nudged: int) -> Work:
    substrate = learner(overrides)[1].substrate
    inputs, targets = digits()
    numbers = np.arange(BATCH, dtype=np.uint64)

    def run() -> None:
        substrate.begin(inputs, numbers)
        substrate.run(Phase.FREE, free)
        substrate.run(Phase.NUDGED, nudged, beta=0.5, targets=targets)

    return run


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    phases = effort.pick((10, 5), (100, 50), (100, 50))
    works = {"none": _settling((), *phases)}
    works |= {
        name: _settling(overrides, *phases) for name, (_, overrides) in _CASES.items() if name in wanted
    }
    found = in_turn(works, effort.times(5, 9))
    for name in _CASES:
        if name in wanted:
            seconds = found[name].cpu
            yield Figure(name, tuple(BATCH / s for s in seconds), within_rounds(found["none"].cpu, seconds))


FAMILY = Family("faults", "the settle loop of a faulty chip", _ROWS, _measure)
