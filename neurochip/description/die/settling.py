"""The section ``[analog.settle]`` of a run: how the equation of a die is solved, and when a phase is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from neurochip.errors import ConfigError
from neurochip.keys.conditions import Is
from neurochip.keys.key import Key, Nonnegative, Positive
from neurochip.keys.section import Section, described

__all__ = ["SettleSpec"]

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
            "time constant is nominal); ``euler``; ``heun``: two stages, with the step chosen by the local "
            "error; with noise two stages of strong order 1.5 (SRA1, Rößler 2010)."
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
