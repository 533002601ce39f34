"""AEDAT 2.0 and 3.1: files of address events as jAER, cAER and the DVS128 Gesture set write them.

Sources: iniVation, AEDAT file formats (docs.inivation.com, versions 2.0 and 3.1). Both begin with lines of text that
start with ``#``; the first says the version.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data.recording import Recording
from neurochip.files import Foreign, briefly, read_bytes

__all__ = ["read_aedat"]

_VERSION = re.compile(rb"#!AER-DAT(\d)\.(\d)\r?\n")
_LINE = re.compile(rb"(#[\t -~]*)\r?\n")
_END = b"#!END-HEADER"
# Packets of 3.1: type, source, bytes of an event, offset of its time, overflows of the clock, room, events, valid ones.
_PACKET = struct.Struct("<hhiiiiii")
_POLARITY, _POLARITY_BYTES = 1, 8


class _Sensor(NamedTuple):
    """Where an address of AEDAT 2.0 holds what, and how large the sensor is."""

    size: tuple[int, int]
    x: tuple[int, int]  # mask after the shift, shift
    y: tuple[int, int]
    p: int
    other: int  # bits that are set where the event is none of a pixel


_DVS128 = _Sensor((128, 128), (0x7F, 1), (0x7F, 8), 0, 0x8000)
_DAVIS = {"240": (240, 180), "346": (346, 260), "640": (640, 480)}


def read_aedat(file: Foreign) -> Recording:
    """Return the events of pixels of an AEDAT file; events of other kinds are passed over.

    Raises
    ------
    DataError
        For a file that is none, is of another version, or ends within a record, with its number.
    """
    content = read_bytes(file)
    version = _VERSION.match(content)
    if version is None:
        raise file.damaged("does not begin with #!AER-DAT and a version")
    major, minor = int(version[1]), int(version[2])
    if (major, minor) not in ((2, 0), (3, 1)):
        raise file.fault(f"is AEDAT {major}.{minor}, and 2.0 and 3.1 are read; convert it", cure="")
    lines, begins = _header(content, major, file)
    read = _version_2 if major == 2 else _version_3
    found = read(content[begins:], lines, file)
    if not len(found.t):
        raise file.fault("holds no event of a pixel")
    return found


def _header(content: bytes, major: int, file: Foreign) -> tuple[list[bytes], int]:
    """Return the lines of text, and where the events begin."""
    lines: list[bytes] = []
    at = 0
    while line := _LINE.match(content, at):  # an event, too, may begin with the byte of #, but is no text
        lines.append(line[1])
        at = line.end()
        if lines[-1] == _END:
            return lines, at
    if major >= 3:
        raise file.damaged(f"has no line {_END.decode()}")
    return lines, at


def _version_2(events: bytes, lines: list[bytes], file: Foreign) -> Recording:
    """Return the events of big-endian pairs of address and time in µs, 32 bits each."""
    if len(events) % 8:
        raise file.fault(f"ends within record {len(events) // 8 + 1}: each takes 8 bytes")
    pairs = np.frombuffer(events, ">u4").reshape(-1, 2).astype(np.int64)
    sensor = _sensor(lines, file)
    address, t = pairs[:, 0], _continuous(pairs[:, 1])
    kept = np.flatnonzero((address & sensor.other) == 0)
    x, y = ((address[kept] >> shift) & mask for mask, shift in (sensor.x, sensor.y))
    return Recording(x, y, t[kept], (address[kept] >> sensor.p) & 1, kept + 1, sensor.size)


def _sensor(lines: list[bytes], file: Foreign) -> _Sensor:
    """Return how addresses are laid out: the header names the class of jAER; without one it is the DVS128."""
    named = next((line for line in lines if line.startswith(b"# AEChip:")), b"")
    chip = named.decode("latin1").rpartition(".")[2].strip()
    if not named or "DVS128" in chip:
        return _DVS128
    if "davis" in chip.lower():
        size = next((size for digits, size in _DAVIS.items() if digits in chip), None)
        if size is not None:
            return _Sensor(size, (0x3FF, 12), (0x1FF, 22), 11, 0x8000_0400)
    raise file.fault(f"is of the sensor '{briefly(chip, 40)}', and DVS128 and DAVIS are read", cure="")


def _continuous(stamps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return times in µs: a clock of 32 bits that falls by more than half its range has run over."""
    over = np.diff(stamps, prepend=stamps[:1]) < -(1 << 31)
    return (stamps + (np.cumsum(over) << 32)).astype(np.float64)


def _version_3(packets: bytes, lines: list[bytes], file: Foreign) -> Recording:
    """Return the polarity events of little-endian packets.

    An event has 32 bits of data (valid, polarity, 15 of y, 15 of x, from the lowest on) and 31 of time in µs.
    """
    parts: list[NDArray[np.int64]] = []
    at = number = packet = 0
    while at < len(packets):
        packet += 1
        if len(packets) - at < _PACKET.size:
            raise file.fault(f"ends within the header of packet {packet}")
        kind, _, size, stamp_at, overflows, room, events, _ = _PACKET.unpack_from(packets, at)
        at += _PACKET.size
        if size < 1 or not 0 <= events <= room or overflows < 0:
            raise file.damaged(f"the header of packet {packet} cannot be")
        # What stands between the last event and the end of the room is not written.
        if len(packets) - at < size * events:
            whole = number + (len(packets) - at) // size
            raise file.fault(f"ends within record {whole + 1}, in packet {packet}")
        if kind == _POLARITY:
            if size != _POLARITY_BYTES or stamp_at != 4:
                raise file.damaged(f"packet {packet} has polarity events of {size} bytes, and 8 are known")
            words = np.frombuffer(packets, "<u4", 2 * events, at).reshape(-1, 2).astype(np.int64)
            part = np.empty((3, events), np.int64)
            part[0], part[1] = words[:, 0], (words[:, 1] & 0x7FFF_FFFF) + (overflows << 31)
            part[2] = number + 1 + np.arange(events)
            parts.append(part[:, (part[0] & 1) == 1])
        at += size * events
        number += events
    data, t, record = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0), np.int64)
    sources = [line for line in lines if line.startswith(b"#Source ")]
    size = next((found for line in sources if (found := _size_of(line)) is not None), None)
    return Recording(data >> 17, (data >> 2) & 0x7FFF, t.astype(np.float64), (data >> 1) & 1, record, size)


def _size_of(source: bytes) -> tuple[int, int] | None:
    name = source.decode("latin1").partition(":")[2].strip()
    if name.startswith("DVS128"):
        return 128, 128
    return next((size for digits, size in _DAVIS.items() if name.startswith(f"DAVIS{digits}")), None)
