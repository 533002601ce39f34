"""A driver for a served chip that needs nothing but Python: written from docs/protocol.md and docs/registers.md alone.

    neurochip firmware image mnist-small --out chip.bin
    neurochip firmware serve mnist-small --port 7417 --token-file token
    python examples/driver.py 7417 chip.bin token

Loads the image, lets two made-up samples settle, pulls their outputs to the targets 3 and 7, and prints the outputs
before and after, and how many spikes the cores sent, as JSON. It shows the wire; it does not connect again when a
connection breaks.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import zlib

HELLO, WELCOME, READ, TRANSACT, ANSWER, BYE = 1, 2, 3, 4, 5, 6
MAGIC, SIZES, LAYERS, START, CONTROL, FAULTS = 0x000, 0x040, 0x030, 0x080, 0x084, 0x08C
ERROR_CODE, ERROR_AT, BETA = 0x098, 0x09C, 0x0C0
PROGRAM_ADDRESS, PROGRAM_LENGTH, PROGRAM = 0x200, 0x204, 0x208
INPUT, TARGET, DATA, OUT, TEXT = 0x220, 0x224, 0x228, 0x22C, 0x230
FLUSH, VERIFY = 2, 4
FREE, NUDGED, LAST = 0, 1, -1
FORMATS = "?fdBHIQbhiq?"  # of the types of blocks, from 1 on


class Chip:
    """One session with a device."""

    def __init__(self, port: int, token: str, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=60)
        self.number = 0
        kind, code, _ = self.frame(HELLO, 0, struct.pack("<Q", 0) + bytes.fromhex(token))
        if kind != WELCOME:
            raise SystemExit(f"the device refuses: code {code}")

    def frame(self, kind: int, sequence: int, payload: bytes = b"") -> tuple[int, int, bytes]:
        """Send a frame; return kind, code and payload of the answer."""
        head = struct.pack("<4sBBHQI", b"NCFW", 2, kind, 0, sequence, len(payload))
        self.socket.sendall(head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head))) + payload)
        head = self.receive(24)
        magic, _, kind, code, echoed, length, crc = struct.unpack("<4sBBHQII", head)
        payload = self.receive(length)
        if magic != b"NCFW" or echoed != sequence or crc != zlib.crc32(payload, zlib.crc32(head[:20])):
            raise SystemExit("the answer was damaged")
        return kind, code, payload

    def receive(self, n: int) -> bytes:
        """Return the next so many bytes."""
        data = bytearray()
        while len(data) < n:
            piece = self.socket.recv(n - len(data))
            if not piece:
                raise SystemExit("the device is gone")
            data += piece
        return bytes(data)

    def transact(self, *operations: bytes) -> list[int]:
        """Carry operations out; return the words that they read."""
        self.number += 1
        kind, code, payload = self.frame(TRANSACT, self.number, b"".join(operations))
        words = list(struct.unpack(f"<{len(payload) // 4}I", payload)) if kind == ANSWER else [code]
        if kind != ANSWER or words[0]:
            raise SystemExit(f"the bus refuses: code {words[0]}")
        return words[2:]

    def start(self, entry: int, *before: bytes) -> list[int]:
        """Run the program from an instruction; return the words of OUT."""
        faults, n, *words = self.transact(*before, write(START, entry), read(FAULTS), drain(OUT, 1 << 20))
        if faults:
            code, at, _, *text = self.transact(read(ERROR_CODE), read(ERROR_AT), drain(TEXT, 4096))
            self.transact(write(FAULTS, faults), write(CONTROL, FLUSH))
            raise SystemExit(f"instruction {at}: code {code}: {bytes(array(text)[0]).decode()}")
        return words[:n]


def read(offset: int, n: int = 1) -> bytes:
    """Read registers."""
    return struct.pack("<HHI", 1, offset, n)


def write(offset: int, *words: int) -> bytes:
    """Write registers."""
    return struct.pack(f"<HHI{len(words)}I", 2, offset, len(words), *words)


def drain(offset: int, most: int) -> bytes:
    """Take words out of a queue."""
    return struct.pack("<HHI", 3, offset, most)


def fill(offset: int, data: bytes) -> bytes:
    """Put words into a queue."""
    return struct.pack("<HHI", 4, offset, len(data) // 4) + data


def block(kind: int, dimensions: tuple[int, ...], data: bytes) -> bytes:
    """Return an array as a block."""
    head = struct.pack(f"<{1 + len(dimensions)}I", 0xA5 << 24 | len(dimensions) << 16 | kind, *dimensions)
    return head + data + bytes(-len(data) % 4)


def array(words: list[int]) -> tuple[list[float], tuple[int, ...], list[int]]:
    """Return the entries of a block, its dimensions, and the words behind it."""
    n_dimensions, kind = words[0] >> 16 & 0xFF, words[0] & 0xFFFF
    dimensions, entries = tuple(words[1 : 1 + n_dimensions]), 1
    for n in dimensions:
        entries *= n
    layout = struct.Struct(f"<{entries}{FORMATS[kind]}")
    end = 1 + n_dimensions + (layout.size + 3) // 4
    body = struct.pack(f"<{end - 1 - n_dimensions}I", *words[1 + n_dimensions : end])
    return list(layout.unpack(body[: layout.size])), dimensions, words[end:]


def instruction(opcode: int, a: int = 0, b: int = 0, c: int = 0, imm: int = 0) -> bytes:
    """Return the two words of an instruction."""
    return struct.pack("<4Bi", opcode, a, b, c, imm)


LOAD, PRESENT = 0, 2  # where the program may be started
CODE = [
    instruction(0x10),  # load
    instruction(0x00),  # halt
    instruction(0x20),  # begin
    instruction(0x21),  # targets
    instruction(0x23, 0),  # nudge off
    instruction(0x24, FREE, imm=20),  # run free, 20
    instruction(0x30, 0, 0, imm=LAST),  # observe value, m0, last
    instruction(0x31, 0, imm=LAST),  # read m0, last
    instruction(0x23, 1),  # nudge +
    instruction(0x24, NUDGED, imm=10),  # run nudged, 10
    instruction(0x30, 0, 1, imm=LAST),  # observe value, m1, last
    instruction(0x31, 1, imm=LAST),  # read m1, last
    instruction(0x13),  # count
    instruction(0x00),  # halt
]


def main(port: int, image_file: str, token: str) -> None:
    """Load, present, print."""
    chip = Chip(port, token)
    magic, layers, *sizes = chip.transact(read(MAGIC), read(LAYERS), read(SIZES, 16))
    if struct.pack("<I", magic) != b"NCP1":
        raise SystemExit("this is no such device")
    inputs, outputs = sizes[0], sizes[layers - 1]
    (faults,) = chip.transact(
        write(PROGRAM_ADDRESS, 0, len(CODE)),
        fill(PROGRAM, b"".join(CODE)),
        write(CONTROL, VERIFY),
        read(FAULTS),
    )
    if faults:
        raise SystemExit("the program was refused")
    with open(image_file, "rb") as file:
        image = file.read()
    chip.start(LOAD, fill(DATA, block(3, (len(image),), image)))
    pixels = [(k * 37 + sample * 11) % 101 / 100 for sample in range(2) for k in range(inputs)]
    wanted = [float(k == digit) for digit in (3, 7) for k in range(outputs)]
    words = chip.start(
        PRESENT,
        write(BETA, *struct.unpack("<2I", struct.pack("<d", 0.5))),
        fill(INPUT, block(1, (2, inputs), struct.pack(f"<{2 * inputs}f", *pixels))),
        fill(INPUT, block(6, (2,), struct.pack("<2Q", 0, 1))),
        fill(TARGET, block(2, (2, outputs), struct.pack(f"<{2 * outputs}d", *wanted))),
    )
    settled, _, words = array(words[1:])  # behind the word that heads an item
    pulled, _, words = array(words[1:])
    _, _, words = array(words[1:])  # numbers of the phases
    counters, (phases, cores, kinds), _ = array(words)
    spikes = sum(counters[(p * cores + c) * kinds + 5] for p in range(phases) for c in range(cores))
    chip.frame(BYE, 0)
    print(json.dumps({"settled": settled, "pulled": pulled, "spikes_sent": spikes}))


if __name__ == "__main__":
    with open(sys.argv[3], encoding="ascii") as file:
        main(int(sys.argv[1]), sys.argv[2], file.read().strip())
