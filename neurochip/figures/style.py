"""How figures for papers look: sizes that survive a column of print, colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from neurochip.extras import needed

__all__ = ["COLOURS", "COLUMN", "MARKERS", "matplotlib", "scale_of", "styled"]

COLUMN = 3.5  # inches: a column of most journals

# Okabe & Ito, "Color Universal Design" (2008), without its yellow, which is lost on white; then darker relatives.
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#882255", "#117733", "#7F7F7F",
)  # fmt: skip
MARKERS = "osD^vP*Xhd"  # beside the colour, for print in grey

_SETTINGS = {
    "font.size": 8.0,
    "font.family": "sans-serif",
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.0,
    "axes.formatter.use_mathtext": True,
    "pdf.fonttype": 42,  # fonts that publishers take
    "ps.fonttype": 42,
    "svg.hashsalt": "neurochip",  # the same figure, the same bytes
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
}
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"),
             (1e-12, "p"), (1e-15, "f"))  # fmt: skip
_SMALL = {"": 1.0, "bit": 1.0, "cycles": 1.0}  # of these there is no thousandth part


def matplotlib() -> Any:
    """Return Matplotlib.

    Raises
    ------
    CapabilityError
        When it is not installed.
    """
    return needed("matplotlib", "plot", "figures")


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this style within the block, whatever the user's own is."""
    with matplotlib().rc_context(_SETTINGS):
        yield


def scale_of(values: Sequence[float], unit: str) -> tuple[float, str]:
    """Return what values are divided by, and the unit that they then have: 2.3e-6 J → 1e-6, µJ; shares → %."""
    if unit == "%":
        return 0.01, "%"
    most = max((abs(float(value)) for value in values if value == value), default=0.0)
    if not unit or not most or unit == "µm²":
        return 1.0, unit
    least = _SMALL.get(unit, 0.0)
    factor, prefix = next(
        ((f, p) for f, p in _PREFIXES if most >= f and f >= least), (max(1e-15, least), "" if least else "f")
    )
    return factor, f"{prefix}{unit}"
