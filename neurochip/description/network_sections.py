"""The network of a run file: a chain by the sizes of its layers, or populations and projections."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from neurochip.description.elements import element_table
from neurochip.description.neuron_section import read_neuron
from neurochip.description.number_format import refuse_beyond_format
from neurochip.description.precision import FLOATS, Precision
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given, Is, IsNot, SomeHas
from neurochip.keys.key import Alone, Count, Key, Listed, Natural, Positive
from neurochip.keys.reading import Table, build, describe
from neurochip.keys.section import Section, described

__all__ = ["NETWORK_READERS", "NetworkSpec", "PopulationSpec", "ProjectionSpec"]

LONGEST_DELAY = 255  # ticks: spikes are remembered for so long, sample by sample
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
Name = Annotated[str, Meta(pattern=_NAME)]


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationSpec(Section):
    """Neurons of one kind, with a shape."""

    place: ClassVar[str] = "network.populations"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("name",)
    name: Annotated[Name, Key("Unique in the network.")]
    shape: Annotated[
        tuple[Count, ...],
        Key("How many neurons there are, e.g. ``[500]`` or channels, height and width.", shapes=True),
    ]
    role: Annotated[
        Literal["input", "hidden", "output"],
        Key(
            "An ``input`` presents samples and receives nothing; an ``output`` is pulled to its target. Several inputs "
            "share a sample between them; several outputs are a head of the data each, or have the same target.",
            shapes=True,
        ),
    ] = "hidden"

    bias: Annotated[
        float,
        Key("The first bias of each neuron, which learning changes; an input has none.", training_only=True),
    ] = 0.0
    neuron: Annotated[
        Any,
        Key(
            "Its neurons, where they are others than those of ``[neuron]``: the name of a kind, or a table with its "
            "``kind`` and constants.",
            shapes=True,
        ),
    ] = None

    def check(self) -> None:
        """Check that there are neurons, and that they have biases."""
        if self.neuron is not None:
            object.__setattr__(self, "neuron", read_neuron(self.neuron, f"{self.place}.neuron"))
        if not self.shape:
            raise ConfigError(f"{self.place}.shape", "must have at least one entry")
        if self.bias and self.role == "input":
            raise ConfigError(
                f"{self.place}.bias", f"must be 0 of an input, which has no bias, got {self.bias:g}"
            )


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionSpec(Section):
    """What leads from one population to another."""

    place: ClassVar[str] = "network.projections"
    NAMED_BY: ClassVar[tuple[str, ...]] = ("from", "to")
    IN_FILES: ClassVar[dict[str, str]] = {"source": "from", "target": "to"}  # words that Python has taken
    source: Annotated[Name, Key("Name of the population that sends.", shapes=True)]
    target: Annotated[Name, Key("Name of the population that receives.", shapes=True)]
    connectivity: Annotated[
        Any,
        Key(
            "Which unit reaches which: ``dense``, ``one-to-one``, or a table with its ``kind``: ``sparse``, "
            "``convolution``, ``pooling``.",
            shapes=True,
        ),
    ] = "dense"
    feedback: Annotated[
        Literal["tied", "own", "none"] | None,
        Key(
            "What leads back: the same weights (``tied``), weights of its ``own``, or ``none``; left out, nothing to "
            "an input, and else the same weights.",
            shapes=True,
        ),
    ] = None
    delay: Annotated[
        int, Meta(ge=1, le=LONGEST_DELAY), Key("From a spike to its effect, both ways.", unit="ticks")
    ] = 1
    gain: Annotated[
        Positive,
        Key("The first weights are drawn within so many times the usual bound.", training_only=True),
    ] = 1.0


def _read_projection(value: object, place: str) -> ProjectionSpec:
    """Read a projection of a file, in which its ends are called from and to."""
    if isinstance(value, ProjectionSpec):
        return value
    if not isinstance(value, dict):
        raise ConfigError(place, f"expected a table, got {describe(value)}")
    table: Table = {}
    named_as: dict[str, str] = ProjectionSpec.IN_FILES
    fields = {key: name for name, key in named_as.items()}
    for key, entry in value.items():
        if key in named_as:
            raise ConfigError(f"{place}.{key}", f"unknown key; did you mean '{named_as[key]}'?")
        table[str(fields.get(key, key))] = entry
    for key, name in fields.items():
        if name not in table:
            raise ConfigError(f"{place}.{key}", "is missing")
    try:
        return build(ProjectionSpec, table, place)
    except ConfigError as error:
        named = error.place.removeprefix(place).removeprefix(ProjectionSpec.place)
        named = f".{named_as.get(named[1:], named[1:])}" if named else ""
        raise ConfigError(f"{place}{named}", error.problem) from None


def _read_population(value: object, place: str) -> PopulationSpec:
    if isinstance(value, PopulationSpec):
        return value
    try:
        return build(PopulationSpec, value, place)
    except ConfigError as error:
        named = error.place.removeprefix(place).removeprefix(PopulationSpec.place)
        raise ConfigError(f"{place}{named}", error.problem) from None


NETWORK_READERS = {PopulationSpec: _read_population, ProjectionSpec: _read_projection}


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec(Section):
    """Populations and what connects them: a chain by its ``layers``, or any graph."""

    place: ClassVar[str] = "network"
    layers: Annotated[
        tuple[Natural, ...] | None,
        Key(
            "The short form of a chain: neurons of the input, hidden and output populations, each of which projects to "
            "its neighbours in both directions. A first or last 0 stands for as many as the data have.",
            shapes=True,
        ),
    ] = None
    tied: Annotated[
        bool,
        Key(
            "Whether the backward weights of a chain are the transpose of the forward ones (one matrix) or their own.",
            shapes=True,
            live_if=Given(".layers"),
        ),
    ] = True
    gains: Annotated[
        tuple[Positive, ...] | None,
        Key(
            "The first weights of a chain are drawn within so many times the usual bound, one gain for each pair of "
            "neighbours; left out, 1.",
            live_if=Given(".layers"),
            training_only=True,
        ),
    ] = None
    feedback_start: Annotated[
        Literal["drawn", "mirrored"],
        Key(
            "The first weights of feedback that has its own: ``drawn``, or ``mirrored``, the transpose of the forward "
            "ones. Each then learns for itself.",
            live_if=(Given(".layers") & Is(".tied", False) | SomeHas(".projections", "feedback", "own"))
            & Is("experiment", "train"),
            training_only=True,
        ),
    ] = "drawn"
    biases: Annotated[
        tuple[float, ...] | None,
        Listed(),
        Key(
            "The first biases of a chain, one for the neurons of each layer but the input, which learning changes; or "
            "one number for all. Left out, 0.",
            live_if=Given(".layers"),
            training_only=True,
        ),
    ] = None
    populations: Annotated[
        tuple[PopulationSpec, ...],
        Key("Populations of any graph: name, shape, role and neurons of each.", shapes=True),
    ] = ()
    projections: Annotated[
        tuple[ProjectionSpec, ...],
        Key("What leads from which population to which.", shapes=True),
    ] = ()
    precision: Annotated[Precision, Key("Format of weights and state.")] = "float32"
    rounding: Annotated[
        Literal["nearest", "stochastic"],
        Key("How learning writes integer weights.", live_if=IsNot(".precision", *FLOATS)),
    ] = "stochastic"
    weight_range: Annotated[
        Positive | None,
        Key(
            "Largest magnitude of an integer weight; left out, 8 × the Glorot bound of each projection.",
            live_if=IsNot(".precision", *FLOATS),
        ),
    ] = None

    def check(self) -> None:
        """Check that there is a chain, or a graph."""
        if self.layers is None and not self.populations:
            raise ConfigError(
                "network.layers",
                "is missing; a network is a chain of layers, or has populations and projections",
            )
        if self.layers is not None and (self.populations or self.projections):
            name = "populations" if self.populations else "projections"
            raise ConfigError(f"network.{name}", "contradicts network.layers; remove one of the two")
        if self.layers is not None and len(self.layers) < 2:
            raise ConfigError(
                "network.layers", f"must have at least 2 entries, input and output, got {len(self.layers)}"
            )
        if self.layers is not None and self.gains is not None and len(self.gains) != len(self.layers) - 1:
            raise ConfigError(
                "network.gains",
                f"must have one gain for each of the {len(self.layers) - 1} projections, got {len(self.gains)}",
            )
        if self.layers is not None and self.biases is not None:
            if isinstance(self.biases, Alone):
                object.__setattr__(self, "biases", self.biases * (len(self.layers) - 1))
            if len(self.biases) != len(self.layers) - 1:
                raise ConfigError(
                    "network.biases",
                    f"must have one bias for each of the {len(self.layers) - 1} layers after the input, got "
                    f"{len(self.biases)}",
                )
        for k, size in enumerate((self.layers or ())[1:-1], 1):
            if not size:
                raise ConfigError(f"network.layers[{k}]", "must be at least 1, got 0")

    @property
    def is_open(self) -> bool:
        """Whether the data are to say how many inputs or outputs there are."""
        return 0 in (self.layers or ())

    def closed(self, inputs: int, outputs: int) -> NetworkSpec:
        """Return it with so many inputs and outputs where it leaves them open."""
        if self.layers is None or not self.is_open:
            return self
        first, *hidden, last = self.layers
        return replace(self, layers=(first or inputs, *hidden, last or outputs))

    def refuse_beyond_format(self) -> None:
        """Refuse gains, biases and a range of weights that its own precision cannot hold, naming the first."""
        for name in ("gains", "biases", "weight_range"):
            refuse_beyond_format(getattr(self, name), f"network.{name}", self.precision)
        for k, population in enumerate(self.populations):
            refuse_beyond_format(population.bias, f"network.populations[{k}].bias", self.precision)
        for k, projection in enumerate(self.projections):
            refuse_beyond_format(projection.gain, f"network.projections[{k}].gain", self.precision)

    @property
    def title(self) -> str:
        """Return the neurons of its populations in one word: ``784-500-10``."""
        sizes = self.layers or tuple(math.prod(p.shape) for p in self.populations)
        return "-".join(map(str, sizes))

    def to_table(self) -> Table:
        """Return the section as it stands in a file."""
        table: Table = {"precision": self.precision, "rounding": self.rounding}
        if self.weight_range is not None:
            table["weight_range"] = self.weight_range
        if self.feedback_start != "drawn":
            table["feedback_start"] = self.feedback_start
        if self.layers is not None:
            first = {"gains": self.gains, "biases": self.biases}
            given: Table = {name: list(values) for name, values in first.items() if values is not None}
            return {"layers": list(self.layers), "tied": self.tied, **given, **table}
        table["populations"] = [
            {
                "name": p.name,
                "shape": list(p.shape),
                "role": p.role,
                **({"bias": p.bias} if p.bias else {}),
                **({} if p.neuron is None else {"neuron": element_table(p.neuron)}),
            }
            for p in self.populations
        ]
        table["projections"] = [
            {
                "from": p.source,
                "to": p.target,
                "connectivity": p.connectivity,
                **({} if p.feedback is None else {"feedback": p.feedback}),
                "delay": p.delay,
                "gain": p.gain,
            }
            for p in self.projections
        ]
        return table
