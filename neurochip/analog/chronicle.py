"""What a report says of a die: what it is, how the phases of each epoch ended, and what to be warned of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.cell_spread import die_spreads
from neurochip.analog.cells_table import cells_table
from neurochip.analog.diagnostics import diagnose
from neurochip.analog.drawing import drawn_sigmas
from neurochip.analog.location_table import location_table
from neurochip.analog.rails import full_scale_v, supply_v
from neurochip.analog.settle_time import settle_times
from neurochip.analog.spread import gain_law
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.supply_table import drop_table
from neurochip.description.die.biasing import current_factor

__all__ = ["LOOKED_AT", "after_epoch", "die_table", "warnings"]

Array = NDArray[np.floating]

LOOKED_AT = 200  # samples whose fixed points are looked at after an epoch
_TOLERATED = 0.01  # share of phases that may end unsettled without a warning
_NAMES = {
    "free": "free",
    "nudged": "nudged",
    "nudged_negative": "negatively nudged",
    "evaluation": "evaluation",
}


def after_epoch(
    substrate: AnalogSubstrate, epoch: int, inputs: Array, wanted: NDArray[Any], beta: float = 0.0
) -> dict[str, object]:
    """Return diagnostics after an epoch, and forget how its phases ended.

    ``inputs`` [sample, unit] and ``wanted``, classes [sample] or targets [sample, output]; theorem 1 is
    evaluated for the first ``analog.diagnosed`` of them. Settle times are those of a free phase, and of one that is
    nudged with ``beta``, where there is one.
    """
    table: dict[str, Any] = {"epoch": epoch, "settling": substrate.settling.as_table()}
    if substrate.rails.limit is not None:
        table["rails"] = substrate.rails.as_table()
    if substrate.spec.diagnosed:
        table |= diagnose(substrate, inputs, wanted, solved=substrate.spec.diagnosed)
    if substrate.cells is not None and substrate.spec.diagnosed:
        shown, aims = inputs[: substrate.spec.diagnosed], wanted[: substrate.spec.diagnosed]
        table["settle_time"] = _times(settle_times(substrate, shown))
        if beta and "nudged" in table["settling"]:
            targets = np.eye(substrate.network.sizes[-1])[aims] if aims.ndim == 1 else aims
            table["nudged_settle_time"] = _times(settle_times(substrate, shown, beta=beta, targets=targets))
    substrate.settling.reset()
    substrate.rails.reset()
    return table


def _times(found: Array) -> dict[str, float] | None:
    """Return the median and the longest of settle times, τ; `None` where no sample comes to rest."""
    if not np.isfinite(found).any():
        return None
    return {"median": float(np.nanmedian(found)), "largest": float(np.nanmax(found))}


def die_table(substrate: AnalogSubstrate, epochs: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return what stands in the report under ``analog``."""
    spec = substrate.spec
    drawn = drawn_sigmas(substrate.die, substrate.network, gain_law(spec.mismatch))
    process = None
    found = spec.mismatch.transistors
    if found is not None and spec.die_file is None:
        process = {
            "name": spec.mismatch.process,
            "coefficients": found.coefficients(),
            "as_published": found.as_published,
            "source": found.source,
            "evidence": found.evidence,
            "convention": spec.mismatch.convention,
            "region": spec.mismatch.region,
            "width_um": spec.mismatch.width_um,
            "length_um": spec.mismatch.length_um,
        }
    return {
        "die": {"origin": substrate.die.origin, "digest": substrate.die.digest},
        "process": process,
        "mismatch": [
            {
                "kind": spread.kind,
                "law": spread.law,
                "asked": None if spec.die_file is not None else spread.sigma,
                "drawn": drawn[spread.kind],
                "origin": substrate.die.origin if spec.die_file is not None else spread.origin,
            }
            for spread in die_spreads(spec)
        ],
        "location": location_table(substrate.network, spec),
        "conditions": _conditions(substrate),
        "supply_lines": drop_table(substrate.circuit.drops),
        "tau_us": 1e6 * spec.tau_s,
        "step": spec.settle.step,
        "residual_limit": spec.settle.residual,
        "rails": _rails(substrate),
        "cells": None if substrate.cells is None else cells_table(substrate, substrate.cells),
        "epochs": list(epochs),
        "warnings": [*warnings(epochs, spec.settle.residual), *_beyond_rails(substrate, epochs)],
    }


def _conditions(substrate: AnalogSubstrate) -> dict[str, object]:
    spec = substrate.spec
    return {
        "celsius": spec.conditions.celsius,
        "supply_v": supply_v(spec),
        "bias": spec.conditions.bias,
        "corner": spec.conditions.corner,
        "current_factor": current_factor(spec.mismatch, spec.conditions),
        "noise_step": spec.noise_step,
        "noise_read": spec.noise_read,
    }


def _rails(substrate: AnalogSubstrate) -> dict[str, float] | None:
    limit, spec = substrate.rails.limit, substrate.spec
    if limit is None:
        return None
    supply = supply_v(spec)
    scale = full_scale_v(spec)
    room = float(np.min(limit))
    return {"supply_v": supply, "full_scale_v": scale, "headroom": room, "room_v": room * scale}


def _beyond_rails(substrate: AnalogSubstrate, epochs: Sequence[dict[str, Any]]) -> list[str]:
    """Return a sentence when voltages of the last epoch lay beyond the rails."""
    rails = _rails(substrate)
    seen = epochs[-1].get("rails", {}) if epochs else {}
    worst = max(seen, key=lambda phase: seen[phase]["beyond"], default=None)
    if rails is None or worst is None or not seen[worst]["beyond"]:
        return []
    volts = max(phase["furthest"] for phase in seen.values()) * rails["full_scale_v"]
    return [
        f"analog.supply_v: {100 * seen[worst]['beyond']:.2g} % of the voltages of the last epoch's {_NAMES[worst]} "
        f"phases lay beyond the rails, up to {volts:.2g} V from rest where a supply of {rails['supply_v']:g} V leaves "
        f"{rails['room_v']:g} V (one full scale is {1e3 * rails['full_scale_v']:.3g} mV): no such circuit can "
        "be built; take smaller weights, a leak with more gain, or another characteristic"
    ]


def warnings(epochs: Sequence[dict[str, Any]], limit: float) -> list[str]:
    """Return a sentence for each thing that went wrong in the last epoch."""
    if not epochs:
        return []
    last, found = epochs[-1], []
    for phase, what in (
        ("free", "what was learnt from is partly unfinished relaxation; give phases.free more ticks"),
        ("nudged", "the nudge had not spread through the network; give phases.nudged more ticks"),
        ("nudged_negative", "the negative nudge had not spread; give phases.nudged more ticks"),
    ):
        ended = last["settling"].get(phase)
        if ended is not None and not ended["unsettled"] <= _TOLERATED:
            found.append(
                f"analog.settle: {100 * ended['unsettled']:.1f} % of the {_NAMES[phase]} phases of the last epoch "
                f"ended above the residual {limit:g} (mean {ended['mean_residual']:.2g}, largest "
                f"{ended['largest_residual']:.2g} full scales), so {what}"
            )
    dead = last.get("dead", [])
    if dead:
        classes = ", ".join(map(str, dead))
        found.append(
            f"learning: the outputs of {'class' if len(dead) == 1 else 'classes'} {classes} stay at 0 for every "
            "sample of their own looked at; an output on its lower rail leaves it only when its current exceeds "
            "−2β, so try a larger learning.beta"
        )
    if not last.get("spectral_abscissa", -1.0) < 0:
        found.append(
            f"analog.circuit: a fixed point is not stable (spectral abscissa {last['spectral_abscissa']:.2g}/τ); "
            "the voltages may not settle"
        )
    if last.get("unsettled", 0.0) > 0:
        found.append(
            f"analog.circuit: {100 * last['unsettled']:.1f} % of the samples looked at never came to rest, so their "
            "diagnostics are not those of a fixed point"
        )
    return found
