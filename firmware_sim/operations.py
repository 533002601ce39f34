"""What each instruction does on the chip: decode its operands and blocks, call the substrate, push what was read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.banks import PRESYNAPTIC, Bank, shown_to
from firmware_sim.codes import Code, Refusal
from firmware_sim.container import bytes_of
from firmware_sim.counting import counter_arrays, counters_from, peak, times_of, with_times, wrapped
from firmware_sim.descriptions import check_snapshot, snapshot_from, update_from
from firmware_sim.image import Tables, image_parts, read_image
from firmware_sim.isa import ALL, PHASES, WHAT
from firmware_sim.phases import State, moved
from firmware_sim.program import Instruction
from firmware_sim.queues import OUT_MARK, WORD, WordQueue, Words, block_of, take_block
from firmware_sim.registers import RegisterFile
from firmware_sim.regmap import RECORDS, Fault, Irq, by_name
from firmware_sim.rule_text import EQPROP, rule_of
from neurochip.learning.rule import LearningRule
from neurochip.network import Network
from neurochip.substrate import Counters, Machine, Observable, Snapshot
from neurochip.substrate.counters import COUNTERS, PhaseCounters

__all__ = ["Operations"]

Array = NDArray[Any]

_BETA, _SHARE, _RATES = by_name("BETA"), by_name("SHARE"), by_name("RATES")
_T, _RECORD = by_name("T"), by_name("RECORD")
_FAULTS, _IRQ = by_name("FAULTS"), by_name("IRQ")


class Operations:
    """Instructions as methods ``_do_<name>``, with what they latch: targets, banks, snapshots, the sign of the nudge.

    Parameters
    ----------
    machine
        The substrate.
    network, digest, tables
        What it holds: images of anything else are refused.
    registers, queues
        The device's.
    counter_width
        Bits of a counter.
    most_lanes
        Presentations side by side, at most.
    """

    def __init__(
        self,
        machine: Machine,
        network: Network,
        digest: str,
        tables: Tables,
        registers: RegisterFile,
        queues: dict[str, WordQueue],
        *,
        counter_width: int,
        largest_batch: int,
    ) -> None:
        self.machine = machine
        self.network = network
        self.digest = digest
        self._tables = tables
        self._registers = registers
        self._queues = queues
        self._width = counter_width
        self._largest_batch = largest_batch
        self._blank = Counters(machine.counters().populations, machine.counters().sites, {})
        self.control = self._blank  # what driving took, beside the machine's own counters
        self._seen = self._blank
        self.state = State.RESET
        self.banks: dict[int, Bank] = {}
        self.slots: dict[int, tuple[Snapshot, State]] = {}
        self._targets: Array | None = None
        self._sign = 0
        self._batch = 0
        self.rule_text = EQPROP
        self._rule: tuple[tuple[int, ...], LearningRule] | None = None
        self._at = 0
        self.moved_words = 0  # of the instruction under way
        self.do: dict[str, Callable[[Instruction], None]] = {
            name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }

    def reset(self) -> None:
        """Forget everything but the weights, which must be loaded again; the counters begin anew."""
        self.state = State.RESET
        self.banks.clear()
        self.slots.clear()
        self._targets, self._sign, self._batch = None, 0, 0
        self.rule_text, self._rule = EQPROP, None
        self.control = self._seen = self._blank
        self.machine.restore_counters(self._blank, 0)

    def carry_out(self, one: Instruction, at: int) -> None:
        """Do one instruction that is not one of the flow of control."""
        name = one.op.name
        action = f"run {PHASES[one.a].value}" if name == "run" else name
        self._at, self.moved_words = at, 0
        state = moved(self.state, action)
        self.do[name](one)
        self.state = state if name != "restore" else self.state

    def value(self, one: Instruction) -> int:
        """Return the immediate, or what the t register holds that it names."""
        if not one.by_register:
            return one.imm
        word = self._registers.get(_T, one.imm)
        return word - (1 << 32) if word >> 31 else word

    def ticks(self, one: Instruction) -> int:
        """Return the ticks of a ``run``."""
        ticks = self.value(one)
        if not 0 <= ticks <= 0xFFFF:
            raise Refusal(Code.BAD_VALUE, f"t{one.imm} holds {ticks} ticks, a run has at most 65535")
        return ticks

    def counters(self) -> Counters:
        """Return all counts, the controller's among them."""
        return self.machine.counters() + self.control

    # Blocks in and out.

    def _take(self, queue: str, dimensions: Sequence[int]) -> Array:
        before = len(self._queues[queue])
        array = take_block(self._queues[queue], dimensions)
        self.moved_words += before - len(self._queues[queue])
        return array

    def _push(self, arrays: Sequence[Any]) -> None:
        """Push one item to OUT."""
        parts: list[Words] = [np.array([OUT_MARK << 24 | len(arrays) << 16 | self._at], dtype=WORD)]
        for array in arrays:
            parts.extend(block_of(array))
        size = sum(part.size for part in parts)
        out = self._queues["OUT"]
        if size > out.room:
            raise Refusal(Code.OUT_FULL, f"{size} words, and OUT has room for {out.room}")
        for part in parts:
            out.push(part)
        self.moved_words += size

    # Weights and counters.

    def _do_load(self, _: Instruction) -> None:
        data = self._take("DATA", (1,))
        if data.dtype != np.uint8:
            raise Refusal(Code.BAD_BLOCK, "an image is a block of bytes")
        self.machine.load(read_image(bytes_of(data), self.digest, self._tables))

    def _do_dump(self, _: Instruction) -> None:
        parts = image_parts(self.digest, self._tables, self.machine.parameters())
        self._push([np.frombuffer(b"".join(bytes_of(part) for part in parts), dtype=np.uint8)])

    def _do_counters(self, _: Instruction) -> None:
        present, counts, shared = self._take("DATA", (1,)), self._take("DATA", (3,)), self._take("DATA", (2,))
        updates, times = self._take("DATA", (1,)), self._take("DATA", (1,))
        arrays = (present, counts, shared, updates)
        # Counts may be below 0: spikes in flight are those at the end of a phase less those at its beginning.
        if any(a.dtype != np.int64 for a in arrays) or any(a.size and a.min() < 0 for a in (shared, updates)):
            raise Refusal(
                Code.BAD_BLOCK, "counters are whole numbers; presentations, ticks and updates not below 0"
            )
        whole = with_times(counters_from(self._blank, present, counts, shared), times)
        if updates.size != 1:
            raise Refusal(Code.BAD_BLOCK, "there is one number of updates")
        self.take_up(whole, int(updates[0]))

    def take_up(self, counters: Counters, updates: int) -> None:
        """Go on from these counters, the controller's among them."""
        self.machine.restore_counters(counters.without_control(), updates)
        nothing = np.zeros((len(counters.sites), len(COUNTERS)), dtype=np.int64)
        only = {
            p: PhaseCounters(0, 0, nothing, control=counted.control)
            for p, counted in counters.phases.items()
            if any(counted.control)
        }
        self.control = Counters(counters.populations, counters.sites, only)
        self._seen = self.counters()

    def _do_count(self, _: Instruction) -> None:
        counters = self.counters()
        if peak(counters, self._seen) >= 1 << self._width - 1:
            self._raise(_FAULTS, Fault.COUNTER_OVERRUN)
        self._seen = counters
        self._registers.put(_IRQ, self._registers.get(_IRQ) & ~Irq.WRAP)
        present, counts, shared = counter_arrays(counters)
        self._push([present, wrapped(counts, self._width), wrapped(shared, self._width), times_of(counters)])

    def watch_counters(self) -> None:
        """Set the interrupt WRAP when a counter has moved a quarter of its range since it was last read."""
        if peak(self.counters(), self._seen) >= 1 << self._width - 2:
            self._raise(_IRQ, Irq.WRAP)

    def _raise(self, register: Any, bit: int) -> None:
        self._registers.put(register, self._registers.get(register) | bit)

    # Presentations and phases.

    def _do_begin(self, _: Instruction) -> None:
        inputs, numbers = self._take("INPUT", (2,)), self._take("INPUT", (1,))
        batch = inputs.shape[0]
        if not 1 <= batch <= self._largest_batch:
            raise Refusal(
                Code.BAD_VALUE, f"a device presents 1 to {self._largest_batch} samples at a time, got {batch}"
            )
        if inputs.dtype.kind != "f" or numbers.dtype != np.uint64:
            raise Refusal(Code.BAD_BLOCK, "inputs are floating point numbers, presentation numbers u64")
        self.machine.begin(inputs, numbers)
        self.banks.clear()
        self._targets, self._sign, self._batch = None, 0, batch

    def _do_targets(self, _: Instruction) -> None:
        targets = take_block(self._queues["TARGET"])
        self.moved_words += targets.nbytes // 4 + 1 + targets.ndim
        if targets.dtype.kind != "f":
            raise Refusal(Code.BAD_BLOCK, "targets are floating point numbers")
        self._targets = targets

    def _do_notargets(self, _: Instruction) -> None:
        self._targets = None

    def _do_nudge(self, one: Instruction) -> None:
        self._sign = (0, 1, -1)[one.a]

    def beta(self) -> float:
        """Return β as the next phase will have it."""
        if not self._sign:
            return 0.0
        beta = self._registers.double(_BETA)
        return beta if self._sign > 0 else -beta

    def _do_run(self, one: Instruction) -> None:
        ticks, asked = self.ticks(one), self._registers.get(_RECORD)
        record = tuple(name for k, name in enumerate(RECORDS) if asked >> k & 1)
        if record:
            # What is recorded has room for every population rounded up to whole words of 64 neurons.
            slots = sum(-(-size // 64) * 64 for size in self.network.sizes)
            needed = ticks * self._batch * slots * 8 * len(record) // 4
            if needed > self._queues["OUT"].room:
                raise Refusal(
                    Code.OUT_FULL,
                    f"a record of {needed} words, and OUT has room for {self._queues['OUT'].room}",
                )
        settled = self.machine.run(
            PHASES[one.a], ticks, beta=self.beta(), targets=self._targets, record=record
        )
        if record:
            self._push([array for name in record for array in getattr(settled, name)])

    # What the samples remember.

    def _do_snapshot(self, one: Instruction) -> None:
        self.slots[one.a] = (self.machine.snapshot(), self.state)

    def _slot(self, number: int) -> tuple[Snapshot, State]:
        if number not in self.slots:
            raise Refusal(Code.EMPTY_SLOT, f"s{number}: no snapshot was taken into it")
        return self.slots[number]

    def _do_restore(self, one: Instruction) -> None:
        snapshot, state = self._slot(one.a)
        check_snapshot(snapshot, self.machine.snapshot().arrays)
        self.machine.restore(snapshot)
        # Presentations that have just begun begin where the snapshot was, whatever was done to it there.
        if self.state is not State.BEGUN:
            self.state = state

    def _do_push(self, one: Instruction) -> None:
        snapshot, state = self._slot(one.a)
        names = np.frombuffer("\n".join(snapshot.arrays).encode(), dtype=np.uint8)
        numbers = np.array([snapshot.tick, snapshot.ran, state], dtype=np.int64)
        self._push([numbers, names, *snapshot.arrays.values()])

    def _do_pull(self, one: Instruction) -> None:
        self.slots[one.a] = snapshot_from(partial(self._take, "DATA"))

    # What is read.

    def _layer(self, one: Instruction) -> int:
        layer, n = self.value(one), len(self.network.sizes)
        if not -n <= layer < n:
            raise Refusal(Code.BAD_VALUE, f"layer {layer}: the network has layers 0 to {n - 1}")
        return layer % n

    def _do_mark(self, one: Instruction) -> None:
        self.banks.setdefault(one.a, Bank()).mark()

    def _do_observe(self, one: Instruction) -> None:
        name = WHAT[one.a]
        what = self._learns().activity(self.machine) if name == PRESYNAPTIC else Observable(name)
        everything = not one.by_register and one.imm == ALL
        layers = range(len(self.network.sizes)) if everything else (self._layer(one),)
        bank = self.banks.setdefault(one.b, Bank())
        for layer in layers:
            bank.observe(name, layer, self.machine.observe(what, layer))

    def _do_read(self, one: Instruction) -> None:
        layer = self._layer(one)
        if one.a not in self.banks or layer not in self.banks[one.a].shown:
            raise Refusal(Code.EMPTY_BANK, f"m{one.a}: layer {layer} was not observed into it")
        self._push([self.banks[one.a].shown[layer]])

    def _do_readout(self, one: Instruction) -> None:
        self.machine.count_readout(self._layer(one))

    # Learning.

    def _do_rule(self, _: Instruction) -> None:
        data = self._take("DATA", (1,))
        if data.dtype != np.uint8:
            raise Refusal(Code.BAD_BLOCK, "a rule is a block of bytes")
        self.set_rule(bytes_of(data).tobytes())

    def set_rule(self, text: bytes) -> None:
        """Take the rule that ``update`` carries out, as `firmware_sim.rule_text` writes it."""
        rule_of(self.network, text, (0.0,) * self._n_rates)
        self.rule_text = text
        self._rule = None

    @property
    def _n_rates(self) -> int:
        return len(self.network.forward)

    def _learns(self) -> LearningRule:
        """Return the rule, with its rates as the registers hold them."""
        n = self._n_rates
        key = tuple(self._registers.get(_RATES, k) for k in range(2 * n))
        if self._rule is None or self._rule[0] != key:
            rates = tuple(self._registers.double(_RATES, 2 * k) for k in range(n))
            self._rule = key, rule_of(self.network, self.rule_text, rates)
        return self._rule[1]

    def _do_update(self, one: Instruction) -> None:
        rule = self._learns()
        share, beta = self._registers.double(_SHARE), self._registers.double(_BETA)
        seen = shown_to(
            rule,
            self.banks,
            (one.a, one.b, one.c),
            one.imm * beta,
            self._targets,
            (len(self.network.sizes), self._batch),
        )
        if not (math.isfinite(share) and math.isfinite(beta) and beta != 0):
            raise Refusal(
                Code.BAD_VALUE, f"BETA and SHARE must be finite, and BETA not 0; got {beta}, {share}"
            )
        updates, biases = rule.changes(seen, share)
        self.machine.write_weights(updates, biases)

    def _do_write(self, _: Instruction) -> None:
        numbers = self._take("DATA", (2,))
        if numbers.dtype != np.float64 or numbers.shape[1] != 5 or numbers.shape[0] > 256:
            raise Refusal(
                Code.BAD_BLOCK, "terms begin with f64 [update, 5]: projection, rate, words, terms, summed"
            )
        taken = partial(self._take, "DATA")
        updates = [update_from(row, taken, self.network) for row in numbers.tolist()]
        biases: list[Array | None] = []
        for layer in self.network.updated:
            size = self.network.sizes[layer]
            change = self._take("DATA", (1,))
            if change.dtype.kind != "f" or change.size not in (0, size):
                raise Refusal(Code.BAD_BLOCK, f"biases of layer {layer} are {size} numbers, or none")
            biases.append(change if change.size else None)
        self.machine.write_weights(updates, biases)
