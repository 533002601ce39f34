"""σ of every kind of mismatch of a die: of one gate for all devices, or of each cell's own, where it sits.

With the gates of the cells, a synapse's tail or mirror makes its gain; the tail of a leak makes the time constant of
its neuron, and the gain as its inverse; a pair of two transistors that each carry half of a tail has the offset

    σ = √2 σ(ln I) / (g_m/I)

at its input. Loads are not in it: `neurochip cells extract` draws a pair with them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from neurochip.analog.rails import full_scale_v
from neurochip.analog.spread import THERMAL_MV, Spread, current_sigma, efficiency, gain_law, spreads
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.conditions import thermal_ratio
from neurochip.description.die.differences import MISMATCH_KINDS
from neurochip.description.die.processes import SLOPE_FACTOR
from neurochip.errors import ConfigError

__all__ = ["die_spreads"]


def die_spreads(spec: AnalogSpec) -> tuple[Spread, ...]:
    """Return σ and law of every kind of mismatch of a die.

    Raises
    ------
    ConfigError
        For a cell whose gate is not given, or is none of the process.
    """
    if spec.mismatch.gates == "one" or spec.mismatch.transistors is None or spec.library is None:
        return spreads(spec.mismatch, spec.conditions)
    law, found = gain_law(spec.mismatch), []
    of_cells = _of_cells(spec)
    for kind in MISMATCH_KINDS:
        own = getattr(spec.mismatch, kind)
        sigma, origin = of_cells.get(kind, (0.0, "no cell")) if own is None else (own, kind)
        is_offset = kind.endswith("_offset")
        found.append(Spread(kind, sigma, "normal" if is_offset else law, origin))
    return tuple(found)


def _of_cells(spec: AnalogSpec) -> dict[str, tuple[float, str]]:
    """Return kind → σ and where it comes from, for what has a gate."""
    has_pair, is_ekv = spec.characteristic in ("tanh", "ekv"), spec.characteristic == "ekv"
    is_amplifier = spec.leak.characteristic == "amplifier"
    rate = _sigma(spec, "leak", spec.leak.tail, spec.mismatch.convention)
    found = {
        "synapse_gain": _sigma(spec, "synapse", 1.0, spec.mismatch.convention),
        "time_constant": rate,
        "neuron_gain": rate,
        "leak_offset" if is_amplifier else "neuron_offset": _offset(
            spec, "leak", spec.leak.tail, spec.leak_inversion if is_amplifier else 0.0
        ),
    }
    if has_pair:
        found["pair_offset"] = _offset(spec, "synapse", 1.0, spec.pair_inversion if is_ekv else 0.0)
    return found


def _sigma(
    spec: AnalogSpec, name: str, share: float, convention: Literal["single", "pair"]
) -> tuple[float, str]:
    """Return σ(ln I) of a transistor, or a mirror of two, of a cell's gate at a ``share`` of the bias."""
    library = spec.library
    cell = None if library is None else library.cells[name]
    if cell is None or not cell.width * cell.length > 0:
        raise ConfigError(
            f"cells.{name}.width",
            'and length are missing; analog.mismatch.gates = "cells" takes σ from the gate of each cell',
        )
    bias = spec.mismatch.bias_na
    try:
        own = replace(
            spec.mismatch,
            gates="one",
            width_um=1e6 * cell.width,
            length_um=1e6 * cell.length,
            bias_na=None if bias is None else bias * share,
            convention=convention,
        )
        sigma, origin = current_sigma(own, spec.conditions)
    except ConfigError as error:
        raise ConfigError(f"cells.{name}: {error.place}", error.problem) from None
    return sigma, f"cells.{name}: {origin}"


def _offset(spec: AnalogSpec, name: str, share: float, inversion: float) -> tuple[float, str]:
    """Return σ of the offset at the input of a cell's pair, full scales."""
    sigma, origin = _sigma(spec, name, share / 2, "single")
    process = spec.mismatch.transistors
    slope = SLOPE_FACTOR if process is None else process.slope_factor
    turn = 1e-3 * slope * THERMAL_MV * thermal_ratio(spec.conditions.celsius) / efficiency(inversion / 2)
    if spec.mismatch.region == "strong":
        turn = 1e-3 * spec.mismatch.overdrive_mv / 2
    return math.sqrt(2) * sigma * turn / full_scale_v(spec), f"{origin}, a pair of two"
