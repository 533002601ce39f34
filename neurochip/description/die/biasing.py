"""What temperature and corner make of the currents of a die, and so of its speed."""

from __future__ import annotations

import math

from neurochip.description.die.condition_table import condition_table
from neurochip.description.die.conditions import NOMINAL_CELSIUS, ConditionsSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.transistor_table import WEAK_A
from neurochip.errors import ConfigError

__all__ = ["check_conditions", "current_factor", "steepness"]


def current_factor(mismatch: MismatchSpec, conditions: ConditionsSpec) -> float:
    """Return by how much currents differ from those at 27 °C and the typical corner.

    1 where a reference holds them. With fixed gate voltages, that of the foundry's card for the gate of ``mismatch`` at
    its bias, or at 1 nA in a square gate.
    """
    process = mismatch.transistors
    is_nominal = conditions.celsius == NOMINAL_CELSIUS and conditions.corner == "tt"
    if conditions.bias == "current" or is_nominal or process is None or process.table is None:
        return 1.0
    square = mismatch.square_a if mismatch.region == "bias" else WEAK_A
    size = (mismatch.width_um, mismatch.length_um)
    return condition_table(process.table).current_factor(size, square, conditions.celsius, conditions.corner)


def steepness(inversion: float) -> float:
    """Return V₀ of a pair over 2 n U_T: 1 in weak inversion, √(IC/2) in strong; ``inversion`` is IC of its tail."""
    root = math.sqrt(inversion / 2)
    return root / -math.expm1(-root)


def check_conditions(mismatch: MismatchSpec, conditions: ConditionsSpec) -> None:
    """Refuse a temperature that a process is not known at, and fixed gate voltages where its currents are not known.

    Raises
    ------
    ConfigError
        With the key.
    """
    process = mismatch.transistors
    if process is None:
        return
    if process.table is not None and conditions.celsius != NOMINAL_CELSIUS:
        condition_table(process.table).check(conditions.celsius, "analog.conditions.celsius")
    if conditions.bias == "current":
        return
    if process.table is None:
        raise ConfigError(
            "analog.conditions.bias",
            f'cannot be "voltage" for {mismatch.process}, of whose currents there is no table; leave it at "current"',
        )
    if mismatch.region == "strong":
        raise ConfigError(
            "analog.conditions.bias",
            'needs the current of a transistor to be "voltage"; set analog.mismatch.region to "bias"',
        )
