"""A chip driven through its registers keeps the same contract as the substrates behind it."""

from __future__ import annotations

from typing import Any

from firmware_sim.device import Device
from firmware_sim.driver import DrivenChip
from firmware_sim.image import tables_of
from firmware_sim.local import LocalLink
from firmware_sim.schedule import with_services
from neurochip.substrate import Counters, Substrate
from tests.contract import test_substrates as contract

DIGEST = "00" * 15 + "01"


class Bare(DrivenChip):
    """What driving costs is counted beside what the contract speaks of."""

    def counters(self) -> Counters:
        return super().counters().without_control()


def driven(machine: Any, **how: Any) -> DrivenChip:
    """Return a chip that knows only registers, with ``machine`` behind them."""
    image = getattr(machine, "image", None)
    network = machine.network if image is None else image.network
    digest = DIGEST if image is None else image.digest
    device = Device(machine, network, digest, tables_of(image), **how)
    return Bare(LocalLink(device), network, machine.counters(), digest, tables_of(image), with_services(None))


class TestDrivenDigital(contract.TestDigital):
    """One core per population, behind registers."""

    def make(self) -> Substrate:
        return driven(super().make())


class TestDrivenDigitalSplit(contract.TestDigitalSplit):
    """Many cores, two threads, traces, behind registers whose counters wrap at 20 bits."""

    def make(self) -> Substrate:
        return driven(super().make(), counter_width=20)


class TestDrivenIdeal(contract.TestIdeal):
    """Real numbers behind registers."""

    def make(self) -> Substrate:
        return driven(super().make())


class TestDrivenIdealUntied(contract.TestIdealUntied):
    """Real numbers behind registers, weights of their own in both directions."""

    def make(self) -> Substrate:
        return driven(super().make())
