"""Events of a camera or a cochlea: (x, y, t, p), counted in frames, or as spikes in the ticks in which they fall.

An input neuron stands for one pixel, one polarity and, of counts, one frame of the window. Of counts it holds how many
events there were, and fires the more often, the more they were; what is finer than a frame is not seen. Of spikes it
fires in the tick of each event.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data.section import DataSpec
from neurochip.data.table import Rows, Table
from neurochip.errors import ConfigError, DataError
from neurochip.files.limits import LIMIT_VARIABLE, file_limit, in_bytes
from neurochip.spikes import SpikeTrains

__all__ = [
    "Events",
    "Window",
    "event_counts",
    "event_spikes",
    "event_table",
    "joined",
    "presented_events",
    "unused_event_keys",
]

Array = NDArray[np.number]
Ints = NDArray[np.int64]
Labels = NDArray[np.generic]  # whole numbers or texts
_MOST_TICKS = 65_535
_MOST_INPUTS = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events of samples, one sample after the other.

    Attributes
    ----------
    x, y, t, p
        Of each event: column and row of the sensor, time in whatever unit, polarity 0 or 1.
    edges
        i64[sample + 1], where each sample begins and ends.
    size
        Width and height of the sensor; `None` where nothing says them.
    place
        What they are called in a sentence.
    where
        Where an event stands, in words, by its sample and its number there, from 0.
    sample
        Where a sample stands, in words.
    polarities
        1 where there are no polarities, else 2.
    """

    x: NDArray[np.int64] = field(repr=False)
    y: NDArray[np.int64] = field(repr=False)
    t: NDArray[np.float64] = field(repr=False)
    p: NDArray[np.int64] = field(repr=False)
    edges: NDArray[np.int64] = field(repr=False)
    size: tuple[int, int] | None
    place: str
    where: Callable[[int, int], str] = field(repr=False)
    sample: Callable[[int], str] = field(repr=False)
    polarities: int = 2

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.edges) - 1

    @property
    def of(self) -> NDArray[np.int64]:
        """The sample of each event."""
        return np.repeat(np.arange(len(self)), np.diff(self.edges))

    @property
    def late(self) -> NDArray[np.float64]:
        """How long after the first event of its sample each event is."""
        if not len(self.t):
            return self.t
        with np.errstate(over="ignore"):  # infinite: refused when events are checked
            return self.t - self.t[np.minimum(self.edges[:-1], len(self.t) - 1)][self.of]


class Window(NamedTuple):
    """How long a sample is looked at, and how finely; see the keys of ``[data]``."""

    size: tuple[int, int]
    length: float
    frames: int = 1
    tick: float | None = None
    merged: bool = False

    @property
    def ticks(self) -> int:
        """Ticks of the window; an event at its very end belongs to the last."""
        return 1 if self.tick is None else max(1, math.ceil(self.length / self.tick - 1e-9))


def joined(
    samples: Sequence[tuple[Array, Array, Array, Array]],
) -> tuple[Ints, Ints, NDArray[np.float64], Ints, Ints]:
    """Return x, y, t, p of samples one after the other, and where each begins and ends."""
    edges = np.concatenate([[0], np.cumsum([len(t) for _, _, t, _ in samples])]).astype(np.int64)
    x, y, p = (np.concatenate([sample[k] for sample in samples]).astype(np.int64) for k in (0, 1, 3))
    t = np.concatenate([t for _, _, t, _ in samples]).astype(np.float64)
    return x, y, t, p, edges


def event_table(
    name: str, training: tuple[Events, Labels], testing: tuple[Events, Labels] | None, spec: DataSpec
) -> Table:
    """Return events with their labels, as a run presents them.

    Raises
    ------
    DataError
        For events that run backwards in time, lie beyond the window or the sensor, or have another polarity than 0 and
        1, with their place.
    ConfigError
        For a tick that makes too many of a window.
    """
    if spec.task != "classification":
        raise ConfigError("data.task", f"must be classification: the events of {name} have labels")
    both = [training] if testing is None else [training, testing]
    if any(_is_signed(events) for events, _ in both) and not any(np.any(events.p == 0) for events, _ in both):
        both = [(_unsigned(events), labels) for events, labels in both]
    for events, labels in both:
        if len(events) != len(labels):
            raise DataError(
                events.place, f"has {len(events)} samples and {len(labels)} labels; give each its own"
            )
        _check(events, _size([events], spec), spec.window)
    window = _window([events for events, _ in both], spec)
    rows, repeated = [], 0
    for events, labels in both:
        inputs = _presented(events, window)
        repeated += len(events.t) - inputs.size if isinstance(inputs, SpikeTrains) else 0
        rows.append(Rows(inputs, labels, events.sample))
    # What was left to the data: later samples are looked at through the same window, and by the same sensor.
    found: dict[str, object] = {"sensor": window.size}
    if window.frames > 1 or window.tick is not None:
        found["window"] = window.length
    pixels = window.size[0] * window.size[1] * (1 if window.merged else both[0][0].polarities)
    return Table(
        name=name,
        whole=rows[0],
        test=rows[1] if len(rows) > 1 else None,
        features=tuple(str(k) for k in range(1, pixels * window.frames + 1)),
        provenance=f"own data, {name}",
        scaling="counts",
        found=found,
        lost=repeated,
    )


def presented_events(events: Events, spec: DataSpec) -> NDArray[np.float64] | SpikeTrains:
    """Return events without labels as a run presents them: counts f64[sample, input], or spikes; see `event_table`."""
    if _is_signed(events) and not np.any(events.p == 0):
        events = _unsigned(events)
    _check(events, _size([events], spec), spec.window)
    return _presented(events, _window([events], spec))


def _is_signed(events: Events) -> bool:
    """Whether some events are off as −1 says it."""
    return bool(np.any(events.p == -1))


def _unsigned(events: Events) -> Events:
    """Return events of −1 and 1 as events of 0 and 1; other numbers stay, to be refused."""
    return replace(events, p=np.where(events.p == -1, 0, events.p))


def _presented(events: Events, window: Window) -> NDArray[np.float64] | SpikeTrains:
    return event_counts(events, window) if window.tick is None else event_spikes(events, window)


def _window(parts: Sequence[Events], spec: DataSpec) -> Window:
    longest = max((float(part.late.max(initial=0.0)) for part in parts), default=0.0)
    if spec.present == "values":
        length = spec.window if spec.window is not None else (longest or 1.0)
        return Window(_size(parts, spec), length, spec.frames, merged=spec.polarity == "merged")
    if spec.tick is None:
        raise ConfigError(
            "data.tick", "is missing: events as spikes need the length of a tick, in the unit of their times"
        )
    # An event at a whole number of ticks after the first falls in the tick that begins there.
    length = longest if spec.window is None else spec.window
    if length / spec.tick <= _MOST_TICKS and spec.window is None:
        length = (math.floor(longest / spec.tick) + 1) * spec.tick
    if length / spec.tick > _MOST_TICKS:
        raise ConfigError(
            "data.tick",
            f"of {spec.tick:g} makes more than {_MOST_TICKS} ticks of a window of {length:g}; make it longer, or the "
            "window (data.window) shorter",
        )
    return Window(_size(parts, spec), length, tick=spec.tick, merged=spec.polarity == "merged")


def _size(parts: Sequence[Events], spec: DataSpec) -> tuple[int, int]:
    if spec.sensor:
        width, height = spec.sensor
        return int(width), int(height)
    sizes = [part.size or (int(part.x.max(initial=0)) + 1, int(part.y.max(initial=0)) + 1) for part in parts]
    width, height = (max(size[k] for size in sizes) for k in range(2))
    return width, height


def _check(events: Events, size: tuple[int, int], window: float | None) -> None:
    """Refuse the first event that cannot be."""
    x, y, t, p = events.x, events.y, events.t, events.p
    width, height = size
    of, late = events.of, events.late
    begins = np.zeros(len(t), dtype=bool)
    begins[events.edges[:-1][events.edges[:-1] < len(t)]] = True
    for wrong, words in (
        ((np.diff(t, prepend=t[:1]) < 0) & ~begins, "runs backwards: t = {t:g} after {b:g}"),
        (
            (x < 0) | (x >= width) | (y < 0) | (y >= height),
            "lies at ({x}, {y}), beyond the sensor of {w} × {h}",
        ),
        ((p != 0) & (p != 1), "has polarity {p}, and 0 and 1 are known; write 0 for off and 1 for on"),
        (~np.isfinite(late), "is further from the first of its sample than numbers go: t = {t:g}"),
        (
            late > (np.inf if window is None else window),
            "is {d:g} after the first, beyond the window of {n:g}",
        ),
    ):
        if wrong.any():
            k = int(np.argmax(wrong))
            said = {"t": t[k], "b": t[k - 1], "x": x[k], "y": y[k], "w": width, "h": height, "p": p[k],
                    "d": late[k], "n": window}  # fmt: skip
            raise DataError(events.where(int(of[k]), int(k - events.edges[of[k]])), words.format(**said))


def _units(events: Events, window: Window) -> tuple[NDArray[np.int64], int]:
    """Return the unit of each event among the pixels and polarities of a frame, and how many there are."""
    width, height = window.size
    apart = events.polarities == 2 and not window.merged
    of_polarity = events.p if apart else 0
    return (of_polarity * height + events.y) * width + events.x, (2 if apart else 1) * width * height


def _largest(events: Events, size: tuple[int, int]) -> str:
    """Return what made the sensor so large: the event furthest out, or all of them where something else said it."""
    across = size[0] >= size[1]
    furthest = np.flatnonzero(events.x == size[0] - 1 if across else events.y == size[1] - 1)
    if events.size is not None or not len(furthest):
        return events.place
    k = int(furthest[0])
    sample = int(events.of[k])
    return f"{events.where(sample, int(k - events.edges[sample]))}, at ({events.x[k]}, {events.y[k]})"


def event_counts(events: Events, window: Window) -> NDArray[np.float64]:
    """Return how many events each input has: f64[sample, frame · polarity · height · width], x running fastest."""
    frames = window.frames
    unit, units = _units(events, window)
    inputs = frames * units
    needed = 8 * inputs * len(events)
    if needed > file_limit():
        raise DataError(
            _largest(events, window.size),
            f"would take {in_bytes(needed)} as counts of {inputs} inputs, and at most {in_bytes(file_limit())} are "
            f"read; set {LIMIT_VARIABLE} to read more",
        )
    frame = np.minimum((events.late * frames / window.length).astype(np.int64), frames - 1)
    found = np.zeros((len(events), inputs))
    np.add.at(found, (events.of, frame * units + unit), 1.0)
    return found


def event_spikes(events: Events, window: Window) -> SpikeTrains:
    """Return events as spikes in their ticks, units as in `event_counts`; several of a unit in a tick are one."""
    unit, units = _units(events, window)
    if units > _MOST_INPUTS:
        raise DataError(
            _largest(events, window.size),
            f"would need {units} inputs, a pixel and polarity each, and at most {_MOST_INPUTS} are shown",
        )
    tick = np.minimum(np.floor(events.late / (window.tick or 1.0) + 1e-9).astype(np.int64), window.ticks - 1)
    return SpikeTrains.of(events.of, tick, unit, len(events), window.ticks, units)


def unused_event_keys(spec: DataSpec, name: str, *, but: Sequence[str] = ()) -> None:
    """Refuse keys of events for samples that are none, with the name of the file."""
    idle: Mapping[str, object] = {
        "present": "values",
        "tick": None,
        "frames": 1,
        "window": None,
        "polarity": "apart",
        "sensor": (),
    }
    for key, default in idle.items():
        if key not in but and getattr(spec, key) != default:
            raise ConfigError(f"data.{key}", f"has no effect on {name}, which holds no events; leave it out")
