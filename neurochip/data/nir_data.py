"""Recorded spikes of a node as NIR's own data files hold them: `nir.write_data` of a `NIRGraphData` (nir ≥ 1.0.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.events import Events
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, Hdf5Group, briefly, read_hdf5
from neurochip.files.limits import LIMIT_VARIABLE, file_limit, in_bytes
from neurochip.keys.reading import did_you_mean

__all__ = ["is_nir_data", "nir_events", "read_nir_data", "read_nir_spikes"]

Array = NDArray[np.number]
_TYPE = "__type__"
_INPUT = "input"
_ALMOST = 1e-6  # of a tick: times are rounded
_MOST_TICKS = 1 << 24


def is_nir_data(group: Hdf5Group) -> bool:
    """Whether an HDF5 file is one of NIR's data: of a graph."""
    return group.attributes.get(_TYPE) == "NIRGraphData"


def read_nir_data(file: Foreign, wanted: str = "") -> Events:
    """Return the spikes of one observable of one node.

    Parameters
    ----------
    wanted
        ``node`` or ``node/observable``; empty takes the only one, or that of the node called ``input``.

    Raises
    ------
    DataError
        For a file that is no such data, or holds measured values in the place of spikes.
    ConfigError
        For a node that it has not, and where several might be meant.
    """
    group = read_hdf5(file, attributes=True)
    if not is_nir_data(group):
        raise file.damaged("has no NIRGraphData")
    return nir_events(group, file, wanted)


def nir_events(group: Hdf5Group, file: Foreign, wanted: str = "") -> Events:
    """Return the same of a file that is read already."""
    with file.guarded():
        name, observed = _observable(group, file, wanted)
        return _events(observed, f"{file.path}: {briefly(name, 60)}")


def read_nir_spikes(file: Foreign, dt: float, wanted: str = "") -> NDArray[np.uint8]:
    """Return the spikes of one observable in ticks of ``dt`` seconds, u8[sample, tick, neuron].

    There are as many ticks as the recording lasts. Several events of a neuron within a tick are one spike. Raises as
    `read_nir_data`; also for times before 0, and for a recording that is too long.
    """
    group = read_hdf5(file, attributes=True)
    if not is_nir_data(group):
        raise file.damaged("has no NIRGraphData")
    with file.guarded():
        name, observed = _observable(group, file, wanted)
        place = f"{file.path}: {briefly(name, 60)}"
        events = _events(observed, place)
        if observed.attributes.get(_TYPE) == "TimeGriddedData":
            lasts = float(observed.attributes["dt"]) * np.asarray(observed.arrays["data"]).shape[1]
        else:
            lasts = float(observed.attributes["t_max"])
        at = np.floor(events.t / dt + _ALMOST).astype(np.int64)
        ticks = max(int(np.ceil(lasts / dt - _ALMOST)), int(at.max(initial=0)) + 1)
        if not 0 < ticks <= _MOST_TICKS or at.min(initial=0) < 0:
            raise DataError(
                place, f"must last 1 to {_MOST_TICKS} ticks of {dt:g} s from 0 on, got {lasts:g} s"
            )
        neurons = events.size[0] if events.size else 1
        needed = len(events) * ticks * neurons
        if needed > file_limit():
            raise DataError(
                place,
                f"would take {in_bytes(needed)} as {ticks} ticks of {neurons} neurons, and at most "
                f"{in_bytes(file_limit())} are read; set {LIMIT_VARIABLE} to read more",
            )
        spikes = np.zeros((len(events), ticks, neurons), np.uint8)
        spikes[events.of, at, events.x] = 1
        return spikes


def _observable(group: Hdf5Group, file: Foreign, wanted: str) -> tuple[str, Hdf5Group]:
    there = dict(_observables(group, ""))
    if not there:
        raise file.damaged("has no observable")
    name = _chosen(there, wanted, file)
    return name, there[name]


def _observables(graph: Hdf5Group, within: str) -> Iterator[tuple[str, Hdf5Group]]:
    nodes = graph.groups.get("nodes", Hdf5Group())
    for name, node in nodes.groups.items():
        if is_nir_data(node):
            yield from _observables(node, f"{within}{name}.")
        else:
            for what, observed in node.groups.get("observables", Hdf5Group()).groups.items():
                yield f"{within}{name}/{what}", observed


def _chosen(there: dict[str, Hdf5Group], wanted: str, file: Foreign) -> str:
    if wanted in there:
        return wanted
    node = wanted or _INPUT
    of_node = [name for name in there if name.rpartition("/")[0] == node]
    if len(of_node) == 1:
        return of_node[0]
    if not wanted and len(there) == 1:
        return next(iter(there))
    listed = briefly(", ".join(there), 120)
    hint = did_you_mean(wanted, there) if wanted else ""
    raise ConfigError("data.inputs", f"must name one observable of {file.path.name}{hint or f': {listed}'}")


def _events(observed: Hdf5Group, place: str) -> Events:
    kind = observed.attributes.get(_TYPE)
    if kind == "TimeGriddedData":
        return _of_grid(observed, place)
    if kind == "EventData":
        return _of_lists(observed, place)
    if kind == "ValuedEventData":
        raise DataError(place, "holds events with values, and spikes have none")
    raise DataError(place, "is neither TimeGriddedData nor EventData")


def _of_grid(observed: Hdf5Group, place: str) -> Events:
    data = np.asarray(observed.arrays["data"])
    step = float(observed.attributes["dt"])
    if data.ndim != 3 or not np.isfinite(step) or step <= 0:
        raise DataError(place, f"must be [sample, tick, neuron] and a dt > 0, got {data.shape} and {step:g}")
    fired = data != 0
    if data.dtype.kind not in "biuf" or not np.array_equal(fired, data):
        raise DataError(place, "holds measured values, and spikes are 0 and 1")
    sample, tick, neuron = np.nonzero(fired)
    return _made(sample, neuron, tick * step, len(data), data.shape[2], place)


def _of_lists(observed: Hdf5Group, place: str) -> Events:
    index, time = np.asarray(observed.arrays["idx"]), np.asarray(observed.arrays["time"])
    neurons = int(observed.attributes["n_neurons"])
    if (
        index.ndim != 2
        or index.shape != time.shape
        or index.dtype.kind not in "iu"
        or time.dtype.kind not in "iuf"
    ):
        raise DataError(
            place, f"must be whole numbers and times [sample, event], got {index.shape} {time.shape}"
        )
    there = index >= 0  # −1 and an infinite time stand where there is none
    wrong = there & ~np.isfinite(time)
    if wrong.any():
        row, event = (int(k) for k in np.argwhere(wrong)[0])
        raise DataError(f"{place}: sample {row + 1}, event {event + 1}", "has no finite time")
    sample, _ = np.nonzero(there)
    return _made(sample, index[there], time[there].astype(np.float64), len(index), neurons, place)


def _made(sample: Array, neuron: Array, time: NDArray[Any], samples: int, neurons: int, place: str) -> Events:
    edges = np.searchsorted(sample, np.arange(samples + 1)).astype(np.int64)
    zeros = np.zeros(len(sample), np.int64)
    return Events(
        neuron.astype(np.int64), zeros, time, zeros, edges, (max(neurons, 1), 1), place,
        where=lambda row, event: f"{place}: sample {row + 1}, event {event + 1}",
        sample=lambda row: f"{place}: sample {row + 1}",
        polarities=1,
    )  # fmt: skip
