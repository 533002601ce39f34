"""From a run's ``[analog.mismatch]`` to the σ and the law of each kind of mismatch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from neurochip.description.die.biasing import current_factor
from neurochip.description.die.condition_table import condition_table
from neurochip.description.die.conditions import (
    I_SPEC_RISES,
    NOMINAL_CELSIUS,
    ConditionsSpec,
    thermal_ratio,
)
from neurochip.description.die.differences import MISMATCH_KINDS, MismatchSpec
from neurochip.description.die.processes import Process
from neurochip.description.die.transistor_table import WEAK_A, transistor_table

__all__ = [
    "OFFSET_SHARE",
    "THERMAL_MV",
    "Law",
    "Spread",
    "current_sigma",
    "efficiency",
    "gain_law",
    "spreads",
]

THERMAL_MV = 25.85  # kT/q at 27 °C, which is taken for 300 K
_NOMINAL = ConditionsSpec()
_WIDTH = "analog.mismatch.width_um"
OFFSET_SHARE = 0.25  # of σ, in full scales (neurons) or standard deviations of Glorot's weights (synapses)

Law = Literal["log-normal", "normal"]


@dataclass(frozen=True, slots=True)
class Spread:
    """How one kind of device differs.

    Attributes
    ----------
    kind
        One of `MISMATCH_KINDS`.
    sigma
        Standard deviation; of the logarithm when ``law`` is log-normal.
    law
        ``log-normal`` and ``normal`` gains have mean 1; offsets are normal about 0.
    origin
        Where σ comes from, in words.
    """

    kind: str
    sigma: float
    law: Law
    origin: str

    @property
    def is_offset(self) -> bool:
        """Whether it is added rather than multiplied."""
        return self.kind.endswith("_offset")


def efficiency(inversion_coefficient: float) -> float:
    """Return n U_T g_m/I of a transistor in saturation, 1 in weak inversion and 1/√IC in strong.

    IC is its current in units of I_spec W/L.

    The interpolation of Enz, Krummenacher & Vittoz (Analog Integr. Circ. Sig. Process. 8:83, 1995).
    """
    return 1 / (0.5 + math.sqrt(0.25 + inversion_coefficient))


def current_sigma(spec: MismatchSpec, conditions: ConditionsSpec = _NOMINAL) -> tuple[float, str]:
    """Return the relative σ of a current, and how it was found: the run's own, or the law of a process.

    σ²(ln I) = (g_m/I)² (A_VT² + (h V_off)² + oxide²)/WL + A_β²/WL + β₀² + (σ_W/W)² + (σ_L/L)², where h = n U_T g_m/I
    says how far V_off still acts. g_m/I is 1/(n U_T) below threshold, 2/(V_GS − V_T) in strong inversion, and by
    `efficiency` at a current. Where there is a table of the foundry's card, it stands in place of the first term. U_T
    and I_spec are those of the temperature.
    """
    process = spec.transistors
    if process is None:
        return spec.sigma, "sigma"
    width, length = spec.width_um, spec.length_um
    by_edges = math.hypot(process.edge_w / width, process.edge_l / length) / 1e3
    root_area = math.sqrt((width + process.grows_w) * (length + process.grows_l))
    by_beta = math.hypot(process.a_beta / 100 / root_area, process.beta_floor / 100)
    by_gate, where = _by_gate(spec, process, conditions)
    if conditions.celsius != NOMINAL_CELSIUS:
        where += f", {conditions.celsius:g} °C"
    sigma = math.hypot(by_gate / root_area, by_beta, by_edges)
    if spec.convention == "pair":
        sigma *= math.sqrt(2)
    size = f"{width:g} × {length:g} µm"
    devices = "one transistor" if spec.convention == "single" else "a pair of transistors"
    return sigma, f"{spec.process}, {size}, {where}, {devices}"


def _by_gate(spec: MismatchSpec, process: Process, conditions: ConditionsSpec) -> tuple[float, str]:
    """Return σ(ln I) √(WL) by what shifts the gate's voltage, µm, and where the transistor works, in words."""
    hotter = thermal_ratio(conditions.celsius)
    slope = process.slope_factor * THERMAL_MV * hotter
    square = spec.square_a * current_factor(spec, conditions)
    if spec.region == "strong":
        return _shifted(process, 2 / spec.overdrive_mv, slope), f"strong, {spec.overdrive_mv:g} mV"
    if process.table is not None:
        table, (width, length) = transistor_table(process.table), (spec.width_um, spec.length_um)
        where = f"bin {table.bin_of(width, length, _WIDTH).name}"
        is_weak = spec.region == "sub-threshold"
        square, key = (WEAK_A, _WIDTH) if is_weak else (square, "analog.mismatch.bias_na")
        sigma = table.area_sigma(width, length, square, key)
        if conditions.celsius != NOMINAL_CELSIUS:
            gate = table.bin_of(width, length, _WIDTH)
            others = condition_table(process.table)
            sigma *= others.sigma_ratio(gate, (width, length), square, conditions.celsius)
        return sigma, f"sub-threshold, {where}" if is_weak else f"{spec.bias_na:g} nA, {where}"
    if spec.region == "sub-threshold":
        return _shifted(process, 1 / slope, slope), "sub-threshold"
    coefficient = 1e9 * square / ((process.i_spec or math.inf) * hotter**I_SPEC_RISES)
    where = f"{spec.bias_na:g} nA, inversion coefficient {coefficient:.3g}"
    return _shifted(process, efficiency(coefficient) / slope, slope), where


def _shifted(process: Process, per_mv: float, slope: float) -> float:
    """Return σ(ln I) √(WL), µm, of a gate whose current rises by ``per_mv`` with each mV, 1/``slope`` at most."""
    acts = min(1.0, per_mv * slope)
    return per_mv * math.hypot(process.a_vt, acts * process.v_off, process.oxide)


def gain_law(spec: MismatchSpec) -> Law:
    """Return the law of gains, rates and rails: normal in strong inversion, where a current is no exponential."""
    return "normal" if spec.region == "strong" else "log-normal"


def spreads(spec: MismatchSpec, conditions: ConditionsSpec = _NOMINAL) -> tuple[Spread, ...]:
    """Return σ and law of every kind of mismatch."""
    current, origin = current_sigma(spec, conditions)
    law = gain_law(spec)
    found = []
    for kind in MISMATCH_KINDS:
        own = getattr(spec, kind)
        if own is None and kind in ("pair_offset", "leak_offset"):
            continue
        is_offset = kind.endswith("_offset")
        sigma = own if own is not None else current * (OFFSET_SHARE if is_offset else 1.0)
        found.append(Spread(kind, sigma, "normal" if is_offset else law, kind if own is not None else origin))
    return tuple(found)
