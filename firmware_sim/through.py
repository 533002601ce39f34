"""Between a run and its machine: `simulate(…, through=…)` with the chip driven by its firmware, here or over TCP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from firmware_sim.container import bytes_of
from firmware_sim.device import Device
from firmware_sim.driver import DrivenChip
from firmware_sim.identity import chip_digest
from firmware_sim.image import image_parts, tables_of
from firmware_sim.link import Link
from firmware_sim.local import LocalLink
from firmware_sim.program import Program
from firmware_sim.programs import shipped
from firmware_sim.rule_text import is_programmable
from firmware_sim.schedule import ProgrammedRule, schedule_of, with_services
from neurochip.compile.quantise import state_dtype
from neurochip.description import RunSpec
from neurochip.errors import CapabilityError
from neurochip.learning.rule import LearningRule
from neurochip.learning.rules import rule_for
from neurochip.runs.building import Built
from neurochip.training.streams import first_parameters

__all__ = ["Through", "device_of", "driven", "first_image", "through_firmware"]

Through = Callable[[RunSpec, Built], Built]


def device_of(spec: RunSpec, built: Built, *, has_store: bool = False, counter_width: int = 48) -> Device:
    """Return the device that holds what was built for a run."""
    return Device(
        built.substrate,
        built.network,
        chip_digest(spec, built),
        tables_of(built.image),
        float64=state_dtype(spec.network.precision).itemsize == 8,
        has_store=has_store,
        counter_width=counter_width,
    )


def driven(link: Link, spec: RunSpec, built: Built, schedule: Program | None = None) -> DrivenChip:
    """Return the driver of a device that holds the same chip."""
    return DrivenChip(
        link,
        built.network,
        built.substrate.counters(),
        chip_digest(spec, built),
        tables_of(built.image),
        with_services(schedule),
    )


def first_image(spec: RunSpec, built: Built) -> bytes:
    """Return the image of a run's chip with its first weights (Glorot, by its seed): what `load` takes."""
    parts = image_parts(
        chip_digest(spec, built), tables_of(built.image), first_parameters(spec, built.network)
    )
    return b"".join(bytes_of(part) for part in parts)


def refuse_optimiser(spec: RunSpec) -> None:
    """Refuse to drive a chip where an optimiser stands between changes and weights.

    Raises
    ------
    CapabilityError
        Naming the key.
    """
    if spec.learning is not None and spec.learning.method is not None:
        key = "optimiser" if spec.learning.optimiser != "plain" else "weight_decay"
        raise CapabilityError(
            f"learning.{key}",
            "has no registers in the controller of a chip, whose updates are plain; leave it out, or drive the chip "
            "directly",
        )


@contextmanager
def through_firmware(
    connect: Callable[[], Link] | None = None, driver: str = "firmware"
) -> Iterator[Through]:
    """Give what `simulate` takes as ``through``: the machine is then driven by registers and programs only.

    Parameters
    ----------
    connect
        Makes the link to a device that is served elsewhere. `None` puts the device into this process, in front of the
        machine that was built for the run.
    driver
        What the folder of a run says that its chip is driven by.
    """
    with ExitStack() as stack:

        def through(spec: RunSpec, built: Built) -> Built:
            refuse_optimiser(spec)
            link = LocalLink(device_of(spec, built)) if connect is None else connect()
            stack.callback(link.close)
            if spec.learning is None:
                return built._replace(substrate=driven(link, spec, built))
            rule = built.rule or rule_for(built.network, spec.learning, spec.phases)
            rule.check(built.substrate)
            if not isinstance(rule, LearningRule) or not is_programmable(rule):
                # A rule with phases of its own, which no program knows: its terms go through `write`.
                return built._replace(substrate=driven(link, spec, built), rule=rule)
            programmed = ProgrammedRule(rule)
            chip = driven(link, spec, built, shipped(schedule_of(rule)))
            chip.set_rule(*programmed.registers())
            return built._replace(substrate=chip, rule=programmed)

        through.driver = driver  # type: ignore[attr-defined]
        yield through
