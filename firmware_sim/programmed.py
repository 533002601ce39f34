"""The host's side of a device that takes programs: transactions, what a program pushed, and the errors it reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import CODES, SUBSTRATE_ERRORS, Code, FirmwareError, LinkError
from firmware_sim.link import Link
from firmware_sim.program import Program, Ticket
from firmware_sim.queues import OUT_MARK, WordQueue, Words, block_of, take_block
from firmware_sim.regmap import MAP_VERSION, Control, Fault, Irq, by_name
from firmware_sim.transaction import Transaction
from neurochip.substrate import Counters

__all__ = ["REGISTERS", "Answer", "ProgrammedDevice", "float_block"]

Array = NDArray[Any]

_FILL = 1 << 20  # words of one transaction into a queue, or out of it: 4 MiB
REGISTERS = {
    name: by_name(name)
    for name in (
        "MAGIC MAP_VERSION FEATURES COUNTER_WIDTH DIGEST NAME LAYERS SIZES START CONTROL STATUS FAULTS IRQ IRQ_ENABLE "
        "ERROR_CODE ERROR_AT WATCHDOG RECORD UPDATES BETA SHARE T RATES PROGRAM_ADDRESS PROGRAM_LENGTH "
        "PROGRAM INPUT TARGET DATA OUT TEXT LEVELS"
    ).split()
}


class Answer(NamedTuple):
    """What a ``read``, or another instruction that pushes to OUT, pushed."""

    at: int  # address of the instruction
    arrays: tuple[Array, ...]


class ProgrammedDevice(ABC):
    """A device at the other end of a link, and the program in its memory.

    Parameters
    ----------
    link
        To the device.
    digest, sizes
        Hash of the compiled chip and the neurons of its layers: the device must hold the same.
    program
        What whoever is made of this delivers to it, once its own counters are ready.
    """

    def __init__(self, link: Link, digest: str, sizes: tuple[int, ...], program: Program) -> None:
        self.link = link
        self.program = program
        self.identity = self._identify(digest, sizes)
        self._width = self.identity["COUNTER_WIDTH"][0]
        self._counting = False

    @abstractmethod
    def counters(self) -> Counters:
        """Return all counts; called when a counter is about to come round to where it was last read."""

    def _identify(self, compiled: str, layers: tuple[int, ...]) -> dict[str, list[int]]:
        """Read who the device is, and refuse another one than the host compiled for."""
        names = ("MAGIC", "MAP_VERSION", "FEATURES", "COUNTER_WIDTH", "DIGEST", "NAME", "LAYERS", "SIZES")
        transaction = Transaction()
        for name in names:
            transaction.read(REGISTERS[name])
        words = self.link.exchange(transaction, idempotent=True)[2:].tolist()
        found: dict[str, list[int]] = {}
        for name in names:
            found[name], words = words[: REGISTERS[name].words], words[REGISTERS[name].words :]
        if found["MAGIC"] != list(REGISTERS["MAGIC"].reset) or found["MAP_VERSION"] != [MAP_VERSION]:
            raise LinkError(
                "device", f"has register map {found['MAP_VERSION'][0]}, this driver knows {MAP_VERSION}"
            )
        digest = np.array(found["DIGEST"], dtype="<u4").tobytes().hex()
        sizes = tuple(found["SIZES"][: found["LAYERS"][0]])
        if digest != compiled or sizes != layers:
            named = "-".join(map(str, sizes))
            raise LinkError(
                "device",
                f"holds another network or chip ([{named}], {digest}); this run was compiled to {compiled}: "
                "serve the same run, with the same --set",
                Code.OTHER_CHIP,
            )
        return found

    def deliver(self, program: Program) -> None:
        """Write a program into the device's memory, in place of the one there, and have it verified."""
        self.program = program
        words = program.words()
        transaction = (
            Transaction()
            .write(REGISTERS["PROGRAM_ADDRESS"], 0)
            .write(REGISTERS["PROGRAM_LENGTH"], len(program))
        )
        transaction.fill(REGISTERS["PROGRAM"], words).write(REGISTERS["CONTROL"], Control.VERIFY)
        if self._width < 40:
            transaction.write(REGISTERS["IRQ_ENABLE"], Irq.WRAP)
        self._carry_out(transaction)

    def _carry_out(
        self, transaction: Transaction, *, drains: bool = False, named: bool = False
    ) -> list[Answer]:
        """Carry out a transaction that starts programs; return what they pushed.

        The chip's own errors are raised as the chip would; ``named`` says at which instruction instead.
        """
        transaction.read(REGISTERS["FAULTS"])
        if drains:
            transaction.drain(REGISTERS["OUT"], _FILL)
        answer = self.link.exchange(transaction)
        self._refused(answer)
        faults, irq = int(answer[2]), int(answer[1])
        if faults:
            self._raise(faults, named=named)
        pushed: list[Words] = []
        while drains:
            got = answer[4:] if not pushed else answer[3:]
            if got.size < _FILL:
                pushed.append(got)
                break
            pushed.append(got.copy())  # the link will use its memory again
            answer = self.link.exchange(Transaction().drain(REGISTERS["OUT"], _FILL))
            self._refused(answer)
        if irq & Irq.WRAP and not self._counting:
            self.counters()
        return _answers(pushed) if drains else []

    def _refused(self, answer: Words) -> None:
        code = Code(int(answer[0]))
        if code is not Code.OK:
            raise FirmwareError("bus", f"{code.name}: {CODES[code]}", code)

    def _raise(self, faults: int, *, named: bool) -> None:
        """Turn what the device says went wrong into the error that it is, and clear it."""
        transaction = (
            Transaction()
            .read(REGISTERS["ERROR_CODE"])
            .read(REGISTERS["ERROR_AT"])
            .drain(REGISTERS["TEXT"], 4096)
        )
        transaction.write(REGISTERS["FAULTS"], faults).write(REGISTERS["IRQ"], int(Irq.ERROR)).write(
            REGISTERS["CONTROL"], Control.FLUSH
        )
        answer = self.link.exchange(transaction)
        if not faults & Fault.ERROR:
            kinds = ", ".join(bit.name or "" for bit in Fault if bit & faults)
            raise FirmwareError("device", f"{kinds} stands in FAULTS: counts or words were lost")
        code, at, text = Code(int(answer[2])), int(answer[3]), ""
        if answer[4]:
            queue = WordQueue("TEXT", 4096)
            queue.push(answer[5:].copy())
            text = take_block(queue).tobytes().decode("utf-8", "replace")
        if code in SUBSTRATE_ERRORS and not named:
            place, _, problem = text.partition("\0")
            raise SUBSTRATE_ERRORS[code](place, problem)
        where = self.program.name
        if at < len(self.program):
            where = f"{where}: instruction {at}, {' '.join(self.program.instructions[at].text().split())}"
        text = text.replace("\0", ": ") or CODES[code]
        raise FirmwareError(where, f"{code.name}: {text}", code)

    def start_at(self, at: int) -> list[Answer]:
        """Start the program at an instruction; return what it pushed to OUT."""
        return self._carry_out(Transaction().write(REGISTERS["START"], at), drains=True, named=True)

    def feed(self, inputs: Array, presentations: NDArray[np.uint64], targets: Array) -> None:
        """Put samples and their targets into INPUT and TARGET, for programs that take them."""
        pieces = [*float_block(inputs), *block_of(presentations)]
        for queue, words in (("INPUT", pieces), ("TARGET", [*float_block(targets)])):
            self._refused(self.link.exchange(self._fill(queue, words)))

    def levels(self) -> list[int]:
        """Return how many words are in INPUT, TARGET, DATA, OUT and TEXT."""
        return [
            int(n) for n in self.link.exchange(Transaction().read(REGISTERS["LEVELS"]), idempotent=True)[2:]
        ]

    def _start(self, transaction: Transaction, entry: str) -> Transaction:
        return transaction.write(REGISTERS["START"], self.program.entry(entry))

    def _fill(self, queue: str, pieces: Iterable[Words]) -> Transaction:
        """Put words into a queue; return the transaction that holds the last of them, for more to come."""
        open_pieces: list[Words] = []
        size = 0
        for whole in pieces:
            at = 0
            while at < whole.size:
                part = whole[at : at + _FILL - size]
                open_pieces.append(part)
                size, at = size + part.size, at + part.size
                if size == _FILL:
                    answer = self.link.exchange(Transaction().fill(REGISTERS[queue], *open_pieces))
                    self._refused(answer)
                    open_pieces, size = [], 0
        return Transaction().fill(REGISTERS[queue], *open_pieces) if size else Transaction()

    def start(self, entry: str, *, before: Transaction | None = None, drains: bool = True) -> list[Answer]:
        """Start the program at an entry, after whatever else is to cross before; return what it pushed to OUT."""
        return self._carry_out(self._start(before or Transaction(), entry), drains=drains)

    def answers_of(self, ticket: Ticket, answers: Sequence[Answer]) -> list[Array]:
        """Return the arrays that a ticket stands for, one for each time that its instruction was reached."""
        return [array for answer in answers if answer.at == ticket.at for array in answer.arrays]

    def save(self) -> None:
        """Let the device keep its state; only between presentations, as samples are not kept."""
        self._refused(self.link.exchange(Transaction().write(REGISTERS["CONTROL"], Control.SAVE)))
        self.link.saved()

    def close(self) -> None:
        """Leave the device to others."""
        self.link.close()


def float_block(array: Array) -> tuple[Words, Words]:
    """Return a block of floating point numbers; others become float64."""
    array = np.asarray(array)
    return block_of(array if array.dtype in (np.float32, np.float64) else array.astype(np.float64))


def _answers(pieces: list[Words]) -> list[Answer]:
    """Take the items of OUT apart; the arrays are the caller's own."""
    words = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
    queue = WordQueue("OUT", words.size)
    queue.push(words)
    found = []
    while len(queue):
        head = int(queue.take(1)[0])
        if head >> 24 != OUT_MARK:
            raise LinkError("device", f"pushed {head:#010x} to OUT, which is no item")
        found.append(Answer(head & 0xFFFF, tuple(take_block(queue).copy() for _ in range(head >> 16 & 0xFF))))
    return found
