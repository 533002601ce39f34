"""Small driven chips for tests."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from firmware_sim.device import Device
from firmware_sim.driver import DrivenChip
from firmware_sim.image import tables_of
from firmware_sim.local import LocalLink
from firmware_sim.program import Program
from firmware_sim.queues import WORD, Words
from firmware_sim.regmap import by_name
from firmware_sim.schedule import with_services
from firmware_sim.transaction import Transaction
from neurochip.description import CodingSpec
from neurochip.elements import Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import layered
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip

DIGEST = "00112233445566778899aabbccddeeff"
SIZES = (4, 5, 3)


class Bench(NamedTuple):
    """A device and what drives it."""

    device: Device
    chip: DrivenChip
    net: Net


def ideal_device(seed: int = 3, **how: Any) -> tuple[Device, Net]:
    """Return a device with a real-valued network: nothing to compile."""
    net = draw_net(seed, SIZES, batch=2)
    machine = IdealSubstrate(layered(SIZES), Constant(0.5), dtype=np.float32)
    return Device(machine, machine.network, DIGEST, **how), net


def digital_device(seed: int = 3, *, precision: str = "int8", **how: Any) -> tuple[Device, Net]:
    """Return a device with cores, tables, integer weights and traces: all of a compiled chip."""
    net = draw_net(seed, SIZES, batch=2, tied=False)
    machine = fast_chip(
        net, CodingSpec(), chip=small_chip(4), precision=precision, rounding="stochastic", traced=True
    )
    return Device(machine, machine.image.network, DIGEST, tables_of(machine.image), **how), net


def bench(schedule: Program | None = None, *, load: bool = True, **how: Any) -> Bench:
    """Return a driven chip in this process."""
    device, net = ideal_device(**how)
    machine = device.operations.machine
    chip = DrivenChip(
        LocalLink(device), device.operations.network, machine.counters(), DIGEST, {}, with_services(schedule)
    )
    if load:
        chip.load(net.parameters)
    return Bench(device, chip, net)


def send(device: Device, transaction: Transaction, *, idempotent: bool = False) -> Words:
    """Carry a transaction out; return the words of the answer."""
    parts = transaction.parts()
    payload = np.concatenate(parts) if parts else np.zeros(0, dtype=WORD)
    return np.concatenate(device.transact(payload, idempotent=idempotent))


def read(device: Device, name: str) -> list[int]:
    """Return the words of a register, as a host reads them."""
    return send(device, Transaction().read(by_name(name)))[2:].tolist()
