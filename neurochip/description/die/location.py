"""Where devices and dies lie, within the section ``[analog]`` of a run: on the die, on a wafer, in a lot.

Every default is a die whose devices differ independently of where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from neurochip.description.die.differences import DEVICES_DIFFER, DRAWN
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given
from neurochip.keys.key import Count, Key, Nonnegative, Positive, Share
from neurochip.keys.section import Section, described

__all__ = ["LocationSpec"]

_DIFFER = DRAWN & DEVICES_DIFFER
_DROPS = Given("analog.supply_lines.sheet_mohm") & Given("analog.cells")
_PLACED = (Given("analog.location.gradient", "analog.location.correlated") & _DIFFER) | _DROPS
_SHIFTED = Given("analog.location.lot", "analog.location.wafer") & DRAWN


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSpec(Section):
    """How far deviations depend on where a device is; what is left of σ² is independent."""

    place: ClassVar[str] = "analog.location"
    gradient: Annotated[
        Share,
        Key(
            "Share of σ² that is a linear gradient over the die, of a slope and direction drawn for each kind.",
            live_if=_DIFFER,
            per_die=True,
        ),
    ] = 0.0
    correlated: Annotated[
        Share,
        Key(
            "Share of σ² that neighbours have in common: a random field of correlation exp(−d/``correlation_um``).",
            live_if=_DIFFER,
            per_die=True,
        ),
    ] = 0.0
    correlation_um: Annotated[
        Positive,
        Key(
            "Distance over which the correlation falls to 1/e.",
            unit="µm",
            live_if=Given("analog.location.correlated") & _DIFFER,
            per_die=True,
        ),
    ] = 1000.0
    pitch_um: Annotated[
        Positive | None,
        Key(
            "Side of the square that a synapse or a neuron takes; without one that of a synapse and its store of "
            "``cells``, or 10 µm.",
            unit="µm",
            live_if=_PLACED,
            per_die=True,
        ),
    ] = None
    floorplan: Annotated[
        str | None,
        Key(
            "CSV ``from,to,x_um,y_um`` with the lower left corner of every array of synapses, and of every row of "
            "neurons (``from`` left empty); without one arrays stand side by side.",
            live_if=_PLACED,
            per_die=True,
        ),
    ] = None
    lot: Annotated[
        Nonnegative,
        Key(
            "σ of ln of a factor that all gains, rates or rails of a lot have in common, one for each kind.",
            live_if=DRAWN,
            imperfect=True,
            per_die=True,
        ),
    ] = 0.0
    wafer: Annotated[
        Nonnegative,
        Key(
            "The same for a wafer, beside that of its lot.",
            live_if=DRAWN,
            imperfect=True,
            per_die=True,
        ),
    ] = 0.0
    dies_per_wafer: Annotated[
        Count,
        Key("Dies 1 … n are those of the first wafer, and so on.", live_if=_SHIFTED, per_die=True),
    ] = 50
    wafers_per_lot: Annotated[
        Count,
        Key(
            "Wafers of one lot.",
            live_if=Given("analog.location.lot") & DRAWN,
            per_die=True,
        ),
    ] = 25

    @property
    def is_placed(self) -> bool:
        """Whether it matters where a device is."""
        return self.gradient + self.correlated > 0

    def wafer_of(self, die: int) -> int:
        """Return the number of a die's wafer, from 0."""
        return max(die - 1, 0) // self.dies_per_wafer

    def lot_of(self, die: int) -> int:
        """Return the number of a die's lot, from 0."""
        return self.wafer_of(die) // self.wafers_per_lot

    def check(self) -> None:
        """Refuse parts that are more than the whole."""
        if self.gradient + self.correlated > 1:
            raise ConfigError(
                "analog.location.correlated",
                f"and gradient must be at most 1 together, they are shares of σ², got "
                f"{self.gradient + self.correlated:g}",
            )
