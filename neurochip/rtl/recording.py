"""What the emulator does with some samples, as the bench repeats it on the exported chip: vectors.txt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.integer_learning import core_key, rounding_key
from neurochip.description.fixed_point import exponent_of
from neurochip.elements.integers.formats import FixedPoint
from neurochip.elements.integers.settling import NUDGE_BITS
from neurochip.kernels.random_bits import mix, tick_key
from neurochip.rtl.chip_mesh import ChipMesh, arrivals
from neurochip.rtl.chip_time import ticks_of
from neurochip.rtl.core_text import CoreText, InputText, cycles_of_tick
from neurochip.substrate import Parameters, Phase, Settled, WeightUpdate

__all__ = [
    "Played",
    "Recording",
    "furthest_shifts",
    "learning_commands",
    "memory_words",
    "state_key",
    "vectors",
]

_GOLDEN, _WORD = 0x9E3779B9, 0xFFFFFFFF
_STATE_STREAM = np.uint64(1)
_ROWS, _COLUMNS, _BIASES = range(3)
_GROUP = 16  # neurons in a word that the bench compares


class Played:
    """A substrate that records every phase that is run on it."""

    def __init__(self, substrate: Any) -> None:
        self._substrate = substrate
        self.settled: list[Settled] = []

    def __getattr__(self, name: str) -> Any:
        """Everything else is the substrate's own."""
        return getattr(self._substrate, name)

    def run(self, phase: Phase, ticks: int, **how: Any) -> Settled:
        """Run, and keep spikes and values."""
        how["record"] = ("spikes", "states")
        self.settled.append(self._substrate.run(phase, ticks, **how))
        return self.settled[-1]

    def joined(self, what: str, population: int) -> NDArray[Any]:
        """Return [tick, sample, unit] of all phases."""
        return np.concatenate([getattr(settled, what)[population] for settled in self.settled])


class Recording(NamedTuple):
    """One minibatch: what was presented, what became of it, and what was learned.

    Attributes
    ----------
    numbers
        Of the presentations.
    inputs, targets
        Integers, [sample, unit].
    spikes, values
        By population [tick, sample, unit]; values as integers.
    free, beta
        Ticks of the free phase, and the signed strength of the nudge.
    updates
        Those of the rule.
    seed, updates_before
        Of the run, and how many changes of weights it had made.
    after
        Weights and biases behind the change.
    """

    numbers: NDArray[np.uint64]
    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    spikes: tuple[NDArray[Any], ...]
    values: tuple[NDArray[np.int64], ...]
    free: int
    beta: float
    updates: tuple[WeightUpdate, ...]
    seed: int
    updates_before: int
    after: Parameters


def memory_words(
    image: ChipImage, core: CoreText, parameters: Parameters, lanes: int
) -> tuple[list[str], list[str]]:
    """Return the words of a core's memories as hexadecimal digits: weights, axon after axon, and biases."""
    network, numbers = image.network, _numbers(image)
    bits = int(image.precision.removeprefix("int"))
    forward = dict(zip(network.forward, parameters.weights, strict=True))
    own = dict(zip(network.own_feedback, parameters.feedback, strict=True))
    rows = []
    for source in core.sources:
        p, original = source.projection, network.projections[source.projection].transpose_of
        values = forward[original].T if original is not None else {**forward, **own}[p]
        integers = np.rint(np.ldexp(np.float64(values), numbers.weight_fractions[p])).astype(np.int64)
        rows.append(integers[:, core.first : core.first + core.size])
    matrix = np.concatenate(rows)
    words = -(-core.size // lanes)
    padded = np.zeros((len(matrix), words * lanes), np.int64)
    padded[:, : core.size] = matrix & ((1 << bits) - 1)
    digits = -(-lanes * bits // 4)
    weights = [
        f"{sum(int(lane) << (bits * k) for k, lane in enumerate(word)):0{digits}x}"
        for word in padded.reshape(-1, lanes)
    ]
    held = dict(zip(network.updated, parameters.biases, strict=True))[core.population]
    bias = np.rint(np.ldexp(np.float64(held), numbers.bias.fraction)).astype(np.int64)
    width = numbers.bias.bits
    biases = [
        f"{int(b) & ((1 << width) - 1):0{-(-width // 4)}x}" for b in bias[core.first : core.first + core.size]
    ]
    return weights, biases


def vectors(
    image: ChipImage,
    cores: Sequence[CoreText],
    inputs: Sequence[InputText],
    made: Recording,
    lanes: int,
    mesh: ChipMesh | None,
) -> Iterator[str]:
    """Yield the lines of vectors.txt (bench.v says what each means)."""
    yield " ".join(str(core.size) for core in cores)
    for core in cores:
        yield f"G {core.number} {core.axons * -(-core.size // lanes)} {core.size}"
    for sample in range(len(made.numbers)):
        yield from _presentation(image, cores, inputs, made, lanes, sample, mesh)
    yield from _pairs(image, cores, made)
    for core in cores:
        yield from learning_commands(image, core, made.updates, made.seed, made.updates_before)
    for core in cores:
        weights, biases = memory_words(image, core, made.after, lanes)
        yield f"W {core.number}"
        yield from weights
        yield from biases
    yield "E"


def _numbers(image: ChipImage) -> FixedPoint:
    if image.numbers is None:
        raise ValueError("only integer cores have a Verilog form")
    return image.numbers


def state_key(seed: int, presentation: Any, core: int) -> int:
    """Return the key of the generator of a core, by its number in the image, in a presentation."""
    key = tick_key(np.uint64(mix(np.uint64(seed), _STATE_STREAM)), np.uint64(presentation), np.uint64(0))
    return int(mix(np.uint64(key), np.uint64(core))) & _WORD


def _presentation(
    image: ChipImage,
    cores: Sequence[CoreText],
    inputs: Sequence[InputText],
    made: Recording,
    lanes: int,
    sample: int,
    mesh: ChipMesh | None,
) -> Iterator[str]:
    network = image.network
    yield f"P {sample}"
    for core in cores:
        yield f"K {core.number} {_signed(state_key(made.seed, made.numbers[sample], core.core))}"
        if network.populations[core.population].output:
            first = sum(network.sizes[k] for k in network.outputs if k < core.population) + core.first
            for j in range(core.size):
                yield f"Y {core.number} {j} {made.targets[sample, first + j]}"
    for one in inputs:
        held = made.inputs[sample, one.first : one.first + one.size].tolist()
        yield from (f"X {one.number} {j} {x}" for j, x in enumerate(held))
    presented = [spikes[:, sample] for spikes in made.spikes]
    whole = None if mesh is None else ticks_of(image, presented, lanes)
    nudge = int(2 * made.beta * (1 << NUDGE_BITS))
    before = [np.zeros(size, np.int64) for size in network.sizes]
    for t in range(len(made.spikes[0])):
        yield f"T {t + 1} {nudge if t >= made.free else 0}"
        heard = [int(sum(before[source.population].sum() for source in core.sources)) for core in cores]
        heard += [0] * len(inputs)
        senders: list[CoreText | InputText] = [*cores, *inputs]
        cycles = [cycles_of_tick(core, lanes, n) for core, n in zip(senders, heard, strict=True)]
        parts = [slice(core.first, core.first + core.size) for core in senders]
        sent = [
            made.spikes[core.population][t, sample, part] for core, part in zip(senders, parts, strict=True)
        ]
        brought = [(0, 0, 0)] * len(cores) if mesh is None else arrivals(mesh, sent, cycles)
        for core in cores:
            c = core.number
            values = made.values[core.population][t, sample, parts[c]]
            shown = _shown(sent[c], values, _numbers(image).state.fraction + 1)
            yield f"{heard[c] * core.size} {cycles[c]} {' '.join(map(str, brought[c]))} {' '.join(shown)}"
        yield " ".join(map(str, [*cycles[len(cores) :], max(cycles) if whole is None else whole[t]]))
        before = [spikes[t, sample].astype(np.int64) for spikes in made.spikes]
        if t + 1 == made.free:
            yield f"F {sample}"
    yield f"M {sample}"


def _shown(spikes: NDArray[Any], values: NDArray[np.int64], bits: int) -> list[str]:
    """Return what neurons show in a tick: words of `_GROUP` neurons, the first lowest, each spike and value.

    Where a word has more places than there are neurons they hold ones.
    """
    digits = -(-(bits + 1) // 4)
    shown = [f"{word:0{digits}x}" for word in (spikes.astype(np.int64) << bits | values).tolist()]
    shown += ["f" * digits] * (-len(shown) % _GROUP)
    return ["".join(shown[k : k + _GROUP][::-1]) for k in range(0, len(shown), _GROUP)]


def _pairs(image: ChipImage, cores: Sequence[CoreText], made: Recording) -> Iterator[str]:
    """Yield what stood at both ends of each synapse, sample by sample."""
    network = image.network
    at = 0
    place: dict[int, int] = {}  # of the neurons of each population among those of the chip
    for core in cores:
        place.setdefault(core.population, at)
        at += core.size
    for core in cores:
        for sample in range(len(made.numbers)):
            for source in core.sources:
                p = network.projections[source.projection]
                tied = p.transpose_of is not None or bool(network.tied_to(source.projection))
                for i in range(source.size):
                    to = sample * core.axons + source.first + i
                    if source.population in place:
                        name, neuron = "A" if tied else "B", place[source.population] + i
                        yield f"{name} {core.number} {to} {sample} {neuron}"
                    else:
                        yield f"I {core.number} {to} {made.inputs[sample, i]}"
            for j in range(core.size):
                neuron = place[core.population] + core.first + j
                yield f"N {core.number} {sample * core.size + j} {sample} {neuron}"


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
    network, numbers = image.network, _numbers(image)
    rates = {update.projection: update.rate for update in updates}
    seed, fraction = np.uint64(run_seed), numbers.state.fraction

    def command(what: int, first: int, axons: int, key: int, shift: int, minus: bool) -> str:
        right, left = max(shift, 0), max(-shift, 0)
        return f"L {core.number} {what} {first} {axons} {_signed(key)} {right} {left} {int(minus)}"

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


def _signed(word: int) -> int:
    """Return 32 bits as Verilog's $fscanf reads them into an integer."""
    return word - (1 << 32) if word >> 31 else word
