"""The chip side: registers, queues and a sequencer in front of a substrate. It holds no neurons."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from firmware_sim.image import Tables
from firmware_sim.operations import Operations
from firmware_sim.program import MOST_INSTRUCTIONS, decoded, verify
from firmware_sim.queues import WORD, WordQueue, Words, text_block
from firmware_sim.registers import RegisterFile
from firmware_sim.regmap import MOST_LAYERS, OBSERVABLES, Access, Control, Fault, Feature, Irq, by_name
from firmware_sim.sequencer import Halted, Sequencer
from firmware_sim.transaction import Operation, OpKind, parsed
from neurochip.errors import ConfigError
from neurochip.network import Network
from neurochip.substrate import Machine

__all__ = ["FRAME_OVERHEAD", "Device"]

_LOG = logging.getLogger("neurochip.firmware")
FRAME_OVERHEAD = 24  # bytes of a frame around its payload (docs/protocol.md)
_ANSWER_WORDS = (1 << 24) // 4 - 64  # words of answers in a transaction, so that the frame is not too long
_QUEUES = ("INPUT", "TARGET", "DATA", "OUT", "TEXT")
_TEXT_DEPTH = 4096
_FAULTS, _IRQ, _ENABLE = by_name("FAULTS"), by_name("IRQ"), by_name("IRQ_ENABLE")
_ERROR_CODE, _ERROR_AT = by_name("ERROR_CODE"), by_name("ERROR_AT")
_ADDRESS, _LENGTH, _PROGRAMS = by_name("PROGRAM_ADDRESS"), by_name("PROGRAM_LENGTH"), by_name("PROGRAMS")


class Device:
    """A chip as its host sees it: one bus, on which transactions are carried out one by one.

    Parameters
    ----------
    machine
        The substrate that does the work.
    network
        What is on it.
    digest, tables
        Hash and placement: images of anything else are refused.
    float64
        Whether states are 64-bit floating point numbers.
    counter_width
        Bits of a counter, 8 to 62.
    depth
        Words that each of the queues INPUT, TARGET, DATA and OUT holds.
    most_lanes
        Presentations side by side, at most.
    has_store
        Whether SAVE has a file to write to.
    """

    def __init__(
        self,
        machine: Machine,
        network: Network,
        digest: str,
        tables: Tables | None = None,
        *,
        float64: bool = False,
        counter_width: int = 48,
        depth: int = 1 << 26,
        largest_batch: int = 1024,
        has_store: bool = False,
    ) -> None:
        if not 8 <= counter_width <= 62:
            raise ConfigError("counter_width", f"must be 8 to 62 bits, got {counter_width}")
        if len(network.sizes) > MOST_LAYERS:
            raise ConfigError(
                "network.layers", f"a device has at most {MOST_LAYERS}, got {len(network.sizes)}"
            )
        self.registers = RegisterFile()
        self.queues = {name: WordQueue(name, depth) for name in _QUEUES}
        self.queues["TEXT"].depth = _TEXT_DEPTH
        self.operations = Operations(
            machine,
            network,
            digest,
            tables or {},
            self.registers,
            self.queues,
            counter_width=counter_width,
            largest_batch=largest_batch,
        )
        self.sequencer = Sequencer(self.operations, self.registers)
        self.memory = np.zeros(2 * MOST_INSTRUCTIONS, dtype=WORD)
        self.has_store = has_store
        self.save_asked = False
        self._identity = self._features(machine, network, digest, float64, counter_width)
        self._connect()

    def _features(
        self, machine: Machine, network: Network, digest: str, float64: bool, width: int
    ) -> dict[str, list[int]]:
        can = machine.capabilities
        features = Feature.TIED * network.tied | Feature.BITS_ONLY * can.sends_bits_only
        features |= Feature.STORE * self.has_store | Feature.FLOAT64 * float64
        for what, bit in OBSERVABLES.items():
            features |= bit * (what in can.observables)
        name = can.name.encode()[:16].ljust(16, b"\0")
        return {
            "FEATURES": [int(features)],
            "COUNTER_WIDTH": [width],
            "DIGEST": np.frombuffer(bytes.fromhex(digest), dtype=WORD).tolist(),
            "NAME": np.frombuffer(name, dtype=WORD).tolist(),
            "LAYERS": [len(network.sizes)],
            "SIZES": [*network.sizes, *[0] * (MOST_LAYERS - len(network.sizes))],
        }

    def _connect(self) -> None:
        """Wire registers that are no memory."""
        of = self.registers
        for name, words in self._identity.items():
            of.on_read[name] = lambda word, words=words: words[word]  # type: ignore[misc]
        machine = self.operations.machine
        of.on_read["UPDATES"] = lambda word: machine.updates >> 32 * word & 0xFFFFFFFF
        of.on_read["STATUS"] = lambda _: (
            int(self.operations.state) | (self.sequencer.program is not None) << 4
        )
        of.on_read["LEVELS"] = lambda word: len(self.queues[_QUEUES[word]])
        of.on_write["START"] = lambda _, entry: self._start(entry)
        of.on_write["CONTROL"] = lambda _, bits: self._control(Control(bits))
        of.on_write["PROGRAM_LENGTH"] = lambda *_: self._unverified()

    def reset(self) -> None:
        """Put everything to its beginning but the weights, which must be loaded again."""
        self.registers.reset()
        for queue in self.queues.values():
            queue.clear()
        self.memory[:] = 0
        self.sequencer.reset()
        self.operations.reset()

    @property
    def program_length(self) -> int:
        """Instructions of the program."""
        return self.registers.get(_LENGTH)

    def _unverified(self) -> None:
        self.sequencer.program = None

    # Programs.

    def _start(self, entry: int) -> None:
        if self.registers.get(_FAULTS) & Fault.ERROR:
            return
        try:
            self.sequencer.start(entry)
        except Halted as halted:
            self._failed(halted.refusal, halted.at)
            return
        except Exception:
            _LOG.exception("a program met a fault of the device")
            self._failed(Refusal(Code.INTERNAL), entry)
            return
        self._raise(_IRQ, Irq.DONE)
        self.registers.put(_PROGRAMS, self.registers.get(_PROGRAMS) + 1)
        if self.registers.get(_ENABLE) & Irq.WRAP:
            self.operations.watch_counters()

    def _failed(self, refusal: Refusal, at: int) -> None:
        self._raise(_FAULTS, Fault.ERROR)
        self._raise(_IRQ, Irq.ERROR)
        self.registers.put(_ERROR_CODE, refusal.code)
        self.registers.put(_ERROR_AT, at)
        text = self.queues["TEXT"]
        text.clear()
        head, body = text_block(refusal.about[:2000])
        text.push(head)
        text.push(body)

    def _raise(self, register: Any, bit: int) -> None:
        self.registers.put(register, self.registers.get(register) | bit)

    def _control(self, bits: Control) -> None:
        if bits & Control.RESET:
            self.reset()
        if bits & Control.FLUSH:
            for queue in self.queues.values():
                queue.clear()
        if bits & Control.VERIFY:
            self._verify()
        if bits & Control.SAVE:
            self.save_asked = True

    def _verify(self) -> None:
        n = self.registers.get(_LENGTH)
        try:
            if not 1 <= n <= MOST_INSTRUCTIONS:
                raise Refusal(
                    Code.BAD_INSTRUCTION, f"a program has 1 to {MOST_INSTRUCTIONS} instructions, got {n}"
                )
            program = tuple(decoded(self.memory[: 2 * n]))
            verify(program)
        except Refusal as refusal:
            self._failed(refusal, 0xFFFFFFFF)
            return
        self.sequencer.program = program

    # The bus.

    def transact(self, payload: Words, *, idempotent: bool = False) -> list[NDArray[Any]]:
        """Carry out the operations of a payload; return the answer in pieces.

        All operations are checked before the first one is carried out: a transaction that is refused has changed
        nothing. The answer begins with a code and the interrupts that stand and are enabled.

        Raises
        ------
        Refusal
            ``NOT_IDEMPOTENT``, for a READ that is more than reads without side effects.
        """
        try:
            operations = parsed(payload)
            self._check(operations, idempotent)
        except Refusal as refusal:
            if refusal.code is Code.NOT_IDEMPOTENT:
                raise
            return [np.array([refusal.code, self._line()], dtype=WORD)]
        # Words of a DRAIN are counted by the instruction that pushed them.
        read = sum(o.n for o in operations if o.kind is OpKind.READ)
        self.sequencer.crossed(payload.size + read, 2 * FRAME_OVERHEAD + 4 * (payload.size + 2 + read))
        answer: list[NDArray[Any]] = []
        small: list[int] = [0, 0]
        for operation in operations:
            self._carry_out(operation, answer, small)
        if small:
            answer.append(np.array(small, dtype=WORD))
        answer[0][1] = self._line()
        return answer

    def _line(self) -> int:
        """Return the interrupts that stand and are enabled."""
        return self.registers.get(_IRQ) & self.registers.get(_ENABLE)

    def _check(self, operations: list[Operation], idempotent: bool) -> None:
        answers, filled = 2, dict.fromkeys((*_QUEUES, "PROGRAM"), 0)
        for operation in operations:
            kind, offset, count = operation.kind, operation.offset, operation.n
            write, port = kind in (OpKind.WRITE, OpKind.FILL), kind in (OpKind.DRAIN, OpKind.FILL)
            if idempotent and kind is not OpKind.READ:
                raise Refusal(Code.NOT_IDEMPOTENT)
            if count < 1:
                raise Refusal(Code.BAD_OPERATION, "an operation has at least one word")
            answers += 0 if write else count + port
            if answers > _ANSWER_WORDS:
                raise Refusal(Code.ANSWER_TOO_LONG)
            for word in range(1 if port else count):
                register = self.registers.check(offset + 4 * word, write=write, port=port)
                if idempotent and register.access is Access.RC:
                    raise Refusal(Code.NOT_IDEMPOTENT)
                if write and register.name == "CONTROL" and not self.has_store:
                    if int(operation.words[word]) & Control.SAVE:
                        raise Refusal(Code.NO_STORE)
            if kind is OpKind.FILL and register.port != "PROGRAM":
                # What programs of this transaction take meanwhile is not foreseen: room must be there now.
                filled[register.port] += count
                if filled[register.port] > self.queues[register.port].room:
                    self._raise(_FAULTS, Fault.OVERFLOW)
                    self._raise(_IRQ, Irq.ERROR)
                    raise Refusal(Code.QUEUE_FULL)

    def _carry_out(self, operation: Operation, answer: list[NDArray[Any]], small: list[int]) -> None:
        kind, offset, count, words = operation
        registers = self.registers
        if kind is OpKind.READ:
            small.extend(registers.read(offset + 4 * k) for k in range(count))
        elif kind is OpKind.WRITE:
            for k, value in enumerate(words.tolist()):
                registers.write(offset + 4 * k, value)
        elif kind is OpKind.FILL:
            name = registers.at(offset)[0].port
            if name == "PROGRAM":
                self._write_program(words)
            else:
                # The payload belongs to the link, which will use its memory again. A RESET or FLUSH in between
                # only makes room.
                self.queues[name].push(words.copy())
        else:
            queue = self.queues[registers.at(offset)[0].port]
            taken = queue.take(min(count, len(queue)))
            small.append(taken.size)
            answer.append(np.array(small, dtype=WORD))
            answer.append(taken)
            small.clear()

    def _write_program(self, words: Words) -> None:
        at = self.registers.get(_ADDRESS)
        self._unverified()
        # Beyond the memory nothing is written; VERIFY refuses a program of such a length.
        fits = max(0, min(words.size, self.memory.size - at))
        self.memory[at : at + fits] = words[:fits]
        self.registers.put(_ADDRESS, at + words.size)
