"""Ledger × price list → joules: pure, so that a stored run can be priced again at any time."""

from neurochip.energy.charges import Charge, charges
from neurochip.energy.hardware import ElementUse, HardwareUse, hardware_of
from neurochip.energy.pricing import EnergyLine, EnergyReport, price

__all__ = [
    "Charge",
    "ElementUse",
    "EnergyLine",
    "EnergyReport",
    "HardwareUse",
    "charges",
    "hardware_of",
    "price",
]
