"""The section ``[analog.noise]`` of a run: what is drawn anew each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from msgspec import Meta

from neurochip.keys.conditions import Given, Is
from neurochip.keys.key import Key, Nonnegative
from neurochip.keys.section import Section, described

__all__ = ["NoiseSpec"]

_TRAINS = Is("experiment", "train")


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
    currents: Annotated[
        Nonnegative,
        Key(
            "White noise of the currents that synapses and biases of ``cells`` send into a neuron, added up, over that "
            "of their tails: 2qI of each in weak inversion. 1 for a pair with its tail, 2 with a mirror as its load.",
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
