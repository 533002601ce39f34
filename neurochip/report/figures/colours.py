"""The colours of files on white: the light palette of the page (`templates/report.css`)."""

from __future__ import annotations

__all__ = ["NAMED", "PALETTE", "colour_code"]

PALETTE = (
    "3d74d8", "15917f", "cf9123", "cb4f73", "8060cc", "5c9636", "d4702f", "2490b5", "8f7762", "8490a1",
)  # fmt: skip
NAMED = {"ink": "171a21", "soft": "5b6472", "line": "e2e5ea"}


def colour_code(colour: int | str) -> str:
    """Return the six hexadecimal digits of a number of the palette, or of a name."""
    return PALETTE[colour] if isinstance(colour, int) else NAMED[colour]
