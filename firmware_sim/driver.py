"""The host's side: a substrate that knows nothing but registers, queues and programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.container import bytes_of
from firmware_sim.counting import counter_arrays, counters_from, times_of, with_times, wrapped
from firmware_sim.image import Tables, image_parts, read_image
from firmware_sim.link import Link
from firmware_sim.phases import State
from firmware_sim.program import Program
from firmware_sim.programmed import REGISTERS, Answer, ProgrammedDevice, float_block
from firmware_sim.queues import block_of
from firmware_sim.registers import words_of
from firmware_sim.regmap import OBSERVABLES, RECORDS, Feature
from firmware_sim.transaction import Transaction
from neurochip.errors import CapabilityError, ConfigError
from neurochip.network import Network
from neurochip.spikes import SpikeTrains
from neurochip.substrate import (
    Capabilities,
    Counters,
    Observable,
    Parameters,
    Phase,
    Settled,
    Snapshot,
    WeightUpdate,
)
from neurochip.substrate.fitting import fitting_inputs
from neurochip.substrate.optimising import Optimising

__all__ = ["DrivenChip", "StatedSnapshot"]

Array = NDArray[Any]

_LAYER, _TICKS = 14, 15  # t registers of services.asm


@dataclass(frozen=True)
class StatedSnapshot(Snapshot):
    """A snapshot that remembers which phase it was taken in."""

    state: State = State.BEGUN


class DrivenChip(ProgrammedDevice):
    """A chip that is driven through its registers: every call becomes entries of a program, and no call anything else.

    Parameters
    ----------
    link
        To the device.
    network
        What the host compiled; the device must hold the same.
    like
        Empty counters of it, which name populations and cores.
    digest, tables
        Hash and placement of the compiled chip.
    program
        ``services.asm`` and, behind it, the schedule of a rule.
    """

    driven = True  # whoever reads states moves words, and they are counted
    optimiser: Optimising | None = None  # no registers for one

    def __init__(
        self, link: Link, network: Network, like: Counters, digest: str, tables: Tables, program: Program
    ) -> None:
        super().__init__(link, digest, network.sizes, program)
        self.network = network
        self._like = Counters(like.populations, like.sites, {})
        self._digest, self._tables = digest, tables
        features = self.identity["FEATURES"][0]
        name = np.array(self.identity["NAME"], dtype="<u4").tobytes().rstrip(b"\0").decode("ascii", "replace")
        held = frozenset(what for what, bit in OBSERVABLES.items() if features & bit)
        self.capabilities = Capabilities(name, held, sends_bits_only=bool(features & Feature.BITS_ONLY))
        self.has_store = bool(features & Feature.STORE)
        self._raw: dict[Phase, tuple[NDArray[np.uint64], NDArray[np.uint64]]] = {}
        self._whole = self._like
        self._recording = 0
        self.deliver(program)

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

    def begin(self, inputs: Array | SpikeTrains, presentations: NDArray[np.uint64]) -> None:
        """Present ``inputs`` [sample, unit], each from rest."""
        if self.link.wants_save():
            self.save()
        values = (
            fitting_inputs(self.network, inputs) if isinstance(inputs, SpikeTrains) else np.asarray(inputs)
        )
        # The chip's own check speaks of what is wrong with the inputs; a block can only hold so much.
        numbers = np.ascontiguousarray(presentations, dtype=np.uint64)
        if values.ndim != 2 or values.shape[1] != self.network.sizes[0]:
            fitting_inputs(self.network, values)
        before = self._fill("INPUT", [*float_block(values), *block_of(numbers)])
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
            before = self._start(self._fill("TARGET", float_block(np.asarray(targets))), "aim")
        else:
            self._start(before, "loose")
        before.write(REGISTERS["T"], ticks, word=_TICKS).write(REGISTERS["BETA"], *words_of(float(beta)))
        if asked != self._recording:
            before.write(REGISTERS["RECORD"], asked)
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
        """Return [sample, unit] of a layer."""
        before = Transaction().write(REGISTERS["T"], layer & 0xFFFFFFFF, word=_LAYER)
        (answer,) = self.start(what.value, before=before)
        return answer.arrays[0]

    def snapshot(self) -> Snapshot:
        """Return what the samples remember."""
        (answer,) = self.start("sleep" if "sleep" in self.program.entries else "snapshot")
        (tick, ran, state), names, *arrays = answer.arrays
        listed = names.tobytes().decode().split("\n")
        return StatedSnapshot(int(tick), int(ran), dict(zip(listed, arrays, strict=True)), State(int(state)))

    def restore(self, snapshot: Snapshot) -> None:
        """Put the samples back where a snapshot was taken."""
        state = snapshot.state if isinstance(snapshot, StatedSnapshot) else State.BEGUN
        numbers = np.array([snapshot.tick, snapshot.ran, state], dtype=np.int64)
        names = np.frombuffer("\n".join(snapshot.arrays).encode(), dtype=np.uint8)
        pieces = [word for array in (numbers, names, *snapshot.arrays.values()) for word in block_of(array)]
        entry = "wake" if "wake" in self.program.entries else "restore"
        self.start(entry, before=self._fill("DATA", pieces), drains=False)

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[Array | None]) -> None:
        """Change weights and biases by terms that the host made: the way for rules that no program knows."""
        rows = [
            [u.projection, u.rate, u.words_per_axon, len(u.terms), -1 if u.summed is None else u.summed]
            for u in updates
        ]
        pieces = [*block_of(np.array(rows, dtype=np.float64).reshape(-1, 5))]
        for update in updates:
            for term in update.terms:
                for array in term:
                    pieces += float_block(array)
        given = [*biases, *[None] * (len(self.network.updated) - len(biases))]
        for change in given:
            pieces += float_block(np.zeros(0) if change is None else change)
        self.start("write", before=self._fill("DATA", pieces), drains=False)

    def count_readout(self, layer: int) -> None:
        """Count that the outside read the values of a layer."""
        self.start(
            "readout",
            before=Transaction().write(REGISTERS["T"], layer & 0xFFFFFFFF, word=_LAYER),
            drains=False,
        )

    def counters(self) -> Counters:
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
            counted = self._whole.phases.get(phase)
            old = counter_arrays(
                Counters(self._like.populations, self._like.sites, {phase: counted} if counted else {})
            )
            moved = [
                _signed(now - then, self._width)
                for now, then in zip((counts[k], shared[k]), before, strict=True)
            ]
            base_counts = old[1][0] if counted else np.zeros(counts[k].shape, np.int64)
            base_shared = old[2][0] if counted else np.zeros(shared[k].shape, np.int64)
            whole_present.append(row)
            whole_counts.append(base_counts + moved[0])
            whole_shared.append(base_shared + moved[1])
            self._raw[phase] = (counts[k], shared[k])
        whole = counters_from(
            self._like,
            np.array(whole_present, dtype=np.int64),
            np.array(whole_counts, dtype=np.int64).reshape(counts.shape),
            np.array(whole_shared, dtype=np.int64).reshape(shared.shape),
        )
        self._whole = with_times(whole, times)
        return self._whole

    def restore_counters(self, counters: Counters, updates: int) -> None:
        """Go on counting from a checkpoint."""
        present, counts, shared = counter_arrays(counters)
        pieces = [
            w
            for a in (present, counts, shared, np.array([updates], dtype=np.int64), times_of(counters))
            for w in block_of(a)
        ]
        self.start("counters", before=self._fill("DATA", pieces), drains=False)
        self._whole = Counters(self._like.populations, self._like.sites, counters.phases)
        self._raw = {
            tuple(Phase)[row]: (wrapped(counts[k], self._width), wrapped(shared[k], self._width))
            for k, row in enumerate(present.tolist())
        }

    @property
    def updates(self) -> int:
        """Changes of weights so far."""
        answer = self.link.exchange(Transaction().read(REGISTERS["UPDATES"]), idempotent=True)
        return int(answer[2]) | int(answer[3]) << 32

    # What a rule in a program needs besides.

    def set_nudge(self, beta: float) -> None:
        """Write the register BETA."""
        self._carry_out(Transaction().write(REGISTERS["BETA"], *words_of(beta)))

    def set_rule(self, rates: Sequence[float], text: bytes, ticks: Sequence[int]) -> None:
        """Say which rule ``update`` carries out (`firmware_sim.rule_text`); write RATES, and t0 … for its schedule."""
        before = self._fill("DATA", [*block_of(np.frombuffer(text, dtype=np.uint8))])
        before.write(REGISTERS["RATES"], *(word for rate in rates for word in words_of(rate)))
        before.write(REGISTERS["T"], *ticks)
        self.start("rule", before=before, drains=False)

    def present(self, targets: Array, beta: float, share: float) -> list[Answer]:
        """Start the schedule's entry ``present`` on samples that have just begun; return what it read."""
        before = self._fill("TARGET", float_block(np.asarray(targets)))
        before.write(REGISTERS["BETA"], *words_of(beta), *words_of(share))
        if self._recording:
            before.write(REGISTERS["RECORD"], 0)
            self._recording = 0
        return self.start("present", before=before)


def _signed(difference: NDArray[np.uint64], width: int) -> NDArray[np.int64]:
    """Return how far counters of so many bits moved: less than half of their range, up or down."""
    spare = np.uint64(64 - width)
    moved: NDArray[np.int64] = (difference << spare).view(np.int64) >> np.int64(64 - width)
    return moved
