"""The section ``[analog.supply_lines]`` of a run: the lines that bring the supply to the cells of a die.

By default they have no resistance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from neurochip.keys.conditions import Given
from neurochip.keys.key import Key, Nonnegative, Positive
from neurochip.keys.section import Section, described

__all__ = ["SupplyLinesSpec"]

_DROPS = Given(".sheet_mohm") & Given("analog.cells")


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyLinesSpec(Section):
    """Lines of metal over the floorplan, for the supply and alike for what the cells return to ground."""

    place: ClassVar[str] = "analog.supply_lines"
    sheet_mohm: Annotated[
        Nonnegative,
        Key(
            "Sheet resistance of the lines, over which the currents of ``analog.cells`` fall; 0 for none. A tail whose "
            "ground has risen carries less.",
            unit="mΩ/□",
            live_if=Given("analog.cells"),
            imperfect=True,
        ),
    ] = 0.0
    width_um: Annotated[Positive, Key("Width of a line.", unit="µm", live_if=_DROPS)] = 1.0
    pitch_um: Annotated[
        Positive,
        Key(
            "From one line to the next; a cell is fed by the nearest, in pieces of the same length.",
            unit="µm",
            live_if=_DROPS,
        ),
    ] = 100.0
    layout: Annotated[
        Literal["comb", "grid"],
        Key(
            "``comb``: lines across the floorplan that meet nowhere but at their pad. ``grid``: lines upwards as well, "
            "joined at every crossing.",
            live_if=_DROPS,
        ),
    ] = "comb"
    pad: Annotated[
        Literal["left", "right"],
        Key(
            "Side at which all lines across end in a wide trunk, at the full supply.",
            live_if=_DROPS,
        ),
    ] = "left"
