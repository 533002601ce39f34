"""What integers made of a network, in words: rounded weights, where the point of membranes stands, what did not fit."""

from __future__ import annotations

from neurochip.report.quantities import exact, percent
from neurochip.report.replay_document import ReplayDocument

__all__ = ["membranes_line", "quantisation_lines"]


def membranes_line(document: ReplayDocument) -> str | None:
    """Return what integer membranes are and did; `None` where there are none."""
    table = document.get("membranes")
    if table is None:
        return None
    groups = table["groups"].values()
    points = sorted({group["fraction"] for group in groups})
    point = f"{points[0]}" if len(points) == 1 else f"{points[0]} to {points[-1]}"
    leak, rounded = max(g["leak_error"] for g in groups), max(g["rounded"] for g in groups)
    words = f"membranes of {table['bits']} bits, {point} behind the point"
    words += f", leaks off by {percent(leak, 2)} at most" if leak else ""
    words += f", potentials by {rounded:.2g} steps" if rounded else ""
    limits = {name: group["overflows"] for name, group in table["groups"].items() if group["overflows"]}
    if not limits:
        return words + "; none overflowed"
    what = {"saturate": "held at an end of the range", "wrap": "wrapped around"}[table["overflow"]]
    return f"{words}; {what}: " + ", ".join(f"{name} {exact(n)} times" for name, n in limits.items())


def quantisation_lines(document: ReplayDocument) -> list[str]:
    """Return what rounding a network changed, group by group, and what that did to its answers."""
    table = document.get("quantisation")
    if table is None:
        return []
    said = []
    for group in table["groups"]:
        scale = group["scale"]
        low, high = min(scale), max(scale)
        steps = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
        words = (
            f"{group['group']}: {table['bits']} bits in steps of {steps}, {percent(group['saturated'], 2)} of the "
            f"weights saturated, {percent(group['vanished'], 2)} became 0"
        )
        if group["error"] is not None:
            words += f", potentials off by {group['error']:.3g} of the threshold"
            words += f", {percent(group['spikes_differ'], 2)} of the spikes of calibration samples differ"
        said.append(words)
    change = table.get("accuracy")
    if change is not None:
        said.append(
            f"accuracy with real numbers {change['before']:.2%}, rounded {change['after']:.2%}: "
            f"{100 * change['change']:+.2f} ± {100 * change['change_error']:.2f} points"
        )
    return said
