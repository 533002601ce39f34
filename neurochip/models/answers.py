"""Answers of a model as a file: CSV or .npz."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.durable.atomic import replacing
from neurochip.errors import ConfigError
from neurochip.models.model import Model
from neurochip.spikes import SpikeTrains

__all__ = ["Answers", "check_name", "write_answers"]

Array = NDArray[Any]


class Answers:
    """What a model says of samples.

    Attributes
    ----------
    labels
        Of each sample; `None` where it says numbers.
    names
        Of the outputs: classes, or numbers.
    outputs
        f64[sample, output]: what the output neurons say; of numbers, in their own unit.
    """

    def __init__(self, model: Model, x: Array | SpikeTrains) -> None:
        said = model.outputs(x)
        coding = model.coding
        self.labels: Array | None = None
        self.names = coding.outputs
        self.outputs: Array = said
        if coding.is_regression:
            self.outputs = coding.said(said)
        else:
            self.labels, self.names = coding.labels(np.argmax(said, axis=1)), coding.classes

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        table: dict[str, Any] = {"names": list(self.names), "outputs": self.outputs.tolist()}
        return table if self.labels is None else {"labels": self.labels.tolist(), **table}

    def rows(self, most: int | None = None) -> tuple[list[str], list[list[Any]]]:
        """Return headings, and a row for each sample: its number from 1, its label, what each output says."""
        label = [] if self.labels is None else ["label"]
        names = self.names if self.labels is None else [f"output {name}" for name in self.names]
        rows = [
            [k + 1, *([] if self.labels is None else [self.labels[k]]), *row]
            for k, row in enumerate(self.outputs[:most].tolist())
        ]
        return ["sample", *label, *names], rows

    def table(self, most: int) -> tuple[list[str], list[list[str]]]:
        """Return the same of the first samples, in words."""
        head, rows = self.rows(most)
        return head, [
            [f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows
        ]

    def csv(self) -> bytes:
        """Return all rows as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        head, rows = self.rows()
        writer.writerow(head)
        writer.writerows(rows)
        return text.getvalue().encode()

    def npz(self) -> bytes:
        """Return the arrays ``labels``, ``outputs`` and ``names``."""
        arrays: dict[str, Any] = {"outputs": self.outputs, "names": np.array(self.names)}
        if self.labels is not None:
            arrays["labels"] = self.labels
        memory = io.BytesIO()
        np.savez_compressed(memory, **arrays)
        return memory.getvalue()


def check_name(path: Path) -> str:
    """Return the kind of file that a name asks for.

    Raises
    ------
    ConfigError
        Where answers are not written so.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".npz"):
        raise ConfigError("--out", f"must end in .csv or .npz, got {path}")
    return suffix


def write_answers(answers: Answers, path: Path) -> None:
    """Write a CSV or an .npz, whichever the name says; it appears whole or not at all.

    Raises
    ------
    ConfigError
        For another name.
    OutputError
        When it cannot be written.
    """
    content = answers.csv() if check_name(path) == ".csv" else answers.npz()
    with replacing(path) as file:
        file.write(content)
