"""PNG by hand; small pictures in one colour: 4-bit indexed, sixteen colours that are steps of opacity."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "data_uri"]

LEVELS = 16


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def data_uri(levels: NDArray[np.uint8], colour: tuple[int, int, int]) -> str:
    """Return a picture of u8[row, column] opacities, 0 (clear) to 15 (opaque), as a data URI."""
    height, width = levels.shape
    even = np.zeros((height, width + width % 2), dtype=np.uint8)
    even[:, :width] = np.minimum(levels, LEVELS - 1)
    packed = np.bitwise_or(even[:, ::2] << 4, even[:, 1::2], dtype=np.uint8)
    # Each row is preceded by its filter: 0, none.
    filtered = np.concatenate([np.zeros((height, 1), dtype=np.uint8), packed], axis=1)
    picture = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)),
            _palette(colour),
            _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def _palette(colour: tuple[int, int, int]) -> bytes:
    shades = bytes(255 * level // (LEVELS - 1) for level in range(LEVELS))
    return _chunk(b"PLTE", bytes(colour) * LEVELS) + _chunk(b"tRNS", shades)
