"""Bits by coding, side by side with the real-valued run: the one table that every report shows."""

from __future__ import annotations

from typing import Any, NamedTuple

from neurochip.description import RunSpec
from neurochip.report.schema import Document

__all__ = ["BitRow", "bit_rows"]


class BitRow(NamedTuple):
    """One coding: bits sent in training, times the links crossed, and received; and what they are measured against."""

    key: str
    name: str
    about: str
    bits: int
    per_sample: float | None
    over_links: int | None
    received: int | None
    reference: int
    is_reference: bool = False
    is_real_valued: bool = False


_SPIKING = (
    ("symbols", "symbols", "one per tick"),
    ("spikes", "spikes", "ones only"),
    ("aer", "aer", "address + header"),
    ("bitmap", "bitmap", "frame per tick"),
)


def bit_rows(document: Document) -> list[BitRow]:
    """Return a row for each coding, real-valued ones last; the reference is the run of ``[baseline]``."""
    bits: Any = document["bits"]
    run = RunSpec.from_dict(document["run"])
    reference = bits["real_valued_32bit"]
    per_sample = bits["per_sample"]

    def row(key: str, name: str, about: str, **extra: Any) -> BitRow:
        over_links, received = (
            bits.get(f"{key}_{what}") if not extra else None for what in ("hops", "received")
        )
        each = per_sample.get(key)
        return BitRow(key, name, about, bits[key], each, over_links, received, reference, **extra)

    rows = [row(*entry) for entry in _SPIKING] if run.substrate == "digital" else []
    if run.substrate == "ideal":
        rows.append(row("real_valued_sent", "32-bit words", "as sent", is_real_valued=True))
    phases = run.convergence or run.phases
    steps = f"{run.baseline.free} + {run.baseline.nudged} steps"
    same = f"{phases.free} + {phases.nudged} steps"
    rows.append(
        row(
            "real_valued_32bit",
            "32-bit",
            steps,
            is_reference=True,
            is_real_valued=True,
        )
    )
    if same != steps:
        rows.append(row("real_valued_32bit_same_ticks", "32-bit", same, is_real_valued=True))
    return rows
