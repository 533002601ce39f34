"""A learning rule whose phases and update are a program of the chip's sequencer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import FirmwareError
from firmware_sim.driver import DrivenChip
from firmware_sim.program import Program
from firmware_sim.programs import SERVICES, shipped
from firmware_sim.rule_text import text_of
from neurochip.learning.readings import Presented
from neurochip.learning.rule import LearningRule, fitting_targets
from neurochip.learning.schedule import Schedule
from neurochip.substrate import Observable, Substrate

__all__ = ["ProgrammedRule", "schedule_of", "with_services"]


def schedule_of(rule: LearningRule) -> str:
    """Return the name of the program that carries out a rule."""
    if not rule.nudges:
        return "gradient" if Observable.ADJOINT in rule.needs else "once"
    if rule.phases.persistent and rule.phases.reference == "before":
        return "persistent"
    return rule.phases.reference


def with_services(schedule: Program | None) -> Program:
    """Return the driver's own entries, and a schedule behind them."""
    services = shipped(SERVICES)
    return services if schedule is None else services + schedule


@dataclass(frozen=True)
class ProgrammedRule:
    """A rule where the host only says when: phases, readings and update are the chip's.

    The numbers are those of the rule itself, which the device has, too, and asks with what stands in its banks.
    """

    rule: LearningRule

    @property
    def needs(self) -> frozenset[Observable]:
        """What the rule reads of a substrate."""
        return self.rule.needs

    @property
    def schedule(self) -> Schedule:
        """The phases of a presentation."""
        return self.rule.schedule

    def check(self, substrate: Substrate) -> None:
        """Raise if the chip lacks what the rule needs, or the rule cannot serve its network."""
        self.rule.check(substrate)

    def registers(self) -> tuple[tuple[float, ...], bytes, tuple[int, ...]]:
        """Return RATES, the text of the rule, and t0 … t3: ticks of the free phase, of a part of the nudged one, of
        the free phase before spikes are counted, and the number of parts.
        """
        learning, schedule = self.rule.learning, self.schedule
        ticks = (
            schedule.free - schedule.uncounted,
            schedule.nudged // schedule.parts,
            schedule.uncounted,
            schedule.parts,
        )
        return learning.rates, text_of(learning, self.rule.phases), ticks

    def present(
        self, substrate: Substrate, targets: NDArray[Any], beta: float, share: float = 1.0
    ) -> Presented:
        """Let the chip run all phases and change its weights; return what it answered in the free one."""
        if not isinstance(substrate, DrivenChip):
            raise FirmwareError("rule", "is a program, and needs a chip that is driven by programs")
        answers = substrate.present(fitting_targets(targets), beta, share)
        (output,) = answers[-1].arrays
        return Presented(np.asarray(output), (), (), applied=True)
