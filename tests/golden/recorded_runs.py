"""The recorded runs: where they are, what is in them, and the digests that PROVENANCE.md gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent
BINARY = ("osa_predictive", "osa_plain", "polynomial_predictive", "osa_scheduled_lambda")
REAL_VALUED = "continuous"


@dataclass(frozen=True)
class RecordedRun:
    """One file of the five, by layer where that makes sense; arrays as PROVENANCE.md describes them."""

    sizes: list[int]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weights: list[NDArray[np.float64]]
    biases: list[NDArray[np.float64]]
    weights_after: list[NDArray[np.float64]]
    biases_after: list[NDArray[np.float64]]
    learning_rates: list[float]
    beta: float
    n_free: int
    n_nudged: int
    state_ticks: NDArray[np.int64]
    spikes: dict[int, NDArray[np.uint8]]
    states: dict[int, NDArray[np.float64]]
    epsilons: dict[int, NDArray[np.float64]]


def load_run(name: str) -> RecordedRun:
    """Read one recorded run."""
    with np.load(FOLDER / f"{name}.npz") as stored:
        file: dict[str, NDArray[Any]] = dict(stored)
    layers = range(len(file["sizes"]))
    projections = layers[:-1]
    return RecordedRun(
        sizes=file["sizes"].tolist(),
        x=file["x"],
        y=file["y"],
        weights=[file[f"w{k}"] for k in projections],
        biases=[file[f"b{k}"] for k in projections],
        weights_after=[file[f"w{k}_after"] for k in projections],
        biases_after=[file[f"b{k}_after"] for k in projections],
        learning_rates=file["learning_rates"].tolist(),
        beta=float(file["beta"]),
        n_free=int(file["n_free"]),
        n_nudged=int(file["n_nudged"]),
        state_ticks=file["state_ticks"],
        spikes={k: file[f"spikes{k}"] for k in layers if f"spikes{k}" in file},
        states={k: file[f"s{k}"] for k in layers if k > 0},
        epsilons={k: file[f"eps{k}"] for k in layers if f"eps{k}" in file},
    )


def recorded_digests() -> dict[str, str]:
    """Return file name -> SHA-256 from PROVENANCE.md."""
    block = (FOLDER / "PROVENANCE.md").read_text(encoding="utf-8").split("```")[1]
    return {name: digest for digest, name in (line.split() for line in block.split("\n") if line)}


def digest_of(name: str) -> str:
    """Return the SHA-256 of one file of this folder."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
