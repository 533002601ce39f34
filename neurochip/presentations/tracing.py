"""`trace`: one presentation of a run, every signal of the chip at every tick, into a file (docs/trace.md)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from neurochip.description import RunSpec
from neurochip.durable.atomic import replacing
from neurochip.durable.signals import stoppable
from neurochip.errors import ConfigError, OutputError
from neurochip.presentations.presenting import Presentation
from neurochip.trace.arrays import ArrayTrace
from neurochip.trace.perfetto import PerfettoTrace
from neurochip.trace.signals import Chunk, SignalGroup, TraceWriter, select
from neurochip.trace.traffic import TimingModel
from neurochip.trace.vcd import VcdTrace

__all__ = ["Format", "Source", "TraceOutcome", "trace", "write_trace"]

Array = NDArray[np.number]
Format = Literal["vcd", "perfetto", "npz"]
_SUFFIX = {"vcd": ".vcd", "perfetto": ".json", "npz": ".npz"}
_WRITERS: dict[str, type[TraceWriter]] = {"vcd": VcdTrace, "perfetto": PerfettoTrace, "npz": ArrayTrace}

# A chunk is about so long, in seconds, and never larger than so many values: what a stop has to wait for.
_CHUNK_SECONDS, _CHUNK_VALUES = 0.1, 1 << 20


class TraceOutcome(NamedTuple):
    """What a trace leaves.

    Attributes
    ----------
    path
        The file.
    ticks
        First tick in it, and the one after the last.
    stopped
        Whether it was asked to stop before its last tick.
    signals
        How many.
    """

    path: Path
    ticks: tuple[int, int]
    stopped: bool
    signals: int


class Source(Protocol):
    """What a trace is of: groups of signals, and their values tick after tick."""

    about: str
    n_ticks: int

    def groups(self) -> list[SignalGroup]:
        """Return the signals there are."""

    def skip(self, ticks: int) -> None:
        """Go on without recording."""

    def values(self, ticks: int, wanted: set[str]) -> tuple[dict[str, Array], NDArray[np.int64]]:
        """Go on; return [tick, column] by name of group, and the lengths of the ticks in picoseconds."""


def trace(
    run: RunSpec | str | Path,
    *,
    ticks: tuple[int, int | None] = (0, None),
    format: Format = "vcd",
    signals: Sequence[str] = (),
    overrides: Sequence[str] = (),
    presentation: int = 0,
    split: Literal["train", "test"] = "test",
    timing: TimingModel = "tick",
    out: Path | str | None = None,
) -> TraceOutcome:
    """Write signals of one presentation, free phase and nudge.

    Parameters
    ----------
    run
        Folder of a finished run, with its learnt weights; or a run by name, file or spec, with fresh ones.
    ticks
        First tick, and the one after the last (`None`: to the end). The free phase begins with tick 0.
    format
        ``vcd`` (waveform), ``perfetto`` (timeline) or ``npz`` (arrays).
    signals
        Patterns of names, as ``neuron.hidden.1?.value``; none takes all, in a timeline all but single neurons'.
    overrides
        ``key.path=value`` each, over the run's own.
    presentation, split
        Which sample.
    timing
        Of cores and links, as in `neurochip.replay`.
    out
        File to write; `None` makes ``<run>-<split><presentation>.<suffix>`` here. It must not exist.

    Raises
    ------
    NeurochipError
        One of its family, before anything is written.
    """
    return write_trace(
        Presentation(run, overrides, presentation=presentation, split=split, timing=timing),
        ticks=ticks,
        format=format,
        signals=signals,
        out=out,
    )


def write_trace(
    source: Source,
    *,
    ticks: tuple[int, int | None] = (0, None),
    format: Format = "vcd",
    signals: Sequence[str] = (),
    out: Path | str | None = None,
) -> TraceOutcome:
    """Write signals of any source; see `trace`."""
    if format not in get_args(Format):
        raise ConfigError("format", f'must be "vcd", "perfetto" or "npz", got "{format}"')
    first, last = ticks[0], source.n_ticks if ticks[1] is None else ticks[1]
    if not 0 <= first < last <= source.n_ticks:
        raise ConfigError(
            "ticks", f"must be A:B with 0 ≤ A < B ≤ {source.n_ticks}, the ticks there are, got {first}:{last}"
        )
    known = source.groups()
    if not signals and format == "perfetto":
        known = [group for group in known if not group.name.startswith("neuron.")]
    elif not signals and format == "npz":
        # As arrays, the spikes of a population are those of its neurons.
        known = [group for group in known if group.kind != "bits"]
    chosen = select(known if not signals else source.groups(), signals)
    path = (
        Path(out)
        if out is not None
        else Path(f"{source.about.split(',')[0].replace(' ', '-')}{_SUFFIX[format]}")
    )
    if path.exists():
        raise OutputError(str(path), "exists already; choose another file with --out or remove it")
    with stoppable() as stop, replacing(path) as file:
        writer = _WRITERS[format](file, chosen, source.about)
        source.skip(first)
        done = first
        for chunk in _chunks(source, chosen, first, last):
            writer.write(chunk)
            done = chunk.first + chunk.ticks
            if stop():
                stop.answered()  # the file is whole up to here
                break
        writer.close()
    return TraceOutcome(path, (first, done), done < last, sum(len(group.signals) for group in chosen))


def _chunks(source: Source, groups: list[SignalGroup], first: int, last: int) -> Iterator[Chunk]:
    """Return all ticks in pieces that take about as long."""
    wanted = {group.name for group in groups}
    width = sum(len(group.signals) for group in groups)
    size, at, now = 1, first, 0
    while at < last:
        size = min(size, last - at, max(1, _CHUNK_VALUES // max(width, 1)))
        began = time.perf_counter()
        found, length = source.values(size, wanted)
        start = now + np.concatenate([[0], np.cumsum(length[:-1])]).astype(np.int64)
        now = int(start[-1] + length[-1])
        yield Chunk(at, start, length, tuple(group.of(found[group.name]) for group in groups))
        took = time.perf_counter() - began
        at += size
        size = (
            size * 2
            if took < _CHUNK_SECONDS / 2
            else max(1, size // 2)
            if took > _CHUNK_SECONDS * 2
            else size
        )
