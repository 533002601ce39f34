"""The run: one experiment, fully resolved, frozen and self-checking.

`neurochip.description.run_reader` reads it from a file and writes it back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from neurochip.description.chip import ChipSpec
from neurochip.description.chip_changes import chip_with, merged, refuse_unused_of
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.elements import element_table
from neurochip.description.faults import FAULT_READERS, FaultsSpec
from neurochip.description.fixed_point import NumbersSpec, check_learning, fixed_point, refuse_with_integers
from neurochip.description.graph import network_of
from neurochip.description.network_sections import NETWORK_READERS, NetworkSpec
from neurochip.description.neuron_section import (
    check_neurons,
    neurons_by_population,
    read_neuron,
    refuse_unreachable,
)
from neurochip.description.number_format import refuse_beyond_format, refuse_beyond_update
from neurochip.description.run_checks import (
    check_analog,
    check_digital,
    check_faults,
    check_ideal,
    check_integer_neurons,
    check_placement,
    check_rule,
    check_shift,
    check_sizes,
    check_trace,
    check_words,
)
from neurochip.description.run_sections import (
    ELEMENTS,
    BaselineSpec,
    CodingSpec,
    ConvergenceSpec,
    DataSpec,
    EvaluationSpec,
    LearningSpec,
    PhasesSpec,
    RecordSpec,
    read_coding,
)
from neurochip.description.synapse_mismatch import MismatchSpec
from neurochip.elements.integers.formats import FixedPoint
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.elements.neurons.table import Neuron
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Is, IsNot, SomeHas
from neurochip.keys.key import Alone, Count, Key, Seed
from neurochip.keys.live import refuse_dead, refuse_dead_given, without_dead
from neurochip.keys.reading import Table, build, conform
from neurochip.keys.section import described

__all__ = ["RunSpec"]


_TRAINS, _DIGITAL = Is("experiment", "train"), Is("substrate", "digital")


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One experiment, fully resolved."""

    name: Annotated[str, Key("Names the folder of results.", irrelevant=True)]
    about: Annotated[str, Key("One line for the catalogue.", irrelevant=True)] = ""
    experiment: Annotated[
        Literal["train", "convergence"],
        Key(
            "``train`` a classifier, or measure ``convergence`` of untrained networks.",
            shapes=True,
            task=True,
        ),
    ] = "train"
    seed: Annotated[Seed, Key("Of every random draw.", task=True)] = 1
    substrate: Annotated[
        Literal["ideal", "digital", "analog"],
        Key(
            "``ideal`` (real numbers), ``digital`` (bits) or ``analog`` (currents, on one die).", shapes=True
        ),
    ] = "digital"
    chip: Annotated[
        str,
        Key(
            "Name or TOML file of the chip specification; on ``ideal`` it only lends its energies to the report."
        ),
    ] = "cmos45"
    chip_changes: Annotated[
        tuple[str, ...],
        Key(
            "Values of the chip other than those of its specification, each ``key = value`` (docs/exploring.md)."
        ),
    ] = ()
    placement: Annotated[
        tuple[int, ...],
        Key(
            "Where each core of the network stands: indices of cores of the chip, part after part of each population; "
            "empty: along the mesh, each beside the one before. `simulate --placement hops` finds them.",
            live_if=_DIGITAL,
        ),
    ] = ()
    timing: Annotated[
        Literal["tick", "analytic", "cycle"],
        Key(
            "``tick``: events are counted, cycles are not; ``analytic``: cycles of each tick from its counts, which "
            "contention cannot undercut; ``cycle``: flit by flit. None changes a spike or a count.",
            live_if=_DIGITAL,
        ),
    ] = "tick"
    timing_every: Annotated[
        Count,
        Key(
            "Time the first of every so many presentations of a phase, and no others; 1 times all.",
            live_if=IsNot("timing", "tick"),
        ),
    ] = 1
    data: Annotated[DataSpec, Key("Which samples.", live_if=_TRAINS, task=True)] = field(
        default_factory=DataSpec
    )
    network: Annotated[NetworkSpec, Key("Populations and what connects them.")]
    neuron: Annotated[
        Any,
        Key(
            "``settling``, neurons that settle and send what ``[coding]`` makes of their value; ``if``, ``lif``, "
            "``cuba-lif`` or ``two-compartment``, which integrate and fire (docs/neurons.md); or of a package. "
            "A population may have others."
        ),
    ] = SettlingNeuron()
    coding: Annotated[
        CodingSpec,
        Key(
            "How values become bits and bits values.",
            live_if=Is("substrate", "digital", "ideal")
            & (
                Is("neuron.kind", SettlingNeuron.kind)
                | SomeHas("network.populations", "neuron", SettlingNeuron.kind)
            ),
        ),
    ] = field(default_factory=CodingSpec)
    numbers: Annotated[
        NumbersSpec,
        Key(
            "Fixed-point formats of state, for cores that compute in integers alone (docs/fixed-point.md).",
            live_if=_DIGITAL & Is("neuron.kind", SettlingNeuron.kind),
        ),
    ] = field(default_factory=NumbersSpec)
    analog: Annotated[AnalogSpec | None, Key("The analog chip.", live_if=Is("substrate", "analog"))] = None
    phases: Annotated[PhasesSpec, Key("How long each phase lasts.", live_if=_TRAINS)] = field(
        default_factory=PhasesSpec
    )
    learning: Annotated[
        LearningSpec | None, Key("The learning rule.", live_if=_TRAINS, training_only=True)
    ] = None
    evaluation: Annotated[EvaluationSpec, Key("What is measured, and when.", live_if=_TRAINS)] = field(
        default_factory=EvaluationSpec
    )
    faults: Annotated[FaultsSpec, Key("What breaks on the digital chip.", live_if=_DIGITAL)] = field(
        default_factory=FaultsSpec
    )
    mismatch: Annotated[
        MismatchSpec, Key("How much the synapses of the digital chip differ.", live_if=_DIGITAL)
    ] = field(default_factory=MismatchSpec)
    record: Annotated[
        RecordSpec, Key("What is kept besides counts.", live_if=_DIGITAL & _TRAINS, irrelevant=True)
    ] = field(default_factory=RecordSpec)
    baseline: Annotated[BaselineSpec, Key("The real-valued run beside this one.", irrelevant=True)] = field(
        default_factory=BaselineSpec
    )
    convergence: Annotated[
        ConvergenceSpec | None,
        Key("What a convergence run measures.", live_if=Is("experiment", "convergence")),
    ] = None

    def __post_init__(self) -> None:
        """Check what no section can check alone."""
        conform(self, "")
        check_words(self.name, self.about, self.chip)
        object.__setattr__(self, "chip_changes", merged((), self.chip_changes))
        refuse_unused_of(self.chip_changes, self.substrate, self.timing)
        check_placement(self.placement)
        object.__setattr__(self, "neuron", read_neuron(self.neuron))
        check_neurons(self._neurons(), self.neuron, self.substrate, self.experiment)
        refuse_dead(RunSpec, self, but=("coding",))  # of an analog run it is filled in
        if self.experiment == "train":
            self._check_training()
        else:
            self._check_convergence()
        if self.substrate == "ideal":
            check_ideal(self.coding, self.network.precision)
        elif self.substrate == "analog":
            self._check_analog()
        else:
            check_digital(self.coding, self.neurons)
        check_faults(self.faults, self.experiment, self.network.precision)
        self._check_numbers()
        for name in ("coding", "learning", "analog"):
            refuse_beyond_format(getattr(self, name), name, self.network.precision)
        self.network.refuse_beyond_format()
        if self.learning is not None:
            refuse_beyond_update(self.learning.beta, self.learning.rates, self.network.precision)

    def _check_training(self) -> None:
        learning = self.learning
        if learning is None:
            raise ConfigError("learning", 'is missing; experiment = "train" needs it')
        if self.data.present == "spikes" and not self.shows_spikes:
            raise ConfigError(
                "data.present",
                '"spikes" needs neurons that fire, and these hold values that stand still; set substrate = "digital" '
                'and neuron.kind = "lif" or another that fires, or data.present = "values"',
            )
        facts = self.data.facts
        if facts is not None:
            object.__setattr__(self, "network", self.network.closed(facts.inputs, facts.outputs))
        if self.network.is_open:  # what depends on sizes is looked at once the data are read
            return
        network = network_of(self.network)
        if facts is not None:
            check_sizes(network, self.network, self.data, facts.inputs, facts.sizes)
        n = len(network.forward)
        if isinstance(learning.rates, Alone):
            learning = dataclasses.replace(learning, rates=learning.rates * n)
            object.__setattr__(self, "learning", learning)
        if len(learning.rates) != n:
            raise ConfigError(
                "learning.rates",
                f"must have one rate for each of the {n} projections, got {len(learning.rates)}",
            )
        refuse_unreachable(self._neurons(), learning.rates, network)
        check_rule(learning, network, self.substrate)
        if learning.shift:
            check_shift(learning, network, self.data)
        if learning.pre == "trace":
            check_trace(learning, network, self.network, self.neurons, self.coding, self.faults)

    def with_data(self, data: DataSpec, inputs: int, heads: tuple[int, ...]) -> RunSpec:
        """Return the run with what its data say: the section that reads them again, and sizes that were left open.

        ``heads`` are the output neurons of each head.

        Raises
        ------
        ConfigError
            When the network has other inputs or outputs, with both numbers.
        """
        found = dataclasses.replace(self, data=data, network=self.network.closed(inputs, sum(heads)))
        check_sizes(network_of(found.network), found.network, data, inputs, heads)
        return found

    @property
    def specification(self) -> ChipSpec:
        """Its chip, with what the run changes of it."""
        return chip_with(self.chip, self.chip_changes)

    def _neurons(self) -> tuple[tuple[str, Neuron], ...]:
        return neurons_by_population(self.network, self.neuron)

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The neurons of each population, inputs first and outputs last."""
        return tuple(neuron for _, neuron in self._neurons())

    def check_chip(self, chip: ChipSpec) -> None:
        """Refuse a chip whose cores lack the format of its weights, or its neurons."""
        chip.check_weights(self.network.precision, self.network.rounding)
        chip.check_neurons(
            ("neuron.kind" if place == "neuron" else place, neuron.kind) for place, neuron in self._neurons()
        )

    @property
    def settles(self) -> bool:
        """Whether all its neurons settle, rather than integrate and fire."""
        return all(isinstance(neuron, SettlingNeuron) for neuron in self.neurons)

    @property
    def some_settle(self) -> bool:
        """Whether some of its neurons settle."""
        return any(isinstance(neuron, SettlingNeuron) for neuron in self.neurons)

    @property
    def shows_spikes(self) -> bool:
        """Whether its inputs can be shown spikes: they fire, and hold no value that stands still."""
        if self.network.layers is not None:
            inputs = [self.neuron]
        else:
            inputs = [
                self.neuron if p.neuron is None else p.neuron
                for p in self.network.populations
                if p.role == "input"
            ]
        return self.substrate == "digital" and not any(isinstance(n, SettlingNeuron) for n in inputs)

    def _check_convergence(self) -> None:
        if self.convergence is None:
            raise ConfigError("convergence", 'is missing; experiment = "convergence" needs it')
        network_of(self.network)

    def _check_analog(self) -> None:
        if self.analog is None:
            object.__setattr__(self, "analog", AnalogSpec())
        if self.coding == CodingSpec():  # what a run made in Python has when it says nothing
            object.__setattr__(self, "coding", CodingSpec.ideal())
        check_analog(self.coding, self.network.precision)

    @property
    def fixed_point(self) -> FixedPoint | None:
        """Formats of integer cores, without those of their weights; `None` where state is floating-point."""
        return fixed_point(self.numbers, self.coding, self.network.precision)

    def _check_numbers(self) -> None:
        if self.fixed_point is None or self.network.is_open:
            return
        check_integer_neurons(self._neurons())
        refuse_with_integers(network_of(self.network), self.mismatch)
        if self.learning is not None and self.experiment == "train":
            facts = self.data.facts
            known = self.data.train or (facts.train if facts is not None else None)
            check_learning(self.learning, self.phases, known)

    def to_dict(self) -> Table:
        """Return nested tables of JSON values, every default that has an effect written out."""
        table: Table = {}
        for section in dataclasses.fields(self):
            value = getattr(self, section.name)
            if value is None:
                continue
            if isinstance(value, FaultsSpec):
                if value.given():
                    table[section.name] = value.to_table()
                continue
            if isinstance(value, SettlingNeuron) or value in (MismatchSpec(), NumbersSpec(), ()):
                continue
            if section.name == "neuron":
                table[section.name] = element_table(value)
            elif isinstance(value, CodingSpec):
                table[section.name] = {
                    name: element_table(getattr(value, name))
                    for name in ELEMENTS
                    if getattr(value, name) is not None
                }
            elif isinstance(value, NetworkSpec):
                table[section.name] = value.to_table()
            elif dataclasses.is_dataclass(value):
                table[section.name] = _plain(dataclasses.asdict(value))  # type: ignore[arg-type]
            else:
                table[section.name] = list(value) if isinstance(value, tuple) else value
        return without_dead(RunSpec, table)

    @classmethod
    def from_dict(cls, table: Table) -> RunSpec:
        """Return the run that nested tables describe; a key left out takes its default.

        Raises
        ------
        ConfigError
            For whatever cannot be, and for a key that has no effect beside the others.
        """
        is_ideal = table.get("substrate") in ("ideal", "analog")
        if "neuron" in table:
            table = table | {"neuron": read_neuron(table["neuron"])}
        readers = {
            CodingSpec: lambda value, place: read_coding(value, place, is_ideal),
            **FAULT_READERS,
            **NETWORK_READERS,
        }
        try:
            run = build(cls, {"coding": {}} | table, "", readers=readers)
        except ConfigError as error:
            refuse_dead_given(
                cls, table, [error.place.split(".")[0]]
            )  # what is wrong in it does not matter then
            raise
        refuse_dead_given(cls, table)
        return run


def _plain(table: Table) -> Table:
    """Return a table of a section as JSON values, without what is not set."""
    return {
        name: _plain(entry) if isinstance(entry, dict) else list(entry) if isinstance(entry, tuple) else entry
        for name, entry in table.items()
        if entry is not None
    }
