"""The section ``[analog]`` of a run: the die, its circuit, and everything that is not ideal about it.

Every default is the ideal chip: with nothing set, no device differs from its neighbour, nothing is noisy, nothing is
quantised, and what is measured is what is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from neurochip.description.processes import process_named
from neurochip.description.tails import check_tails
from neurochip.description.toml_reader import conform
from neurochip.errors import ConfigError

__all__ = [
    "MISMATCH_KINDS",
    "AnalogSpec",
    "ConvertersSpec",
    "DefectsSpec",
    "DriftSpec",
    "LearningPathSpec",
    "MismatchSpec",
    "NoiseSpec",
    "SettleSpec",
]

# Every kind of mismatch, in the order of reports.
MISMATCH_KINDS = (
    "synapse_gain",
    "synapse_offset",
    "neuron_gain",
    "neuron_offset",
    "time_constant",
    "saturation",
)
_LARGEST_SEED = 2**63 - 1
_MOST_BITS = 24  # float32 holds no finer step


def _no_less(smallest: float, value: float | None, place: str) -> None:
    if value is not None and not value >= smallest:
        raise ConfigError(place, f"must be ≥ {smallest:g}, got {value:g}")


def _positive(value: float, place: str) -> None:
    if not value > 0:
        raise ConfigError(place, f"must be > 0, got {value:g}")


def _share(value: float, place: str) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(place, f"must be a share, 0 to 1, got {value:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSpec:
    """How the differential equation is solved, and when a phase is over.

    Attributes
    ----------
    method
        ``exponential``: Euler that stays stable for neurons faster than the step (same as ``euler`` where the time
        constant is nominal); ``euler``; ``heun``: two stages, with the step chosen by the local error.
    step
        Time of one step (of one tick of a phase), in nominal time constants.
    until
        ``steps``: run every tick of the phase. ``residual``: a lane stops as soon as no neuron is further from rest
        than ``residual``; the ticks of the phase are then its time budget.
    residual
        Largest |C dV/dt| / (g_L V₀) of a neuron, V₀ full scale, at which a lane counts as settled.
    error
        Local error of one step of ``heun``, in full scales.
    change
        A neuron's current is sent on again when it has changed by more than this, in full scales; 0 sends any change.
    """

    method: Literal["exponential", "euler", "heun"] = "exponential"
    step: float = 0.5
    until: Literal["steps", "residual"] = "steps"
    residual: float = 1e-3
    error: float = 1e-4
    change: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        conform(self, "analog.settle")
        _positive(self.step, "analog.settle.step")
        if self.method != "heun" and not self.step <= 1:
            raise ConfigError(
                "analog.settle.step",
                f'must be at most 1 time constant, beyond which Euler overshoots, got {self.step:g}; use "heun"',
            )
        _positive(self.residual, "analog.settle.residual")
        _positive(self.error, "analog.settle.error")
        _no_less(0, self.change, "analog.settle.change")


@dataclass(frozen=True, slots=True, kw_only=True)
class MismatchSpec:
    """How much devices differ, as standard deviations, drawn once per die.

    Attributes
    ----------
    sigma
        One σ for all kinds. A gain, rate or rail is log-normal with this σ and mean 1 (``strong``: normal); offsets
        have a quarter of it, in full scales (neurons) or standard deviations of Glorot's weights (synapses).
    synapse_gain, synapse_offset, neuron_gain, neuron_offset, time_constant, saturation
        One kind alone, over what ``sigma`` or ``process`` gives it; in the units just named.
    tails
        ``normal``, ``student-t`` for heavy tails, or a law of another package.
    freedom
        Degrees of freedom ν > 2 of ``student-t``; the draw is scaled to the same standard deviation.
    process
        Take σ from Pelgrom's law for this process, with the size of the gate, instead of from ``sigma``.
    width_um, length_um
        Of the gate, in µm.
    region
        ``sub-threshold``: currents exponential in V_T, hence log-normal. ``strong``: square law, hence normal.
    overdrive_mv
        V_GS − V_T in strong inversion, in mV.
    convention
        Whether the σ of a device stands for one transistor (``single``) or the difference of two (``pair``: √2 more).
    """

    sigma: float = 0.0
    synapse_gain: float | None = None
    synapse_offset: float | None = None
    neuron_gain: float | None = None
    neuron_offset: float | None = None
    time_constant: float | None = None
    saturation: float | None = None
    tails: str = "normal"
    freedom: float = 4.0
    process: str | None = None
    width_um: float = 1.0
    length_um: float = 1.0
    region: Literal["sub-threshold", "strong"] = "sub-threshold"
    overdrive_mv: float = 200.0
    convention: Literal["single", "pair"] = "single"

    def __post_init__(self) -> None:
        """Check every σ, and that σ comes from one place."""
        conform(self, "analog.mismatch")
        check_tails(self.tails)
        for name in ("sigma", *MISMATCH_KINDS):
            _no_less(0, getattr(self, name), f"analog.mismatch.{name}")
        if not self.freedom > 2:
            raise ConfigError(
                "analog.mismatch.freedom",
                f"must be > 2, below which there is no standard deviation, got {self.freedom:g}",
            )
        for name in ("width_um", "length_um", "overdrive_mv"):
            _positive(getattr(self, name), f"analog.mismatch.{name}")
        if self.process is not None:
            process_named(self.process, "analog.mismatch.process")
        if self.process is not None and self.sigma:
            raise ConfigError(
                "analog.mismatch.sigma",
                f'comes from process = "{self.process}" and cannot be set as well; leave it out, or say sigma = 0',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSpec:
    """Noise that is drawn anew each time.

    Attributes
    ----------
    read
        Standard deviation of each reading of a voltage, in full scales.
    step
        Of the voltage noise that one nominal time constant adds to a neuron, in full scales (a Wiener process).
    """

    read: float = 0.0
    step: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        conform(self, "analog.noise")
        _no_less(0, self.read, "analog.noise.read")
        _no_less(0, self.step, "analog.noise.step")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSpec:
    """How stored weights change by themselves while the chip learns, with each update.

    Attributes
    ----------
    decay
        Share of each weight and bias that leaks away.
    walk
        Standard deviation of a random walk of each weight, in standard deviations of Glorot's weights.
    """

    decay: float = 0.0
    walk: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        conform(self, "analog.drift")
        _share(self.decay, "analog.drift.decay")
        _no_less(0, self.walk, "analog.drift.walk")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertersSpec:
    """Bits at the borders of the circuit; none is no quantisation.

    Attributes
    ----------
    dac_bits
        Of the inputs.
    adc_bits
        Of every reading, over 0 to ``adc_range`` (−1 to 1 times it, for a differential pair).
    adc_range
        Full scale of the reading.
    weight_bits
        Of a stored weight, with its sign.
    weight_range
        Largest stored weight, in Glorot bounds of its projection.
    rounding
        How a weight is written.
    """

    dac_bits: int | None = None
    adc_bits: int | None = None
    adc_range: float = 1.0
    weight_bits: int | None = None
    weight_range: float = 8.0
    rounding: Literal["nearest", "stochastic"] = "stochastic"

    def __post_init__(self) -> None:
        """Check bits and ranges."""
        conform(self, "analog.converters")
        for name, least in (("dac_bits", 1), ("adc_bits", 1), ("weight_bits", 2)):
            bits = getattr(self, name)
            if bits is not None and not least <= bits <= _MOST_BITS:
                raise ConfigError(
                    f"analog.converters.{name}",
                    f"must be {least} to {_MOST_BITS} bits, got {bits}; leave it out for no quantisation",
                )
        _positive(self.adc_range, "analog.converters.adc_range")
        _positive(self.weight_range, "analog.converters.weight_range")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectsSpec:
    """Shares of devices that do not work, drawn once per die.

    Attributes
    ----------
    dead_synapses, stuck_synapses
        Synapses of no current at all, and synapses that keep a random weight whatever is written to them.
    dead_neurons, stuck_neurons
        Neurons that stay at 0, and neurons that stay at full scale. Output neurons are spared.
    """

    dead_synapses: float = 0.0
    stuck_synapses: float = 0.0
    dead_neurons: float = 0.0
    stuck_neurons: float = 0.0

    def __post_init__(self) -> None:
        """Check the shares."""
        conform(self, "analog.defects")
        for name in ("dead_synapses", "stuck_synapses", "dead_neurons", "stuck_neurons"):
            _share(getattr(self, name), f"analog.defects.{name}")
        for what in ("synapses", "neurons"):
            dead, stuck = getattr(self, f"dead_{what}"), getattr(self, f"stuck_{what}")
            if dead + stuck > 1:
                raise ConfigError(
                    f"analog.defects.stuck_{what}",
                    f"and dead_{what} must be at most 1 together, got {dead + stuck:g}",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningPathSpec:
    """Faults of what measures, holds and writes, rather than of the circuit that settles.

    Attributes
    ----------
    phase_offset
        Standard deviation of a fixed error of each neuron's reading that is there in nudged phases only, in full
        scales.
    droop
        Share that a held reading has lost by the time of the update.
    asymmetry
        Increments of a weight are 1 + this, decrements 1 − this times what was meant.
    granularity
        Smallest change of a weight, in standard deviations of Glorot's weights; changes are whole multiples of it,
        rounded at random so that they are right on average.
    circuits
        ``same``: both phases on one circuit. ``twin``: nudged phases on a second circuit of the die, programmed
        alike but with mismatch of its own.
    """

    phase_offset: float = 0.0
    droop: float = 0.0
    asymmetry: float = 0.0
    granularity: float = 0.0
    circuits: Literal["same", "twin"] = "same"

    def __post_init__(self) -> None:
        """Check the numbers."""
        conform(self, "analog.learning_path")
        _no_less(0, self.phase_offset, "analog.learning_path.phase_offset")
        _share(self.droop, "analog.learning_path.droop")
        if not -1 <= self.asymmetry <= 1:
            raise ConfigError("analog.learning_path.asymmetry", f"must be −1 to 1, got {self.asymmetry:g}")
        _no_less(0, self.granularity, "analog.learning_path.granularity")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogSpec:
    """The analog chip of a run.

    Attributes
    ----------
    die
        Seed of the die: the same seed at another σ is the same draw, scaled.
    die_file
        A die that was saved, or a CSV of measured devices, instead of one drawn from ``die``.
    characteristic
        ``hard-sigmoid``: multiplying synapses that are linear in the sender's voltage, which its rails keep in
        [0, 1]. ``tanh``: a sub-threshold differential pair sends tanh V. ``file``: ``vector_field``.
    vector_field
        Python file that defines ``activity(voltage)`` and ``flow(voltage, drive)``; runs only where running code from
        a run is allowed.
    tau_us
        Nominal time constant C/g_L in µs, for times in seconds.
    diagnosed
        Training samples that the diagnostics after each epoch look at; 0 for none.
    """

    die: int = 1
    die_file: str | None = None
    characteristic: Literal["hard-sigmoid", "tanh", "file"] = "hard-sigmoid"
    vector_field: str | None = None
    tau_us: float = 1.0
    diagnosed: int = 10
    settle: SettleSpec = field(default_factory=SettleSpec)
    mismatch: MismatchSpec = field(default_factory=MismatchSpec)
    noise: NoiseSpec = field(default_factory=NoiseSpec)
    drift: DriftSpec = field(default_factory=DriftSpec)
    converters: ConvertersSpec = field(default_factory=ConvertersSpec)
    defects: DefectsSpec = field(default_factory=DefectsSpec)
    learning_path: LearningPathSpec = field(default_factory=LearningPathSpec)

    def __post_init__(self) -> None:
        """Check what no part can check alone."""
        conform(self, "analog")
        if not 0 <= self.die <= _LARGEST_SEED:
            raise ConfigError("analog.die", f"must be 0 to 2**63 - 1, got {self.die}")
        _positive(self.tau_us, "analog.tau_us")
        _no_less(0, self.diagnosed, "analog.diagnosed")
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
        if self.noise.step and self.settle.method == "heun":
            raise ConfigError(
                "analog.noise.step", 'needs steps of equal length; set analog.settle.method to "exponential"'
            )
        if self.noise.step and self.settle.until == "residual":
            raise ConfigError(
                "analog.noise.step",
                'keeps a neuron from ever resting; set analog.settle.until to "steps"',
            )
