"""The host's side: a substrate that knows nothing but registers, queues and programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import CODES, SUBSTRATE_ERRORS, Code, FirmwareError, LinkError
from firmware_sim.container import bytes_of
from firmware_sim.counting import ledger_arrays, ledger_from, times_of, with_times, wrapped
from firmware_sim.image import Tables, image_parts, read_image
from firmware_sim.link import Link
from firmware_sim.phases import State
from firmware_sim.program import Program, Ticket
from firmware_sim.queues import OUT_MARK, WordQueue, Words, block_of, take_block
from firmware_sim.registers import words_of
from firmware_sim.regmap import MAP_VERSION, RECORDS, Control, Fault, Feature, Irq, by_name
from firmware_sim.transaction import Transaction
from neurochip.description.network import Network
from neurochip.errors import CapabilityError, ConfigError
from neurochip.substrate import (
    Capabilities,
    Ledger,
    Observable,
    Parameters,
    Phase,
    Settled,
    Snapshot,
    WeightUpdate,
)
from neurochip.substrate.fitting import fitting_inputs

__all__ = ["Answer", "DrivenChip", "StatedSnapshot"]

Array = NDArray[Any]

_LAYER, _TICKS = 14, 15  # t registers of services.asm
_FILL = 1 << 20  # words of one transaction into a queue, or out of it: 4 MiB
_OBSERVABLES = (
    (Observable.VALUE, Feature.VALUE),
    (Observable.ACTIVITY, Feature.ACTIVITY),
    (Observable.TRACE, Feature.TRACE),
    (Observable.RATE, Feature.RATE),
    (Observable.SPIKES, Feature.SPIKES),
)
_R = {
    name: by_name(name)
    for name in (
        "MAGIC MAP_VERSION FEATURES COUNTER_WIDTH DIGEST NAME LAYERS SIZES START CONTROL STATUS FAULTS IRQ IRQ_ENABLE "
        "ERROR_CODE ERROR_AT WATCHDOG RECORD LEARNING UPDATES BETA SHARE T RATES PROGRAM_ADDRESS PROGRAM_LENGTH "
        "PROGRAM INPUT TARGET DATA OUT TEXT LEVELS"
    ).split()
}


@dataclass(frozen=True)
class StatedSnapshot(Snapshot):
    """A snapshot that remembers which phase it was taken in."""

    state: State = State.BEGUN


class Answer(NamedTuple):
    """What a ``read``, or another instruction that pushes to OUT, pushed."""

    at: int  # address of the instruction
    arrays: tuple[Array, ...]


class DrivenChip:
    """A chip that is driven through its registers: every call becomes entries of a program, and no call anything else.

    Parameters
    ----------
    link
        To the device.
    network
        What the host compiled; the device must hold the same.
    like
        An empty ledger of it, which names populations and cores.
    digest, tables
        Hash and placement of the compiled chip.
    program
        ``services.asm`` and, behind it, the schedule of a rule.
    """

    def __init__(
        self, link: Link, network: Network, like: Ledger, digest: str, tables: Tables, program: Program
    ) -> None:
        self.link = link
        self.network = network
        self.program = program
        self._like = Ledger(like.populations, like.sites, {})
        self._digest, self._tables = digest, tables
        identity = self._identify()
        self._width = identity["COUNTER_WIDTH"][0]
        features = identity["FEATURES"][0]
        name = np.array(identity["NAME"], dtype="<u4").tobytes().rstrip(b"\0").decode("ascii", "replace")
        held = frozenset(what for what, bit in _OBSERVABLES if features & bit)
        self.capabilities = Capabilities(name, held, sends_bits_only=bool(features & Feature.BITS_ONLY))
        self.has_store = bool(features & Feature.STORE)
        self._raw: dict[Phase, tuple[NDArray[np.uint64], NDArray[np.uint64]]] = {}
        self._whole = self._like
        self._recording = 0
        self._counting = False
        self.deliver(program)

    def _identify(self) -> dict[str, list[int]]:
        """Read who the device is, and refuse another one than the host compiled for."""
        names = ("MAGIC", "MAP_VERSION", "FEATURES", "COUNTER_WIDTH", "DIGEST", "NAME", "LAYERS", "SIZES")
        transaction = Transaction()
        for name in names:
            transaction.read(_R[name])
        words = self.link.exchange(transaction, idempotent=True)[2:].tolist()
        found: dict[str, list[int]] = {}
        for name in names:
            found[name], words = words[: _R[name].words], words[_R[name].words :]
        if found["MAGIC"] != list(_R["MAGIC"].reset) or found["MAP_VERSION"] != [MAP_VERSION]:
            raise LinkError(
                "device", f"has register map {found['MAP_VERSION'][0]}, this driver knows {MAP_VERSION}"
            )
        digest = np.array(found["DIGEST"], dtype="<u4").tobytes().hex()
        sizes = tuple(found["SIZES"][: found["LAYERS"][0]])
        if digest != self._digest or sizes != self.network.sizes:
            layers = "-".join(map(str, sizes))
            raise LinkError(
                "device",
                f"holds another network or chip ([{layers}], {digest}); this run was compiled to {self._digest}: "
                "serve the same run, with the same --set",
                Code.OTHER_CHIP,
            )
        return found

    def deliver(self, program: Program) -> None:
        """Write a program into the device's memory, in place of the one there, and have it verified."""
        self.program = program
        words = program.words()
        transaction = Transaction().write(_R["PROGRAM_ADDRESS"], 0).write(_R["PROGRAM_LENGTH"], len(program))
        transaction.fill(_R["PROGRAM"], words).write(_R["CONTROL"], Control.VERIFY)
        if self._width < 40:
            transaction.write(_R["IRQ_ENABLE"], Irq.WRAP)
        self._carry_out(transaction)

    # Transactions and programs.

    def _carry_out(
        self, transaction: Transaction, *, drains: bool = False, named: bool = False
    ) -> list[Answer]:
        """Carry out a transaction that starts programs; return what they pushed.

        The chip's own errors are raised as the chip would; ``named`` says at which instruction instead.
        """
        transaction.read(_R["FAULTS"])
        if drains:
            transaction.drain(_R["OUT"], _FILL)
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
            answer = self.link.exchange(Transaction().drain(_R["OUT"], _FILL))
            self._refused(answer)
        if irq & Irq.WRAP and not self._counting:
            self.ledger()
        return _answers(pushed) if drains else []

    def _refused(self, answer: Words) -> None:
        code = Code(int(answer[0]))
        if code is not Code.OK:
            raise FirmwareError("bus", f"{code.name}: {CODES[code]}", code)

    def _raise(self, faults: int, *, named: bool) -> None:
        """Turn what the device says went wrong into the error that it is, and clear it."""
        transaction = Transaction().read(_R["ERROR_CODE"]).read(_R["ERROR_AT"]).drain(_R["TEXT"], 4096)
        transaction.write(_R["FAULTS"], faults).write(_R["IRQ"], int(Irq.ERROR)).write(
            _R["CONTROL"], Control.FLUSH
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
        return self._carry_out(Transaction().write(_R["START"], at), drains=True, named=True)

    def feed(self, inputs: Array, presentations: NDArray[np.uint64], targets: Array) -> None:
        """Put samples and their targets into INPUT and TARGET, for programs that take them."""
        pieces = [*_floats(inputs), *block_of(presentations)]
        for queue, words in (("INPUT", pieces), ("TARGET", [*_floats(targets)])):
            self._refused(self.link.exchange(self._fill(queue, words)))

    def levels(self) -> list[int]:
        """Return how many words are in INPUT, TARGET, DATA, OUT and TEXT."""
        return [int(n) for n in self.link.exchange(Transaction().read(_R["LEVELS"]), idempotent=True)[2:]]

    def set_nudge(self, beta: float) -> None:
        """Write the register BETA."""
        self._carry_out(Transaction().write(_R["BETA"], *words_of(beta)))

    def _start(self, transaction: Transaction, entry: str) -> Transaction:
        return transaction.write(_R["START"], self.program.entry(entry))

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
                    answer = self.link.exchange(Transaction().fill(_R[queue], *open_pieces))
                    self._refused(answer)
                    open_pieces, size = [], 0
        return Transaction().fill(_R[queue], *open_pieces) if size else Transaction()

    def start(self, entry: str, *, before: Transaction | None = None, drains: bool = True) -> list[Answer]:
        """Start the program at an entry, after whatever else is to cross before; return what it pushed to OUT."""
        return self._carry_out(self._start(before or Transaction(), entry), drains=drains)

    def answers_of(self, ticket: Ticket, answers: Sequence[Answer]) -> list[Array]:
        """Return the arrays that a ticket stands for, one for each time that its instruction was reached."""
        return [array for answer in answers if answer.at == ticket.at for array in answer.arrays]

    # The substrate.

    def load(self, parameters: Parameters) -> None:
        """Write all weights and biases: one image."""
        parts = [
            np.frombuffer(bytes_of(p), dtype="<u4")
            for p in image_parts(self._digest, self._tables, parameters)
        ]
        size = 4 * sum(part.size for part in parts)
        head, _ = block_of(np.zeros(0, dtype=np.uint8))
        head = np.array([head[0], size], dtype="<u4")
        self.start("load", before=self._fill("DATA", [head, *parts]), drains=False)

    def parameters(self) -> Parameters:
        """Return all weights and biases, as values."""
        (answer,) = self.start("dump")
        return read_image(bytes_of(answer.arrays[0]), self._digest, self._tables)

    def begin(self, inputs: Array, presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [lane, unit], each from rest."""
        if self.link.wants_save():
            self.save()
        inputs = np.asarray(inputs)
        # The chip's own check speaks of what is wrong with the inputs; a block can only hold so much.
        numbers = np.ascontiguousarray(presentations, dtype=np.uint64)
        if inputs.ndim != 2 or inputs.shape[1] != self.network.sizes[0]:
            fitting_inputs(self.network, inputs)
        before = self._fill("INPUT", [*_floats(inputs), *block_of(numbers)])
        self.start("begin", before=before, drains=False)

    def run(
        self,
        phase: Phase,
        ticks: int,
        *,
        beta: float = 0.0,
        targets: Array | None = None,
        record: Sequence[str] = (),
    ) -> Settled:
        """Go on for ``ticks``; see `Substrate.run`."""
        asked = sum(1 << RECORDS.index(name) for name in record if name in RECORDS)
        unknown = [name for name in record if name not in RECORDS]
        if unknown:
            raise CapabilityError("record", f"must be among {', '.join(RECORDS)}, got {unknown[0]}")
        if not 0 <= ticks <= 0xFFFF:
            raise ConfigError(f"phases.{phase.value}", f"must be 1 to 65535 ticks, got {ticks}")
        before = Transaction()
        if targets is not None:
            before = self._start(self._fill("TARGET", _floats(np.asarray(targets))), "aim")
        else:
            self._start(before, "loose")
        before.write(_R["T"], ticks, word=_TICKS).write(_R["BETA"], *words_of(float(beta)))
        if asked != self._recording:
            before.write(_R["RECORD"], asked)
            self._recording = asked
        answers = self.start(f"run_{phase.value}", before=before, drains=bool(asked))
        if not asked:
            return Settled(ticks)
        series = list(answers[-1].arrays)
        kept: dict[str, tuple[Array, ...]] = {}
        n = len(self.network.sizes)
        for name in RECORDS:
            if name in record:
                kept[name], series = tuple(series[:n]), series[n:]
        return Settled(ticks, kept.get("spikes", ()), kept.get("states", ()), kept.get("step_sizes", ()))

    def observe(self, what: Observable, layer: int) -> Array:
        """Return [lane, unit] of a layer."""
        before = Transaction().write(_R["T"], layer & 0xFFFFFFFF, word=_LAYER)
        (answer,) = self.start(what.value, before=before)
        return answer.arrays[0]

    def snapshot(self) -> Snapshot:
        """Return what the lanes remember."""
        (answer,) = self.start("sleep" if "sleep" in self.program.entries else "snapshot")
        (tick, ran, state), names, *arrays = answer.arrays
        listed = names.tobytes().decode().split("\n")
        return StatedSnapshot(int(tick), int(ran), dict(zip(listed, arrays, strict=True)), State(int(state)))

    def restore(self, snapshot: Snapshot) -> None:
        """Put the lanes back where a snapshot was taken."""
        state = snapshot.state if isinstance(snapshot, StatedSnapshot) else State.BEGUN
        numbers = np.array([snapshot.tick, snapshot.ran, state], dtype=np.int64)
        names = np.frombuffer("\n".join(snapshot.arrays).encode(), dtype=np.uint8)
        pieces = [word for array in (numbers, names, *snapshot.arrays.values()) for word in block_of(array)]
        entry = "wake" if "wake" in self.program.entries else "restore"
        self.start(entry, before=self._fill("DATA", pieces), drains=False)

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[Array | None]) -> None:
        """Change weights and biases by terms that the host made: the way for rules that no program knows."""
        rows = [[u.source, u.target, u.rate, u.words_per_axon, len(u.terms)] for u in updates]
        pieces = [*block_of(np.array(rows, dtype=np.float64).reshape(-1, 5))]
        for update in updates:
            for term in update.terms:
                for array in term:
                    pieces += _floats(array)
        given = [*biases, *[None] * (len(self.network.sizes) - 1 - len(biases))]
        for change in given:
            pieces += _floats(np.zeros(0) if change is None else change)
        self.start("write", before=self._fill("DATA", pieces), drains=False)

    def book_readout(self, layer: int) -> None:
        """Book that the outside read the values of a layer."""
        self.start("book", before=Transaction().write(_R["T"], layer & 0xFFFFFFFF, word=_LAYER), drains=False)

    def ledger(self) -> Ledger:
        """Return all counts, with what driving the chip took; the counters' turns round their end are added up."""
        self._counting = True
        try:
            (answer,) = self.start("count")
        finally:
            self._counting = False
        present, counts, shared, times = answer.arrays
        whole_present, whole_counts, whole_shared = [], [], []
        for k, row in enumerate(present.tolist()):
            phase = tuple(Phase)[row]
            before = self._raw.get(phase, (np.zeros_like(counts[k]), np.zeros_like(shared[k])))
            book = self._whole.phases.get(phase)
            old = ledger_arrays(
                Ledger(self._like.populations, self._like.sites, {phase: book} if book else {})
            )
            moved = [
                _signed(now - then, self._width)
                for now, then in zip((counts[k], shared[k]), before, strict=True)
            ]
            base_counts = old[1][0] if book else np.zeros(counts[k].shape, np.int64)
            base_shared = old[2][0] if book else np.zeros(shared[k].shape, np.int64)
            whole_present.append(row)
            whole_counts.append(base_counts + moved[0])
            whole_shared.append(base_shared + moved[1])
            self._raw[phase] = (counts[k], shared[k])
        whole = ledger_from(
            self._like,
            np.array(whole_present, dtype=np.int64),
            np.array(whole_counts, dtype=np.int64).reshape(counts.shape),
            np.array(whole_shared, dtype=np.int64).reshape(shared.shape),
        )
        self._whole = with_times(whole, times)
        return self._whole

    def restore_books(self, ledger: Ledger, updates: int) -> None:
        """Go on counting from a checkpoint."""
        present, counts, shared = ledger_arrays(ledger)
        pieces = [
            w
            for a in (present, counts, shared, np.array([updates], dtype=np.int64), times_of(ledger))
            for w in block_of(a)
        ]
        self.start("books", before=self._fill("DATA", pieces), drains=False)
        self._whole = Ledger(self._like.populations, self._like.sites, ledger.phases)
        self._raw = {
            tuple(Phase)[row]: (wrapped(counts[k], self._width), wrapped(shared[k], self._width))
            for k, row in enumerate(present.tolist())
        }

    @property
    def updates(self) -> int:
        """Changes of weights so far."""
        answer = self.link.exchange(Transaction().read(_R["UPDATES"]), idempotent=True)
        return int(answer[2]) | int(answer[3]) << 32

    # What a rule in a program needs besides.

    def set_rule(self, rates: Sequence[float], mode: int, ticks: Sequence[int]) -> None:
        """Write the registers of a schedule: RATES, LEARNING, and t0 … ."""
        transaction = Transaction().write(_R["LEARNING"], mode)
        transaction.write(_R["RATES"], *(word for rate in rates for word in words_of(rate)))
        transaction.write(_R["T"], *ticks)
        self._carry_out(transaction)

    def present(self, targets: Array, beta: float, share: float) -> list[Answer]:
        """Start the schedule's entry ``present`` on lanes that have just begun; return what it read."""
        before = self._fill("TARGET", _floats(np.asarray(targets)))
        before.write(_R["BETA"], *words_of(beta), *words_of(share))
        if self._recording:
            before.write(_R["RECORD"], 0)
            self._recording = 0
        return self.start("present", before=before)

    def save(self) -> None:
        """Let the device keep its state; only between presentations, as lanes are not kept."""
        self._refused(self.link.exchange(Transaction().write(_R["CONTROL"], Control.SAVE)))
        self.link.saved()

    def close(self) -> None:
        """Leave the device to others."""
        self.link.close()


def _signed(difference: NDArray[np.uint64], width: int) -> NDArray[np.int64]:
    """Return how far counters of so many bits moved: less than half of their range, up or down."""
    spare = np.uint64(64 - width)
    moved: NDArray[np.int64] = (difference << spare).view(np.int64) >> np.int64(64 - width)
    return moved


def _floats(array: Array) -> tuple[Words, Words]:
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
