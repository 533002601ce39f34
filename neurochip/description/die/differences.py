"""What is fixed when a die is made, within the section ``[analog]`` of a run: how its devices differ, and which fail.

Every default is the ideal die.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.description.die.processes import OWN, SLOPE_FACTOR, Process, process_named
from neurochip.description.die.tails import check_tails
from neurochip.description.die.transistor_table import transistor_table
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given, Is, IsNot, Unset
from neurochip.keys.key import Key, Nonnegative, Positive, Share
from neurochip.keys.section import Section, described

__all__ = ["DEVICES_DIFFER", "DEVICES_FAIL", "DRAWN", "MISMATCH_KINDS", "DefectsSpec", "MismatchSpec"]

# Every kind of mismatch, in the order of reports; of the last two a σ for all says nothing.
MISMATCH_KINDS = (
    "synapse_gain",
    "synapse_offset",
    "neuron_gain",
    "neuron_offset",
    "time_constant",
    "saturation",
    "pair_offset",
    "leak_offset",
)

# A die from a file is what it is; only its second circuit is drawn.
DRAWN = Unset("analog.die_file") | Is("analog.learning_path.circuits", "twin")
DEVICES_DIFFER = Given(
    *(f"analog.mismatch.{kind}" for kind in ("sigma", *MISMATCH_KINDS, "process")),
    phrase="a σ or a process in [analog.mismatch]",
)
DEVICES_FAIL = Given(
    *(
        f"analog.defects.{kind}"
        for kind in ("dead_synapses", "stuck_synapses", "dead_neurons", "stuck_neurons")
    ),
    phrase="defects",
)
_HAS_PROCESS = Given("analog.mismatch.process") & DRAWN
_OWN_PROCESS = Is("analog.mismatch.process", OWN) & DRAWN
_ONE_GATE = Is("analog.mismatch.gates", "one") | Is("analog.conditions.bias", "voltage")


def _drawn(about: str) -> Key:
    """Return a key that says how much goes wrong on a die that is drawn."""
    return Key(about, live_if=DRAWN, imperfect=True, per_die=True)


def _own(about: str) -> Key:
    return _drawn(f"σ of {about} alone, over what ``sigma`` or ``process`` gives it.")


def _coefficient(about: str, unit: str = "") -> Key:
    return Key(about, unit=unit, live_if=_OWN_PROCESS, per_die=True)


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class MismatchSpec(Section):
    """How much devices differ, as standard deviations, drawn once per die."""

    place: ClassVar[str] = "analog.mismatch"
    sigma: Annotated[
        Nonnegative,
        _drawn(
            "One σ for all kinds. A gain, rate or rail is log-normal with this σ and mean 1 (``strong``: normal); "
            "offsets have a quarter of it, in full scales (neurons) or standard deviations of Glorot's weights "
            "(synapses)."
        ),
    ] = 0.0
    synapse_gain: Annotated[Nonnegative | None, _own("synapse gains")] = None
    synapse_offset: Annotated[Nonnegative | None, _own("synapse offsets, in σ of Glorot's weights,")] = None
    neuron_gain: Annotated[Nonnegative | None, _own("neuron gains")] = None
    neuron_offset: Annotated[Nonnegative | None, _own("neuron offsets, in full scales,")] = None
    time_constant: Annotated[Nonnegative | None, _own("time constants")] = None
    saturation: Annotated[Nonnegative | None, _own("rails")] = None
    pair_offset: Annotated[
        Nonnegative | None,
        Key(
            "σ of the offset at the input of the pairs that a neuron steers: its voltage is taken by so much too high "
            "or too low. Not part of ``sigma``.",
            unit="full scales",
            live_if=DRAWN & Is("analog.characteristic", "tanh", "ekv"),
            imperfect=True,
            per_die=True,
        ),
    ] = None
    leak_offset: Annotated[
        Nonnegative | None,
        Key(
            "σ of the offset at the input of a leak's amplifier. Not part of ``sigma``.",
            unit="full scales",
            live_if=DRAWN & Is("analog.leak.characteristic", "amplifier"),
            imperfect=True,
            per_die=True,
        ),
    ] = None
    gates: Annotated[
        Literal["one", "cells"],
        Key(
            "``one``: ``width_um`` × ``length_um`` is the gate of every device. ``cells``: each has that of its cell "
            "in ``analog.cells``. Synapses differ by their tails, pairs by their offsets, neurons by the tails and "
            "offsets of their leaks, and nothing else, unless it has a σ of its own.",
            live_if=Given("analog.mismatch.process") & Given("analog.cells") & DRAWN,
            per_die=True,
        ),
    ] = "one"
    tails: Annotated[
        str,
        Key(
            "``normal``, ``student-t`` for heavy tails, or a law of another package.",
            live_if=DRAWN & DEVICES_DIFFER,
            per_die=True,
        ),
    ] = "normal"
    freedom: Annotated[
        float,
        Meta(gt=2),
        Key(
            "Degrees of freedom ν of ``student-t``, above 2 so that there is a standard deviation; the draw is "
            "scaled to the same one.",
            live_if=DRAWN & IsNot(".tails", "normal") & DEVICES_DIFFER,
            per_die=True,
        ),
    ] = 4.0
    process: Annotated[
        str | None,
        Key(
            "Take σ from Pelgrom's law for this process, with the size of the gate, instead of from ``sigma``; "
            "``own``: with the coefficients ``a_vt``, ``v_off``, ``a_beta`` … of the run.",
            live_if=DRAWN,
            per_die=True,
        ),
    ] = None
    a_vt: Annotated[
        Positive | None,
        _coefficient('A_VT of one transistor of ``process = "own"``, which needs it.', "mV·µm"),
    ] = None
    v_off: Annotated[
        Nonnegative,
        _coefficient("Of the offset of the characteristic below threshold, drawn beside V_T.", "mV·µm"),
    ] = 0.0
    a_beta: Annotated[Nonnegative, _coefficient("A_β of one transistor.", "%·µm")] = 0.0
    beta_floor: Annotated[Nonnegative, _coefficient("Part of σ(β)/β that no area makes smaller.", "%")] = 0.0
    slope_factor: Annotated[float, Meta(ge=1), _coefficient("n: below threshold I ∝ exp(V_GS / nU_T).")] = (
        SLOPE_FACTOR
    )
    i_spec_na: Annotated[
        Positive | None,
        Key(
            "Current of a square gate at an inversion coefficient of 1, 2 n µ C_ox U_T².",
            unit="nA",
            live_if=_OWN_PROCESS & Is(".region", "bias"),
            per_die=True,
        ),
    ] = None
    width_um: Annotated[
        Positive, Key("Width of the gate.", unit="µm", live_if=_HAS_PROCESS & _ONE_GATE, per_die=True)
    ] = 1.0
    length_um: Annotated[
        Positive, Key("Length of the gate.", unit="µm", live_if=_HAS_PROCESS & _ONE_GATE, per_die=True)
    ] = 1.0
    region: Annotated[
        Literal["sub-threshold", "bias", "strong"],
        Key(
            "``sub-threshold``: currents exponential in V_T, hence log-normal. ``strong``: square law, hence normal. "
            "``bias``: g_m/I of a process at ``bias_na``, from weak to strong inversion.",
            live_if=DEVICES_DIFFER | Given("analog.die_file"),
            per_die=True,
        ),
    ] = "sub-threshold"
    overdrive_mv: Annotated[
        Positive,
        Key(
            "V_GS − V_T in strong inversion.",
            unit="mV",
            live_if=_HAS_PROCESS & Is(".region", "strong"),
            per_die=True,
        ),
    ] = 200.0
    bias_na: Annotated[
        Positive | None,
        Key(
            'Current of the transistor, which ``region = "bias"`` needs.',
            unit="nA",
            live_if=_HAS_PROCESS & Is(".region", "bias"),
            per_die=True,
        ),
    ] = None
    convention: Annotated[
        Literal["single", "pair"],
        Key(
            "Whether the σ of a device stands for one transistor (``single``) or the difference of two (``pair``: "
            "√2 more).",
            live_if=_HAS_PROCESS,
            per_die=True,
        ),
    ] = "single"

    @property
    def transistors(self) -> Process | None:
        """What is known of the transistors: of the table of processes, or the run's own coefficients."""
        if self.process is None:
            return None
        if self.process != OWN:
            return process_named(self.process, "analog.mismatch.process")
        return Process(
            a_vt=self.a_vt or 0.0,
            v_off=self.v_off,
            a_beta=self.a_beta,
            beta_floor=self.beta_floor,
            slope_factor=self.slope_factor,
            i_spec=self.i_spec_na,
            as_published="coefficients of the run",
            source="the run's [analog.mismatch]",
            evidence=OWN,
        )

    @property
    def square_a(self) -> float:
        """Current of a square gate of the transistor's length at its bias, A."""
        return 1e-9 * (self.bias_na or 0.0) * self.length_um / self.width_um

    def check(self) -> None:
        """Refuse a law or process that there is not, a σ from two places, and a law that lacks something."""
        check_tails(self.tails)
        if self.process == OWN and self.a_vt is None:
            raise ConfigError("analog.mismatch.a_vt", 'is missing; process = "own" needs it')
        process = self.transistors
        if self.region == "bias":
            self._check_bias(process)
        if process is None:
            return
        if self.sigma:
            raise ConfigError(
                "analog.mismatch.sigma",
                f'comes from process = "{self.process}" and cannot be set as well; leave it out, or say sigma = 0',
            )
        for name, size, grows in (
            ("width_um", self.width_um, process.grows_w),
            ("length_um", self.length_um, process.grows_l),
        ):
            if size + grows <= 0:
                raise ConfigError(
                    f"analog.mismatch.{name}", f"must be above {-grows:g} µm for {self.process}, got {size:g}"
                )
        if process.table is not None and self.region != "strong" and self.gates == "one":
            table = transistor_table(process.table)
            table.bin_of(self.width_um, self.length_um, "analog.mismatch.width_um")
            if self.region == "bias":
                table.area_sigma(self.width_um, self.length_um, self.square_a, "analog.mismatch.bias_na")

    def _check_bias(self, process: Process | None) -> None:
        if process is None:
            raise ConfigError(
                "analog.mismatch.region", 'must be "sub-threshold" or "strong" without a process, got "bias"'
            )
        if self.bias_na is None:
            raise ConfigError("analog.mismatch.bias_na", 'is missing; region = "bias" needs the current')
        if process.table is None and process.i_spec is None:
            cure = "give i_spec_na" if self.process == OWN else 'take the coefficients as process = "own"'
            raise ConfigError(
                "analog.mismatch.region",
                f'cannot be "bias" for {self.process}, whose I_spec is not known; {cure}',
            )


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class DefectsSpec(Section):
    """Shares of devices that do not work, drawn once per die."""

    place: ClassVar[str] = "analog.defects"
    dead_synapses: Annotated[Share, _drawn("Synapses of no current at all.")] = 0.0
    stuck_synapses: Annotated[
        Share, _drawn("Synapses that keep a random weight whatever is written to them.")
    ] = 0.0
    dead_neurons: Annotated[Share, _drawn("Neurons that stay at 0; output neurons are spared.")] = 0.0
    stuck_neurons: Annotated[Share, _drawn("Neurons that stay at full scale; output neurons are spared.")] = (
        0.0
    )

    def check(self) -> None:
        """Refuse more defects than devices."""
        for what in ("synapses", "neurons"):
            dead, stuck = getattr(self, f"dead_{what}"), getattr(self, f"stuck_{what}")
            if dead + stuck > 1:
                raise ConfigError(
                    f"analog.defects.stuck_{what}",
                    f"and dead_{what} must be at most 1 together, got {dead + stuck:g}",
                )
