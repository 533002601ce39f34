"""What stands between a die and what teaches it: converters at its borders, stored weights, measuring and writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.description.die.differences import DEVICES_DIFFER, DEVICES_FAIL
from neurochip.keys.conditions import Given, Is, Unset
from neurochip.keys.key import Key, Nonnegative, Positive, Share
from neurochip.keys.section import Section, described

__all__ = ["ConvertersSpec", "DriftSpec", "LearningPathSpec"]

Bits = Annotated[int, Meta(ge=1, le=24)]  # float32 holds no finer step

_TRAINS = Is("experiment", "train")


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
