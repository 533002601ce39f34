"""The network section of a run → the network."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field

from neurochip.description.connectivity import KINDS, connection_of
from neurochip.description.network_sections import NetworkSpec, ProjectionSpec
from neurochip.description.neuron_section import ROLES
from neurochip.errors import ConfigError
from neurochip.keys.ranges import MOST_COUNTED
from neurochip.keys.reading import did_you_mean
from neurochip.network import Network, Population, Projection, layered

__all__ = ["network_of"]


def network_of(spec: NetworkSpec) -> Network:
    """Return the network that a run describes.

    Inputs come first and outputs last, each in the order of the file; forward projections come in the order of the
    file, what leads back after them.

    Raises
    ------
    ConfigError
        For a projection from or to nowhere, or of a shape that does not fit; for a graph without input or output.
    """
    if spec.is_open:
        raise ConfigError("network.layers", "has a 0, whose place the data take, and no data were read yet")
    if spec.layers is not None:
        return layered(spec.layers, tied=spec.tied, gains=spec.gains, biases=spec.biases)
    if all(_is_built_in(p.connectivity) for p in spec.projections):
        return _graph_of_before(_Described(repr((spec.populations, spec.projections)), spec))
    return _graph(spec)


def _is_built_in(connectivity: object) -> bool:
    kind = connectivity.get("kind") if isinstance(connectivity, dict) else connectivity
    return isinstance(kind, str) and kind in KINDS


@dataclass(frozen=True)
class _Described:
    """A section, told from others by its text."""

    text: str
    spec: NetworkSpec = field(compare=False)


# A run asks for its network again and again; lists of synapses are drawn once, and are large.
@functools.lru_cache(maxsize=2)
def _graph_of_before(described: _Described) -> Network:
    return _graph(described.spec)


def _graph(spec: NetworkSpec) -> Network:
    populations = _populations(spec)
    by_name = {population.name: k for k, population in enumerate(populations)}
    forward: list[Projection] = []
    backward: list[Projection] = []
    for number, told in enumerate(spec.projections):
        place = f"network.projections[{number}]"
        source, target = (_end(told, end, by_name, place) for end in ("from", "to"))
        if populations[target].clamped:
            raise ConfigError(f"{place}.to", f"{told.target} is an input, and receives nothing")
        connection = connection_of(
            told.connectivity, populations[source], populations[target], f"{place}.connectivity"
        )
        forward.append(Projection(source, target, connection=connection, delay=told.delay, gain=told.gain))
        feedback = told.feedback or ("none" if populations[source].clamped else "tied")
        if feedback == "none":
            continue
        if populations[source].clamped:
            raise ConfigError(
                f"{place}.feedback", f'must be "none": {told.source} is an input, and receives nothing'
            )
        backward.append(
            Projection(
                target,
                source,
                feedback_of=number,
                tied=feedback == "tied",
                connection=None if connection is None else connection.transposed(),
                delay=told.delay,
                gain=told.gain,
            )
        )
    _check_reached(populations, forward + backward)
    return Network(tuple(populations), tuple(forward + backward))


def _populations(spec: NetworkSpec) -> list[Population]:
    told = sorted(spec.populations, key=lambda p: ROLES.index(p.role))
    names = [p.name for p in told]
    for k, population in enumerate(spec.populations):
        if names.count(population.name) > 1:
            raise ConfigError(f"network.populations[{k}].name", f'"{population.name}" is there twice')
    for role in ("input", "output"):
        if all(p.role != role for p in told):
            raise ConfigError("network.populations", f'have no {role}; give one of them role = "{role}"')
    made = []
    for p in told:
        size = math.prod(p.shape)
        if size > MOST_COUNTED:
            place = f"network.populations[{spec.populations.index(p)}].shape"
            raise ConfigError(place, f"must make {MOST_COUNTED} neurons at most, got {list(p.shape)}")
        made.append(
            Population(
                p.name, size, clamped=p.role == "input", output=p.role == "output", shape=p.shape, bias=p.bias
            )
        )
    return made


def _end(told: ProjectionSpec, end: str, by_name: dict[str, int], place: str) -> int:
    name = told.source if end == "from" else told.target
    if name not in by_name:
        raise ConfigError(f"{place}.{end}", f'there is no population "{name}"{did_you_mean(name, by_name)}')
    return by_name[name]


def _check_reached(populations: list[Population], projections: list[Projection]) -> None:
    """Refuse a population that nothing reaches, or an input that reaches nothing."""
    for k, population in enumerate(populations):
        if population.clamped and all(p.source != k for p in projections):
            raise ConfigError("network.projections", f"none begins at the input {population.name}")
        if not population.clamped and all(p.target != k for p in projections):
            raise ConfigError(
                "network.projections", f"none ends at {population.name}, which so receives nothing"
            )
