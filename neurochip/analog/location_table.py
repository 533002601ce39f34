"""What a report says of where a die's devices lie, and of what they share with their wafer and lot."""

from __future__ import annotations

from typing import Any

from neurochip.analog.cell_spread import die_spreads
from neurochip.analog.fields import shift
from neurochip.analog.floorplan import floorplan_of
from neurochip.description.die.circuit import AnalogSpec
from neurochip.network import Network

__all__ = ["location_table", "location_words"]


def location_table(network: Network, spec: AnalogSpec) -> dict[str, object] | None:
    """Return what stands in the report under ``analog.location``; `None` where no location matters."""
    location = spec.location
    if spec.die_file is not None or not (location.is_placed or location.lot or location.wafer):
        return None
    size = [1e-6 * side for side in floorplan_of(network, spec).size] if location.is_placed else None
    kinds = [spread.kind for spread in die_spreads(spec) if not spread.is_offset]
    return {
        "gradient": location.gradient,
        "correlated": location.correlated,
        "correlation_m": 1e-6 * location.correlation_um if location.correlated else None,
        "size_m": size,
        "lot": location.lot_of(spec.die),
        "wafer": location.wafer_of(spec.die),
        "shifts": {kind: shift(location, spec.die, kind) for kind in kinds}
        if location.lot or location.wafer
        else {},
    }


def location_words(table: dict[str, Any]) -> str:
    """Return that in a sentence or two."""
    words = []
    if table["size_m"] is not None:
        width, height = (1e3 * side for side in table["size_m"])
        field = ""
        if table["correlated"]:
            field = f" and {table['correlated']:.3g} a field of neighbours within {1e6 * table['correlation_m']:.4g} µm"
        words.append(
            f"Of σ², {table['gradient']:.3g} is a gradient{field}, over cells that cover {width:.3g} × {height:.3g} mm."
        )
    if table["shifts"]:
        shifts = ", ".join(
            f"{kind.replace('_', ' ')} {value:+.3f}" for kind, value in table["shifts"].items()
        )
        words.append(f"Lot {table['lot']}, wafer {table['wafer']}, in common (ln): {shifts}.")
    return " ".join(words)
