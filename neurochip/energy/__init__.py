"""Counters × energy table → joules: pure, so that a stored run can be costed again at any time."""

from neurochip.energy.charges import Charge, charges
from neurochip.energy.costing import EnergyLine, EnergyReport, energy_report
from neurochip.energy.hardware import ElementUse, HardwareUse, hardware_of
from neurochip.energy.static import Clocked

__all__ = [
    "Charge",
    "Clocked",
    "ElementUse",
    "EnergyLine",
    "EnergyReport",
    "HardwareUse",
    "charges",
    "hardware_of",
    "energy_report",
]
