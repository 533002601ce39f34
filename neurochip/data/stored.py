"""Data sets as files, just as a run sees them: parted, scaled, with the names of their classes."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.dataset import Dataset, Part
from neurochip.data.heads import Head, HeadKind, Heads
from neurochip.data.scaling import Scaling
from neurochip.data.section import DataSpec
from neurochip.durable.atomic import replacing
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, decode_json
from neurochip.spikes import SpikeTrains

__all__ = ["is_stored", "stored_samples", "write_samples"]

Array = NDArray[Any]
_MARK = "neurochip.samples"
_FORMAT = 1
_PARTS = ("train", "test", "validation")


@dataclass(frozen=True)
class _Head:
    """What stands of a head in words; ends of numbers are arrays."""

    name: str
    kind: HeadKind
    names: tuple[str, ...]
    scaling: str | None = None


@dataclass(frozen=True)
class _About:
    """What stands in words."""

    name: str
    classes: tuple[str, ...]
    outputs: tuple[str, ...]
    features: tuple[str, ...]
    scaling: str
    target_scaling: str | None
    clipped: int
    provenance: str
    format: int = _FORMAT
    heads: tuple[_Head, ...] = ()  # where neither one class nor numbers are all that is learnt


def write_samples(samples: Dataset, path: Path | str) -> Path:
    """Write a data set to an .npz that ``data.file`` takes; it appears whole or not at all.

    Parameters
    ----------
    samples
        As `neurochip.data.load` or `neurochip.data.from_arrays` return them.
    path
        Of the file, with its ``.npz``.

    Raises
    ------
    ConfigError
        For another ending.
    OutputError
        When it cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise ConfigError("path", f"must end in .npz, got {path}")
    heads = samples.heads
    numbers = heads.all[0].scaling if heads.is_numbers else None
    about = dataclasses.asdict(_About(
        samples.name, samples.classes, samples.outputs, samples.features, samples.scaling.kind,
        None if numbers is None else numbers.kind, samples.clipped, samples.provenance,
    ))  # fmt: skip
    scalings = {"inputs": samples.scaling} | ({} if numbers is None else {"targets": numbers})
    del about["heads"]
    if not heads.is_classes and not heads.is_numbers:
        about["heads"] = [
            {"name": head.name, "kind": head.kind, "names": head.names}
            | ({} if head.scaling is None else {"scaling": head.scaling.kind})
            for head in heads
        ]
        scalings |= {f"heads.{k}": head.scaling for k, head in enumerate(heads) if head.scaling is not None}
    arrays: dict[str, Array] = {_MARK: np.array(json.dumps(about, ensure_ascii=False))}
    for name, scaling in scalings.items():
        arrays |= {f"{name}.low": scaling.low, f"{name}.high": scaling.high}
    for split, part in samples.parts():
        arrays[f"{split}.targets"] = part.targets
        if isinstance(part.inputs, SpikeTrains):
            shown = part.inputs
            arrays |= {f"{split}.starts": shown.starts, f"{split}.at": shown.at}
            arrays[f"{split}.window"] = np.array([shown.ticks, shown.units])
        else:
            arrays[f"{split}.inputs"] = part.inputs
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    with replacing(path) as file:
        file.write(content.getvalue())
    return path


def is_stored(arrays: Mapping[str, Array]) -> bool:
    """Whether an .npz holds such a data set."""
    return _MARK in arrays


def stored_samples(arrays: Mapping[str, Array], file: Foreign, spec: DataSpec) -> Dataset:
    """Return the data set of an .npz, as it was written.

    Raises
    ------
    DataError
        For a file that is damaged.
    ConfigError
        For keys of ``[data]`` that have no effect on what is parted and scaled already.
    """
    for key in (
        "inputs",
        "leave_out",
        "target",
        "kinds",
        "scaling",
        "test_share",
        "split_seed",
        "tick",
        "window",
        "sensor",
    ):
        if getattr(spec, key):
            raise ConfigError(
                f"data.{key}", f"has no effect on {file.path.name}, which is parted and scaled; leave it out"
            )
    with file.guarded():
        about = decode_json(str(arrays[_MARK][()]), file, _About, _MARK)
        if about.format != _FORMAT:
            raise DataError(
                f"{file.path}: {_MARK}.format",
                f"is {about.format}, and this version reads {_FORMAT}; use the version that wrote it",
            )
        parts = {split: _part(arrays, split) for split in _PARTS if f"{split}.targets" in arrays}
        return Dataset(
            name=about.name,
            train=parts["train"],
            test=parts["test"],
            validation=parts.get("validation"),
            heads=_heads(about, arrays),
            features=about.features,
            scaling=_scaling(arrays, "inputs", about.scaling),
            clipped=about.clipped,
            provenance=about.provenance,
        )


def _heads(about: _About, arrays: Mapping[str, Array]) -> Heads:
    if about.heads:
        made = []
        for k, head in enumerate(about.heads):
            scaling = None if head.scaling is None else _scaling(arrays, f"heads.{k}", head.scaling)
            made.append(Head(head.name, head.kind, head.names, scaling))
        return Heads(tuple(made))
    if about.target_scaling is None:
        return Heads.of_classes(about.classes)
    return Heads.of_numbers(about.outputs, _scaling(arrays, "targets", about.target_scaling))


def _part(arrays: Mapping[str, Array], split: str) -> Part:
    targets = arrays[f"{split}.targets"].copy()
    if f"{split}.inputs" in arrays:
        return Part(arrays[f"{split}.inputs"].copy(), targets)
    starts, at, window = (_whole(arrays, f"{split}.{name}") for name in ("starts", "at", "window"))
    if len(window) != 2:
        raise DataError(f"{split}.window", f"must be ticks and units, got {len(window)} numbers")
    return Part(SpikeTrains(starts, at, int(window[0]), int(window[1])), targets)


def _whole(arrays: Mapping[str, Array], name: str) -> NDArray[np.int64]:
    """Return a row of whole numbers, which a cast would make of any others."""
    found = arrays[name]
    if found.ndim != 1 or found.dtype.kind not in "iu" or (found > np.iinfo(np.int64).max).any():
        raise DataError(name, f"must be a row of whole numbers, got {found.dtype} {found.shape}")
    return found.astype(np.int64)


def _scaling(arrays: Mapping[str, Array], name: str, kind: str) -> Scaling:
    low, high = (arrays[f"{name}.{end}"].astype(np.float64) for end in ("low", "high"))
    if low.ndim != 1 or low.shape != high.shape or not np.all(np.isfinite(low) & np.isfinite(high)):
        raise ValueError("the ends of a scaling are no rows of numbers")
    return Scaling(kind, low, high)
