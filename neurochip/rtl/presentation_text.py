"""The presentations of vectors.txt: inputs, targets and keys, and what every core shows in every tick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.elements.integers.settling import NUDGE_BITS
from neurochip.kernels.random_bits import mix, tick_key
from neurochip.rtl.chip_mesh import ChipMesh
from neurochip.rtl.core_text import CoreText, InputText, cycles_of_tick, numbers_of
from neurochip.rtl.learning_text import signed
from neurochip.rtl.mesh_time import MeshTime
from neurochip.rtl.recording import Recording

__all__ = ["presentations", "state_key"]

_WORD, _STATE_STREAM = 0xFFFFFFFF, np.uint64(1)
_GROUP = 16  # neurons in a word that the bench compares
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


def presentations(
    image: ChipImage,
    cores: Sequence[CoreText],
    inputs: Sequence[InputText],
    made: Recording,
    lanes: int,
    mesh: ChipMesh | None,
) -> Iterator[str]:
    """Yield the lines of all presentations (bench.v says what each means)."""
    time = None if mesh is None else MeshTime(image, cores, inputs, mesh, lanes)
    for sample in range(len(made.numbers)):
        yield f"P {sample}"
        yield from _given(image, cores, inputs, made, sample)
        yield from _ticks(image, cores, inputs, made, sample, lanes, time)
        yield f"M {sample}"


def state_key(seed: int, presentation: int | np.uint64, core: int) -> int:
    """Return the key of the generator of a core, by its number in the image, in a presentation."""
    key = tick_key(np.uint64(mix(np.uint64(seed), _STATE_STREAM)), np.uint64(presentation), np.uint64(0))
    return int(mix(np.uint64(key), np.uint64(core))) & _WORD


def _given(
    image: ChipImage, cores: Sequence[CoreText], inputs: Sequence[InputText], made: Recording, sample: int
) -> Iterator[str]:
    """Yield the keys of cores, targets and inputs of a sample."""
    network = image.network
    for core in cores:
        yield f"K {core.number} {signed(state_key(made.seed, made.numbers[sample], core.core))}"
        if network.populations[core.population].output:
            first = sum(network.sizes[k] for k in network.outputs if k < core.population) + core.first
            for j in range(core.size):
                yield f"Y {core.number} {j} {made.targets[sample, first + j]}"
    for one in inputs:
        held = made.inputs[sample, one.first : one.first + one.size].tolist()
        yield from (f"X {one.number} {j} {x}" for j, x in enumerate(held))


def _ticks(
    image: ChipImage,
    cores: Sequence[CoreText],
    inputs: Sequence[InputText],
    made: Recording,
    sample: int,
    lanes: int,
    time: MeshTime | None,
) -> Iterator[str]:
    """Yield what every core shows in each tick of a sample, and the cycles of those that hold inputs and of all."""
    spikes = [bits[:, sample] for bits in made.spikes]
    ticks, width = len(spikes[0]), numbers_of(image).state.fraction + 1
    nudge = int(2 * made.beta * (1 << NUDGE_BITS))
    # A core adds up what fired in the tick before.
    fired = [np.concatenate([[0], bits[:-1].sum(axis=1, dtype=np.int64)]) for bits in spikes]
    heard = [np.sum([fired[source.population] for source in core.sources], axis=0).tolist() for core in cores]
    cycles = [[cycles_of_tick(core, lanes, n) for n in heard[core.number]] for core in cores]
    still = [cycles_of_tick(one, lanes, 0) for one in inputs]
    if time is None:
        whole = [max(*of_cores, *still) for of_cores in zip(*cycles, strict=True)]
        brought = [[[0, 0, 0]] * len(cores)] * ticks
    else:
        whole, brought = (found.tolist() for found in time.of(spikes))
    lines = []
    for core in cores:
        part = slice(core.first, core.first + core.size)
        shown = _shown(spikes[core.population][:, part], made.values[core.population][:, sample, part], width)
        lines.append(
            [
                f"{n * core.size} {took} {' '.join(map(str, come[core.number]))} {words}"
                for n, took, come, words in zip(
                    heard[core.number], cycles[core.number], brought, shown, strict=True
                )
            ]
        )
    for t in range(ticks):
        yield f"T {t + 1} {nudge if t >= made.free else 0}"
        yield from (of_core[t] for of_core in lines)
        yield " ".join(map(str, [*still, whole[t]]))
        if t + 1 == made.free:
            yield f"F {sample}"


def _shown(spikes: NDArray[np.uint8], values: NDArray[np.int64], bits: int) -> list[str]:
    """Return what neurons show in each tick: words of `_GROUP` neurons, the first lowest, each spike and value.

    Where a word has more places than there are neurons they hold ones.
    """
    digits, size = -(-(bits + 1) // 4), spikes.shape[1]
    words = np.full((len(spikes), -(-size // _GROUP) * _GROUP), (1 << 4 * digits) - 1)
    words[:, :size] = spikes.astype(np.int64) << bits | values
    grouped = words.reshape(len(spikes), -1, _GROUP)[:, :, ::-1]
    shifts = np.arange(4 * (digits - 1), -1, -4)
    text = np.full((*grouped.shape[:2], _GROUP * digits + 1), ord(" "), np.uint8)
    text[:, :, :-1] = _DIGITS[grouped[..., None] >> shifts & 15].reshape(*grouped.shape[:2], -1)
    return [row.tobytes().decode("ascii").rstrip() for row in text]
