"""The programs that ship, as text: the driver uses these, and so may anybody."""

from __future__ import annotations

from importlib import resources

from firmware_sim.assembler import assemble
from firmware_sim.codes import FirmwareError
from firmware_sim.program import Program

__all__ = ["NAMES", "SCHEDULES", "SERVICES", "shipped", "shipped_text"]

SERVICES = "services"  # what the driver needs for every call of a substrate
SCHEDULES = ("before", "opposite", "parallel", "persistent", "once", "gradient")
NAMES = (SERVICES, *SCHEDULES, "demo")


def shipped_text(name: str) -> str:
    """Return the text of a program that ships."""
    if name not in NAMES:
        raise FirmwareError(name, f"no such program ships; there are {', '.join(NAMES)}")
    return (resources.files(__name__) / f"{name}.asm").read_text(encoding="utf-8")


def shipped(name: str) -> Program:
    """Return a program that ships, assembled."""
    return assemble(shipped_text(name), f"{name}.asm")
