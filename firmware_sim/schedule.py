"""A learning rule whose phases and update are a program of the chip's sequencer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import FirmwareError
from firmware_sim.driver import DrivenChip
from firmware_sim.program import Program
from firmware_sim.programs import SERVICES, shipped
from neurochip.description.run_sections import PhasesSpec
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.learning.readings import Presented
from neurochip.substrate import Substrate

__all__ = ["ProgrammedRule", "schedule_of", "with_services"]


def schedule_of(phases: PhasesSpec) -> str:
    """Return the name of the program that carries out such a rule."""
    return "persistent" if phases.persistent and phases.reference == "before" else phases.reference


def with_services(schedule: Program | None) -> Program:
    """Return the driver's own entries, and a schedule behind them."""
    services = shipped(SERVICES)
    return services if schedule is None else services + schedule


class ProgrammedRule(EquilibriumPropagation):
    """Equilibrium propagation where the host only says when: phases, contrast and update are the chip's.

    The numbers are those of `EquilibriumPropagation`, which the device computes from its own banks.
    """

    def registers(self) -> tuple[tuple[float, ...], int, tuple[int, ...]]:
        """Return RATES, LEARNING and t0 … t3 for this rule."""
        learning, phases = self.learning, self.phases
        counting = learning.pre == "trace" and learning.trace == "count"
        # Spikes are counted over the second half of the free phase.
        uncounted = max(1, phases.free // 2) if counting else 0
        pre = 0 if learning.pre == "oracle" else 2 if counting else 1
        mode = (learning.product == "full") | pre << 1
        ticks = (phases.free - uncounted, phases.nudged, uncounted, int(learning.pre == "oracle"))
        return learning.rates, mode, ticks

    def present(
        self, substrate: Substrate, targets: NDArray[Any], beta: float, share: float = 1.0
    ) -> Presented:
        """Let the chip run all phases and change its weights; return what it answered in the free one."""
        if not isinstance(substrate, DrivenChip):
            raise FirmwareError("rule", "is a program, and needs a chip that is driven by programs")
        answers = substrate.present(targets, beta, share)
        (output,) = answers[-1].arrays
        return Presented(np.asarray(output), (), (), applied=True)
