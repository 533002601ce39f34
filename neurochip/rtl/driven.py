"""An exported chip as a machine: its Verilog does the work over its bus, and the emulator does the same beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.description.precision import word_bits
from neurochip.elements.integers.settling import NUDGE_BITS
from neurochip.errors import CapabilityError
from neurochip.rtl.bus_map import Command
from neurochip.rtl.chip_time import ticks_of
from neurochip.rtl.core_text import CoreText, InputText, cores_of, cycles_of_tick, inputs_of
from neurochip.rtl.recording import learning_commands, memory_words, state_key
from neurochip.rtl.simulation import Bus
from neurochip.substrate import Capabilities, Observable, Parameters, Phase, Settled, WeightUpdate

__all__ = ["DrivenVerilog"]

Array = NDArray[Any]
_SPIKE, _VALUE = 1 << 31, (1 << 31) - 1


class DrivenVerilog:
    """What a controller drives: the values and spikes that it is given are those of the Verilog.

    Each of them, each weight and bias behind a load or a change, and the cycles of every tick and core are compared
    with the emulator's. The chip holds one presentation at a time: of several side by side each begins anew, from
    rest, for every phase. The counters are those of the emulator.

    Parameters
    ----------
    emulator
        The substrate beside it.
    image
        Of the chip.
    bus
        Of its Verilog.
    seed
        Of the run.
    lanes
        Weights in a word of memory.
    samples
        Of a minibatch, at most, as the chip was exported.
    meshed
        Whether cores are joined by a mesh; otherwise a tick is as long as its slowest core.
    """

    def __init__(
        self,
        emulator: Any,
        image: ChipImage,
        bus: Bus,
        *,
        seed: int,
        lanes: int,
        samples: int,
        meshed: bool,
    ) -> None:
        self._emulator, self._image, self._bus, self._seed = emulator, image, bus, seed
        self._lanes, self._samples, self._meshed = lanes, samples, meshed
        self._cores = cores_of(image)
        self._inputs = inputs_of(image, len(self._cores))
        self._senders: list[CoreText | InputText] = [*self._cores, *self._inputs]
        if image.numbers is None:
            raise CapabilityError("numbers.state", "is not given: only integer cores have a Verilog form")
        self._numbers = image.numbers
        self.compared = 0
        self.mismatches: list[str] = []
        self.tick_cycles = 0
        self._held = np.zeros((0, 0), np.int64)
        self._presentations = np.zeros(0, np.uint64)
        self._history: list[tuple[int, int, Array | None]] = []  # ticks, nudge, targets of each phase so far
        self._at: tuple[int, int] | None = None  # the presentation on the chip, and its tick
        self._spikes: list[list[Array]] = []  # of each presentation, by population [tick, unit], as emulated
        self._values: list[Array] = []  # by population [presentation, unit], of the Verilog

    def __getattr__(self, name: str) -> Any:
        """Counters and what is not computed on the chip are the emulator's."""
        return getattr(self._emulator, name)

    @property
    def capabilities(self) -> Capabilities:
        """What can be read over the bus."""
        return Capabilities("verilog", frozenset({Observable.VALUE}), sends_bits_only=True)

    def load(self, parameters: Parameters) -> None:
        """Write all weights and biases over the bus, and compare what the memories hold then."""
        self._emulator.load(parameters)
        bits, bias = self._lanes * word_bits(self._image.precision), self._numbers.bias.bits
        for core in self._cores:
            weights, biases = memory_words(self._image, core, self._emulator.parameters(), self._lanes)
            self._bus.write("SELECT", core.number)
            for what, words, wide in (
                (Command.LOAD_WEIGHTS, weights, bits),
                (Command.LOAD_BIAS, biases, bias),
            ):
                self._bus.write("AT", 0)
                for word in words:
                    self._bus.load(int(word, 16), wide)
                    self._bus.command(what, count_up=True)
            if self._image.network.populations[core.population].output:  # memories begin with anything
                self._bus.write("WORD", 0)
                self._bus.write("AT", 0)
                for _ in range(core.size):
                    self._bus.command(Command.TARGET, count_up=True)
        self._compare_memories("loaded")

    def parameters(self) -> Parameters:
        """Return all weights and biases, which both have."""
        self._compare_memories("read")
        held: Parameters = self._emulator.parameters()
        return held

    def begin(self, inputs: Array, presentations: Array) -> None:
        """Present ``inputs``, [sample, unit] in [0, 1], from rest."""
        self._emulator.begin(inputs, presentations)
        self._held, self._presentations = self._integers(inputs), np.asarray(presentations, np.uint64)
        self._history, self._at = [], None
        self._spikes = [[np.zeros((0, size), np.uint8) for size in self._image.network.sizes] for _ in inputs]
        self._values = [np.zeros((len(inputs), size)) for size in self._image.network.sizes]

    def run(
        self,
        phase: Phase,
        ticks: int,
        *,
        beta: float = 0.0,
        targets: Array | None = None,
        record: Sequence[str] = (),
    ) -> Settled:
        """Run so many ticks more, tick by tick over the bus; ``record``: "spikes" and "states"."""
        if "step_sizes" in record:
            raise CapabilityError(
                "record", "step_sizes do not stand on the bus of an exported chip; leave them out"
            )
        wanted: Settled = self._emulator.run(
            phase, ticks, beta=beta, targets=targets, record=("spikes", "states")
        )
        network = self._image.network
        pulled = None if not beta or targets is None else self._integers(targets)
        self._history.append((ticks, 0 if pulled is None else int(2 * beta * (1 << NUDGE_BITS)), pulled))
        spikes = [np.zeros((ticks, len(self._held), size), np.uint8) for size in network.sizes]
        states = [np.zeros((ticks, len(self._held), size)) for size in network.sizes]
        unit = 2.0**-self._numbers.state.fraction
        for p in network.inputs:
            states[p][:] = wanted.states[p]  # what the host wrote
        for sample in range(len(self._held)):
            before = [
                seen[-1] if len(seen) else np.zeros(seen.shape[1], np.uint8) for seen in self._spikes[sample]
            ]
            for p, seen in enumerate(self._spikes[sample]):
                self._spikes[sample][p] = np.concatenate([seen, wanted.spikes[p][:, sample]])
            cycles = ticks_of(self._image, self._spikes[sample], self._lanes) if self._meshed else None
            self._reach(sample)
            for t in range(ticks):
                self._tick(sample, len(self._history) - 1)
                heard = [sum(int(before[s.population].sum()) for s in core.sources) for core in self._cores]
                self._compare_cycles(sample, heard, cycles)
                for core in self._senders:
                    part = slice(core.first, core.first + core.size)
                    self._bus.write("SELECT", core.number)
                    self._bus.write("AT", 0)
                    words = np.array(self._bus.read("STATE", core.size), np.int64)
                    spikes[core.population][t, sample, part] = words >> 31
                    fired = wanted.spikes[core.population][t, sample, part]
                    self._compare(sample, core, "spike", fired, words >> 31)
                    if isinstance(core, CoreText):
                        states[core.population][t, sample, part] = (words & _VALUE) * unit
                        value = np.rint(wanted.states[core.population][t, sample, part] / unit).astype(
                            np.int64
                        )
                        self._compare(sample, core, "value", value, words & _VALUE)
                before = [wanted.spikes[p][t, sample] for p in range(len(network.sizes))]
        for p in range(len(network.sizes)):
            self._values[p] = states[p][-1].copy() if ticks else self._values[p]
        return replace(
            wanted,
            spikes=tuple(spikes) if "spikes" in record else (),
            states=tuple(states) if "states" in record else (),
        )

    def observe(self, what: Observable, layer: int) -> Array:
        """Return [presentation, unit] of a layer: the values that the Verilog has."""
        if what is not Observable.VALUE:
            raise CapabilityError("observe", f"{what.value} does not stand on the bus of an exported chip")
        seen: Array = np.asarray(self._emulator.observe(what, layer))
        return seen if not self._history else self._values[layer].astype(seen.dtype)

    def snapshot(self) -> Any:
        """Refuse: the state of neurons does not stand on the bus."""
        raise CapabilityError(
            "snapshot", "the state of neurons does not stand on the bus of an exported chip"
        )

    def restore(self, snapshot: Any) -> None:
        """Refuse likewise."""
        self.snapshot()

    def write_weights(self, updates: Sequence[WeightUpdate], biases: Sequence[Array | None]) -> None:
        """Let every core learn, from what stood at both ends; then compare all weights and biases."""
        made = self._emulator.updates
        n = len(self._held)
        if n > self._samples:
            raise CapabilityError(
                "samples",
                f"{n} samples are learned from at once, and the exported cores hold {self._samples}; export with "
                f"--samples {n}",
            )
        self._emulator.write_weights(updates, biases)
        activity, moved = self._ends(updates)
        for core in self._cores:
            self._bus.write("SELECT", core.number)
            for what, size, parts in (
                (Command.AXON, core.axons, [(s.population, 0, s.size, s.projection) for s in core.sources]),
                (Command.NEURON, core.size, [(core.population, core.first, core.size, None)]),
            ):
                self._bus.write("AT", 0)
                for sample in range(self._samples):
                    pairs = [self._pair(activity, moved, sample, part) for part in parts]
                    for a, d in np.concatenate(pairs, axis=1).T.tolist():
                        self._bus.write("ACTIVITY", a)
                        self._bus.write("MOVED", d)
                        self._bus.command(what, count_up=True)
                if sum(part[2] for part in parts) != size:
                    raise RuntimeError("sources do not fill the axons of a core")
            for line in learning_commands(self._image, core, updates, self._seed, made):
                words = [int(word) for word in line.split()[1:]]
                _, which, first, axons, key, right, left, minus = words
                self._bus.write("LEARN", which | right << 8 | left << 16 | minus << 24)
                self._bus.write("FIRST", first)
                self._bus.write("AXONS", axons)
                self._bus.write("WORD", key)
                self._bus.command(Command.LEARN)
                self._bus.finish()
        self._compare_memories("learned")

    # ---- on the bus

    def _integers(self, values: Any) -> Array:
        whole: Array = np.rint(np.ldexp(np.float64(values), self._numbers.state.fraction)).astype(np.int64)
        return whole

    def _reach(self, sample: int) -> None:
        """Bring a presentation onto the chip, and run it up to where the phases before the last one ended."""
        done = sum(ticks for ticks, _, _ in self._history[:-1])
        if self._at == (sample, done):
            return
        self._bus.command(Command.FORGET)
        for one in self._inputs:
            self._bus.write("SELECT", one.number)
            self._bus.write("AT", 0)
            for x in self._held[sample, one.first : one.first + one.size].tolist():
                self._bus.write("WORD", x)
                self._bus.command(Command.INPUT, count_up=True)
        for core in self._cores:
            self._bus.write("SELECT", core.number)
            self._bus.write("WORD", state_key(self._seed, self._presentations[sample], core.core))
            self._bus.command(Command.KEY)
        self._at = (sample, 0)
        for phase, (ticks, _, _) in enumerate(self._history[:-1]):
            for _ in range(ticks):
                self._tick(sample, phase)

    def _tick(self, sample: int, phase: int) -> None:
        ticks, nudge, targets = self._history[phase]
        at = 0 if self._at is None else self._at[1]
        network = self._image.network
        if targets is not None and at == sum(ticks for ticks, _, _ in self._history[:phase]):
            for core in self._cores:
                if network.populations[core.population].output:
                    first = sum(network.sizes[k] for k in network.outputs if k < core.population) + core.first
                    self._bus.write("SELECT", core.number)
                    self._bus.write("AT", 0)
                    for y in targets[sample, first : first + core.size].tolist():
                        self._bus.write("WORD", y)
                        self._bus.command(Command.TARGET, count_up=True)
        self._bus.write("TICK", at + 1)
        self._bus.write("NUDGE", nudge)
        self._bus.command(Command.TICK)
        self._last = self._bus.finish()
        self.tick_cycles += self._last
        self._at = (sample, at + 1)

    def _ends(self, updates: Sequence[WeightUpdate]) -> tuple[dict[int, Array], dict[int, Array]]:
        """Return what stood before each synapse, and how far it moved, by population [sample, unit], as integers."""
        activity: dict[int, Array] = {}
        moved: dict[int, Array] = {}
        for update in updates:
            projection = self._image.network.projections[update.projection]
            (pre, post), *tied = update.terms
            activity[projection.source], moved[projection.target] = self._integers(pre), self._integers(post)
            for change, before in tied:
                moved[projection.source], activity[projection.target] = (
                    self._integers(change),
                    self._integers(before),
                )
        return activity, moved

    def _pair(
        self,
        activity: dict[int, Array],
        moved: dict[int, Array],
        sample: int,
        part: tuple[int, int, int, int | None],
    ) -> Array:
        """Return i64[2, unit] of a part of a population, for one sample; zeros behind the last one."""
        population, first, size, projection = part
        network = self._image.network
        found = np.zeros((2, size), np.int64)
        if sample >= len(self._held):
            return found
        if population in activity:
            found[0] = activity[population][sample, first : first + size]
        tied = projection is None or (
            network.projections[projection].transpose_of is not None or bool(network.tied_to(projection))
        )
        if population in moved and tied:
            found[1] = moved[population][sample, first : first + size]
        return found

    # ---- against the emulator

    def _differs(self, where: str) -> None:
        self.mismatches.append(where)

    def _compare(
        self, sample: int, core: CoreText | InputText, signal: str, wanted: Array, found: Array
    ) -> None:
        self.compared += len(wanted)
        at = 0 if self._at is None else self._at[1]
        for j in np.flatnonzero(wanted != found).tolist():
            self._differs(
                f"presentation {sample}, tick {at}, core {core.number} ({self._name(core)}), neuron {j}, {signal}: "
                f"expected {int(wanted[j])}, found {int(found[j])}"
            )

    def _name(self, core: CoreText | InputText) -> str:
        return self._image.network.populations[core.population].name

    def _compare_cycles(self, sample: int, heard: list[int], cycles: list[int] | None) -> None:
        at = 0 if self._at is None else self._at[1]
        wanted = [
            cycles_of_tick(core, self._lanes, n)
            for core, n in zip(self._senders, [*heard, *[0] * len(self._inputs)], strict=True)
        ]
        whole = max(wanted) if cycles is None else cycles[at - 1]
        self.compared += 1 + len(wanted)
        if self._last != whole:
            self._differs(f"presentation {sample}, tick {at}, cycles: expected {whole}, found {self._last}")
        for core, number in zip(self._senders, wanted, strict=True):
            self._bus.write("SELECT", core.number)
            (found,) = self._bus.read("CORE_CYCLES")
            if found != number:
                self._differs(
                    f"presentation {sample}, tick {at}, core {core.number} ({self._name(core)}), cycles: expected "
                    f"{number}, found {found}"
                )

    def _compare_memories(self, what: str) -> None:
        """Compare every word of weights and every bias, peeked at over the bus."""
        bits, bias = self._lanes * word_bits(self._image.precision), self._numbers.bias.bits
        for core in self._cores:
            weights, biases = memory_words(self._image, core, self._emulator.parameters(), self._lanes)
            self._bus.write("SELECT", core.number)
            for name, how, words, wide in (
                ("word of weights", Command.PEEK_WEIGHTS, weights, bits),
                ("bias", Command.PEEK_BIAS, biases, bias),
            ):
                self._bus.write("AT", 0)
                for k, word in enumerate(words):
                    self._bus.command(how, count_up=True)
                    found = self._bus.peeked(wide)
                    self.compared += 1
                    if found & ((1 << wide) - 1) != int(word, 16):
                        self._differs(
                            f"{what}, core {core.number} ({self._name(core)}), {name} {k}: expected {word}, found "
                            f"{found:x}"
                        )
