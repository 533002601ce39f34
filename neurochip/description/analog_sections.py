"""The section ``[analog]`` of a run: the circuit, how it settles, is read and learns; its die is in `die_sections`.

Every default is the ideal chip: with nothing set, no device differs from its neighbour, nothing is noisy, nothing is
quantised, and what is measured is what is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.description.biasing import check_conditions, current_factor, steepness
from neurochip.description.cell_library import CellLibrary, read_cells
from neurochip.description.cell_sections import LeakSpec, MirrorSpec
from neurochip.description.condition_section import (
    BOLTZMANN,
    I_SPEC_RISES,
    ConditionsSpec,
    kelvin,
    thermal_ratio,
)
from neurochip.description.die_sections import DEVICES_DIFFER, DEVICES_FAIL, DRAWN, DefectsSpec, MismatchSpec
from neurochip.description.location_section import LocationSpec
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given, Is, IsNot, Unset
from neurochip.keys.key import Key, Natural, Nonnegative, Positive, Seed, Share
from neurochip.keys.section import Section, described

__all__ = ["AnalogSpec", "ConvertersSpec", "DriftSpec", "LearningPathSpec", "NoiseSpec", "SettleSpec"]

Bits = Annotated[int, Meta(ge=1, le=24)]  # float32 holds no finer step

_TRAINS = Is("experiment", "train")


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSpec(Section):
    """How the differential equation is solved, and when a phase is over."""

    place: ClassVar[str] = "analog.settle"
    method: Annotated[
        Literal["exponential", "euler", "heun"],
        Key(
            "``exponential``: Euler that stays stable for neurons faster than the step (same as ``euler`` where the "
            "time constant is nominal); ``euler``; ``heun``: two stages, with the step chosen by the local error."
        ),
    ] = "exponential"
    step: Annotated[
        Positive, Key("Time of one step, which is one tick of a phase.", unit="nominal time constants")
    ] = 0.5
    until: Annotated[
        Literal["steps", "residual"],
        Key(
            "``steps``: run every tick of the phase. ``residual``: a sample stops as soon as no neuron is further "
            "from rest than ``residual``; the ticks of the phase are then its time budget.",
            live_if=_TRAINS,
        ),
    ] = "steps"
    residual: Annotated[
        Positive,
        Key("Largest |C dV/dt| / (g_L V₀) of a neuron, V₀ full scale, at which a sample counts as settled."),
    ] = 1e-3
    error: Annotated[
        Positive,
        Key("Local error of one step of ``heun``.", unit="full scales", live_if=Is(".method", "heun")),
    ] = 1e-4
    change: Annotated[
        Nonnegative,
        Key(
            "A neuron's current is sent on again when it has changed by more than this; 0 sends any change.",
            unit="full scales",
        ),
    ] = 0.0

    def check(self) -> None:
        """Refuse a step that Euler overshoots with."""
        if self.method != "heun" and not self.step <= 1:
            raise ConfigError(
                "analog.settle.step",
                f'must be at most 1 time constant, beyond which Euler overshoots, got {self.step:g}; use "heun"',
            )


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSpec(Section):
    """Noise that is drawn anew each time."""

    place: ClassVar[str] = "analog.noise"
    read: Annotated[
        Nonnegative,
        Key(
            "Standard deviation of each reading of a voltage.",
            unit="full scales",
            live_if=_TRAINS,
            imperfect=True,
        ),
    ] = 0.0
    flicker: Annotated[
        Nonnegative,
        Key(
            "Standard deviation, in each decade of frequency, of 1/f noise of the current into a neuron: √(K ln 10) "
            "for a spectral density of K/f. From half a cycle in a nominal time constant downwards; what is slower "
            "than a presentation is an offset of its phases.",
            unit="full scales",
            imperfect=True,
        ),
    ] = 0.0
    flicker_decades: Annotated[int, Meta(ge=1, le=12), Key("Decades of it.", live_if=Given(".flicker"))] = 6
    thermal: Annotated[
        Nonnegative,
        Key(
            "Thermal noise of the capacitors of ``cells``, times kT/C: the variance of a neuron's voltage, beside that "
            "of ``step``, and of each voltage that is held, beside that of ``read``. 1 for a resistor; about 2n for an "
            "amplifier below threshold.",
            live_if=Given("analog.cells"),
            imperfect=True,
        ),
    ] = 0.0
    step: Annotated[
        Nonnegative,
        Key(
            "Standard deviation of the voltage noise that one nominal time constant adds to a neuron (a Wiener "
            "process); a neuron alone then fluctuates by this times √(τ/2τ_nominal), whatever the step.",
            unit="full scales",
            imperfect=True,
        ),
    ] = 0.0


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSpec(Section):
    """How stored weights change by themselves while the chip learns, with each update."""

    place: ClassVar[str] = "analog.drift"
    decay: Annotated[Share, Key("Share of each weight and bias that leaks away.", imperfect=True)] = 0.0
    walk: Annotated[
        Nonnegative,
        Key(
            "Standard deviation of a random walk of each weight.",
            unit="standard deviations of Glorot's weights",
            imperfect=True,
        ),
    ] = 0.0


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertersSpec(Section):
    """Bits at the borders of the circuit; none is no quantisation."""

    place: ClassVar[str] = "analog.converters"
    dac_bits: Annotated[Bits | None, Key("Bits of the inputs.", unit="bits")] = None
    adc_bits: Annotated[
        Bits | None,
        Key(
            "Bits of every reading, over 0 to ``adc_range`` (−1 to 1 times it, for a differential pair).",
            unit="bits",
            live_if=_TRAINS,
        ),
    ] = None
    adc_range: Annotated[
        Positive, Key("Full scale of the reading.", unit="full scales", live_if=Given(".adc_bits"))
    ] = 1.0
    weight_bits: Annotated[
        Annotated[int, Meta(ge=2, le=24)] | None,
        Key("Bits of a stored weight, with its sign.", unit="bits"),
    ] = None
    weight_range: Annotated[
        Positive,
        Key("Largest stored weight.", unit="Glorot bounds of its projection", live_if=Given(".weight_bits")),
    ] = 8.0
    rounding: Annotated[
        Literal["nearest", "stochastic"], Key("How a weight is written.", live_if=Given(".weight_bits"))
    ] = "stochastic"


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class LearningPathSpec(Section):
    """Faults of what measures, holds and writes, rather than of the circuit that settles."""

    place: ClassVar[str] = "analog.learning_path"
    phase_offset: Annotated[
        Nonnegative,
        Key(
            "Standard deviation of a fixed error of each neuron's reading that is there in nudged phases only.",
            unit="full scales",
            live_if=_TRAINS & Unset("analog.die_file"),
            training_only=True,
            imperfect=True,
            per_die=True,
        ),
    ] = 0.0
    droop: Annotated[
        Share,
        Key(
            "Share that a held reading has lost by the time of the update.",
            live_if=_TRAINS,
            training_only=True,
            imperfect=True,
        ),
    ] = 0.0
    asymmetry: Annotated[
        float,
        Meta(ge=-1, le=1),
        Key(
            "Increments of a weight are 1 + this, decrements 1 − this times what was meant.",
            live_if=_TRAINS,
            training_only=True,
            imperfect=True,
        ),
    ] = 0.0
    granularity: Annotated[
        Nonnegative,
        Key(
            "Smallest change of a weight; changes are whole multiples of it, rounded at random so that they are "
            "right on average.",
            unit="standard deviations of Glorot's weights",
            live_if=_TRAINS,
            training_only=True,
            imperfect=True,
        ),
    ] = 0.0
    circuits: Annotated[
        Literal["same", "twin"],
        Key(
            "``same``: both phases on one circuit. ``twin``: nudged phases on a second circuit of the die, "
            "programmed alike but with mismatch of its own.",
            training_only=True,
            live_if=DEVICES_DIFFER | DEVICES_FAIL | Given("analog.die_file"),
        ),
    ] = "same"


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
            "Python file that defines ``activity(voltage)`` and ``flow(voltage, drive)``; runs only where running "
            "code from a run is allowed."
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
        sources = [name for name in ("step", "thermal", "flicker") if getattr(self.noise, name)]
        noisy, is_noisy = f"analog.noise.{(sources or [''])[0]}", bool(sources)
        if is_noisy and self.settle.method == "heun":
            raise ConfigError(noisy, 'needs steps of equal length; set analog.settle.method to "exponential"')
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
        if self.characteristic == "hard-sigmoid" and cells.headroom[1] < 1:
            raise ConfigError(
                "analog.cells",
                f"leaves {cells.headroom[1]:.2g} full scales above rest, and voltages of a hard-sigmoid go up to 1",
            )
