"""The sequencer: fetches instructions, keeps loop counters, watchdog and the counters of what driving costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from firmware_sim.codes import Code, Refusal, code_of
from firmware_sim.isa import COUNTERS as LOOP_COUNTERS
from firmware_sim.isa import PHASES, CountedIn
from firmware_sim.operations import Operations
from firmware_sim.program import Instruction
from firmware_sim.registers import RegisterFile
from firmware_sim.regmap import by_name
from neurochip.errors import NeurochipError
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters

__all__ = ["Halted", "Sequencer"]

_T, _WATCHDOG = by_name("T"), by_name("WATCHDOG")
_HARDWARE = {name: by_name(f"COUNT_{name.upper()}") for name in ("instructions", "cycles", "ticks", "words")}
_FIXED = {CountedIn.UPDATE: Phase.UPDATE, CountedIn.READOUT: Phase.READOUT, CountedIn.LOADING: Phase.LOADING}


class Halted(Exception):
    """A program was stopped: why, and at which instruction."""

    def __init__(self, refusal: Refusal, at: int) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.at = at


class Sequencer:
    """Runs a verified program on the chip.

    Parameters
    ----------
    operations
        What instructions do.
    registers
        The device's; the sequencer counts in COUNT_….
    """

    def __init__(self, operations: Operations, registers: RegisterFile) -> None:
        self._operations = operations
        self._registers = registers
        self.program: tuple[Instruction, ...] | None = None
        self._pending = [0, 0, 0]  # bus words, link bytes, cycles that no phase has paid yet
        self._own = [0, 0, 0]  # of these, what the transaction that is carried out has brought
        self._is_counting = False
        self._spent: dict[Phase, list[int]] = {}

    def reset(self) -> None:
        """Forget the program and what is not yet counted."""
        self.program = None
        self._pending = [0, 0, 0]
        self._spent = {}

    def crossed(self, words: int, size: int) -> None:
        """Count what went over the bus outside of programs: ``words``, and ``size`` bytes of frames on the link."""
        self._own = [words, size, words]
        for k in range(3):
            self._pending[k] += self._own[k]
        self._count("words", words)
        self._count("cycles", words)

    def _count(self, name: str, n: int) -> None:
        register = _HARDWARE[name]
        self._registers.put(register, self._registers.get(register) + n)

    def start(self, entry: int) -> None:
        """Run from an instruction to the next ``halt``.

        Raises
        ------
        Halted
            When the program was not verified, or an instruction of it is refused.
        """
        if self.program is None:
            raise Halted(
                Refusal(Code.NOT_VERIFIED, "START: the program was not verified since it was written"), entry
            )
        if not 0 <= entry < len(self.program):
            n = len(self.program)
            raise Halted(
                Refusal(Code.BAD_ENTRY, f"START: the program has instructions 0 to {n - 1}, got {entry}"),
                entry,
            )
        self._is_counting = False
        at, budget = entry, self._registers.get(_WATCHDOG)
        counters = [0] * LOOP_COUNTERS
        try:
            while True:
                one = self.program[at]
                budget -= 1
                if one.op.name == "run":
                    budget -= self._operations.ticks(one)
                if budget < 0:
                    raise Refusal(
                        Code.WATCHDOG,
                        f"more than {self._registers.get(_WATCHDOG)} steps, which WATCHDOG allows",
                    )
                following = self._flow(one, at, counters)
                if following is None:
                    self._operations.carry_out(one, at)
                    following = at + 1
                self._pay(one)
                if one.op.name == "halt":
                    return
                at = following
        except Refusal as refusal:
            raise Halted(refusal, at) from None
        except NeurochipError as error:
            raise Halted(Refusal(code_of(error), f"{error.place}\0{error.problem}"), at) from None
        except Exception as error:
            error.add_note(f"instruction {at}: {self.program[at].text()}")
            raise
        finally:
            self._enter()

    def _flow(self, one: Instruction, at: int, counters: list[int]) -> int | None:
        """Return where to go on after an instruction of the flow of control; `None` for any other."""
        name = one.op.name
        if name == "djnz":
            counters[one.a] -= counters[one.a] > 0
            return at + one.imm if counters[one.a] else at + 1
        if name == "set":
            value = self._operations.value(one)
            if not 0 <= value <= 0xFFFF:
                raise Refusal(Code.BAD_VALUE, f"t{one.imm} holds {value}, a loop counts to at most 65535")
            counters[one.a] = value
            return at + 1
        if name == "jump":
            return at + one.imm
        if name == "jz":
            return at + 1 if self._registers.get(_T, one.a) else at + one.imm
        return at + 1 if name in ("halt", "nop") else None

    def _pay(self, one: Instruction) -> None:
        """Count an instruction, and what is still unpaid, where the table says."""
        words = self._operations.moved_words if one.op.name in self._operations.do else 0
        ticks = self._operations.ticks(one) if one.op.name == "run" else 0
        out = words if one.op.name in ("read", "dump", "count", "push", "run") else 0
        self._count("instructions", 1)
        self._count("cycles", one.op.cycles + words)
        self._count("ticks", ticks)
        self._count("words", out)
        if self._is_free(one):
            return
        # Words from a queue crossed the bus when they were written there; those for OUT will cross it.
        self._pending[0] += out
        self._pending[1] += 4 * out
        self._pending[2] += one.op.cycles + words
        if one.op.counted_in is CountedIn.NEXT:
            return
        phase = PHASES[one.a] if one.op.counted_in is CountedIn.ITS_PHASE else _FIXED[one.op.counted_in]
        spent = self._spent.setdefault(phase, [0, 0, 0])
        for k in range(3):
            spent[k] += self._pending[k]
        self._pending, self._own = [0, 0, 0], [0, 0, 0]

    def _is_free(self, one: Instruction) -> bool:
        """Whether no phase pays for an instruction: those about the counts are the emulator's, and no work of a chip.

        So a run that reads its counts once more, or goes on from those of a checkpoint, counts what it would have.
        """
        if one.op.counted_in is not CountedIn.NOWHERE:
            return self._is_counting and one.op.name == "halt"
        if one.op.name == "counters":
            self._pending = [0, 0, 0]
        else:
            self._pending = [left - own for left, own in zip(self._pending, self._own, strict=True)]
            self._is_counting = True
        self._own = [0, 0, 0]
        return True

    def _enter(self) -> None:
        """Enter what was spent into the counters."""
        control = self._operations.control
        nothing = np.zeros((len(control.sites), len(COUNTERS)), dtype=np.int64)
        by_phase = {
            p: PhaseCounters(0, 0, nothing, control=(n[0], n[1], n[2])) for p, n in self._spent.items()
        }
        self._operations.control = control + Counters(control.populations, control.sites, by_phase)
        self._spent = {}

    def dump(self) -> Mapping[str, list[int]]:
        """Return what is not yet counted."""
        return {"pending": list(self._pending)}

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Take back what `dump` returned."""
        self._pending = [int(n) for n in state["pending"]]
