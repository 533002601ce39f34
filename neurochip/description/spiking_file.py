"""The file of a `SpikingNetwork`: one .npz of plain arrays, and what has no numbers as JSON in it."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.description.spiking import (
    PARAMETERS,
    Connection,
    Kind,
    NeuronGroup,
    Reset,
    SpikingNetwork,
    real_numbers,
)
from neurochip.elements.connections import Connection as Connectivity
from neurochip.elements.connections import connectivity_of
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, briefly, converted, decode_json

__all__ = ["read_spiking", "spiking_bytes"]

FORMAT = "neurochip spiking network 1"
# What a group says only where it is not what it is by default.
_BY_DEFAULT: dict[str, object] = {"fires_when": "above", "start": "rest", "begins": 0}


def spiking_bytes(network: SpikingNetwork) -> bytes:
    """Return a network as one .npz: ``network`` is JSON, all numbers of neurons and weights are arrays."""
    arrays: dict[str, NDArray[np.number]] = {}
    groups, connections = [], []
    for k, group in enumerate(network.groups):
        groups.append(
            {
                "name": group.name,
                "kind": group.kind,
                "size": group.size,
                "reset": group.reset,
                "refractory": group.refractory,
                "metadata": dict(group.metadata),
                **({"shape": list(group.shape)} if group.shape else {}),
                **{k: getattr(group, k) for k, v in _BY_DEFAULT.items() if getattr(group, k) != v},
            }
        )
        arrays |= {f"group.{k}.{name}": values for name, values in group.parameters.items()}
    for k, c in enumerate(network.connections):
        entry: dict[str, Any] = {
            "name": c.name, "source": c.source, "target": c.target, "metadata": dict(c.metadata)
        }  # fmt: skip
        if c.connectivity is not None:
            entry["connectivity"], held = _fields_of(c.connectivity)
            arrays |= {f"connection.{k}.connectivity.{name}": values for name, values in held.items()}
        if c.delay != 1:
            entry["delay"] = c.delay
        connections.append(entry)
        if c.weights is not None:
            arrays[f"connection.{k}.weights"] = c.weights
        if c.bias is not None:
            arrays[f"connection.{k}.bias"] = c.bias
    text = {
        "format": FORMAT,
        "dt": network.dt,
        "method": network.method,
        "outputs": dict(network.outputs),
        "groups": groups,
        "connections": connections,
        "metadata": dict(network.metadata),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, network=np.array(json.dumps(text, ensure_ascii=False)), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def read_spiking(path: Path | str, arrays: Mapping[str, NDArray[Any]]) -> SpikingNetwork:
    """Return the network that `spiking_bytes` wrote, from the arrays of its file.

    Raises
    ------
    DataError
        When it is damaged or something else.
    """
    file = Foreign(Path(path), "a network", "import it again")
    with file.guarded():
        array = arrays["network"]
        if array.shape != () or array.dtype.kind != "U":
            raise file.damaged("is no text", "network")
        raw = converted(decode_json(str(array), file, within="network"), file, dict[str, object], "network")
        if raw.get("format") != FORMAT:
            said = briefly(str(raw.get("format")), 60)
            raise DataError(str(path), f'has format "{said}", and this version reads "{FORMAT}"')
        return _network(converted(raw, file, _NetworkTable, "network"), arrays)


def _network(text: _NetworkTable, arrays: Mapping[str, NDArray[Any]]) -> SpikingNetwork:
    groups = tuple(
        NeuronGroup(
            parameters={
                name: real_numbers(arrays[f"group.{k}.{name}"], f"group.{k}.{name}")
                for name in PARAMETERS[entry["kind"]]
            },
            **cast(Any, entry),
        )
        for k, entry in enumerate(text["groups"])
    )
    connections = tuple(
        Connection(
            weights=arrays.get(f"connection.{k}.weights"),
            bias=arrays.get(f"connection.{k}.bias"),
            name=entry["name"],
            source=entry["source"],
            target=entry["target"],
            metadata=entry["metadata"],
            delay=entry.get("delay", 1),
            connectivity=_connectivity(entry.get("connectivity"), arrays, f"connection.{k}.connectivity"),
        )
        for k, entry in enumerate(text["connections"])
    )
    return SpikingNetwork(
        groups=groups,
        connections=connections,
        outputs=text["outputs"],
        dt=text["dt"],
        method=text["method"],
        metadata=text["metadata"],
    )


def _fields_of(made: Connectivity) -> tuple[dict[str, object], dict[str, NDArray[np.number]]]:
    """Return kind and fields of a connectivity, and those that are arrays apart."""
    fields = {field.name: getattr(made, field.name) for field in dataclasses.fields(cast(Any, made))}
    arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    return {"kind": made.kind} | {name: fields[name] for name in fields if name not in arrays}, arrays


def _connectivity(
    fields: dict[str, Any] | None, arrays: Mapping[str, NDArray[Any]], place: str
) -> Connectivity | None:
    """Return the connectivity of a file; its own checks say whether the fields make sense."""
    if fields is None:
        return None
    kind = str(fields.get("kind"))
    cls = connectivity_of(kind, place)
    held = {
        name.removeprefix(f"{place}."): values
        for name, values in arrays.items()
        if name.startswith(f"{place}.")
    }
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items() if name != "kind"}
    try:
        made: Connectivity = cls(**given, **held)
    except ConfigError as error:
        raise ConfigError(f"{place}{error.place.removeprefix('connection')}", error.problem) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(place, f"does not describe a connectivity of kind {kind} ({error})") from error
    return made


_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
_Size = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class _GroupTable(TypedDict):
    """A group of neurons, without its numbers."""

    name: _Name
    kind: Kind
    size: _Size
    reset: Reset
    refractory: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    metadata: dict[str, object]
    shape: NotRequired[list[_Size]]
    fires_when: NotRequired[Literal["above", "reached"]]
    start: NotRequired[Literal["rest", "zero"]]
    begins: NotRequired[int]


class _ConnectionTable(TypedDict):
    """A connection, without its numbers."""

    name: Annotated[str, msgspec.Meta(max_length=1000)]
    source: _Name
    target: _Name
    metadata: dict[str, object]
    connectivity: NotRequired[dict[str, Any]]
    delay: NotRequired[int]


class _NetworkTable(TypedDict):
    """What stands as JSON under ``network``."""

    format: str
    dt: float
    method: Literal["euler", "exact"]
    outputs: dict[_Name, _Name]
    groups: list[_GroupTable]
    connections: list[_ConnectionTable]
    metadata: dict[str, object]
