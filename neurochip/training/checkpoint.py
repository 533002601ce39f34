"""Checkpoints: one HDF5 file with a checksum behind it, written whole or not at all."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.data import Dataset, Head, Heads
from neurochip.data.heads import HeadKind
from neurochip.data.scaling import Scaling
from neurochip.durable.atomic import replacing
from neurochip.durable.seal import check_seal, sealed
from neurochip.errors import CheckpointError
from neurochip.files import Foreign, Hdf5Group, decode_json, read_hdf5
from neurochip.substrate import Counters, Parameters, Phase
from neurochip.training.coding import Coding
from neurochip.training.record import EpochRecord
from neurochip.training.state import Best, TrainingState

__all__ = ["Stored", "read_checkpoint", "read_trained", "write_checkpoint"]

FORMAT = 3
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Seconds = Annotated[float, msgspec.Meta(ge=0)]


class _Position(TypedDict):
    """Where a run stands: the plain values of `TrainingState`."""

    epoch: _Count
    minibatch: _Count
    wrong: _Count
    seen: _Count
    updates: _Count
    squared: NotRequired[_Seconds]
    epoch_seconds: _Seconds
    seconds: _Seconds
    resumed: _Count
    started: str
    ended: NotRequired[str]


class _Head(TypedDict):
    """What stands of a head in words."""

    name: str
    kind: HeadKind
    names: tuple[str, ...]


_FAMILIES = ("weights", "feedback", "biases")
_NUMBERS = tuple(_Position.__annotations__)


def write_checkpoint(
    path: Path, state: TrainingState, *, run: str, digest: str, samples: Dataset | Coding | None = None
) -> None:
    """Write the state of a run.

    Parameters
    ----------
    path
        The file; replaced in one step.
    run
        The resolved run, as TOML.
    digest
        Of the network on its chip: a checkpoint of another one is refused.
    samples
        What it learns from: their digest and how they are coded are kept, so that others can be coded alike.

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
        file.attrs["counters"] = json.dumps(state.counters.to_json())
        file.attrs["diagnostics"] = json.dumps(state.diagnostics)
        file.attrs["endings"] = json.dumps(state.endings)
        file.attrs["epochs"] = json.dumps([dataclasses.asdict(e) for e in state.epochs])
        _write_parameters(file, state.parameters)
        if state.best is not None:
            group = file.create_group("best")
            group.create_dataset("epoch", data=state.best.epoch)
            _write_parameters(group, state.best.parameters)
            for name, table in (("confusion", state.best.confusion), ("said", state.best.said)):
                if table is not None:
                    group.create_dataset(name, data=table)
        group = file.create_group("moments")
        for name, array in state.moments.items():
            group.create_dataset(name, data=array)
        if state.confusion is not None:
            file.create_dataset("confusion", data=state.confusion)
        if state.said is not None:
            file.create_dataset("said", data=state.said)
        if samples is not None:
            _write_coding(file.create_group("data"), samples)
        group = file.create_group("resting")
        for name, array in state.resting.items():
            group.create_dataset(name, data=array, compression="gzip", compression_opts=1)
    with replacing(path) as out:
        out.write(memory.getbuffer())
        out.write(sealed(memory.getbuffer()))


def _write_parameters(group: Any, parameters: Parameters) -> None:
    for family in _FAMILIES:
        inner = group.create_group(family)
        for k, array in enumerate(getattr(parameters, family)):
            inner.create_dataset(str(k), data=array)


def _write_coding(group: Any, samples: Dataset | Coding) -> None:
    group.create_dataset("digest", data=samples.digest)
    outputs = samples.heads.all[0].names if samples.heads.is_numbers else ()
    group.create_dataset("classes", data=json.dumps(list(samples.classes)))
    group.create_dataset("outputs", data=json.dumps(list(outputs)))
    group.create_dataset("features", data=json.dumps(list(samples.features)))
    heads = samples.heads
    _write_scaling(group, "inputs", samples.scaling)
    if heads.is_numbers:
        _write_scaling(group, "targets", heads.all[0].scaling)
    elif not heads.is_classes:
        told = [{"name": head.name, "kind": head.kind, "names": head.names} for head in heads]
        group.create_dataset("heads", data=json.dumps(told))
        for k, head in enumerate(heads):
            _write_scaling(group, f"head {k}", head.scaling)


def _write_scaling(group: Any, name: str, scaling: Scaling | None) -> None:
    if scaling is None:
        return
    inner = group.create_group(name)
    inner.create_dataset("kind", data=scaling.kind)
    inner.create_dataset("low", data=scaling.low)
    inner.create_dataset("high", data=scaling.high)


class Stored(NamedTuple):
    """What stands in a checkpoint: where the run was, the digest of its network, and how its samples are coded.

    ``coding`` is `None` in a checkpoint of an earlier version.
    """

    state: TrainingState
    digest: str
    coding: Coding | None


def read_trained(path: Path, *, n_inputs: int) -> Stored:
    """Return everything that a checkpoint holds, of whatever network it is; that has to be compared.

    Parameters
    ----------
    n_inputs
        Of the network.

    Raises
    ------
    CheckpointError
        When the file is missing, damaged, or of another format.
    """
    file = Foreign(path, "a checkpoint", "train again, or restore it from a copy", error=CheckpointError)
    check_seal(file)
    found = read_hdf5(file, attributes=True)
    with file.guarded():
        digest = str(found.attributes["digest"])
        return Stored(_state(found, file, digest), digest, _coding(found, file, n_inputs))


def _coding(found: Hdf5Group, file: Foreign, n_inputs: int) -> Coding | None:
    group = found.groups.get("data")
    if group is None or "outputs" not in group.arrays:
        return None
    classes, outputs, features = (
        tuple(decode_json(str(group.arrays.get(key, "[]")), file, list[str], key))
        for key in ("classes", "outputs", "features")
    )
    if len(features) not in (0, n_inputs):
        raise ValueError(f"data/features names {len(features)} inputs of {n_inputs}")
    scalings = [_scaling(group.groups.get(key)) for key in ("inputs", "targets")]
    if scalings[0] is None:
        raise ValueError("data/inputs is missing")
    heads = Heads.of_classes(classes) if scalings[1] is None else Heads.of_numbers(outputs, scalings[1])
    if "heads" in group.arrays:
        told = decode_json(str(group.arrays["heads"]), file, list[_Head], "heads")
        heads = Heads(tuple(_head(head, group.groups.get(f"head {k}")) for k, head in enumerate(told)))
    return Coding(n_inputs, heads, scalings[0], str(group.arrays["digest"]), features)


def _head(told: _Head, group: Hdf5Group | None) -> Head:
    scaling = _scaling(group)
    if (scaling is None) == (told["kind"] == "numbers") or len(told["names"]) < 1 + (
        told["kind"] == "classes"
    ):
        raise ValueError(f"data/heads: {told['name']} is no head")
    if scaling is not None and len(scaling.low) != len(told["names"]):
        raise ValueError(f"data/heads: {told['name']} has {len(told['names'])} numbers and other ends")
    return Head(told["name"], told["kind"], told["names"], scaling)


def _scaling(group: Hdf5Group | None) -> Scaling | None:
    if group is None:
        return None
    low, high = (np.asarray(group.arrays[end], dtype=np.float64) for end in ("low", "high"))
    if low.ndim != 1 or low.shape != high.shape or not np.all(np.isfinite(low) & np.isfinite(high)):
        raise ValueError("the ends of a scaling are no rows of numbers")
    return Scaling(str(group.arrays["kind"]), low, high)


def read_checkpoint(path: Path, *, digest: str) -> TrainingState:
    """Return the state that a checkpoint holds.

    Raises
    ------
    CheckpointError
        When the file is missing, damaged, of another format, or of another network than ``digest``.
    """
    file = Foreign(
        path,
        "a checkpoint",
        "remove it, and --resume begins the run anew",
        absent="there is nothing to resume here",
        error=CheckpointError,
    )
    check_seal(file)
    found = read_hdf5(file, attributes=True)
    with file.guarded():
        return _state(found, file, digest)


def _state(found: Hdf5Group, file: Foreign, digest: str) -> TrainingState:
    said = found.attributes
    number = int(said["format"])
    if number != FORMAT:
        raise CheckpointError(str(file.path), f"has format {number}, this version reads {FORMAT}")
    if said["digest"] != digest:
        raise CheckpointError(
            str(file.path), "belongs to another network or chip; resume it with its own run.toml"
        )
    position = decode_json(said["position"], file, _Position, "position")
    return TrainingState(
        parameters=_parameters(found),
        counters=Counters.from_json(decode_json(said["counters"], file, within="counters")),
        epochs=decode_json(said["epochs"], file, list[EpochRecord], "epochs"),
        diagnostics=decode_json(
            said.get("diagnostics", "[]"), file, list[dict[str, Any]], "diagnostics", nan=True
        ),
        endings=decode_json(
            said.get("endings", "{}"), file, dict[str, dict[Phase, dict[str, float]]], "endings", nan=True
        ),
        confusion=_confusion(found),
        said=_said(found),
        resting=dict(found.groups["resting"].arrays),
        moments=dict(found.groups["moments"].arrays) if "moments" in found.groups else {},
        best=_best(found.groups["best"]) if "best" in found.groups else None,
        **position,
    )


def _parameters(group: Hdf5Group) -> Parameters:
    families = {}
    for family in _FAMILIES:
        arrays = group.groups[family].arrays
        families[family] = tuple(arrays[str(k)] for k in range(len(arrays)))
    return Parameters(**families)


def _best(group: Hdf5Group) -> Best:
    epoch = np.asarray(group.arrays["epoch"])
    if epoch.shape != () or epoch.dtype.kind not in "iu":
        raise ValueError("best/epoch is no number of epochs")
    return Best(int(epoch), _parameters(group), _confusion(group), _said(group))


def _confusion(found: Hdf5Group) -> NDArray[np.int64] | None:
    matrix = found.arrays.get("confusion")
    if matrix is None:
        return None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.dtype.kind not in "iu":
        raise ValueError("confusion is no square table of counts")
    return np.asarray(matrix, dtype=np.int64)


def _said(found: Hdf5Group) -> NDArray[np.float64] | None:
    answers = found.arrays.get("said")
    if answers is None:
        return None
    if answers.ndim != 2 or answers.dtype.kind != "f":
        raise ValueError("said is no table of numbers")
    return np.asarray(answers, dtype=np.float64)
