"""The commands by which the cores of an exported chip learn, as vectors.txt and the bus give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from neurochip.compile import ChipImage
from neurochip.cores.integer_learning import core_key, rounding_key
from neurochip.description.fixed_point import exponent_of
from neurochip.rtl.core_text import CoreText, numbers_of
from neurochip.rtl.recording import Recording
from neurochip.substrate import WeightUpdate

__all__ = ["furthest_shifts", "learning_commands", "signed"]

_GOLDEN, _WORD = 0x9E3779B9, 0xFFFFFFFF
_ROWS, _COLUMNS, _BIASES = range(3)


def furthest_shifts(image: ChipImage, cores: Sequence[CoreText], made: Recording) -> tuple[int, int]:
    """Return how far sums of products are shifted at most, to the left and to the right."""
    told = [
        line.split()
        for core in cores
        for line in learning_commands(image, core, made.updates, made.seed, made.updates_before)
    ]
    return max((int(words[7]) for words in told), default=0), max(
        (int(words[6]) for words in told), default=0
    )


def learning_commands(
    image: ChipImage, core: CoreText, updates: Sequence[WeightUpdate], run_seed: int, before: int
) -> Iterator[str]:
    """Yield the commands by which a core learns: one for each source, and one for its biases.

    ``before`` are the changes of weights that the run had made. A line is L, core, what, first axon, axons, key, shift
    to the right, to the left, and 1 where the sum changes its sign.
    """
    network, numbers = image.network, numbers_of(image)
    rates = {update.projection: update.rate for update in updates}
    seed, fraction = np.uint64(run_seed), numbers.state.fraction

    def command(what: int, first: int, axons: int, key: int, shift: int, minus: bool) -> str:
        right, left = max(shift, 0), max(-shift, 0)
        return f"L {core.number} {what} {first} {axons} {signed(key)} {right} {left} {int(minus)}"

    def exponent(p: int) -> int:
        return exponent_of(abs(rates[p])) or 0

    for source in core.sources:
        original = network.projections[source.projection].transpose_of
        p = source.projection if original is None else original
        if p not in rates:
            continue
        shift = 2 * fraction - numbers.weight_fractions[p] - exponent(p)
        key = rounding_key(seed, before, p)
        if original is None:
            row = int(core_key(key, core.core))
            yield command(_ROWS, source.first, source.size, row, shift, rates[p] < 0)
            continue
        for c in image.cores_of(network.projections[p].target):
            there = image.cores[c]
            row = (int(core_key(key, c)) + core.first * _GOLDEN) & _WORD
            yield command(_COLUMNS, source.first + there.first, there.size, row, shift, rates[p] < 0)
    into = [k for k in network.into(core.population) if k in network.forward and k in rates]
    if into:
        shift = fraction - numbers.bias.fraction - exponent(into[0])
        number = len(network.projections) + core.population
        row = int(core_key(rounding_key(seed, before, number), core.core))
        # The values that moved were told with their sign: the rule divides by β.
        yield command(_BIASES, 0, 0, row, shift, rates[into[0]] < 0)


def signed(word: int) -> int:
    """Return 32 bits as Verilog's $fscanf reads them into an integer."""
    return word - (1 << 32) if word >> 31 else word
