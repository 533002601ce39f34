"""The link code `bitmap`: in each tick a frame, with a bit for each neuron of the sending core."""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.spikes.symbols import Symbols

__all__ = ["Bitmap"]


@dataclass(frozen=True, slots=True)
class Bitmap(Symbols):
    """A frame per tick, to every core that receives it: the bits of `symbols`, sent once to each.

    Attributes
    ----------
    units
        Neurons of the sending core.
    """
