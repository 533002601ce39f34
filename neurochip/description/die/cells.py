"""What the cells of a die are beyond their ideal law, within the section ``[analog]`` of a run: its leak, its mirrors.

Every default is the ideal cell: a leak that is a resistor, and mirrors of one gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.keys.conditions import Given, Is, IsNot
from neurochip.keys.key import Key, Nonnegative, Positive, Share
from neurochip.keys.section import Section, described

__all__ = ["MOST_CONDUCTANCE", "LeakSpec", "MirrorSpec"]

MOST_CONDUCTANCE = 0.1
_AMPLIFIER = Is(".characteristic", "amplifier")
_MIRRORS = Is("analog.characteristic", "hard-sigmoid")
Inversion = Annotated[float, Meta(ge=1e-3, le=1e4)]


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class LeakSpec(Section):
    """What pulls a neuron back to rest; the conductance at rest is 1, so that τ stays C/g_L."""

    place: ClassVar[str] = "analog.leak"
    characteristic: Annotated[
        Literal["linear", "amplifier"],
        Key(
            "``linear``: a conductance. ``amplifier``: a transconductance amplifier with its output at its input (a "
            "follower-integrator), whose pair turns its tail within ``range`` and then carries no more.",
            live_if=IsNot("analog.characteristic", "file"),
        ),
    ] = "linear"
    range: Annotated[
        Positive,
        Key(
            "Voltage over which the amplifier's pair turns its tail, 2nU_T in weak inversion.",
            unit="full scales",
            live_if=_AMPLIFIER,
        ),
    ] = 1.0
    inversion: Annotated[
        Inversion,
        Key("Inversion coefficient of its tail at 27 °C, I/(I_spec W/L).", live_if=_AMPLIFIER),
    ] = 0.01
    conductance: Annotated[
        Share,
        Key(
            "Share of its conductance at rest that never saturates: of the output of the amplifier.",
            live_if=_AMPLIFIER,
        ),
    ] = 0.0
    asymmetry: Annotated[
        float,
        Meta(ge=-1, le=1),
        Key(
            "What it carries at rest, of its tail: of a load whose two sides are not alike.",
            live_if=_AMPLIFIER,
        ),
    ] = 0.0

    @property
    def tail(self) -> float:
        """Current of its tail, in full-scale currents g_L V₀; that of a linear one is 1."""
        return 1.0 if self.characteristic == "linear" else (1 - self.conductance) * self.range


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSpec(Section):
    """How the gain of a mirror, the synapse of a hard-sigmoid die, depends on its current; 1 at full scale."""

    place: ClassVar[str] = "analog.mirror"
    conductance: Annotated[
        Nonnegative,
        Meta(le=MOST_CONDUCTANCE),
        Key(
            "n U_T over the Early voltage: the share of its gain that a mirror loses when its input rises by n U_T at "
            "the gate, because its output does not; in weak inversion, when its current rises e-fold.",
            live_if=_MIRRORS,
            imperfect=True,
        ),
    ] = 0.0
    inversion: Annotated[
        Inversion,
        Key(
            "Inversion coefficient of a full-scale current at 27 °C, I/(I_spec W/L).",
            live_if=Given(".conductance") & _MIRRORS,
        ),
    ] = 0.01
