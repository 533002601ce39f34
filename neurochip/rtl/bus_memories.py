"""The memories of an exported chip over its bus: written, read back, and compared with the emulator's."""

from __future__ import annotations

from collections.abc import Iterator

from neurochip.description.precision import word_bits
from neurochip.rtl.bus_map import Command
from neurochip.rtl.core_text import CoreText, numbers_of
from neurochip.rtl.driven_chip import Comparison, DrivenChip
from neurochip.rtl.vectors_text import memory_words
from neurochip.substrate import Parameters

__all__ = ["compare_memories", "load_memories"]


def load_memories(chip: DrivenChip, parameters: Parameters) -> None:
    """Write all weights and biases, and targets of 0."""
    for core in chip.cores:
        for _, what, _, words, wide in _memories(chip, core, parameters):
            chip.select(core.number)
            for word in words:
                chip.bus.load(int(word, 16), wide)
                chip.bus.command(what, count_up=True)
        if chip.image.network.populations[core.population].output:  # memories begin with anything
            chip.bus.write("WORD", 0)
            chip.select(core.number)
            for _ in range(core.size):
                chip.bus.command(Command.TARGET, count_up=True)


def compare_memories(chip: DrivenChip, parameters: Parameters, when: str, comparison: Comparison) -> None:
    """Compare every word of weights and every bias, peeked at over the bus."""
    for core in chip.cores:
        for name, _, how, words, wide in _memories(chip, core, parameters):
            chip.select(core.number)
            for k, word in enumerate(words):
                chip.bus.command(how, count_up=True)
                found = chip.bus.peeked(wide) & ((1 << wide) - 1)
                comparison.number(f"{when}, {chip.name_of(core)}, {name} {k}", word, f"{found:0{len(word)}x}")


def _memories(
    chip: DrivenChip, core: CoreText, parameters: Parameters
) -> Iterator[tuple[str, Command, Command, list[str], int]]:
    """Yield for each memory its name, the commands that load and peek, its words and their bits."""
    weights, biases = memory_words(chip.image, core, parameters, chip.lanes)
    wide = chip.lanes * word_bits(chip.image.precision)
    yield "word of weights", Command.LOAD_WEIGHTS, Command.PEEK_WEIGHTS, weights, wide
    yield "bias", Command.LOAD_BIAS, Command.PEEK_BIAS, biases, numbers_of(chip.image).bias.bits
