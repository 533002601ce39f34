"""``neurochip verify --silicon``: our model of a chip against its authors' Verilog, on programs drawn at random."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip.errors import ConfigError
from neurochip.silicon.activity import Activity
from neurochip.silicon.controller import ACKNOWLEDGED, NEURON, SPIKE, WORD, Events
from neurochip.silicon.records import Difference, first_difference
from neurochip.silicon.simulation import TOPS, Built, build, simulate
from neurochip.silicon.trials import DRAWN, Trial

__all__ = ["EVENTS_PER_TRIAL", "SiliconVerdict", "TrialDifference", "compare", "verify_silicon"]

# Loading a chip over SPI takes ODIN's Verilog as long as thousands of events do.
EVENTS_PER_TRIAL = {"tinyodin": 5000, "odin": 10_000}
_MARGIN = 64  # cycles after the chip has fallen silent, in which nothing more may happen
_MOST_SHOWN = 20
# Read back are all bytes of the neuron memory, 4096 at most, and every so manieth behind them: SPI takes 160 cycles for
# each, and every word of synapses that is written has been compared already.
_ALWAYS_READ, _READ_EVERY = 4096, 17


class TrialDifference(NamedTuple):
    """Where a chip first differs from the model in one trial; of ``control`` if the model was altered on purpose."""

    trial: int
    control: str
    difference: Difference

    def in_words(self) -> str:
        """Return it as a sentence."""
        return f"trial {self.trial}, {self.difference.in_words()}"


class SiliconVerdict(NamedTuple):
    """What came of it.

    Attributes
    ----------
    chip, trials, events, cycles
        What was run.
    spikes, states, words, acknowledges, bytes_read
        How many of each were compared: spikes that left, states of neurons and words of synapses that were written,
        events acknowledged, each with its cycle; and bytes read back over SPI when the chip had fallen silent.
    mismatches
        How many of them differ; the first of each trial is among ``shown``.
    controls, missed
        Models with one parameter altered that were told from the chip; descriptions of those that were not.
    seconds
        Wall-clock time, building included.
    """

    chip: str
    trials: int
    events: int
    cycles: int
    spikes: int
    states: int
    words: int
    acknowledges: int
    bytes_read: int
    mismatches: int
    shown: tuple[TrialDifference, ...]
    controls: tuple[TrialDifference, ...]
    missed: tuple[str, ...]
    seconds: float

    @property
    def comparisons(self) -> int:
        """All that was compared."""
        return self.spikes + self.states + self.words + self.acknowledges + self.bytes_read


class _Outcome(NamedTuple):
    """One trial: what the model did, how much differs, where first, how many bytes were read, the altered models."""

    activity: Activity
    mismatches: int
    first: Difference | None
    read: int
    controls: tuple[tuple[str, Difference | None], ...]


def compare(trial: Trial, built: Built, *, limit_s: float, controls: Collection[str]) -> _Outcome:
    """Run one trial in model and Verilog and compare them; altered models among ``controls``, too.

    Raises
    ------
    DataError
        When the bench does not come to its end.
    """
    manner = {"hold": trial.hold, "patience": trial.patience}
    activity, after = trial.chip.run(trial.address, trial.gap, **manner)
    everything = after.reads() if activity.silent else []
    reads = everything[:_ALWAYS_READ] + everything[_ALWAYS_READ::_READ_EVERY]
    cycles = activity.cycles + (_MARGIN if activity.silent else 0)
    found, read = simulate(
        built,
        trial.chip.transfers(),
        Events(trial.address, trial.gap, **manner),
        [address for address, _ in reads],
        cycles,
        limit_s=limit_s,
    )
    mismatches, first = first_difference(activity.records, found)
    expected = np.array([byte for _, byte in reads], np.uint8)
    wrong = np.flatnonzero(expected != read) if expected.size == read.size else np.arange(expected.size)
    if wrong.size and first is None:
        at = int(wrong[0])
        seen = f"{int(read[at]):#04x}" if expected.size == read.size else f"{read.size} bytes"
        place = reads[at][0]
        first = Difference(
            trial.address.size, cycles, "byte at SPI address", place, f"{expected[at]:#04x}", seen
        )
    tried = []
    for name, other in trial.chip.altered().items():
        if name not in controls:
            continue
        differing, _ = other.run(trial.address, trial.gap, **manner)
        tried.append((name, first_difference(differing.records, found)[1]))
    return _Outcome(activity, mismatches + int(wrong.size), first, len(reads), tuple(tried))


def verify_silicon(
    chip: str,
    rtl: Path | str,
    *,
    events: int = 100_000,
    seed: int = 1,
    limit_s: float = 3600.0,
    told: Callable[[str], None] = lambda _: None,
) -> SiliconVerdict:
    """Compare our model of a chip with its authors' Verilog in Verilator, on random programs.

    Compared are, each with its cycle: every spike on the output link, every state of a neuron and every word of
    synapses that is written, every acknowledge; and the memories as SPI reads them back from a chip that has fallen
    silent. Models with one parameter altered are compared as well, and must be told from the chip.

    Parameters
    ----------
    chip
        ``tinyodin`` or ``odin``.
    rtl
        Folder of the authors' Verilog; nothing in it is changed or copied.
    events
        How many are acknowledged at least, in trials of at most `EVENTS_PER_TRIAL`. A chip that keeps itself going may
        never acknowledge one, which ends its trial.
    seed
        Decides all that is random.
    limit_s
        Seconds after which a trial is stopped.
    told
        Called with what is done next.

    Raises
    ------
    ConfigError
        When there is no such chip, or no Verilator that is new enough.
    DataError
        When the folder is not the authors', or a trial does not come to its end.
    """
    if chip not in TOPS:
        raise ConfigError("silicon", f"must be one of {', '.join(TOPS)}, got {chip}")
    if events < 1:
        raise ConfigError("events", f"must be ≥ 1, got {events}")
    if seed < 0:
        raise ConfigError("seed", f"must be ≥ 0, got {seed}")
    start = time.perf_counter()
    totals = dict.fromkeys(
        ("cycles", "spikes", "states", "words", "acknowledges", "bytes_read", "mismatches"), 0
    )
    shown: list[TrialDifference] = []
    controls: dict[str, TrialDifference | None] = {}
    number = 0
    with tempfile.TemporaryDirectory(prefix="neurochip-silicon-") as made:
        told("building with verilator")
        built = build(chip, Path(rtl), Path(made))
        while totals["acknowledges"] < events:
            told(f"trial {number + 1}, {totals['acknowledges']} of {events} events")
            size = min(EVENTS_PER_TRIAL[chip], events - totals["acknowledges"])
            trial = DRAWN[chip](np.random.default_rng([seed, number]), size)
            outcome = compare(trial, built, limit_s=limit_s, controls=_not_found(controls, trial))
            records = outcome.activity.records
            totals["cycles"] += outcome.activity.cycles
            for name, kind in (
                ("spikes", SPIKE),
                ("states", NEURON),
                ("words", WORD),
                ("acknowledges", ACKNOWLEDGED),
            ):
                totals[name] += int(np.count_nonzero(records.kinds == kind))
            totals["bytes_read"] += outcome.read
            totals["mismatches"] += outcome.mismatches
            if outcome.first is not None and len(shown) < _MOST_SHOWN:
                shown.append(TrialDifference(number, "", outcome.first))
            for name, found in outcome.controls:
                controls[name] = None if found is None else TrialDifference(number, name, found)
            number += 1
    return SiliconVerdict(
        chip=chip,
        trials=number,
        events=events,
        **totals,
        shown=tuple(shown),
        controls=tuple(one for one in controls.values() if one is not None),
        missed=tuple(name for name, one in controls.items() if one is None),
        seconds=time.perf_counter() - start,
    )


def _not_found(controls: dict[str, TrialDifference | None], trial: Trial) -> list[str]:
    """Return the altered models that no trial has told from the chip yet: a parameter may take no part in a trial."""
    return [name for name in trial.chip.altered() if controls.get(name) is None]
