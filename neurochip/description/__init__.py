"""What the user wrote: runs, chip specifications and energy tables, read from TOML, checked and frozen."""

from neurochip.description.catalogue import chip_text, chips, run_text, runs
from neurochip.description.chip import (
    ChipSpec,
    CoreSpec,
    MembranesSpec,
    MeshSpec,
    PacketSpec,
    Provenance,
    TimingSpec,
    WeightsSpec,
)
from neurochip.description.chip_reader import chip_from_toml, read_chip, read_energies
from neurochip.description.energy_table import EnergyTable, EventEnergy
from neurochip.description.events import EVENTS, Event
from neurochip.description.fixed_point import NumbersSpec
from neurochip.description.graph import network_of
from neurochip.description.network_sections import NetworkSpec, PopulationSpec, ProjectionSpec
from neurochip.description.precision import PRECISIONS, Precision, integer_bits, word_bits
from neurochip.description.run import RunSpec
from neurochip.description.run_data import bound, samples_of
from neurochip.description.run_reader import apply_overrides, read_run, run_to_toml
from neurochip.description.run_sections import (
    BaselineSpec,
    CodingSpec,
    ConvergenceSpec,
    DataSpec,
    EvaluationSpec,
    LearningSpec,
    PhasesSpec,
    RecordSpec,
)

__all__ = [
    "EVENTS",
    "PRECISIONS",
    "BaselineSpec",
    "ChipSpec",
    "CodingSpec",
    "ConvergenceSpec",
    "CoreSpec",
    "DataSpec",
    "EvaluationSpec",
    "Event",
    "LearningSpec",
    "MembranesSpec",
    "MeshSpec",
    "NetworkSpec",
    "NumbersSpec",
    "PacketSpec",
    "PhasesSpec",
    "PopulationSpec",
    "Precision",
    "EventEnergy",
    "EnergyTable",
    "ProjectionSpec",
    "Provenance",
    "RecordSpec",
    "RunSpec",
    "TimingSpec",
    "WeightsSpec",
    "apply_overrides",
    "bound",
    "chip_from_toml",
    "chip_text",
    "chips",
    "integer_bits",
    "network_of",
    "read_chip",
    "read_energies",
    "read_run",
    "run_text",
    "run_to_toml",
    "runs",
    "samples_of",
    "word_bits",
]
