"""docs/registers.md and docs/protocol.md, from the tables that the code uses: ``python -m firmware_sim.pages docs``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from firmware_sim.codes import CODES, SUBSTRATE_ERRORS, Code
from firmware_sim.container import VERSION as CONTAINER_VERSION
from firmware_sim.frames import HEADER, HELLO, MAGIC, MOST_BYTES, VERSION, WELCOME, Kind
from firmware_sim.isa import COUNTERS, INSTRUCTIONS, PHASES, RANGES, SIGNS, WHAT
from firmware_sim.isa import Kind as OperandKind
from firmware_sim.phases import MOVES, State
from firmware_sim.program import MOST_INSTRUCTIONS
from firmware_sim.queues import DTYPES, OUT_MARK
from firmware_sim.regmap import BITS, MAP_VERSION, MOST_LAYERS, REGISTERS
from firmware_sim.transaction import MOST_OPERATIONS
from neurochip.durable.atomic import replacing
from neurochip.substrate.counters import CONTROL, Phase
from neurochip.substrate.counters import COUNTERS as COUNTER_NAMES

__all__ = ["PAGES", "protocol", "registers"]

_GENERATED = (
    "<!-- Made by `python -m firmware_sim.pages docs` from the tables in the code; do not edit. -->\n"
)

_ACCESS = {
    "R": "read",
    "W": "write; holds nothing",
    "RW": "read and write",
    "RC": "read; reading clears it, so it takes a TRANSACT",
    "W1C": "read; a 1 written clears that bit",
}

_FRAMES = {
    Kind.HELLO: (
        "host",
        "session, u64: 0 for a new one, or the one to go on with; token of the device, 16 bytes",
    ),
    Kind.WELCOME: (
        "device",
        "session u64, last transaction carried out u64, most bytes of a payload u32, u32 1 if SAVE has a file",
    ),
    Kind.READ: (
        "host",
        "operations, READ only, none on an RC register: without side effects, so it may be sent again at will",
    ),
    Kind.TRANSACT: ("host", "operations; numbered 1, 2, 3 …; carried out once, however often it is sent"),
    Kind.ANSWER: ("device", "code u32, interrupts that stand and are enabled u32, then what was read"),
    Kind.BYE: ("host, device", "nothing; the session is over and the device free. The device says it back"),
    Kind.REFUSED: ("device", "the code stands in the header"),
}


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), line(("---",) * len(head)), *map(line, rows)]) + "\n"


def registers() -> str:
    """Return docs/registers.md."""
    rows = []
    for r in REGISTERS:
        last = "" if r.words == 1 else f"–{r.end - 4:#05x}"
        reset = ", ".join(f"{n:#x}" for n in r.reset)
        kind = f"{r.access.value}, port" if r.port else r.access.value
        rows.append((f"`{r.offset:#05x}`{last}", f"`{r.name}`", kind, str(r.width), reset, r.doc))
    parts = [
        "# Registers\n",
        _GENERATED,
        f"Map {MAP_VERSION}. Registers are words of 32 bits at byte offsets; numbers of 64 bits take two words, low word "
        "first; float64 are their IEEE 754 bits. Bits beyond a register's width read as 0 and are not kept. A port is the "
        "end of a queue: words go in with FILL and come out with DRAIN ([protocol](protocol.md)); every other register "
        "takes READ and WRITE. What DIGEST, FEATURES, NAME, LAYERS, SIZES and COUNTER_WIDTH hold is the chip's.\n",
        _table(("access", "means"), [(f"`{name}`", about) for name, about in _ACCESS.items()]),
        _table(("offset", "name", "access", "bits", "reset", "holds"), rows),
        "## Bits\n",
    ]
    for name, bits in BITS.items():
        parts += [f"### {name}\n", _table(("bit", "means"), list(bits))]
    return "\n".join(parts)


def protocol() -> str:
    """Return docs/protocol.md."""
    return "\n".join(
        ["# Protocol\n", _GENERATED, *_frames(), *_bus(), *_queues(), *_programs(), *_images(), *_codes()]
    )


def _frames() -> list[str]:
    return [
        "## Frames\n",
        f"Over TCP host and device exchange frames, little-endian: a header of {HEADER.size} bytes and a payload of at "
        f"most {MOST_BYTES} bytes. After a frame that is damaged the device says why and closes the connection; the host "
        "connects again, says HELLO with its session, and sends its last frame again.\n",
        _table(
            ("byte", "field", "holds"),
            [
                ("0–3", "magic", f"`{MAGIC.decode()}`"),
                ("4", "version", str(VERSION)),
                ("5", "kind", "see below"),
                ("6–7", "code", "of a REFUSED, else 0"),
                ("8–15", "sequence", "of a TRANSACT its number, of a READ any; the answer has the same"),
                ("16–19", "length", "bytes of the payload"),
                ("20–23", "CRC-32", "of bytes 0 to 19 and the payload (ISO 3309, as zlib's)"),
            ],
        ),
        _table(
            ("kind", "name", "from", "payload"),
            [(str(int(kind)), kind.name, *_FRAMES[kind]) for kind in Kind],
        ),
        f"HELLO has {HELLO.size} bytes, WELCOME {WELCOME.size}. Nothing else is read before a HELLO "
        "with the token that the device printed; it must be there within 5 s of connecting, and every later frame within "
        "30 s of its first byte. One host has the device; another is refused with BUSY until the "
        "first has said BYE, or its connection has been gone for the lease (2 s). The device keeps the answer to the last "
        "TRANSACT: the same number again gets the same answer and is not carried out again, the next number is carried "
        "out, any other is refused. A new session finds the device reset. A host sends one frame at a time.\n",
        "A device with a file (`neurochip firmware serve --state FILE`) writes its state, with the number of the "
        "transaction, at the HELLO of a new session and when CONTROL.SAVE is written. Killed and started again it welcomes the session with that number, and "
        "the host sends every later transaction again: so a host keeps them since the last SAVE.\n",
    ]


def _bus() -> list[str]:
    return [
        "## Operations\n",
        f"The payload of a READ or TRANSACT is a list of at most {MOST_OPERATIONS} operations. All are checked before the "
        "first one is carried out, so one that is refused (by the code in the first word of the answer) has changed nothing. "
        "An operation is the word `kind | offset << 16`, the word `count`, and for writes `count` words.\n",
        _table(
            ("kind", "name", "does", "answers"),
            [
                ("1", "READ", "registers, one after the other from this offset", "`count` words"),
                ("2", "WRITE", "the same", "nothing"),
                (
                    "3",
                    "DRAIN",
                    "at most `count` words out of the queue of this port",
                    "how many, then the words",
                ),
                ("4", "FILL", "words into the queue of this port", "nothing"),
            ],
        ),
    ]


def _queues() -> list[str]:
    return [
        "## Blocks\n",
        "Arrays cross as blocks of words: the word `0xA5 << 24 | dimensions << 16 | type`, one word per dimension, and the "
        "entries in C order, little-endian, filled up with zeros to whole words. Nothing is rounded on the way.\n",
        _table(("type", "entries"), [(str(n), kind.name) for n, kind in DTYPES.items()]),
        f"An item of OUT is the word `{OUT_MARK:#x} << 24 | blocks << 16 | address of the instruction`, and its blocks. TEXT "
        "holds one block of bytes, UTF-8; of an error of the chip itself place and problem, parted by a 0.\n",
        _table(
            ("instruction", "queue", "blocks"),
            [
                ("load", "DATA", "bytes of an image"),
                ("dump", "OUT", "bytes of an image"),
                (
                    "count",
                    "OUT",
                    "phases i64 [p]; counters u64 [p, core, counter]; shared u64 [p, 5]; times of phases, JSON, or nothing",
                ),
                ("counters", "DATA", "the same four as i64 and bytes, with updates i64 [1] before the last"),
                (
                    "begin",
                    "INPUT",
                    "inputs [sample, unit], float32 or float64; presentation numbers u64 [sample]",
                ),
                ("targets", "TARGET", "targets [sample, unit], float32 or float64"),
                ("run", "OUT", "for each bit of RECORD one array per layer, [tick, sample, unit]"),
                (
                    "push",
                    "OUT",
                    "tick, ran, state i64 [3]; names of arrays, bytes, parted by newlines; the arrays",
                ),
                ("pull", "DATA", "the same"),
                ("read", "OUT", "[sample, unit]"),
                (
                    "write",
                    "DATA",
                    "float64 [update, 5]: projection, rate, words per axon, terms, samples summed already (−1: each "
                    "row is one); for each term pre and post [sample, unit]; then the change of biases of each layer from 1 on, or an empty block",
                ),
            ],
        ),
        "Phases of count and counters, in order: " + ", ".join(phase.value for phase in Phase) + ".\n",
        "Counters, in order: " + ", ".join(COUNTER_NAMES) + ".\n",
        "Shared, in order: presentations, ticks, " + ", ".join(CONTROL) + ".\n",
        "Counters have COUNTER_WIDTH bits and wrap. A driver adds up how far they moved between two readings, as a signed "
        "number of so many bits; with IRQ.WRAP enabled it is told when one has moved a quarter of its range. "
        "FAULTS.COUNTER_OVERRUN says that one has moved half of it: then counts are lost.\n",
    ]


def _programs() -> list[str]:
    rows = []
    for op in INSTRUCTIONS:
        fields = ", ".join(f"{o.kind.value} ({o.field})" for o in op.operands)
        rows.append(
            (f"`{op.number:#04x}`", f"`{op.name}`", fields, str(op.cycles), op.counted_in.value, op.doc)
        )
    numbers = [
        ("phase", ", ".join(f"{k} {phase.value}" for k, phase in enumerate(PHASES))),
        ("what", ", ".join(f"{k} {name}" for k, name in enumerate(WHAT))),
        ("sign", ", ".join(f"{k} {name}" for k, name in enumerate(SIGNS))),
        ("layer", "from the input (0), or from the output (-1, `last`); 0x7fffffff is `all`"),
        ("target", "distance in instructions"),
    ]
    ranges = [
        (kind.value, f"{low} to {high}")
        for kind, (low, high) in RANGES.items()
        if kind not in (OperandKind.PHASE, OperandKind.WHAT, OperandKind.SIGN, OperandKind.LAYER)
    ]
    states = [(str(int(state)), state.name.lower()) for state in State]
    moves = [
        (
            f"`{action}`",
            "any"
            if allowed == frozenset(State)
            else ", ".join(s.name.lower() for s in State if s in allowed),
        )
        for action, allowed in MOVES.items()
    ]
    return [
        "## Programs\n",
        f"At most {MOST_INSTRUCTIONS} instructions of two words: `opcode | a << 8 | b << 16 | c << 24` and a signed immediate. "
        "Bit 7 of the opcode: the immediate is the number of a register t0 … t15 that holds ticks, layer or count. Unused "
        f"fields are 0. There are {COUNTERS} loop counters, 8 banks, 4 slots and {MOST_LAYERS} layers. A program is verified "
        "before it starts: it ends with halt, every jump stays inside, the only way back is djnz, loops are nested or apart "
        "and nothing inside changes their counter; so every program ends. WATCHDOG bounds how late.\n",
        _table(("opcode", "name", "operands", "cycles", "counted in", "does"), rows),
        "Cycles are the controller's, beside one per word that crosses the bus or a queue; it sleeps while the chip runs. "
        "\u201cWith the next\u201d: in the phase of the next instruction that has one. What crosses the bus outside of programs "
        "is counted the same way, with the bytes of its frames; a frame that is sent again is not counted again. "
        "\u201cNowhere\u201d: counts are read and set by the emulator, which costs a chip nothing, with the transaction that "
        "does it and its halt; so a run that goes on from a checkpoint counts what one that was never stopped does.\n",
        _table(("operand", "values"), [*numbers, *ranges]),
        "## Phases\n",
        "STATUS shows the state of the phase machine. A nudged phase is left by restore, which goes back to the state "
        "that the snapshot was taken in (right after begin the state stays begun), or by begin.\n",
        _table(("number", "state"), states),
        _table(("action", "legal in"), moves),
    ]


def _images() -> list[str]:
    return [
        "## Images and program files\n",
        f"Sections with a directory, little-endian: magic (4 bytes), version u32 ({CONTAINER_VERSION}), number of sections u32, "
        "CRC-32 of the directory u32; for each section its name (8 bytes), length u64, CRC-32 u32 and u32 0; then the sections, each "
        "filled up with zeros to whole words. A newer version is refused.\n",
        _table(
            ("magic", "is", "sections"),
            [
                (
                    "`NCIM`",
                    "an image",
                    "DIGEST, 16 bytes; CORES u32 [core, 4] (population, first neuron, neuron after the last, site) and AXONS "
                    "u32 (for each core the number of cores that receive its spikes, and which), where there are cores; W0 … forward "
                    "weights, F1 … feedback of its own, [pre, post] each; B1 … biases, which are thresholds with the sign "
                    "turned, float32 or float64 whatever the chip's precision. All but DIGEST are blocks",
                ),
                ("`NCPG`", "a program", "CODE, words; ENTRIES, lines of address and label"),
            ],
        ),
    ]


def _codes() -> list[str]:
    rows = [(str(int(code)), code.name, CODES[code]) for code in Code]
    first = min(int(code) for code in SUBSTRATE_ERRORS)
    return [
        "## Codes\n",
        "In the header of a REFUSED, in the first word of an ANSWER, or in ERROR_CODE; in TEXT stands more. From "
        f"{first} to {max(int(code) for code in SUBSTRATE_ERRORS)} it is the chip that refuses.\n",
        _table(("code", "name", "means"), rows),
    ]


PAGES = {"registers.md": registers, "protocol.md": protocol}


def main(folder: Path) -> None:
    """Write the pages into a folder."""
    for name, page in PAGES.items():
        with replacing(folder / name) as file:
            file.write(page().encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
