"""A file of recorded spikes: ``spikes.0`` …, and what it may also say of weights and placement (docs/replay.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from neurochip.errors import DataError
from neurochip.files import Foreign, read_arrays
from neurochip.spikes import SHAPE, Spikes, spikes_of

__all__ = ["RecordedTraffic", "is_recorded_name", "load_arrays", "recorded_traffic"]

Array = NDArray[Any]

_K = "(0|[1-9][0-9]{0,3})"
_NAME = re.compile(rf"(spikes|weights|recurrent|feedback|placement)\.{_K}|spikes\.{_K}{re.escape(SHAPE)}")


@dataclass(frozen=True, eq=False)
class RecordedTraffic:
    """What a file of spikes says.

    Attributes
    ----------
    spikes
        List over layers, [tick, unit].
    weights
        List over projections from layer k to layer k+1, [pre, post]; `None` when the file has none.
    recurrent, feedback
        As `neurochip.replay` takes them; `None` when the file has none.
    placement
        List over layers of core indices, [unit]; `None` when the file has none.
    """

    spikes: tuple[Spikes, ...]
    weights: tuple[Array, ...] | None = None
    recurrent: tuple[Array | None, ...] | None = None
    feedback: tuple[Array | None, ...] | None = None
    placement: tuple[Array, ...] | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer."""
        return tuple(raster.units for raster in self.spikes)


def load_arrays(path: Path | str) -> dict[str, Array]:
    """Return all arrays of an .npz, or one sentence about why it is none."""
    return read_arrays(
        Foreign(
            Path(path),
            "an .npz of plain arrays",
            "write it anew with numpy.savez",
            absent="name an .npz of recorded spikes",
        )
    )


def is_recorded_name(name: str) -> bool:
    """Whether an array of a file of spikes may be called so."""
    return _NAME.fullmatch(name) is not None


def recorded_traffic(arrays: Mapping[str, Array], *, input_only: bool = False) -> RecordedTraffic:
    """Return the checked content of a file of spikes.

    Parameters
    ----------
    input_only
        Whether ``spikes.0`` will do and nothing but ``placement.K`` may be there: the rest is computed.

    Raises
    ------
    DataError
        An array that is missing, too much, of another type or of another shape.
    """
    found: dict[str, dict[int, Array]] = {}
    shaped: set[int] = set()
    for name, values in arrays.items():
        match = _NAME.fullmatch(name)
        of_input = name in ("spikes.0", f"spikes.0{SHAPE}") or (match is not None and match[1] == "placement")
        if match is None or (input_only and not of_input):
            wanted = (
                "spikes.0 and placement.K"
                if input_only
                else "spikes.K, weights.K, recurrent.K, feedback.K or placement.K"
            )
            raise DataError(name, f"is no array of such a file; it may have {wanted}")
        if match[3] is not None:
            shaped.add(int(match[3]))
        else:
            found.setdefault(match[1], {})[int(match[2])] = values
    given = found.get("spikes", {})
    n_layers = max(shaped.union(given), default=0) + 1
    rasters: list[Spikes] = []
    for k in range(n_layers):
        if k not in given:
            raise DataError(f"spikes.{k}", "is missing; every layer needs its raster, the input is spikes.0")
        ticks = str(rasters[0].ticks) if rasters else "ticks"
        if k not in shaped and given[k].ndim != 2:
            raise DataError(f"spikes.{k}", f"must have shape ({ticks}, units), got {given[k].shape}")
        raster = spikes_of(arrays, f"spikes.{k}")
        if raster.batch is not None or 0 in raster.shape or (rasters and raster.ticks != rasters[0].ticks):
            raise DataError(f"spikes.{k}", f"must have shape ({ticks}, units), got {raster.shape}")
        rasters.append(raster)
    if n_layers < 2 and not input_only:
        raise DataError("spikes.1", "is missing; traffic needs at least two layers")
    sizes = [raster.units for raster in rasters]
    return RecordedTraffic(
        spikes=tuple(rasters),
        weights=_all_of(found, "weights", [(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]),
        recurrent=_some_of(found, "recurrent", {k: (sizes[k], sizes[k]) for k in range(1, n_layers)}),
        feedback=_some_of(found, "feedback", {k: (sizes[k + 1], sizes[k]) for k in range(1, n_layers - 1)}),
        placement=_in_order(found)
        if input_only
        else _all_of(found, "placement", [(size,) for size in sizes]),
    )


def _in_order(found: Mapping[str, Mapping[int, Array]]) -> tuple[Array, ...] | None:
    """Return the placement of groups whose sizes the network knows; `None` where there is none."""
    given = found.get("placement")
    if given is None:
        return None
    for k in range(len(given)):
        if k not in given:
            raise DataError(f"placement.{k}", f"is missing; give all {max(given) + 1} of placement or none")
    return tuple(given[k] for k in range(len(given)))


def _shaped(name: str, values: Array, shape: tuple[int, ...]) -> Array:
    if values.shape != shape:
        raise DataError(name, f"must have shape {shape}, as the rasters have it, got {values.shape}")
    return values


def _all_of(
    found: Mapping[str, Mapping[int, Array]], kind: str, shapes: list[tuple[int, ...]]
) -> tuple[Array, ...] | None:
    """Return one array for each shape, or `None` where there is none at all."""
    if kind not in found:
        return None
    for k in found[kind]:
        if k >= len(shapes):
            raise DataError(f"{kind}.{k}", f"is too much; the last is {kind}.{len(shapes) - 1}")
    for k in range(len(shapes)):
        if k not in found[kind]:
            raise DataError(f"{kind}.{k}", f"is missing; give all {len(shapes)} of {kind} or none")
    return tuple(_shaped(f"{kind}.{k}", found[kind][k], shape) for k, shape in enumerate(shapes))


def _some_of(
    found: Mapping[str, Mapping[int, Array]], kind: str, shapes: dict[int, tuple[int, ...]]
) -> tuple[Array | None, ...] | None:
    """Return what there is, by layer; `None` where there is none at all."""
    if kind not in found:
        return None
    for k in found[kind]:
        if k not in shapes:
            known = f"{kind}.1 to {kind}.{max(shapes)}" if shapes else f"no {kind}"
            raise DataError(f"{kind}.{k}", f"has no place here; so many layers have {known}")
    return tuple(
        _shaped(f"{kind}.{k}", found[kind][k], shape) if k in found[kind] else None
        for k, shape in shapes.items()
    )
