"""A million damaged, repeated, reordered and invented frames against a device: never a crash, a hang or a wrong write.

``python benchmarks/firmware_fuzz.py --frames 1000000 --seed 1``, and ``--chip digital`` for a
compiled chip of integer weights instead of the real-valued network. What must hold after every frame:

- the device answers with a frame of its own that parses, or the frame reader refuses by a code that has a name;
- nothing is answered with INTERNAL, and no answer takes more than ``--patience`` seconds of computing;
- registers, program memory and weights are what a model of the registers, written for this script, says they are: a
  frame that was refused, repeated or out of sequence has written nothing.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from firmware_sim.assembler import assemble
from firmware_sim.codes import CODES, Code
from firmware_sim.container import bytes_of
from firmware_sim.frames import Frame, FrameError, FrameReader, Kind, frame_parts
from firmware_sim.image import image_parts, tables_of
from firmware_sim.isa import INSTRUCTIONS, RANGES
from firmware_sim.queues import block_of
from firmware_sim.registers import words_of
from firmware_sim.regmap import REGISTERS, Access, by_name
from firmware_sim.session import Session
from firmware_sim.transaction import Transaction
from tests.unit.firmware.chips import DIGEST, digital_device, ideal_device

# Registers whose words nothing but the host's writes changes: the model knows them all the time.
PLAIN = [r for r in REGISTERS if r.access is Access.RW and r.name != "PROGRAM_ADDRESS"]
MASKS = {r.offset + 4 * k: (1 << r.width) - 1 for r in PLAIN for k in range(r.words)}
CONTROL = by_name("CONTROL").offset
POOL = 256  # payloads to draw from; one is made anew for every RENEWED frames
RENEWED = 8
CHIPS = {"ideal": ideal_device, "digital": digital_device}


class Model:
    """What plain registers must hold: every write that was accepted, masked to its width, and resets."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}
        self.reset()

    def reset(self) -> None:
        """All to their reset values."""
        self.words.update((r.offset + 4 * k, r.reset_of(k)) for r in PLAIN for k in range(r.words))

    def carry_out(self, payload: bytes) -> None:
        """Follow a transaction that was carried out, in its own plain way."""
        words = np.frombuffer(payload, "<u4").tolist()
        at = 0
        while at < len(words):
            kind, offset, n = words[at] & 0xFFFF, words[at] >> 16, words[at + 1]
            at += 2
            if kind == 2:
                for k in range(n):
                    place = offset + 4 * k
                    if place in MASKS:
                        self.words[place] = words[at + k] & MASKS[place]
                    if place == CONTROL and words[at + k] & 1:
                        self.reset()
            if kind in (2, 4):
                at += n


class Fuzz:
    """One device, one session, and a source of frames."""

    def __init__(self, seed: int, chip: str = "ideal") -> None:
        self.rng = np.random.default_rng(seed)
        self.device, self.net = CHIPS[chip](depth=1 << 16, largest_batch=16)
        self.session = Session(self.device, 1)
        self.model = Model()
        self.outcomes: Counter[str] = Counter()
        self.programs: Counter[str] = Counter()
        self.longest = 0.0
        self.sent: list[bytes] = []
        image = getattr(self.device.operations.machine, "image", None)
        self.image = b"".join(bytes_of(p) for p in image_parts(DIGEST, tables_of(image), self.net.parameters))
        self.dice = random.Random(seed)
        self.held = self.fingerprint()
        self.pool = [self.payload() for _ in range(POOL)]
        self.drawn = 0

    # What is sent.

    def number(self) -> int:
        """A sequence number: mostly the next one."""
        draw = self.dice.random()
        if draw < 0.8:
            return self.session.executed + 1
        if draw < 0.9:
            return self.session.executed
        return self.dice.getrandbits(63)

    def words(self, n: int) -> np.ndarray:
        """Random words, often small or all ones."""
        made = self.rng.integers(0, 2**32, n, dtype=np.uint32)
        small = self.rng.random(n) < 0.6
        made[small] = self.rng.integers(0, 20, int(small.sum()))
        return made

    def blocks(self) -> list[np.ndarray]:
        """What a queue may hold: an image, inputs, a snapshot's head, or rubbish that looks like a block."""
        choice = self.rng.integers(0, 7)
        batch = int(self.rng.integers(1, 4))
        if choice == 0:
            return [*block_of(np.frombuffer(self.image, np.uint8))]
        if choice == 1:
            damaged = bytearray(self.image)
            damaged[int(self.rng.integers(0, len(damaged)))] ^= 1 << int(self.rng.integers(0, 8))
            return [*block_of(np.frombuffer(bytes(damaged), np.uint8))]
        if choice == 2:
            return [
                *block_of(self.rng.random((batch, 4)).astype(np.float32)),
                *block_of(np.arange(batch, dtype=np.uint64)),
            ]
        if choice == 3:
            return [*block_of(np.eye(3)[self.rng.integers(0, 3, batch)])]
        if choice == 4:
            numbers = self.rng.integers(-1, 8, 3)
            return [*block_of(numbers), *block_of(np.frombuffer(b"0\n1\n2", np.uint8))]
        if choice == 5:
            rows = np.array([[0, 1, 0.1, 1, 1]], dtype=np.float64)
            terms = [*block_of(self.rng.random((batch, 4))), *block_of(self.rng.random((batch, 5)))]
            return [*block_of(rows), *terms, *block_of(np.zeros(0)), *block_of(np.zeros(0))]
        head = 0xA5 << 24 | int(self.rng.integers(0, 10)) << 16 | int(self.rng.integers(0, 13))
        return [np.array([head], "<u4"), self.words(int(self.rng.integers(0, 12)))]

    def program(self) -> np.ndarray:
        """Words of a program: mostly instructions, mostly legal, short runs."""
        words: list[int] = []
        for _ in range(int(self.rng.integers(1, 10))):
            op = INSTRUCTIONS[int(self.rng.integers(0, len(INSTRUCTIONS)))]
            fields = {"a": 0, "b": 0, "c": 0, "imm": 0}
            for operand in op.operands:
                low, high = RANGES[operand.kind]
                fields[operand.field] = int(self.rng.integers(max(low, -3), min(high, 9) + 1))
            words.append(op.number | fields["a"] << 8 | fields["b"] << 16 | fields["c"] << 24)
            words.append(fields["imm"] & 0xFFFFFFFF)
        if self.rng.random() < 0.9:
            words += [0, 0]
        if self.rng.random() < 0.2:
            words[int(self.rng.integers(0, len(words)))] ^= 1 << int(self.rng.integers(0, 32))
        return np.array(words, "<u4")

    def lesson(self) -> Transaction:
        """A program that would do something sensible, but for one or two instructions, with its data in the queues."""
        names = [
            "load",
            "begin",
            "targets",
            "nudge",
            "run",
            "observe",
            "read",
            "snapshot",
            "restore",
            "count",
        ]
        texts = {
            "nudge": "nudge +",
            "run": f"run {self.rng.choice(['free', 'nudged', 'evaluation'])}, {int(self.rng.integers(1, 9))}",
            "observe": f"observe {self.rng.choice(['value', 'presynaptic'])}, m{self.rng.integers(0, 3)}, all",
            "read": f"read m{self.rng.integers(0, 3)}, last",
            "snapshot": "snapshot s1",
            "restore": f"restore s{self.rng.integers(1, 3)}",
            "update": "update m0, m1, m2, 1",
        }
        order = ["load", "begin", "targets", "run"] + [
            str(name)
            for name in self.rng.choice([*names, "update", "dump", "push s1", "write", "pull s1"], 6)
        ]
        text = "\n".join(texts.get(name, name) for name in order) + "\nhalt\n"
        words = assemble(text).words()
        if self.rng.random() < 0.3:
            words[int(self.rng.integers(0, words.size))] ^= np.uint32(1 << int(self.rng.integers(0, 8)))
        batch = int(self.rng.integers(1, 4))
        made = Transaction().write(by_name("CONTROL"), 2).write(by_name("FAULTS"), 7)
        made.fill(by_name("DATA"), *block_of(np.frombuffer(self.image, np.uint8)), *self.blocks())
        made.fill(
            by_name("INPUT"),
            *block_of(self.rng.random((batch, 4)).astype(np.float32)),
            *block_of(np.arange(batch, dtype=np.uint64)),
        )
        made.fill(by_name("TARGET"), *block_of(np.eye(3)[self.rng.integers(0, 3, batch)]))
        made.write(by_name("BETA"), *words_of(0.5)).write(by_name("RATES"), *words_of(0.1), *words_of(0.05))
        made.write(by_name("PROGRAM_ADDRESS"), 0).write(by_name("PROGRAM_LENGTH"), words.size // 2)
        made.fill(by_name("PROGRAM"), words).write(by_name("CONTROL"), 4).write(by_name("START"), 0)
        return made.drain(by_name("OUT"), 100_000)

    def transaction(self) -> Transaction:
        """A list of operations: nearly right ones, most of the time."""
        if self.rng.random() < 0.15:
            return self.lesson()
        made = Transaction()
        for _ in range(int(self.rng.integers(0, 6))):
            register = REGISTERS[int(self.rng.integers(0, len(REGISTERS)))]
            choice = self.rng.integers(0, 10)
            if choice < 2:
                made.read(register, int(self.rng.integers(0, 4)))
            elif choice < 5:
                if register.name == "WATCHDOG":  # or a random one would let a loop run for minutes
                    continue
                made.write(register, *self.words(int(self.rng.integers(1, 3))).tolist())
            elif choice < 7:
                port = by_name(str(self.rng.choice(["INPUT", "TARGET", "DATA"])))
                made.fill(port, *self.blocks())
            elif choice < 8:
                words = self.program()
                made.write(by_name("PROGRAM_ADDRESS"), 0).write(by_name("PROGRAM_LENGTH"), words.size // 2)
                made.fill(by_name("PROGRAM"), words).write(by_name("CONTROL"), 4)
                made.write(by_name("FAULTS"), 7).write(by_name("START"), 0)
            elif choice < 9:
                made.drain(by_name("OUT"), int(self.rng.integers(1, 5000)))
            else:
                made.write(by_name("CONTROL"), int(self.rng.choice([1, 2, 4])))
        return made

    def payload(self) -> bytes:
        """What a frame may hold: operations, or rubbish."""
        parts = (
            self.transaction().parts()
            if self.rng.random() < 0.93
            else [self.words(int(self.rng.integers(0, 20)))]
        )
        return b"".join(bytes_of(p) for p in parts)

    def frame(self) -> bytes:
        """Something that comes over the wire."""
        dice, draw = self.dice, self.dice.random()
        self.drawn += 1
        if self.drawn % RENEWED == 0:
            self.pool[dice.randrange(POOL)] = self.payload()
        if draw < 0.05 and self.sent:  # an old frame again
            return dice.choice(self.sent)
        if draw < 0.08:
            return dice.randbytes(dice.randrange(80))
        kind = Kind.TRANSACT if draw < 0.8 else Kind(dice.randrange(1, 8))
        whole = b"".join(bytes_of(p) for p in frame_parts(kind, self.number(), [dice.choice(self.pool)]))
        if 0.55 < draw < 0.7:  # damaged on the way
            damaged = bytearray(whole)
            for _ in range(dice.randrange(1, 4)):
                damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
            return bytes(damaged)
        if 0.7 < draw < 0.75:  # cut off
            return whole[: dice.randrange(len(whole))]
        if 0.75 < draw < 0.78:  # damaged, and its checksum made right again
            damaged = bytearray(whole)
            damaged[dice.randrange(4, len(damaged))] ^= 1 << dice.randrange(8)
            crc = zlib.crc32(damaged[24:], zlib.crc32(damaged[:20]))
            damaged[20:24] = crc.to_bytes(4, "little")
            return bytes(damaged)
        self.sent = [*self.sent[-7:], whole]
        return whole

    # What must hold.

    def send(self, data: bytes, patience: float) -> None:
        """Give the device one frame and check everything."""
        before = self.session.executed
        try:
            frame = FrameReader(io.BytesIO(data).readinto).read()
        except EOFError:
            self.outcomes["cut off"] += 1
            return
        except FrameError as error:
            self.outcomes[error.code.name] += 1
            return
        payload = bytes(frame.payload)
        began = time.process_time()
        parts = self.session.answer(frame)
        took = time.process_time() - began
        self.longest = max(self.longest, took)
        if took > patience:
            raise SystemExit(f"an answer took {took:.1f} s: {data.hex()}")
        answer = FrameReader(io.BytesIO(b"".join(bytes_of(p) for p in parts)).readinto).read()
        self.judge(frame, payload, answer, before)

    def judge(self, frame: Frame, payload: bytes, answer: Frame, before: int) -> None:
        """Check an answer and what was written."""
        carried = frame.kind == Kind.TRANSACT and self.session.executed == before + 1
        if answer.kind == Kind.REFUSED:
            name = Code(answer.code).name
        else:
            code = int(np.frombuffer(answer.payload, "<u4")[0])
            name = Code(code).name
            if code != Code.OK:
                carried = False  # none of its operations was
        self.outcomes[
            name if answer.kind == Kind.REFUSED or name != "OK" else frame_name(frame, carried)
        ] += 1
        if name == "INTERNAL" or self.register("ERROR_CODE")[0] == Code.INTERNAL:
            raise SystemExit(f"a fault of the device: {payload.hex()}")
        if carried:
            self.model.carry_out(payload)
            stopped = self.register("ERROR_CODE")[0]
            if self.register("FAULTS")[0] & 1:
                self.programs[Code(stopped).name] += 1
            else:
                self.programs["none stands"] += 1
            self.held = self.fingerprint()
        elif self.held != self.fingerprint():
            raise SystemExit(f"weights or program changed by a frame that was refused: {payload.hex()}")
        words = self.device.registers.dump()
        for place, wanted in self.model.words.items():
            if words[place // 4] != wanted:
                name, k = self.device.registers.at(place)
                raise SystemExit(f"{name.name}[{k}] holds {words[place // 4]:#x} after {payload.hex()}")

    def register(self, name: str) -> list[int]:
        """Words of a register, without the bus."""
        r = by_name(name)
        return [self.device.registers.get(r, k) for k in range(r.words)]

    def fingerprint(self) -> int:
        """Of everything but plain registers that a frame could wrongly write."""
        machine = self.device.operations.machine
        crc = zlib.crc32(self.device.memory)
        if self.device.operations.state:
            held = machine.parameters()
            for array in (*held.weights, *held.biases):
                crc = zlib.crc32(np.ascontiguousarray(array), crc)
        levels = [len(queue) for queue in self.device.queues.values()]
        return zlib.crc32(str(levels).encode(), crc)


def frame_name(frame: Frame, carried: bool) -> str:
    """What an accepted frame was."""
    return "carried out" if carried else "answered again" if frame.kind == Kind.TRANSACT else "read"


def main() -> None:
    """Run, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--patience", type=float, default=5.0, help="seconds of computing that one answer may take"
    )
    parser.add_argument("--chip", choices=CHIPS, default="ideal", help="what is behind the registers")
    given = parser.parse_args()
    fuzz = Fuzz(given.seed, given.chip)
    began = time.perf_counter()
    with np.errstate(all="ignore"):
        for _ in range(given.frames):
            fuzz.send(fuzz.frame(), given.patience)
    seconds = time.perf_counter() - began
    print(
        f"{given.frames} frames, seed {given.seed}: {seconds:.0f} s, longest answer {1000 * fuzz.longest:.1f} ms"
    )
    print("no crash, no hang, no wrong write; what became of them:")
    for name, n in fuzz.outcomes.most_common():
        print(f"{n:9d}  {name}")
    print("after frames that were carried out, the fault that stood:")
    for name, n in fuzz.programs.most_common():
        print(f"{n:9d}  {name}")
    unknown = [name for name in fuzz.outcomes if name in Code.__members__ and Code[name] not in CODES]
    if unknown:
        raise SystemExit(f"codes without a meaning: {unknown}")


if __name__ == "__main__":
    main()
