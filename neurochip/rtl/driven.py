"""An exported chip as a machine: its Verilog does the work over its bus, and the emulator does the same beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.elements.integers.settling import NUDGE_BITS
from neurochip.errors import CapabilityError
from neurochip.rtl.bus_learning import learn
from neurochip.rtl.bus_map import Command
from neurochip.rtl.bus_memories import compare_memories, load_memories
from neurochip.rtl.chip_time import ticks_of
from neurochip.rtl.core_text import CoreText, InputText, cycles_of_tick, numbers_of
from neurochip.rtl.driven_chip import Comparison, DrivenChip
from neurochip.rtl.presentation_text import state_key
from neurochip.rtl.simulation import Bus
from neurochip.substrate import Capabilities, Observable, Parameters, Phase, Settled, WeightUpdate

__all__ = ["DrivenVerilog"]

Array = NDArray[np.generic]
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
        self._emulator, self._meshed = emulator, meshed
        chip = self._chip = DrivenChip.of(bus, image, lanes=lanes, samples=samples, seed=seed)
        self._senders: list[CoreText | InputText] = [*chip.cores, *chip.inputs]
        self._unit = 2.0 ** -numbers_of(image).state.fraction
        self.comparison = Comparison()
        self.tick_cycles = 0
        self._held = np.zeros((0, 0), np.int64)
        self._presentations = np.zeros(0, np.uint64)
        self._history: list[tuple[int, int, Array | None]] = []  # ticks, nudge, targets of each phase so far
        self._at: tuple[int, int] | None = None  # the presentation on the chip, and its tick
        # Of each presentation, by population [tick, unit], as emulated.
        self._spikes: list[list[NDArray[np.uint8]]] = []
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
        load_memories(self._chip, self._emulator.parameters())
        self._compare_memories("loaded")

    def parameters(self) -> Parameters:
        """Return all weights and biases, which both have."""
        self._compare_memories("read")
        held: Parameters = self._emulator.parameters()
        return held

    def begin(self, inputs: Array, presentations: Array) -> None:
        """Present ``inputs``, [sample, unit] in [0, 1], from rest."""
        self._emulator.begin(inputs, presentations)
        self._held, self._presentations = self._chip.integers(inputs), np.asarray(presentations, np.uint64)
        self._history, self._at = [], None
        self._spikes = [
            [np.zeros((0, size), np.uint8) for size in self._chip.image.network.sizes] for _ in inputs
        ]
        self._values = [np.zeros((len(inputs), size)) for size in self._chip.image.network.sizes]

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
        network = self._chip.image.network
        pulled = None if not beta or targets is None else self._chip.integers(targets)
        self._history.append((ticks, 0 if pulled is None else int(2 * beta * (1 << NUDGE_BITS)), pulled))
        spikes = [np.zeros((ticks, len(self._held), size), np.uint8) for size in network.sizes]
        states = [np.zeros((ticks, len(self._held), size)) for size in network.sizes]
        for p in network.inputs:
            states[p][:] = wanted.states[p]  # what the host wrote
        for sample in range(len(self._held)):
            before = [
                seen[-1] if len(seen) else np.zeros(seen.shape[1], np.uint8) for seen in self._spikes[sample]
            ]
            for p, seen in enumerate(self._spikes[sample]):
                self._spikes[sample][p] = np.concatenate([seen, wanted.spikes[p][:, sample]])
            cycles = (
                ticks_of(self._chip.image, self._spikes[sample], self._chip.lanes) if self._meshed else None
            )
            self._reach(sample)
            for t in range(ticks):
                self._tick(sample, len(self._history) - 1)
                heard = [
                    sum(int(before[s.population].sum()) for s in core.sources) for core in self._chip.cores
                ]
                self._compare_cycles(sample, heard, cycles)
                self._read(sample, t, wanted, spikes, states)
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
        if n > self._chip.samples:
            raise CapabilityError(
                "samples",
                f"{n} samples are learned from at once, and the exported cores hold {self._chip.samples}; export with "
                f"--samples {n}",
            )
        self._emulator.write_weights(updates, biases)
        learn(self._chip, updates, made)
        self._compare_memories("learned")

    # ---- on the bus

    def _reach(self, sample: int) -> None:
        """Bring a presentation onto the chip, and run it up to where the phases before the last one ended."""
        done = sum(ticks for ticks, _, _ in self._history[:-1])
        if self._at == (sample, done):
            return
        self._chip.bus.command(Command.FORGET)
        for one in self._chip.inputs:
            self._chip.select(one.number)
            for x in self._held[sample, one.first : one.first + one.size].tolist():
                self._chip.bus.write("WORD", x)
                self._chip.bus.command(Command.INPUT, count_up=True)
        for core in self._chip.cores:
            self._chip.bus.write("SELECT", core.number)
            self._chip.bus.write("WORD", state_key(self._chip.seed, self._presentations[sample], core.core))
            self._chip.bus.command(Command.KEY)
        self._at = (sample, 0)
        for phase, (ticks, _, _) in enumerate(self._history[:-1]):
            for _ in range(ticks):
                self._tick(sample, phase)

    def _tick(self, sample: int, phase: int) -> None:
        ticks, nudge, targets = self._history[phase]
        at = 0 if self._at is None else self._at[1]
        network = self._chip.image.network
        if targets is not None and at == sum(ticks for ticks, _, _ in self._history[:phase]):
            for core in self._chip.cores:
                if network.populations[core.population].output:
                    first = sum(network.sizes[k] for k in network.outputs if k < core.population) + core.first
                    self._chip.select(core.number)
                    for y in targets[sample, first : first + core.size].tolist():
                        self._chip.bus.write("WORD", y)
                        self._chip.bus.command(Command.TARGET, count_up=True)
        self._chip.bus.write("TICK", at + 1)
        self._chip.bus.write("NUDGE", nudge)
        self._chip.bus.command(Command.TICK)
        self._last = self._chip.bus.finish()
        self.tick_cycles += self._last
        self._at = (sample, at + 1)

    def _read(
        self, sample: int, t: int, wanted: Settled, spikes: Sequence[Array], states: Sequence[Array]
    ) -> None:
        """Read spikes and values of all neurons into [tick, sample, unit], and compare them."""
        for core in self._senders:
            where, at = f"{self._here(sample)}, {self._chip.name_of(core)}", (t, sample)
            p, part = core.population, slice(core.first, core.first + core.size)
            self._chip.select(core.number)
            words = np.array(self._chip.bus.read("STATE", core.size), np.int64)
            spikes[p][at][part] = words >> 31
            self.comparison.neurons(where, "spike", wanted.spikes[p][at][part], words >> 31)
            if isinstance(core, CoreText):
                states[p][at][part] = (words & _VALUE) * self._unit
                value = np.rint(wanted.states[p][at][part] / self._unit).astype(np.int64)
                self.comparison.neurons(where, "value", value, words & _VALUE)

    # ---- against the emulator

    def _here(self, sample: int) -> str:
        return f"presentation {sample}, tick {0 if self._at is None else self._at[1]}"

    def _compare_cycles(self, sample: int, heard: list[int], cycles: list[int] | None) -> None:
        chip, here = self._chip, self._here(sample)
        wanted = [
            cycles_of_tick(core, chip.lanes, n)
            for core, n in zip(self._senders, [*heard, *[0] * len(chip.inputs)], strict=True)
        ]
        at = 0 if self._at is None else self._at[1]
        self.comparison.number(
            f"{here}, cycles", max(wanted) if cycles is None else cycles[at - 1], self._last
        )
        for core, number in zip(self._senders, wanted, strict=True):
            chip.bus.write("SELECT", core.number)
            (found,) = chip.bus.read("CORE_CYCLES")
            self.comparison.number(f"{here}, {chip.name_of(core)}, cycles", number, found)

    def _compare_memories(self, when: str) -> None:
        compare_memories(self._chip, self._emulator.parameters(), when, self.comparison)
