"""An imported network beside a run of the tool that wrote it: the first difference, and what would remove it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.raster_file import load_arrays
from neurochip.data.array_names import only_inputs
from neurochip.description.nir.graph import import_nir
from neurochip.description.nir.network import Imported
from neurochip.description.nir.sources import SOURCES
from neurochip.description.spiking import SpikingNetwork
from neurochip.errors import DataError, NeurochipError
from neurochip.replays.spiking import run_spiking

__all__ = ["Comparison", "Difference", "Tried", "check_nir"]

_CHIP = "ideal-bits"
_FLOAT = 1e-5
Array = NDArray[np.number]


class Difference(NamedTuple):
    """The first spike, or value that is read out, which is not the same: its tick is that of the tool."""

    tick: int
    group: str
    unit: int
    here: float
    there: float


class Tried(NamedTuple):
    """A convention that was tried, and how many spikes and values it leaves different; `None`: it cannot be."""

    words: str
    differ: int | None


class Comparison(NamedTuple):
    """What `check_nir` found.

    Attributes
    ----------
    differ, compared
        Spikes and values that are not the same, and how many there are, by group.
    late
        Ticks by which each group is later here.
    first
        The first difference, `None` where there is none.
    tried
        Other conventions, the best first; empty where there is no difference.
    notes
        What the import assumed.
    """

    differ: Mapping[str, int]
    compared: Mapping[str, int]
    late: Mapping[str, int]
    first: Difference | None
    tried: tuple[Tried, ...]
    notes: tuple[str, ...]


def check_nir(net: Path | str, inputs: Path | str, expected: Path | str, **how: Any) -> Comparison:
    """Compare an imported network, spike by spike, with a run of the tool that wrote it.

    Parameters
    ----------
    net
        The .nir.
    inputs
        .npz with ``x`` (or ``spikes.0``) of 0 and 1, [tick, unit].
    expected
        .npz with [tick, unit] for each group that is compared, by its name; of outputs that do not fire v. A prefix
        such as ``s.`` may stand before a name.
    how
        As of `import_nir`.

    Raises
    ------
    NeurochipError
        For files that do not fit the network.
    """
    made = import_nir(net, **how)
    x = _input(load_arrays(inputs), inputs, made.network)
    wanted = _expected(load_arrays(expected), expected, made.network, len(x))
    differ, compared, first = _compare(made, x, wanted)
    tried: list[Tried] = []
    if first is not None:
        tried = sorted(_try(net, x, wanted, how), key=lambda one: (one.differ is None, one.differ or 0))
    late = {name: made.late(name) for name in wanted}
    return Comparison(differ, compared, late, first, tuple(tried), made.notes)


def _input(arrays: Mapping[str, Array], path: Path | str, network: SpikingNetwork) -> Array:
    name = next((name for name in ("x", "spikes.0", "spikes") if name in arrays), None) or only_inputs(arrays)
    if name is None:
        raise DataError(str(path), f"must have x [tick, unit], has {', '.join(arrays) or 'nothing'}")
    found = arrays[name]
    if found.ndim == 3 and found.shape[0] == 1:
        found = found[0]
    if found.ndim != 2 or found.shape[1] != network.sizes[0]:
        raise DataError(f"{path}: {name}", f"must have shape (ticks, {network.sizes[0]}), got {found.shape}")
    return found


def _expected(
    arrays: Mapping[str, Array], path: Path | str, network: SpikingNetwork, ticks: int
) -> dict[str, Array]:
    """Return what there is to compare, by the group's name."""
    names = {group.name: group.name for group in network.groups[1:]} | dict(network.outputs)
    wanted = {}
    for key, values in arrays.items():
        name = names.get(key, names.get(key.partition(".")[2]))
        if name is None:
            continue
        found = values[0] if values.ndim == 3 and values.shape[0] == 1 else values
        size = network.group(name).size
        if found.shape != (ticks, size) or found.dtype.kind not in "biuf":
            raise DataError(
                f"{path}: {key}",
                f"must be numbers of shape ({ticks}, {size}), got {found.dtype} {found.shape}",
            )
        if network.group(name).fires and not np.isin(found, (0, 1)).all():
            raise DataError(
                f"{path}: {key}",
                f"has values up to {found.max():g}: neurons that fire several times in a step are none of this chip",
            )
        wanted[name] = found
    if not wanted:
        raise DataError(str(path), f"has no array of the name of a group; there are {', '.join(names)}")
    return wanted


def _compare(
    made: Imported, x: Array, wanted: Mapping[str, Array]
) -> tuple[dict[str, int], dict[str, int], Difference | None]:
    network = made.network
    seen = run_spiking(network, x, _CHIP, potentials=True)
    names = [group.name for group in network.groups]
    differ, compared, found = {}, {}, []
    for name, there in wanted.items():
        group = network.group(name)
        late = made.late(name)
        here = seen.replay.spikes[names.index(name)] if group.fires else seen.potentials[name]
        here, there = here[late:], there[: len(x) - late]
        scale = 0.0 if group.fires else _FLOAT * max(1.0, float(np.abs(there).max(initial=0.0)))
        wrong = np.abs(here.astype(np.float64) - there) > scale
        differ[name], compared[name] = int(wrong.sum()), int(wrong.size)
        if wrong.any():
            tick, unit = (int(i) for i in np.argwhere(wrong)[0])
            found.append(Difference(tick, name, unit, float(here[tick, unit]), float(there[tick, unit])))
    order = {name: k for k, name in enumerate(names)}
    first = min(found, key=lambda one: (one.tick, order[one.group]), default=None)
    return differ, compared, first


def _try(net: Path | str, x: Array, wanted: Mapping[str, Array], how: Mapping[str, object]) -> list[Tried]:
    """Return what other conventions leave different: those of other tools, other resets, the other method."""
    tried: list[dict[str, Any]] = [{"source": name} for name in SOURCES]
    tried += [{"source": "snntorch", "reset": reset} for reset in ("value", "value-at-once")]
    sources = dict.fromkeys([how.get("source"), None])
    resets, methods = ("value", "value-late", "subtract", "subtract-late", "none"), ("euler", "exact")
    tried += [
        {"source": source, "reset": reset, "method": method}
        for source, reset, method in itertools.product(sources, resets, methods)
    ]
    found: dict[str, Tried] = {}
    for change in tried:
        both = dict(how) | change
        words = " ".join(
            f"--{'from' if k == 'source' else k} {v}" for k, v in change.items() if v is not None
        )
        if words in found or all(how.get(k) == v for k, v in change.items()):
            continue
        try:
            differ, _, _ = _compare(import_nir(net, **cast(Any, both)), x, wanted)
            found[words] = Tried(words, sum(differ.values()))
        except NeurochipError:
            found[words] = Tried(words, None)
    return list(found.values())
