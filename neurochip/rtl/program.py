"""A controller's program on an exported chip: its Verilog over the bus, the emulator beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from neurochip.description import RunSpec, read_run
from neurochip.errors import CapabilityError, DataError
from neurochip.rtl.bus_map import BusFault
from neurochip.rtl.driven import DrivenVerilog
from neurochip.rtl.manifest import RUN, read_manifest
from neurochip.rtl.simulation import Bus
from neurochip.rtl.verify import SIMULATORS, Simulator, build_bench, simulator_of
from neurochip.runs.building import Built

__all__ = ["Driven", "driven_verilog"]


class Driven(NamedTuple):
    """The run of an exported chip, and what puts its Verilog in the place of the emulated machine.

    Attributes
    ----------
    spec
        The run.
    simulator
        Which of them it is.
    machine
        Of what was built for the run → the same with the Verilog as its machine.
    found
        Comparisons, what differed, cycles of ticks, and accesses of the bus, when the program is over.
    """

    spec: RunSpec
    simulator: Simulator
    machine: Callable[[Built], Built]
    found: Callable[[], tuple[int, list[str], int, int]]


@contextmanager
def driven_verilog(
    folder: Path | str,
    *,
    simulator: str = "",
    limit_s: float = 3600.0,
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[Driven]:
    """Build the bench of an exported chip that a host talks to, and start it.

    Parameters
    ----------
    folder
        Of `write_rtl`; nothing in it is changed.
    simulator, limit_s, told
        As of `neurochip.rtl.verify.verify`.

    Raises
    ------
    ConfigError
        When there is no simulator, or it is too old.
    DataError
        When the folder is no exported chip, its Verilog cannot be built, or the simulation ends before the program.
    """
    path = Path(folder)
    manifest, name = read_manifest(path), simulator_of(simulator)
    if not (path / RUN).is_file():
        raise DataError(str(path), f"has no {RUN}; export it again")
    spec = read_run(str(path / RUN))
    with tempfile.TemporaryDirectory(prefix="neurochip-rtl-") as made:
        room = Path(made)
        told(f"building with {SIMULATORS[name]}")
        command = build_bench(name, path, room, on_bus=True)
        told("driving it by its registers")
        bus = Bus(command, room, path, limit_s)
        held: list[DrivenVerilog] = []

        def machine(built: Built) -> Built:
            if built.image is None:
                raise CapabilityError("substrate", 'must be "digital"')
            held.append(
                DrivenVerilog(
                    built.substrate,
                    built.image,
                    bus,
                    seed=spec.seed,
                    lanes=manifest["lanes"],
                    samples=manifest["samples"],
                    meshed=manifest["meshed"],
                )
            )
            return built._replace(substrate=held[-1])  # type: ignore[arg-type]

        def found() -> tuple[int, list[str], int, int]:
            chip = held[-1]
            faults = bus.faults()
            differs = [
                *chip.comparison.mismatches,
                *([f"faults on the bus: {faults!r}"] if faults != BusFault(0) else []),
            ]
            return chip.comparison.compared, differs, chip.tick_cycles, bus.accesses

        try:
            yield Driven(spec, name, machine, found)
        finally:
            bus.close()
