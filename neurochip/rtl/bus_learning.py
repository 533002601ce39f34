"""A change of all weights of an exported chip over its bus: what stood at both ends, and the commands to learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.rtl.bus_map import Command
from neurochip.rtl.driven_chip import DrivenChip
from neurochip.rtl.learning_text import learning_commands
from neurochip.substrate import WeightUpdate

__all__ = ["learn"]

Integers = NDArray[np.int64]


class _Part(NamedTuple):
    """Neurons of a population, and the projection on whose axons they are; `None`: they are a core's own."""

    population: int
    first: int
    size: int
    projection: int | None


def learn(chip: DrivenChip, updates: Sequence[WeightUpdate], before: int) -> None:
    """Let every core learn; ``before`` are the changes of weights that the run had made."""
    bus = chip.bus
    activity, moved = _ends(chip, updates)
    for core in chip.cores:
        for what, parts in (
            (Command.AXON, [_Part(s.population, 0, s.size, s.projection) for s in core.sources]),
            (Command.NEURON, [_Part(core.population, core.first, core.size, None)]),
        ):
            chip.select(core.number)
            for sample in range(chip.samples):
                pairs = [_pair(chip, activity, moved, sample, part) for part in parts]
                for a, d in np.concatenate(pairs, axis=1).T.tolist():
                    bus.write("ACTIVITY", a)
                    bus.write("MOVED", d)
                    bus.command(what, count_up=True)
        for line in learning_commands(chip.image, core, updates, chip.seed, before):
            _, which, first, axons, key, right, left, minus = (int(word) for word in line.split()[1:])
            bus.write("LEARN", which | right << 8 | left << 16 | minus << 24)
            bus.write("FIRST", first)
            bus.write("AXONS", axons)
            bus.write("WORD", key)
            bus.command(Command.LEARN)
            bus.finish()


def _ends(
    chip: DrivenChip, updates: Sequence[WeightUpdate]
) -> tuple[dict[int, Integers], dict[int, Integers]]:
    """Return what stood before each synapse, and how far it moved, by population [sample, unit], as integers."""
    activity: dict[int, Integers] = {}
    moved: dict[int, Integers] = {}
    for update in updates:
        projection = chip.image.network.projections[update.projection]
        (pre, post), *tied = update.terms
        activity[projection.source], moved[projection.target] = chip.integers(pre), chip.integers(post)
        for change, before in tied:
            moved[projection.source], activity[projection.target] = (
                chip.integers(change),
                chip.integers(before),
            )
    return activity, moved


def _pair(
    chip: DrivenChip, activity: dict[int, Integers], moved: dict[int, Integers], sample: int, part: _Part
) -> Integers:
    """Return i64[2, unit] of a part of a population, for one sample; zeros behind the last one."""
    population, first, size, projection = part
    network = chip.image.network
    found = np.zeros((2, size), np.int64)
    if population in activity and sample < len(activity[population]):
        found[0] = activity[population][sample, first : first + size]
    tied = projection is None or (
        network.projections[projection].transpose_of is not None or bool(network.tied_to(projection))
    )
    if population in moved and tied and sample < len(moved[population]):
        found[1] = moved[population][sample, first : first + size]
    return found
