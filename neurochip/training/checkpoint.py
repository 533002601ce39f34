"""Checkpoints: one HDF5 file, written whole or not at all."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from neurochip.data.atomic import replacing
from neurochip.errors import CheckpointError
from neurochip.substrate import Ledger, Parameters
from neurochip.training.record import EpochRecord
from neurochip.training.state import TrainingState

__all__ = ["read_checkpoint", "write_checkpoint"]

FORMAT = 1
# Whatever is wrong inside a file, h5py and the readers of its parts answer with one of these.
_DAMAGE = (OSError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError)
_NUMBERS = (
    "epoch",
    "minibatch",
    "wrong",
    "seen",
    "updates",
    "epoch_seconds",
    "seconds",
    "resumed",
    "started",
)


def write_checkpoint(path: Path, state: TrainingState, *, run: str, digest: str) -> None:
    """Write the state of a run.

    Parameters
    ----------
    path
        The file; replaced in one step.
    run
        The resolved run, as TOML.
    digest
        Of the network on its chip: a checkpoint of another one is refused.

    Raises
    ------
    OutputError
        When it cannot be written; an older checkpoint then stays.
    """
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs["format"] = FORMAT
        file.attrs["run"] = run
        file.attrs["digest"] = digest
        numbers = {name: getattr(state, name) for name in _NUMBERS}
        file.attrs["position"] = json.dumps(numbers)
        file.attrs["ledger"] = json.dumps(state.ledger.to_json())
        file.attrs["diagnostics"] = json.dumps(state.diagnostics)
        file.attrs["epochs"] = json.dumps([dataclasses.asdict(e) for e in state.epochs])
        for family in ("weights", "feedback", "biases"):
            group = file.create_group(family)
            for k, array in enumerate(getattr(state.parameters, family)):
                group.create_dataset(str(k), data=array)
        if state.confusion is not None:
            file.create_dataset("confusion", data=state.confusion)
        group = file.create_group("resting")
        for name, array in state.resting.items():
            group.create_dataset(name, data=array, compression="gzip", compression_opts=1)
    with replacing(path) as out:
        out.write(memory.getbuffer())


def read_checkpoint(path: Path, *, digest: str) -> TrainingState:
    """Return the state that a checkpoint holds.

    Raises
    ------
    CheckpointError
        When the file is missing, damaged, of another format, or of another network than ``digest``.
    """
    import h5py

    if not path.is_file():
        raise CheckpointError(str(path), "does not exist; there is nothing to resume here")
    try:
        with h5py.File(path, "r") as file:
            found = int(file.attrs["format"])
            if found != FORMAT:
                raise CheckpointError(str(path), f"has format {found}, this version reads {FORMAT}")
            if file.attrs["digest"] != digest:
                raise CheckpointError(
                    str(path), "belongs to another network or chip; resume it with its own run.toml"
                )
            position: dict[str, Any] = json.loads(file.attrs["position"])
            families = {
                family: tuple(np.array(file[family][str(k)]) for k in range(len(file[family])))
                for family in ("weights", "feedback", "biases")
            }
            return TrainingState(
                parameters=Parameters(**families),
                ledger=Ledger.from_json(json.loads(file.attrs["ledger"])),
                epochs=[EpochRecord(**entry) for entry in json.loads(file.attrs["epochs"])],
                diagnostics=json.loads(file.attrs.get("diagnostics", "[]")),
                confusion=np.array(file["confusion"]) if "confusion" in file else None,
                resting={name: np.array(data) for name, data in file["resting"].items()},
                **position,
            )
    except _DAMAGE as error:
        raise CheckpointError(
            str(path), "is damaged or not a checkpoint; take an older one or begin anew"
        ) from error
