"""The device's file: weights, counters, registers, program, banks, slots and the session. Samples are not kept."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from firmware_sim.banks import Bank
from firmware_sim.codes import FirmwareError, Refusal
from firmware_sim.container import bytes_of, read_sections, section_parts
from firmware_sim.counting import counter_arrays, counters_from, times_of, with_times
from firmware_sim.device import Device
from firmware_sim.image import array_section, image_parts, read_array, read_image
from firmware_sim.phases import State
from firmware_sim.program import decoded, verify
from firmware_sim.session import Session
from neurochip.durable.atomic import replacing
from neurochip.files import Foreign, decode_json, read_bytes
from neurochip.substrate import Snapshot

__all__ = ["Store"]

_MAGIC = b"NCST"


class Store:
    """A file that a device is restored from when it is started again.

    Parameters
    ----------
    path
        Replaced in one step at every SAVE.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.token: str | None = (
            None  # of the device, for a host that comes back; known once it was read or is set
        )

    def write(self, session: Session) -> None:
        """Write device and session as they are, between presentations."""
        device = session.device
        operations = device.operations
        numbers: dict[str, Any] = {
            "digest": operations.digest,
            "token": session.token,
            "access": self.token,
            "executed": session.executed,
            "request_crc": session.request_crc,
            "registers": device.registers.dump(),
            "sequencer": device.sequencer.dump(),
            "verified": device.sequencer.program is not None,
            "loaded": operations.state is not State.RESET,
            "updates": operations.machine.updates,
            "slots": {
                str(k): [snapshot.tick, snapshot.ran, int(state), list(snapshot.arrays)]
                for k, (snapshot, state) in operations.slots.items()
            },
            "rule": operations.rule_text.decode(),
            "banks": {
                str(k): [[[kind, layer] for kind, layer in moment] for moment in bank.moments]
                for k, bank in operations.banks.items()
            },
        }
        present, counts, shared = counter_arrays(operations.counters())
        arrays: dict[str, Any] = {
            "PHASES": present,
            "COUNTS": counts,
            "SHARED": shared,
            "TIMES": times_of(operations.counters()),
            "PROGRAM": device.memory,
        }
        for k, (snapshot, _) in operations.slots.items():
            arrays |= {f"S{k}.{i}": array for i, array in enumerate(snapshot.arrays.values())}
        latched = [a for bank in operations.banks.values() for m in bank.moments for a in m.values()]
        arrays |= {f"M{i}": array for i, array in enumerate(latched)}
        sections = [array_section(name, array) for name, array in arrays.items()]
        sections.append(("STATE", [json.dumps(numbers).encode()]))
        sections.append(("ANSWER", [b"".join(bytes_of(part) for part in session.last)]))
        if numbers["loaded"]:
            image = image_parts(operations.digest, {}, operations.machine.parameters())
            sections.append(("IMAGE", [b"".join(bytes_of(part) for part in image)]))
        with replacing(self.path) as file:
            for part in section_parts(_MAGIC, sections):
                file.write(bytes_of(part))

    def read(self, device: Device) -> Session | None:
        """Put a device back to where it was saved; `None` when there is no file yet.

        Raises
        ------
        FirmwareError
            When the file is damaged, or of another chip.
        """
        if not self.path.exists():
            return None
        file = Foreign(self.path, "the state of a device", "remove it to begin anew", error=FirmwareError)
        content = read_bytes(file)
        with file.guarded():
            try:
                sections = read_sections(_MAGIC, memoryview(content))
                numbers = decode_json(bytes(sections["STATE"]), file, dict[str, Any], "STATE")
                return self._restore(device, sections, numbers)
            except Refusal as refusal:
                raise FirmwareError(str(self.path), refusal.about, refusal.code) from None

    def _restore(self, device: Device, sections: dict[str, memoryview], numbers: dict[str, Any]) -> Session:
        operations = device.operations
        if numbers["digest"] != operations.digest:
            raise FirmwareError(
                str(self.path), "is the state of another chip; serve its run, or remove the file"
            )
        device.reset()
        counters = counters_from(
            operations.counters(),
            read_array(sections, "PHASES"),
            read_array(sections, "COUNTS"),
            read_array(sections, "SHARED"),
        )
        operations.take_up(with_times(counters, read_array(sections, "TIMES")), numbers["updates"])
        if numbers["loaded"]:
            operations.machine.load(read_image(sections["IMAGE"], operations.digest, None))
            operations.state = State.LOADED
        device.registers.restore(numbers["registers"])
        device.sequencer.restore(numbers["sequencer"])
        device.memory[:] = read_array(sections, "PROGRAM")
        if numbers["verified"]:
            program = tuple(decoded(device.memory[: 2 * device.program_length]))
            verify(program)
            device.sequencer.program = program
        for k, (tick, ran, state, names) in numbers["slots"].items():
            kept = {name: read_array(sections, f"S{k}.{i}") for i, name in enumerate(names)}
            operations.slots[int(k)] = (Snapshot(tick, ran, kept), State(state))
        self.token = None if numbers["access"] is None else str(numbers["access"])
        operations.set_rule(numbers["rule"].encode())
        latched = itertools.count()
        for k, moments in numbers["banks"].items():
            bank = operations.banks[int(k)] = Bank()
            for moment in moments:
                bank.mark()
                for kind, layer in moment:
                    bank.observe(kind, layer, read_array(sections, f"M{next(latched)}"))
        session = Session(device, numbers["token"], self.write)
        session.executed, session.request_crc = numbers["executed"], numbers["request_crc"]
        session.last = [np.frombuffer(sections["ANSWER"], dtype=np.uint8)]
        return session
