"""What counting cycles costs a run that learns: CPU time of whole `simulate` calls, models of time in turn.

mnist-small cut to 300 digits and one epoch, 100 test digits, one thread.
"""

from __future__ import annotations

from collections.abc import Iterator

from neurochip.bench.rounds import Work, in_turn, timed
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.runs.simulation import TimingModel, simulate

__all__ = ["FAMILY"]

_SMALL = ("learning.epochs=1", "evaluation.train=0", "record.presentations=0")
_CHIPS = {
    "cmos45": ("float32", ("chip=cmos45",)),
    "loihi": ("8-bit weights", ("chip=loihi", "network.precision=int8")),
}
_TICK = "the time of events counted only"
_ROWS = tuple(
    row
    for chip, (weights, _) in _CHIPS.items()
    for row in (
        Row(
            f"run-analytic-{chip}",
            f"a run that learns, {weights} on {chip}, cycles from counts",
            "s",
            _TICK,
        ),
        Row(f"run-cycle-{chip}", f"the same, flit by flit in one presentation of {50}", "ms per timed tick"),
    )
)


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    for chip in _CHIPS:
        if f"run-analytic-{chip}" in wanted or f"run-cycle-{chip}" in wanted:
            yield from _timed(effort, wanted, chip)


def _timed(effort: Effort, wanted: frozenset[str], chip: str) -> Iterator[Figure]:
    counts = effort.pick(
        ("data.train=20", "data.test=20"),
        ("data.train=300", "data.test=100"),
        ("data.train=300", "data.test=100"),
    )
    overrides = [
        *_SMALL,
        *counts,
        *effort.pick(("phases.free=10", "phases.nudged=5"), (), ()),
        *_CHIPS[chip][1],
    ]

    def running(model: TimingModel) -> Work:
        return lambda: simulate("mnist-small", overrides=overrides, timing=model, threads=1, write=False)

    found = in_turn({"tick": running("tick"), "analytic": running("analytic")}, effort.times(5, 9))
    if (name := f"run-analytic-{chip}") in wanted:
        seconds = found["analytic"].cpu
        yield Figure(name, tuple(seconds), within_rounds(seconds, found["tick"].cpu))
    if (name := f"run-cycle-{chip}") in wanted:
        yield _walked(effort, name, [*overrides, f"timing_every={effort.pick(10, 50, 50)}"], running("tick"))


def _walked(effort: Effort, name: str, overrides: list[str], counted: Work) -> Figure:
    """Time what is walked through, of a few presentations: beyond the same run without it, by tick."""
    found = []
    for turn in range(effort.times(2, 3) + 1):
        ticks: list[int] = []

        def walked(ticks: list[int] = ticks) -> None:
            record = simulate(
                "mnist-small", overrides=overrides, timing="cycle", threads=1, write=False
            ).record
            ticks.append(
                sum(
                    counted.time.ticks
                    for counted in record.counters.phases.values()
                    if counted.time is not None
                )
            )

        slow, fast = timed(walked)[0], timed(counted)[0]
        if turn:  # the first loads the kernels
            found.append(1e3 * (slow - fast) / ticks[0])
    return Figure(name, tuple(found), extra={"ticks_timed": ticks[0]})


FAMILY = Family("time", "runs that learn and count cycles", _ROWS, _measure)
