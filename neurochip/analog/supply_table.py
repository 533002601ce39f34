"""What a report says of the drop along the lines of the supply."""

from __future__ import annotations

from typing import Any

from neurochip.analog.supply_lines import Drops

__all__ = ["drop_table", "drop_words"]


def drop_table(drops: Drops | None) -> dict[str, object] | None:
    """Return what stands in the report under ``analog.supply_lines``; `None` for lines without resistance."""
    if drops is None:
        return None
    block, row, column = drops.where
    return {
        "largest_v": drops.largest,
        "mean_v": drops.mean,
        "where": {"block": block, "row": row, "column": column, "at_m": [1e-6 * at for at in drops.at_um]},
        "least_share": min(float(part.min()) for part in (*drops.synapses, *drops.neurons) if part.size),
        "current_a": drops.current,
    }


def drop_words(table: dict[str, Any]) -> str:
    """Return that in a sentence."""
    where = table["where"]
    x, y = (1e6 * at for at in where["at_m"])
    return (
        f"Each line of the supply drops {1e3 * table['largest_v']:.3g} mV at most, {1e3 * table['mean_v']:.3g} mV on "
        f"average: most in row {where['row']}, column {where['column']} of {where['block']}, at {x:.4g}, {y:.4g} µm. "
        f"The tail that loses most carries {100 * table['least_share']:.1f} % of its current."
    )
