"""Networks of leaky integrate-and-fire neurons in continuous time, as NIR describes them, and their file."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection as Connectivity
from neurochip.elements.connections import Dense, OneToOne, connectivity_of
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, briefly, converted, decode_json

__all__ = [
    "PARAMETERS",
    "Connection",
    "NeuronGroup",
    "SpikingNetwork",
    "read_spiking",
    "real_numbers",
    "spiking_bytes",
]

Array = NDArray[np.float64]
Kind = Literal["Input", "IF", "LIF", "CubaLIF", "I", "LI", "CubaLI"]

FORMAT = "neurochip spiking network 1"

# What each neuron must be given, f64[unit] each; times in seconds.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "Input": (),
    "IF": ("r", "v_threshold", "v_reset"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "I": ("r",),
    "LI": ("tau", "r", "v_leak"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
}
_TIMES = ("tau", "tau_syn", "tau_mem")


# Products of three of them, and their inverses, still are numbers in float32.
_LARGEST = 1e12


def _check_magnitude(values: Array, place: str, *, is_time: bool = False) -> None:
    """Refuse numbers whose products leave float32, which chips compute in."""
    if not np.all(np.abs(values) <= _LARGEST):
        raise ConfigError(place, f"must lie within ±{_LARGEST:g}, got {values[np.argmax(np.abs(values))]:g}")
    if is_time and not np.all(values >= 1 / _LARGEST):
        raise ConfigError(place, f"must be at least {1 / _LARGEST:g} s, got {values.min():g}")


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronGroup:
    """Neurons of one kind.

    Attributes
    ----------
    name
        Unique in the network.
    kind
        ``Input`` is played back. ``IF``: v̇ = R x. ``LIF``: τ v̇ = v_leak − v + R x. ``CubaLIF``: τ_syn İ =
        −I + w_in x and
        τ_mem v̇ = v_leak − v + R I. They fire when v > v_threshold. ``I``, ``LI``, ``CubaLI``: the same
        without a threshold,
        they never fire. x is the weighted sum of the spikes plus biases.
    size
        Neurons.
    parameters
        f64[unit] each, those of `PARAMETERS`.
    reset
        What a spike does to v: ``value`` puts it to v_reset, ``subtract`` takes v_threshold away.
    refractory
        Ticks after a spike in which v stands still.
    metadata
        What came with it and plays no part.
    shape
        Of the population, (channels, height, width) of maps; empty: one dimension. Units are numbered along its last
        axis first.
    """

    name: str
    kind: Kind
    size: int
    parameters: Mapping[str, Array] = field(default_factory=dict)
    reset: Literal["value", "subtract"] = "value"
    refractory: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check that all parameters are there, of this size and sensible."""
        object.__setattr__(self, "shape", tuple(self.shape))
        if self.shape and math.prod(self.shape) != self.size:
            raise ConfigError(f"{self.name}.shape", f"must have {self.size} units, got {self.shape}")
        if self.kind not in get_args(Kind):
            raise ConfigError(
                f"{self.name}.kind", f"must be one of {', '.join(PARAMETERS)}, got {self.kind!r}"
            )
        if not self.size >= 1:
            raise ConfigError(f"{self.name}.size", f"must be at least 1, got {self.size}")
        wanted = PARAMETERS[self.kind]
        if set(self.parameters) != set(wanted):
            raise ConfigError(
                f"{self.name}",
                f"a {self.kind} has parameters {', '.join(wanted)}; got {', '.join(self.parameters)}",
            )
        for name, values in self.parameters.items():
            place = f"{self.name}.{name}"
            if values.shape != (self.size,):
                raise ConfigError(place, f"must have shape ({self.size},), got {values.shape}")
            if not np.all(np.isfinite(values)):
                raise ConfigError(place, "must be finite")
            if name in _TIMES and not np.all(values > 0):
                raise ConfigError(place, f"must be > 0, got {values.min():g}")
            _check_magnitude(values, place, is_time=name in _TIMES)
        if self.reset not in ("value", "subtract"):
            raise ConfigError(f"{self.name}.reset", f'must be "value" or "subtract", got {self.reset!r}')
        if not 0 <= self.refractory < 2**31:
            raise ConfigError(
                f"{self.name}.refractory", f"must be 0 to 2**31 - 1 ticks, got {self.refractory}"
            )
        if self.fires:
            self._check_threshold()

    def _check_threshold(self) -> None:
        theta = self.parameters["v_threshold"]
        rest = self.parameters.get("v_leak", np.zeros(self.size))
        low = np.flatnonzero(~(theta > rest))
        if low.size:
            i = int(low[0])
            raise ConfigError(
                f"{self.name}.v_threshold[{i}]",
                f"must exceed the potential at rest, {rest[i]:g}, got {theta[i]:g}",
            )
        high = np.flatnonzero(self.parameters["v_reset"] > theta)
        if high.size and self.reset == "value":
            i = int(high[0])
            raise ConfigError(f"{self.name}.v_reset[{i}]", f"must not exceed the threshold, {theta[i]:g}")

    @property
    def fires(self) -> bool:
        """Whether it has a threshold."""
        return self.kind in ("IF", "LIF", "CubaLIF")


@dataclass(frozen=True, eq=False, kw_only=True)
class Connection:
    """Synapses from one group to another, or to itself.

    Attributes
    ----------
    name
        Of the node of weights; empty where spikes go over one to one.
    source, target
        Names of groups.
    weights
        [pre, post], every entry a synapse; of another shape with a connectivity. `None`: one to one with weight 1.
    bias
        f64[post] that is added to x at every tick; `None`: none.
    metadata
        What came with it and plays no part.
    connectivity
        Which unit reaches which (`neurochip.elements.connections`), with ``weights`` of its shape, `None` where it has
        none.
    """

    name: str
    source: str
    target: str
    weights: NDArray[Any] | None
    bias: Array | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    connectivity: Connectivity | None = None

    def joined(self, sources: int) -> tuple[Connectivity, NDArray[Any]]:
        """Return the connectivity from so many units, and its weights."""
        if self.connectivity is not None:
            none = np.zeros(0, dtype=np.int8)
            return self.connectivity, none if self.weights is None else self.weights
        if self.weights is None:
            return OneToOne(sources, sources), np.ones(sources, dtype=np.int8)
        return Dense(*self.weights.shape), self.weights


@dataclass(frozen=True, eq=False, kw_only=True)
class SpikingNetwork:
    """Groups of neurons and what connects them.

    Attributes
    ----------
    groups
        The input first.
    connections
        What joins them; the sums of several from one group to another add up.
    outputs
        Name of each output → the group that is read out there.
    dt
        Seconds of a tick.
    method
        How a tick stands for dt: ``euler`` or ``exact`` (docs/nir.md).
    metadata
        What came with it and plays no part.
    """

    groups: tuple[NeuronGroup, ...]
    connections: tuple[Connection, ...]
    outputs: Mapping[str, str] = field(default_factory=dict)
    dt: float = 1e-3
    method: Literal["euler", "exact"] = "euler"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that everything fits together."""
        if not (math.isfinite(self.dt) and self.dt > 0):
            raise ConfigError("dt", f"must be > 0 seconds, got {self.dt:g}")
        _check_magnitude(np.array([self.dt]), "dt", is_time=True)
        if self.method not in ("euler", "exact"):
            raise ConfigError("method", f'must be "euler" or "exact", got {self.method!r}')
        names = [group.name for group in self.groups]
        if len(set(names)) != len(names):
            raise ConfigError("groups", "must have different names")
        if [group.kind == "Input" for group in self.groups] != [True, *[False] * (len(names) - 1)] or len(
            names
        ) < 2:
            raise ConfigError("groups", "must be one Input, first, and at least one group of neurons")
        for c in self.connections:
            self._check(c, c.name or f"{c.source} → {c.target}", names)
        for output, name in self.outputs.items():
            if name not in names[1:]:
                raise ConfigError(f"outputs.{output}", f"{name} is no group of neurons")
        for group in self.groups:
            for name in _TIMES:
                tau = group.parameters.get(name)
                if self.method == "euler" and tau is not None and tau.min() < self.dt:
                    raise ConfigError(
                        f"{group.name}.{name}",
                        f"is {tau.min():g} s, shorter than dt = {self.dt:g} s, where Euler overshoots; "
                        'use a shorter dt or method = "exact"',
                    )

    def _check(self, c: Connection, place: str, names: list[str]) -> None:
        for end in (c.source, c.target):
            if end not in names:
                raise ConfigError(place, f"there is no group {end}")
        if c.target == names[0]:
            raise ConfigError(place, "ends at the input, which is played back")
        shape = (self.group(c.source).size, self.group(c.target).size)
        if c.connectivity is not None:
            ends = c.connectivity.sources, c.connectivity.targets
            if ends != shape:
                kind = c.connectivity.kind
                raise ConfigError(
                    place,
                    f"must join {shape[0]} units to {shape[1]}, its {kind} joins {ends[0]} to {ends[1]}",
                )
            wanted = c.connectivity.shape
            given = (0,) if c.weights is None else c.weights.shape
            if given != wanted:
                raise ConfigError(place, f"must have weights of shape {wanted}, got {given}")
        else:
            found = (shape[0], shape[0]) if c.weights is None else c.weights.shape
            if found != shape:
                raise ConfigError(place, f"must have shape {shape}, got {found}")
        if c.weights is not None and c.weights.dtype.kind not in "iuf":
            raise ConfigError(place, f"must hold real numbers, got {c.weights.dtype}")
        if c.bias is not None and (c.bias.shape != shape[1:] or not np.all(np.isfinite(c.bias))):
            raise ConfigError(f"{place}.bias", f"must be {shape[1]} finite numbers")
        if c.bias is not None:
            _check_magnitude(c.bias, f"{place}.bias")

    def group(self, name: str) -> NeuronGroup:
        """Return a group by name."""
        return next(group for group in self.groups if group.name == name)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each group."""
        return tuple(group.size for group in self.groups)


def spiking_bytes(network: SpikingNetwork) -> bytes:
    """Return a network as one .npz: ``network`` is JSON, all numbers of neurons and weights are arrays."""
    arrays: dict[str, NDArray[Any]] = {}
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
        raw = converted(decode_json(str(array), file, within="network"), file, dict[str, Any], "network")
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


def _fields_of(made: Connectivity) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
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
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(place, f"does not describe a connectivity of kind {kind} ({error})") from error
    return made


def real_numbers(values: Any, place: str) -> Array:
    """Return an array of real numbers as float64, or refuse what are none."""
    found = np.asarray(values)
    if found.dtype.kind not in "biuf":
        raise DataError(place, f"must hold real numbers, got {found.dtype}")
    return np.asarray(found, dtype=np.float64)


_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
_Size = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class _GroupTable(TypedDict):
    """A group of neurons, without its numbers."""

    name: _Name
    kind: Kind
    size: _Size
    reset: Literal["value", "subtract"]
    refractory: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    metadata: dict[str, Any]
    shape: NotRequired[list[_Size]]


class _ConnectionTable(TypedDict):
    """A connection, without its numbers."""

    name: Annotated[str, msgspec.Meta(max_length=1000)]
    source: _Name
    target: _Name
    metadata: dict[str, Any]
    connectivity: NotRequired[dict[str, Any]]


class _NetworkTable(TypedDict):
    """What stands as JSON under ``network``."""

    format: str
    dt: float
    method: Literal["euler", "exact"]
    outputs: dict[_Name, _Name]
    groups: list[_GroupTable]
    connections: list[_ConnectionTable]
    metadata: dict[str, Any]
