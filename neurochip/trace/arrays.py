"""Traces as arrays: an .npz with one array [tick, signal] for each group, its names and its unit; bits are packed."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from typing import IO, BinaryIO

import numpy as np
from bitarray import bitarray
from numpy.lib import format as npy
from numpy.typing import NDArray

from neurochip.spikes import SHAPE, Spikes
from neurochip.trace.signals import Chunk, SignalGroup

__all__ = ["ArrayTrace"]

_BLOCK = 1 << 20
_SPOOLED = 1 << 22  # bytes of a group that wait in memory


class ArrayTrace:
    """Gathers each group in a temporary file and packs them when the trace ends: memory holds a chunk at a time.

    Parameters
    ----------
    file
        Open for writing bytes.
    groups
        The signals.
    about
        Kept as the array ``about``.
    """

    def __init__(self, file: BinaryIO, groups: Sequence[SignalGroup], about: str) -> None:
        self._file, self._groups, self._about = file, list(groups), about
        names = ["tick", "start_ps", "length_ps", *(group.name for group in groups)]
        self._parts: dict[str, IO[bytes]] = {
            name: tempfile.SpooledTemporaryFile(max_size=_SPOOLED) for name in names
        }
        self._shape: dict[str, tuple[tuple[int, ...], np.dtype[np.generic]]] = {}
        # Of populations, the bits that do not fill a byte yet.
        self._over = {group.name: bitarray(endian="big") for group in groups if group.kind == "bits"}
        self._ticks = 0

    def write(self, chunk: Chunk) -> None:
        """Append ticks."""
        ticks = np.arange(chunk.first, chunk.first + chunk.ticks)
        arrays = [ticks, chunk.start, chunk.length, *chunk.values]
        for (name, part), values in zip(self._parts.items(), arrays, strict=True):
            if name in self._over:
                self._shape[name] = (values.shape[1:], np.dtype(np.uint8))
                self._pack(name, part, values)
                continue
            self._shape[name] = (values.shape[1:], values.dtype)
            part.write(np.ascontiguousarray(values).data)
        self._ticks += chunk.ticks

    def _pack(self, name: str, part: IO[bytes], values: NDArray[np.generic]) -> None:
        bits = self._over[name] + Spikes.from_array(values, name).bits
        whole = len(bits) - len(bits) % 8
        part.write(bits[:whole].tobytes())
        self._over[name] = bits[whole:]

    def close(self) -> None:
        """Pack everything."""
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            self._whole(archive, "about", np.array(self._about))
            for group in self._groups:
                self._whole(archive, f"{group.name}.signals", np.array(group.signals))
                self._whole(archive, f"{group.name}.unit", np.array(group.unit))
            for name, part in self._parts.items():
                shape, dtype = self._shape.get(name, ((), np.dtype(np.int64)))
                n, units = self._ticks, shape
                if name in self._over:
                    part.write(self._over[name].tobytes())
                    n, shape = part.tell(), ()
                    self._whole(archive, name + SHAPE, np.array([self._ticks, *(units or (0,))]))
                part.seek(0)
                with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False}
                    npy.write_array_header_1_0(out, header | {"shape": (n, *shape)})
                    while block := part.read(_BLOCK):
                        out.write(block)
                part.close()

    @staticmethod
    def _whole(archive: zipfile.ZipFile, name: str, values: NDArray[np.generic]) -> None:
        with archive.open(f"{name}.npy", "w") as out:
            npy.write_array(out, values, allow_pickle=False)
