"""Model cards of one gate of the SKY130 kit, as ``neurochip cells extract`` and ``neurochip export`` take them.

    python -m benchmarks.sky130_cards PDK WIDTH LENGTH [--nominal] > sky130.lib

PDK is a copy of the repository skywater-pdk-libs-sky130_fd_pr; sizes are in µm. The file has the subcircuits ``nfet``
and ``pfet`` (terminals d g s b, w and l in µm) of the bin that holds the gate, in the corner tt. Every instance draws
the mismatch terms of the kit anew, unless it is ``--nominal``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.sky130_mismatch import TERMS, bins_of

__all__ = ["cards"]


def cards(pdk: Path, width: float, length: float, *, nominal: bool) -> str:
    """Return the text of the file."""
    lines = [f"* SKY130 nfet_01v8 and pfet_01v8, {width:g} x {length:g} um, tt", ".option scale=1.0u"]
    for name, device in (("nfet", "nfet_01v8"), ("pfet", "pfet_01v8")):
        (card,) = (card for card in bins_of(pdk, device) if card.holds(width, length))
        lines.append(f".subckt {name} d g s b w={width:g} l={length:g}")
        for term in TERMS:
            sigma = 0.0 if nominal else card.slopes[term]
            lines.append(
                f".param {term}_at=agauss(0,'{sigma:.9g}/sqrt(w*l)',1)" if sigma else f".param {term}_at=0"
            )
        lines += ["m1 d g s b card w='w' l='l'", f".model {card.text.rstrip()}", f".ends {name}"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the cards of the gate that the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pdk", type=Path)
    parser.add_argument("width", type=float)
    parser.add_argument("length", type=float)
    parser.add_argument("--nominal", action="store_true")
    given = parser.parse_args()
    print(cards(given.pdk, given.width, given.length, nominal=given.nominal), end="")


if __name__ == "__main__":
    main()
