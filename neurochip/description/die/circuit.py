"""The section ``[analog]`` of a run: the circuit, and what its parts refuse only together.

Every default is the ideal chip: with nothing set, no device differs from its neighbour, nothing is noisy, nothing is
quantised, and what is measured is what is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.description.die.biasing import check_conditions, current_factor, steepness
from neurochip.description.die.cell_library import CellLibrary, read_cells
from neurochip.description.die.cells import LeakSpec, MirrorSpec
from neurochip.description.die.conditions import (
    BOLTZMANN,
    I_SPEC_RISES,
    ConditionsSpec,
    kelvin,
    thermal_ratio,
)
from neurochip.description.die.differences import (
    DEVICES_DIFFER,
    DEVICES_FAIL,
    DRAWN,
    DefectsSpec,
    MismatchSpec,
)
from neurochip.description.die.learning_path import ConvertersSpec, DriftSpec, LearningPathSpec
from neurochip.description.die.location import LocationSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.description.die.supply_lines import SupplyLinesSpec
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given, Is, IsNot, Unset
from neurochip.keys.key import Key, Natural, Positive, Seed
from neurochip.keys.section import Section, described

__all__ = ["AnalogSpec"]

_TRAINS = Is("experiment", "train")


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogSpec(Section):
    """The analog chip of a run."""

    place: ClassVar[str] = "analog"
    die: Annotated[
        Seed,
        Key(
            "Seed of the die: the same seed at another σ is the same draw, scaled.",
            live_if=DRAWN & (DEVICES_DIFFER | DEVICES_FAIL | Given("analog.learning_path.phase_offset")),
            per_die=True,
        ),
    ] = 1
    die_file: Annotated[
        str | None,
        Key(
            "A die that was saved, or a CSV of measured devices, instead of one drawn from ``die``.",
            per_die=True,
        ),
    ] = None
    characteristic: Annotated[
        Literal["hard-sigmoid", "tanh", "ekv", "file"],
        Key(
            "``hard-sigmoid``: multiplying synapses that are linear in the sender's voltage, which its rails keep in "
            "[0, 1]. ``tanh``: a sub-threshold differential pair sends tanh V. ``ekv``: one of any ``inversion``. "
            "``file``: ``vector_field``."
        ),
    ] = "hard-sigmoid"
    inversion: Annotated[
        Annotated[float, Meta(ge=1e-3, le=1e4)],
        Key(
            "Inversion coefficient of the tail of a pair at 27 °C, I/(I_spec W/L): weak below 0.1, strong above 10.",
            live_if=Is(".characteristic", "ekv"),
        ),
    ] = 1.0
    asymmetry: Annotated[
        float,
        Meta(ge=-1, le=1),
        Key(
            "What such a pair sends at balance, of its tail: of a load whose two sides are not alike.",
            live_if=Is(".characteristic", "ekv"),
        ),
    ] = 0.0
    vector_field: Annotated[
        str | None,
        Key(
            "Python file that defines ``activity(voltage)`` and ``flow(voltage, drive)``, or ``states`` and "
            "``flow(state, drive, speed)``; runs only where running code from a run is allowed."
        ),
    ] = None
    tau_us: Annotated[Positive, Key("Nominal time constant C/g_L, for times in seconds.", unit="µs")] = 1.0
    cells: Annotated[
        str | None,
        Key(
            "Specification of the cells that the circuit is made of, of the catalogue or a TOML file: energy, area and "
            "rails follow from it. Without one the energy is not known.",
        ),
    ] = None
    supply_v: Annotated[
        Positive | None,
        Key(
            "Supply; without one that of ``cells``, or 1.8 V. Without cells a voltage of 0 rests in its middle, and "
            "one that goes further than half of it is reported; cells keep their distance from both rails.",
            unit="V",
            live_if=IsNot(".characteristic", "hard-sigmoid") | Given(".cells"),
        ),
    ] = None
    full_scale_mv: Annotated[
        Positive | None,
        Key(
            "Voltage of one full scale at 27 °C; 2nU_T where none is given, over which a differential pair turns its "
            "tail.",
            unit="mV",
            live_if=IsNot(".characteristic", "hard-sigmoid") & Unset(".cells"),
        ),
    ] = None
    diagnosed: Annotated[
        Natural,
        Key("Training samples that the diagnostics after each epoch look at; 0 for none.", live_if=_TRAINS),
    ] = 10
    leak: Annotated[LeakSpec, Key("What pulls neurons back to rest.")] = field(default_factory=LeakSpec)
    mirror: Annotated[MirrorSpec, Key("How mirrors deviate from one gain.")] = field(
        default_factory=MirrorSpec
    )
    settle: Annotated[SettleSpec, Key("How the circuit settles.")] = field(default_factory=SettleSpec)
    conditions: Annotated[ConditionsSpec, Key("What it works under.")] = field(default_factory=ConditionsSpec)
    mismatch: Annotated[MismatchSpec, Key("How devices differ.")] = field(default_factory=MismatchSpec)
    location: Annotated[LocationSpec, Key("Where devices and dies lie.")] = field(
        default_factory=LocationSpec
    )
    supply_lines: Annotated[SupplyLinesSpec, Key("What brings the supply to the cells.")] = field(
        default_factory=SupplyLinesSpec
    )
    noise: Annotated[NoiseSpec, Key("Noise.")] = field(default_factory=NoiseSpec)
    drift: Annotated[DriftSpec, Key("Drift of stored weights.", live_if=_TRAINS, training_only=True)] = field(
        default_factory=DriftSpec
    )
    converters: Annotated[ConvertersSpec, Key("Bits at the borders.")] = field(default_factory=ConvertersSpec)
    defects: Annotated[DefectsSpec, Key("Devices that do not work.")] = field(default_factory=DefectsSpec)
    learning_path: Annotated[LearningPathSpec, Key("Faults of the path that learns.")] = field(
        default_factory=LearningPathSpec
    )

    @property
    def library(self) -> CellLibrary | None:
        """Its cells at its supply and temperature; `None` where none are known."""
        return None if self.cells is None else read_cells(self.cells).under(self.supply_v, self.scale_ratio)

    @property
    def pair_inversion(self) -> float:
        """Inversion coefficient of a pair's tail under the conditions."""
        return self._now(self.inversion)

    def _now(self, inversion: float) -> float:
        """Return an inversion coefficient of 27 °C under the conditions."""
        hotter = float(thermal_ratio(self.conditions.celsius) ** I_SPEC_RISES)
        return inversion * current_factor(self.mismatch, self.conditions) / hotter

    @property
    def leak_inversion(self) -> float:
        """Inversion coefficient of the tail of an amplifier that is a leak, under the conditions."""
        return self._now(self.leak.inversion)

    @property
    def mirror_inversion(self) -> float:
        """Inversion coefficient of a full-scale current in a mirror, under the conditions."""
        return self._now(self.mirror.inversion)

    @property
    def scale_ratio(self) -> float:
        """V₀ over that at 27 °C: what turns a pair goes with kT/q; a hard-sigmoid has rails."""
        if self.characteristic == "hard-sigmoid":
            return 1.0
        ratio = thermal_ratio(self.conditions.celsius)
        if self.characteristic == "ekv":
            ratio *= steepness(self.pair_inversion) / steepness(self.inversion)
        return ratio

    @property
    def noise_step(self) -> float:
        """Voltage noise that one nominal time constant adds to a neuron, thermal noise included, full scales."""
        return math.hypot(self.noise.step, math.sqrt(2) * self._thermal("capacitor"))

    @property
    def noise_read(self) -> float:
        """Noise of each reading, that of the capacitor which holds it included, full scales."""
        return math.hypot(self.noise.read, self._thermal("hold"))

    def _thermal(self, cell: str) -> float:
        """Return √(kT/C) of the capacitor of a cell, full scales; 0 without one."""
        library = self.library if self.noise.thermal else None
        if library is None or cell not in library.cells or not library.cells[cell].capacitance:
            return 0.0
        square = (
            self.noise.thermal * BOLTZMANN * kelvin(self.conditions.celsius) / library.cells[cell].capacitance
        )
        return math.sqrt(square) / library.full_scale

    @property
    def tau_s(self) -> float:
        """Nominal time constant C V₀/I under the conditions, s."""
        return 1e-6 * self.tau_us * self.scale_ratio / current_factor(self.mismatch, self.conditions)

    def check(self) -> None:
        """Refuse what no part can refuse alone."""
        if (self.characteristic == "file") != (self.vector_field is not None):
            raise ConfigError(
                "analog.vector_field",
                'names the file of characteristic = "file"; give both or neither',
            )
        if self.characteristic == "file" and self.settle.method == "exponential":
            raise ConfigError(
                "analog.settle.method",
                'must be "euler" or "heun" for a vector field from a file: "exponential" needs a leak of 1',
            )
        check_conditions(self.mismatch, self.conditions)
        library = self.library
        if library is not None:
            self._check_cells(library)
        sources = [name for name in ("step", "thermal", "currents", "flicker") if getattr(self.noise, name)]
        noisy, is_noisy = f"analog.noise.{(sources or [''])[0]}", bool(sources)
        if is_noisy and self.settle.until == "residual":
            raise ConfigError(
                noisy,
                'keeps a neuron from ever resting; set analog.settle.until to "steps"',
            )

    def _check_cells(self, cells: CellLibrary) -> None:
        """Refuse cells whose current cannot be counted, and a signal that they cannot carry."""
        steps = self.settle.until == "steps" and self.settle.method != "heun"
        if cells.cells["synapse"].kind == "mirror" and not steps:
            raise ConfigError(
                "analog.cells",
                "names synapses that draw what they carry, which is counted in steps of equal length; set "
                'analog.settle.method to "exponential" and analog.settle.until to "steps"',
            )
        for key, value in (
            ("supply_lines.sheet_mohm", self.supply_lines.sheet_mohm),
            ("noise.currents", self.noise.currents),
        ):
            if value and cells.cells["synapse"].kind != "differential-pair":
                raise ConfigError(
                    f"analog.{key}",
                    "needs synapses that draw their tails all the time; name cells of differential pairs, got mirrors, "
                    "which draw what they carry",
                )
        if self.characteristic == "hard-sigmoid" and cells.headroom[1] < 1:
            raise ConfigError(
                "analog.cells",
                f"leaves {cells.headroom[1]:.2g} full scales above rest, and voltages of a hard-sigmoid go up to 1",
            )
