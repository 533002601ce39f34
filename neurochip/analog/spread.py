"""From a run's ``[analog.mismatch]`` to the σ and the law of each kind of mismatch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from neurochip.description.die_sections import MISMATCH_KINDS, MismatchSpec
from neurochip.description.processes import PROCESSES

__all__ = ["OFFSET_SHARE", "SLOPE_FACTOR", "THERMAL_MV", "Law", "Spread", "spreads"]

THERMAL_MV = 25.85  # kT/q at 300 K
SLOPE_FACTOR = 1.3  # n of a bulk transistor in weak inversion, 1.2 to 1.5
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


def current_sigma(spec: MismatchSpec) -> tuple[float, str]:
    """Return the relative σ of a current, and how it was found: the run's own, or Pelgrom's law.

    Sub-threshold: I ∝ exp(V_T / nU_T), σ(ln I) = σ(V_T)/(nU_T). Strong inversion: σ(I)/I = 2σ(V_T)/(V_GS − V_T).
    σ(β)/β = A_β/√(WL) adds in quadrature to both.
    """
    if spec.process is None:
        return spec.sigma, "sigma"
    process = PROCESSES[spec.process]
    root_area = math.sqrt(spec.width_um * spec.length_um)
    threshold_mv = process.a_vt / root_area
    beta = process.a_beta / 100 / root_area
    if spec.region == "sub-threshold":
        by_threshold = threshold_mv / (SLOPE_FACTOR * THERMAL_MV)
    else:
        by_threshold = 2 * threshold_mv / spec.overdrive_mv
    sigma = math.hypot(by_threshold, beta)
    if spec.convention == "pair":
        sigma *= math.sqrt(2)
    size = f"{spec.width_um:g} × {spec.length_um:g} µm"
    devices = "one transistor" if spec.convention == "single" else "a pair of transistors"
    return sigma, f"{spec.process}, {size}, {spec.region}, {devices}"


def spreads(spec: MismatchSpec) -> tuple[Spread, ...]:
    """Return σ and law of every kind of mismatch."""
    current, origin = current_sigma(spec)
    gain_law: Law = "log-normal" if spec.region == "sub-threshold" else "normal"
    found = []
    for kind in MISMATCH_KINDS:
        own = getattr(spec, kind)
        is_offset = kind.endswith("_offset")
        sigma = own if own is not None else current * (OFFSET_SHARE if is_offset else 1.0)
        found.append(
            Spread(kind, sigma, "normal" if is_offset else gain_law, kind if own is not None else origin)
        )
    return tuple(found)
