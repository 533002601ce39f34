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
        Of each sample; `None` where it says other than one class.
    heads
        The answer of each head by its name, where it says labels or has several heads: labels of classes, bool
        [sample, label], numbers; else empty.
    names
        Of the outputs: classes, labels or numbers.
    outputs
        f64[sample, output]: what the output neurons say; of numbers alone, in their own unit.
    """

    def __init__(self, model: Model, x: Array | SpikeTrains) -> None:
        said, coding = model.outputs(x), model.coding
        answers = coding.answers(said)
        self.labels: Array | None = None
        self.heads: dict[str, Array] = {}
        self.names = tuple(name for head in coding.heads for name in head.names)
        self.outputs: Array = said
        if coding.is_regression:
            self.outputs = coding.heads.answered(said)
        elif coding.heads.is_classes:
            [self.labels] = answers.values()
        else:
            self.heads = answers
            single = len(coding.heads) == 1
            self.names = tuple(
                n if single else f"{head.name}: {n}" for head in coding.heads for n in head.names
            )
        self._columns = coding.heads.targets

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        table: dict[str, Any] = {"names": list(self.names), "outputs": self.outputs.tolist()}
        if self.heads:
            return {"heads": {name: answer.tolist() for name, answer in self.heads.items()}, **table}
        return table if self.labels is None else {"labels": self.labels.tolist(), **table}

    def rows(self, most: int | None = None) -> tuple[list[str], list[list[Any]]]:
        """Return headings, and a row for each sample: its number from 1, its answer, what each output says.

        The answer is a label; of several heads a column for each target, called as in the data, with labels as 0 or 1.
        """
        columns: list[Array] = [] if self.labels is None else [self.labels]
        head = [] if self.labels is None else ["label"]
        for answer in self.heads.values():
            whole = answer.astype(np.int64) if answer.dtype == bool else answer
            columns += [whole] if whole.ndim == 1 else [*whole.T]
        head += list(self._columns) if self.heads else []
        names = [f"output {name}" for name in self.names] if columns else list(self.names)
        rows = [
            [k + 1, *(column[k].item() for column in columns), *row]
            for k, row in enumerate(self.outputs[:most].tolist())
        ]
        return ["sample", *head, *names], rows

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
        """Return the arrays ``labels``, ``outputs`` and ``names``; of several heads ``answer/HEAD``, not labels."""
        arrays: dict[str, Any] = {"outputs": self.outputs, "names": np.array(self.names)}
        if self.labels is not None:
            arrays["labels"] = self.labels
        arrays |= {f"answer/{name}": answer for name, answer in self.heads.items()}
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
