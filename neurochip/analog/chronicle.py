"""What a report says of a die: what it is, how the phases of each epoch ended, and what to be warned of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from neurochip.analog.diagnostics import diagnose
from neurochip.analog.drawing import drawn_sigmas
from neurochip.analog.spread import gain_law, spreads
from neurochip.analog.substrate import AnalogSubstrate

__all__ = ["LOOKED_AT", "after_epoch", "die_table", "warnings"]

Array = NDArray[Any]

LOOKED_AT = 200  # samples whose fixed points are looked at after an epoch
_TOLERATED = 0.01  # share of free phases that may end unsettled without a warning


def after_epoch(substrate: AnalogSubstrate, epoch: int, inputs: Array, wanted: Array) -> dict[str, Any]:
    """Return diagnostics after an epoch, and forget how its phases ended.

    ``inputs`` [sample, unit] and ``wanted``, classes [sample] or targets [sample, output]; theorem 1 is
    evaluated for the first ``analog.diagnosed`` of them.
    """
    table: dict[str, Any] = {"epoch": epoch, "settling": substrate.settling.as_table()}
    if substrate.spec.diagnosed:
        table |= diagnose(substrate, inputs, wanted, solved=substrate.spec.diagnosed)
    substrate.settling.reset()
    return table


def die_table(substrate: AnalogSubstrate, epochs: Sequence[dict[str, Any]]) -> dict[str, Any]:
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
            for spread in spreads(spec.mismatch)
        ],
        "tau_us": spec.tau_us,
        "step": spec.settle.step,
        "residual_limit": spec.settle.residual,
        "epochs": list(epochs),
        "warnings": warnings(epochs, spec.settle.residual),
    }


def warnings(epochs: Sequence[dict[str, Any]], limit: float) -> list[str]:
    """Return a sentence for each thing that went wrong in the last epoch."""
    if not epochs:
        return []
    last, found = epochs[-1], []
    free = last["settling"].get("free")
    if free is not None and not free["unsettled"] <= _TOLERATED:
        found.append(
            f"analog.settle: {100 * free['unsettled']:.1f} % of the free phases of the last epoch ended above the "
            f"residual {limit:g} (mean {free['mean_residual']:.2g}, largest {free['largest_residual']:.2g} full "
            "scales), so what was learnt from is partly unfinished relaxation; give phases.free more ticks"
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
