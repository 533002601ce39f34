"""A value change dump (IEEE 1364-2005, §18): what GTKWave and Surfer open. Time is the chip's, in picoseconds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurochip.extras import needed
from neurochip.trace.signals import Chunk, SignalGroup

__all__ = ["VcdTrace"]

_COUNT_BITS = 32


class VcdTrace:
    """Writes changes only, tick after tick, through `pyvcd`.

    Parameters
    ----------
    file
        Open for writing bytes.
    groups
        The signals; the scopes are the parts of their names.
    about
        Comment in the head of the file.
    """

    def __init__(self, file: BinaryIO, groups: Sequence[SignalGroup], about: str) -> None:
        vcd = needed("vcd", "trace", "format: vcd")
        self._text = io.TextIOWrapper(
            file, encoding="ascii", errors="replace", newline="\n", write_through=False
        )
        self._writer = vcd.VCDWriter(
            self._text,
            timescale="1 ps",
            date="",
            comment=_ascii(about),
            version="neurochip",
            check_values=False,
        )
        self._tick = self._writer.register_var("chip", "tick", "integer", size=_COUNT_BITS)
        self._vars: list[list[object]] = []
        self._kinds = [group.kind for group in groups]
        self._last: list[NDArray[np.number] | None] = [None] * len(groups)
        self._end = 0
        for group in groups:
            variables = []
            for name in group.signals:
                scope, _, leaf = _ascii(name).rpartition(".")
                kind, size = _TYPES[group.kind]
                if group.kind == "bits":
                    size = group.width
                variables.append(self._writer.register_var(scope, leaf, kind, size=size))
            self._vars.append(variables)

    def write(self, chunk: Chunk) -> None:
        """Append ticks."""
        changed = [
            _changes(values, last) if kind != "bits" else None
            for values, last, kind in zip(chunk.values, self._last, self._kinds, strict=True)
        ]
        change = self._writer.change
        for t in range(chunk.ticks):
            now = int(chunk.start[t])
            change(self._tick, now, chunk.first + t)
            for g, values in enumerate(chunk.values):
                variables, at = self._vars[g], changed[g]
                if at is None:
                    change(variables[0], now, _word(values[t]))
                    continue
                columns = np.flatnonzero(at[t])
                if columns.size:
                    row = values[t, columns].tolist()
                    for c, value in zip(columns.tolist(), row, strict=True):
                        change(variables[c], now, value)
        self._last = [values[-1].copy() for values in chunk.values]
        if chunk.ticks:
            self._end = int(chunk.start[-1] + chunk.length[-1])

    def close(self) -> None:
        """End the file at the end of its last tick."""
        self._writer.close(self._end)
        self._text.flush()
        self._text.detach()


_TYPES: dict[str, tuple[str, int]] = {
    "bit": ("wire", 1),
    "bits": ("wire", 1),
    "count": ("integer", _COUNT_BITS),
    "real": ("real", 64),
}


def _ascii(name: str) -> str:
    return "".join(c if c.isascii() and not c.isspace() else "_" for c in name) if name.strip() else "_"


def _changes(values: NDArray[np.number], last: NDArray[np.number] | None) -> NDArray[np.bool_]:
    """Return [tick, signal], whether it differs from the tick before."""
    out = np.ones(values.shape, dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=out[1:])
    if last is not None and len(values):
        np.not_equal(values[0], last, out=out[0])
    return out


def _word(bits: NDArray[np.uint8]) -> int:
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")
