"""vectors.txt: what the emulator did with some samples, as the bench repeats it on the exported chip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from neurochip.compile import ChipImage
from neurochip.rtl.chip_mesh import ChipMesh
from neurochip.rtl.core_text import CoreText, InputText, numbers_of
from neurochip.rtl.learning_text import learning_commands
from neurochip.rtl.presentation_text import presentations
from neurochip.rtl.recording import Recording
from neurochip.substrate import Parameters

__all__ = ["memory_words", "vectors"]


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
    yield from presentations(image, cores, inputs, made, lanes, mesh)
    yield from _pairs(image, cores, made)
    for core in cores:
        yield from learning_commands(image, core, made.updates, made.seed, made.updates_before)
    for core in cores:
        weights, biases = memory_words(image, core, made.after, lanes)
        yield f"W {core.number}"
        yield from weights
        yield from biases
    yield "E"


def memory_words(
    image: ChipImage, core: CoreText, parameters: Parameters, lanes: int
) -> tuple[list[str], list[str]]:
    """Return the words of a core's memories as hexadecimal digits: weights, axon after axon, and biases."""
    network, numbers = image.network, numbers_of(image)
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
