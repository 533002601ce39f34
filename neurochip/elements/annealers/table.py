"""Annealers by name."""

from __future__ import annotations

from neurochip.elements.annealers.kesten import Kesten
from neurochip.elements.annealers.osa import OSA
from neurochip.elements.annealers.shift import Shift
from neurochip.elements.schedules import Constant, PowerLaw

__all__ = ["ANNEALERS", "Annealer"]

Annealer = Constant | PowerLaw | Kesten | OSA | Shift

ANNEALERS: dict[str, type[Annealer]] = {
    "constant": Constant,
    "power-law": PowerLaw,
    "kesten": Kesten,
    "osa": OSA,
    "shift": Shift,
}
