"""Samples as a run sees them: inputs in [0, 1], and classes, labels or numbers as targets."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.data.heads import Head, Heads
from neurochip.data.scaling import BYTES, Scaling
from neurochip.data.section import DataSpec
from neurochip.errors import DataError
from neurochip.spikes import SpikeTrains

__all__ = ["Dataset", "Part", "Split", "ready"]

Array = NDArray[np.number]
Split = Literal["train", "test", "validation"]
FULL_SCALE = np.float32(255)
_MOST_READY = 64_000_000  # values of test inputs that `ready` keeps as float32


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Samples of one part.

    Attributes
    ----------
    inputs
        u8[sample, input], fractions of 255; or f32[sample, input] in [0, 1]; or spikes.
    targets
        i64[sample], the class of each, where one class is all that is learnt; else f64[sample, column]: numbers in
        their own unit, 1 or 0 for labels, classes by number.
    """

    inputs: Array | SpikeTrains
    targets: NDArray[Any]  # classes, or numbers

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.targets)

    def taken(self, rows: Array | slice) -> Part:
        """Return some of the samples, copied so that they do not keep the others in memory."""
        return Part(self.inputs[rows].copy(), self.targets[rows].copy())


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dataset:
    """Samples, parted into those that are learnt from and those that test.

    Bytes stay bytes (the whole of MNIST is 55 MB so, 220 MB in float32); `inputs` turns the few that a minibatch needs
    into values. Every array is read-only.

    Attributes
    ----------
    name
        What they are called.
    train, test
        The two parts.
    validation
        Training samples that are held out for choices, or `None`.
    heads
        What is learnt of a sample.
    features
        Names of the inputs, in their order; empty where they have none.
    scaling
        What was done to the inputs.
    clipped
        How many inputs lay beyond the ends of the scaling, or spikes on one another, in all parts.
    provenance
        Who made the data and under what licence, one line.
    source
        The section of a run that reads the same again, with the digest of what was read; `None` where nothing does.
    """

    name: str
    train: Part = field(repr=False)
    test: Part = field(repr=False)
    heads: Heads = field(repr=False)
    validation: Part | None = field(default=None, repr=False)
    features: tuple[str, ...] = field(default=(), repr=False)
    scaling: Scaling = field(default=BYTES, repr=False)
    clipped: int = 0
    provenance: str = ""
    source: DataSpec | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check element types, shapes and the range of labels."""
        for split, part in self.parts():
            self._check(f"{self.name}: {split}", part)
            part.inputs.setflags(write=False)
            part.targets.setflags(write=False)
        for split, part in self.parts():
            if part.inputs.shape[1] != self.n_inputs:
                raise DataError(
                    self.name,
                    f"training samples have {self.n_inputs} inputs, those of {split} {part.inputs.shape[1]}; all must "
                    "have the same number",
                )

    def _check(self, place: str, part: Part) -> None:
        inputs, targets = part.inputs, part.targets
        is_shown = isinstance(inputs, SpikeTrains)
        if not isinstance(inputs, SpikeTrains):
            if inputs.dtype not in (np.uint8, np.float32) or inputs.ndim != 2:
                found = f"{inputs.dtype} {inputs.shape}"
                raise DataError(place, f"inputs must be uint8 or float32 [sample, input], got {found}")
            if inputs.size and inputs.dtype == np.float32 and not (inputs.min() >= 0 and inputs.max() <= 1):
                raise DataError(place, "inputs must lie in [0, 1] and be finite; scale them")
        if is_shown != isinstance(self.train.inputs, SpikeTrains):
            raise DataError(place, "must show spikes in all parts or in none")
        if len(inputs) == 0:
            raise DataError(place, "must have at least one sample, has none")
        if (
            not isinstance(inputs, SpikeTrains)
            and inputs.dtype == np.float32
            and not (inputs.min() >= 0 and inputs.max() <= 1)
        ):
            raise DataError(place, "inputs must lie in [0, 1] and be finite; scale them")
        self._check_targets(place, targets, len(inputs))

    def _check_targets(self, place: str, targets: Array, n: int) -> None:
        for head in self.heads:
            if head.kind == "classes" and head.size < 2:
                of = "" if self.heads.is_classes else f" of {head.name}"
                raise DataError(place, f"must have at least 2 classes{of}, has {head.size}")
        if self.heads.is_classes:
            if targets.dtype != np.int64 or targets.shape != (n,):
                needed = f"int64 [{n}] as there are samples"
                raise DataError(place, f"labels must be {needed}, got {targets.dtype} {targets.shape}")
            wrong = targets[(targets < 0) | (targets >= len(self.classes))]
            if len(wrong):
                raise DataError(place, f"labels must be 0 to {len(self.classes) - 1}, got {wrong[0]}")
            return
        if targets.dtype != np.float64 or targets.shape != (n, self.heads.columns):
            needed = f"float64 [{n}, {self.heads.columns}]"
            raise DataError(place, f"targets must be {needed}, got {targets.dtype} {targets.shape}")
        if not np.all(np.isfinite(targets)):
            raise DataError(place, "targets must be finite")
        for head, at in self.heads.by_columns():
            held = targets[:, at]
            if head.kind == "numbers" and head.scaling is None:
                raise DataError(place, f"{head.name} must say what its neurons say at 0 and at 1 (scaling)")
            most = 1 if head.kind == "labels" else head.size - 1
            wrong = held[(held < 0) | (held > most) | (held != np.rint(held))]
            if head.kind != "numbers" and len(wrong):
                raise DataError(place, f"targets of {head.name} must be whole, 0 to {most}, got {wrong[0]:g}")

    def parts(self) -> Iterator[tuple[Split, Part]]:
        """Give the parts that there are, by name."""
        yield "train", self.train
        yield "test", self.test
        if self.validation is not None:
            yield "validation", self.validation

    def part(self, split: Split) -> Part:
        """Return a part; DataError where there is none of that name."""
        for name, part in self.parts():
            if name == split:
                return part
        raise DataError(self.name, f"has no {split} part")

    @property
    def classes(self) -> tuple[str, ...]:
        """The label of each class, in the order of the output neurons; empty where more than one class is learnt."""
        return self.heads.all[0].names if self.heads.is_classes else ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """The name of each number; empty where more than numbers is learnt."""
        return self.heads.all[0].names if self.heads.is_numbers else ()

    @property
    def is_regression(self) -> bool:
        """Whether the targets are numbers alone."""
        return self.heads.is_numbers

    @property
    def n_inputs(self) -> int:
        """Neurons that show a sample."""
        return int(self.train.inputs.shape[1])

    @property
    def n_outputs(self) -> int:
        """Neurons that answer, of all heads."""
        return self.heads.n_outputs

    @property
    def ticks(self) -> int:
        """Ticks of the window, where inputs are spikes; else 0."""
        inputs = self.train.inputs
        return inputs.ticks if isinstance(inputs, SpikeTrains) else 0

    def presented(self, rows: Array | slice, split: Split = "train") -> NDArray[np.float32] | SpikeTrains:
        """Return what a substrate presents of samples: their values, or their spikes."""
        shown = self.part(split).inputs
        return shown[rows] if isinstance(shown, SpikeTrains) else self.inputs(rows, split)

    def inputs(self, rows: Array | slice, split: Split = "train") -> NDArray[np.float32]:
        """Return samples as values of neurons: f32[sample, input] in [0, 1], bytes as fractions of 255.

        Raises
        ------
        DataError
            Where the samples are spikes, which `presented` returns.
        """
        values = self.part(split).inputs
        if isinstance(values, SpikeTrains):
            raise DataError(
                self.name, "shows spikes in their ticks, and values that stand still are needed here"
            )
        if values.dtype == np.uint8:
            return np.divide(values[rows], FULL_SCALE, dtype=np.float32)
        return np.asarray(values[rows], dtype=np.float32)

    def targets(self, rows: Array | slice, split: Split = "train") -> NDArray[np.float32]:
        """Return what the output neurons should say, f32[sample, output] in [0, 1]: 1 for the class and for labels that
        hold, or numbers.
        """
        return self.heads.coded(self.part(split).targets[rows])

    def labels(self, split: Split = "train") -> NDArray[np.int64]:
        """Return the class of each sample, i64[sample].

        Raises
        ------
        DataError
            Where not one class is all that is learnt.
        """
        if not self.heads.is_classes:
            has = "numbers" if self.is_regression else "labels or several classes"
            raise DataError(self.name, f"has {has} as targets, and classes are needed")
        return self.part(split).targets

    def wanted(self, rows: Array | slice, split: Split = "train") -> Array:
        """Return the classes i64[sample] of samples, or else what output neurons should say, f32[sample, output]."""
        return self.part(split).targets[rows] if self.heads.is_classes else self.targets(rows, split)

    @property
    def digest(self) -> str:
        """SHA-256 of what tells these samples from any others: that of the file, or else of all arrays."""
        if self.source is not None and self.source.digest is not None:
            return self.source.digest
        return arrays_digest(self)

    def described(self) -> dict[str, object]:
        """Return what a report says of the data, as JSON values."""
        table: dict[str, object] = {
            "name": self.name,
            "task": self.heads.task,
            "digest": self.digest,
            "inputs": self.n_inputs,
            "train": len(self.train),
            "validation": 0 if self.validation is None else len(self.validation),
            "test": len(self.test),
            "scaling": self.scaling.kind,
            "clipped": self.clipped,
            "provenance": self.provenance,
        }
        if self.ticks:
            table["ticks"] = self.ticks
        if self.heads.is_classes:
            return table | {"classes": list(self.classes)}
        if self.is_regression:
            return table | {"outputs": _ends(self.heads.all[0])}
        heads = [
            {"name": head.name, "kind": head.kind, "names": list(head.names)}
            | ({"outputs": _ends(head)} if head.kind == "numbers" else {})
            for head in self.heads
        ]
        return table | {"heads": heads}


def _ends(head: Head) -> list[dict[str, object]]:
    """Return what each number is called, and what its neuron says at 0 and at 1."""
    if head.scaling is None:
        return []
    rows = zip(head.names, head.scaling.low, head.scaling.high, strict=True)
    return [{"name": name, "low": float(low), "high": float(high)} for name, low, high in rows]


def arrays_digest(samples: Dataset) -> str:
    """Return the SHA-256 of all arrays of a set and of the names of its classes."""
    digest = hashlib.sha256()
    for split, part in samples.parts():
        inputs = part.inputs
        shown = [inputs.starts, inputs.at] if isinstance(inputs, SpikeTrains) else [inputs]
        for array in (*shown, part.targets):
            little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            digest.update(f"{split} {little.dtype.str} {little.shape}\n".encode())
            digest.update(little.tobytes())
    single = samples.heads.is_classes or samples.heads.is_numbers
    words = [
        name if single else f"{head.name}: {head.kind}: {name}"
        for head in samples.heads
        for name in head.names
    ]
    digest.update("\n".join(words).encode())
    return digest.hexdigest()


def ready(whole: Dataset) -> Dataset:
    """Return a set for testing many networks: its test inputs are turned into values once, where they are not too many.

    Four times the memory of the bytes, at most 256 MB.
    """
    inputs = whole.test.inputs
    if isinstance(inputs, SpikeTrains) or inputs.size > _MOST_READY or inputs.dtype == np.float32:
        return whole
    return dataclasses.replace(whole, test=Part(whole.inputs(slice(None), "test"), whole.test.targets))
