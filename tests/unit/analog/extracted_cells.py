"""Model cards and specifications of cells to extract from: round figures of a textbook, of no foundry."""

from __future__ import annotations

from pathlib import Path

from neurochip.description.catalogue import find_cells

__all__ = ["CARDS", "DRAWN", "cells", "write"]

CARDS = """* A process of 130 nm for tests
.model nch nmos level=14 version=4.8.2 toxe=3.5n vth0=0.45 u0=0.04 ndep=3e17 k1=0.45 k2=0
+ nfactor=1.2 voff=-0.08 vsat=9e4 eta0=0.01 pclm=0.2 rdsw=200 cit=0
.model pch pmos level=14 version=4.8.2 toxe=3.5n vth0=-0.45 u0=0.01 ndep=3e17 k1=0.45 k2=0
+ nfactor=1.2 voff=-0.08 vsat=8e4 eta0=0.01 pclm=0.2 rdsw=400 cit=0
"""

# The same, with a mismatch of 5 mV·µm of its own.
DRAWN = f"""{CARDS}
.subckt nsub d g s b w=1u l=1u
.param shift=agauss(0,'5e-9/sqrt(w*l)',1)
m1 d g s b nch w='w' l='l' delvto='shift'
.ends
.subckt psub d g s b w=1u l=1u
m1 d g s b pch w='w' l='l'
.ends
"""


def cells(kind: str = "differential-pair", size: str = "4 um", leak: str = "2 um", **extract: object) -> str:
    """Return a specification whose synapse, or whose leak of another gate, is to be extracted."""
    text = find_cells("sky130-subthreshold")[0]
    text = text.replace('width = "1 um"\nlength = "1 um"', f'width = "{size}"\nlength = "{size}"')
    text = text.replace('width = "2 um"\nlength = "2 um"', f'width = "{leak}"\nlength = "{leak}"')
    text = text.replace('kind = "differential-pair"', f'kind = "{kind}"')
    asked: dict[str, object] = {"nmos": "nch", "pmos": "pch", "bias": "10 nA", "a_vt": 4.0, "draws": 40}
    asked |= extract
    lines = [f"{key} = {_written(value)}" for key, value in asked.items() if value is not None]
    return text + "\n[extract]\n" + "\n".join(lines) + "\n"


def _written(value: object) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f'"{value}"'
        if isinstance(value, str)
        else str(value)
    )


def write(folder: Path, text: str = CARDS) -> Path:
    """Write model cards."""
    path = folder / "cards.lib"
    path.write_text(text, encoding="utf-8")
    return path
