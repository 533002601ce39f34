"""One program of the user's own against the chip of a run: weights on it, samples in its queues, and off it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firmware_sim.driver import DrivenChip
from firmware_sim.link import Link
from firmware_sim.local import LocalLink
from firmware_sim.program import Program
from firmware_sim.programmed import Answer
from firmware_sim.rule_text import is_programmable
from firmware_sim.schedule import ProgrammedRule
from firmware_sim.through import device_of, driven
from neurochip import data
from neurochip.data import Dataset
from neurochip.description import RunSpec
from neurochip.energy import EnergyReport, energy_report
from neurochip.energy.hardware import hardware_of
from neurochip.errors import ConfigError
from neurochip.learning.rule import LearningRule
from neurochip.learning.rules import rule_for
from neurochip.runs.building import Built, build
from neurochip.substrate import Counters
from neurochip.training.streams import first_parameters

__all__ = ["Ran", "run_program"]


@dataclass(frozen=True)
class Ran:
    """What a program did.

    Attributes
    ----------
    answers
        What it pushed to OUT, in order.
    counters
        What the chip counted, and what driving it took.
    left
        Words that it left in INPUT and TARGET.
    energy
        What that cost, with the energies of the run's chip; why not, when something of it has no energy.
    """

    answers: tuple[Answer, ...]
    counters: Counters
    left: tuple[int, int]
    energy: EnergyReport | str


def run_program(
    program: Program,
    spec: RunSpec,
    *,
    entry: str | None = None,
    batches: int = 1,
    batch: int | None = None,
    threads: int = 1,
    connect: Callable[[], Link] | None = None,
    machine: Callable[[Built], Built] | None = None,
) -> Ran:
    """Run a program from an entry, or from its first instruction.

    The chip holds the run's first weights (Glorot, by its seed). INPUT and TARGET hold ``batches`` minibatches of its
    training samples; the rule of UPDATE, RATES, BETA and t0 … t3 are what
    the run's own schedule has. ``machine`` puts another machine in the place of the emulated one.

    Raises
    ------
    FirmwareError
        When the program is refused, with the instruction.
    """
    if batches < 0:
        raise ConfigError("batches", f"must be ≥ 0, got {batches}")
    built = build(spec, threads=threads)
    if machine is not None:
        built = machine(built)
    link = LocalLink(device_of(spec, built)) if connect is None else connect()
    try:
        chip = driven(link, spec, built)
        chip.load(first_parameters(spec, built.network))
        if spec.learning is not None:
            rule = rule_for(built.network, spec.learning, spec.phases)
            if isinstance(rule, LearningRule) and is_programmable(rule):
                chip.set_rule(*ProgrammedRule(rule).registers())
            chip.set_nudge(spec.learning.beta)
        size = batch if batch is not None else spec.learning.minibatch if spec.learning else 20
        if size < 1:
            raise ConfigError("batch", f"must be ≥ 1, got {size}")
        if batches:
            _feed(chip, data.load(spec.data), batches, size)
        services = chip.program
        chip.deliver(program)
        answers = chip.start_at(0 if entry is None else program.entry(entry))
        left = chip.levels()[:2]
        chip.deliver(services)
        counters = chip.counters()
    finally:
        link.close()
    try:
        energy: EnergyReport | str = energy_report(counters, hardware_of(spec), built.chip.energies)
    except ConfigError as error:
        energy = str(error)
    return Ran(tuple(answers), counters, (left[0], left[1]), energy)


def _feed(chip: DrivenChip, samples: Dataset, batches: int, batch: int) -> None:
    n = len(samples.train)
    for number in range(batches):
        chosen = np.arange(number * batch, (number + 1) * batch) % n
        numbers = np.arange(number * batch, (number + 1) * batch, dtype=np.uint64)
        chip.feed(samples.inputs(chosen), numbers, samples.targets(chosen))
