"""The conditions that a die works under, within the section ``[analog]`` of a run: temperature, corner, biasing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.keys.conditions import Given, Is, IsNot
from neurochip.keys.key import Key
from neurochip.keys.section import Section, described

__all__ = ["BOLTZMANN", "I_SPEC_RISES", "NOMINAL_CELSIUS", "ConditionsSpec", "kelvin", "thermal_ratio"]

NOMINAL_CELSIUS = 27.0
I_SPEC_RISES = 0.5  # power of the absolute temperature: that of U_T² and of a mobility ∝ T^(−3/2)
BOLTZMANN = 1.380649e-23  # J/K


def thermal_ratio(celsius: float) -> float:
    """Return kT/q over that at 27 °C."""
    return kelvin(celsius) / kelvin(NOMINAL_CELSIUS)


def kelvin(celsius: float) -> float:
    """Return the absolute temperature, K."""
    return celsius + 273.15


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsSpec(Section):
    """Temperature, corner, and what holds the currents."""

    place: ClassVar[str] = "analog.conditions"
    celsius: Annotated[
        float,
        Meta(ge=-55, le=150),
        Key(
            "Temperature of the die: of kT/q in 2nU_T and in mismatch below threshold, of I_spec, and of kT/C.",
            unit="°C",
            live_if=Given("analog.mismatch.process", "analog.noise.thermal")
            | IsNot("analog.characteristic", "hard-sigmoid"),
        ),
    ] = NOMINAL_CELSIUS
    bias: Annotated[
        Literal["current", "voltage"],
        Key(
            "``current``: a reference keeps currents as they were meant. ``voltage``: gate voltages stay as they were "
            "set at 27 °C and the typical corner, so that currents follow temperature and corner.",
            live_if=Given("analog.mismatch.process"),
        ),
    ] = "current"
    corner: Annotated[
        Literal["tt", "ff", "ss", "fs", "sf"],
        Key(
            "Corner of the foundry's card.",
            live_if=Is(".bias", "voltage") & Given("analog.mismatch.process"),
        ),
    ] = "tt"
