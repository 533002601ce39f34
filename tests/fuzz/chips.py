"""What describes a chip, fuzzed: runs and specifications, dies and lists of devices, placements, programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.written import written

__all__ = [
    "catalogue",
    "device_lists",
    "die",
    "placements",
    "programs",
    "read_chip",
    "read_device_list",
    "read_die",
    "read_placement",
    "read_program",
    "read_run",
]


def catalogue(shelf: str) -> list[bytes]:
    from neurochip.description import chip_text, chips, run_text, runs

    names, text = (runs(), run_text) if shelf == "runs" else (chips(), chip_text)
    return [text(name).encode() for name, _ in names]


def read_run(path: Path) -> Any:
    from neurochip import description

    return description.read_run(str(path))


def read_chip(path: Path) -> Any:
    from neurochip import description

    return description.read_chip(str(path)), description.read_energies(str(path))


def die() -> list[bytes]:
    from neurochip.analog.die_file import write_die
    from neurochip.analog.drawing import draw_die
    from neurochip.description.die.circuit import AnalogSpec
    from neurochip.network import layered

    return [written(lambda path: write_die(path, draw_die(layered((4, 3, 2)), AnalogSpec())))]


def read_die(path: Path) -> Any:
    from neurochip.analog import die_file

    return die_file.read_die(path)


def device_lists() -> list[bytes]:
    return [
        b"kind,layer,neuron,from,to,pre,post,value\nneuron_gain,1,2,,,,,1.1\nsynapse_gain,,,0,1,3,2,0.9\n"
        b"time_constant,2,1,,,,,1.5\nsynapse_offset,,,1,2,0,1,0.25\n"
    ]


def read_device_list(path: Path) -> Any:
    from neurochip.analog import die_file
    from neurochip.network import layered

    return die_file.read_die(path, layered((4, 3, 2)))


def placements() -> list[bytes]:
    from neurochip.compile.placement_file import placement_text

    cores = [np.array([3, 3, 3, 4, 4]), np.array([0, 1, 2])]
    return [
        placement_text(("input", "hidden"), cores).encode(),
        b"group,neurons,core\nhidden,0 - 2,7\ninput,0-4,7\n",
    ]


def read_placement(path: Path) -> Any:
    from neurochip.compile import placement_file

    return placement_file.read_placement(path, ("input", "hidden"), (5, 3))


def programs() -> list[bytes]:
    import firmware_sim.programs as shelf
    from firmware_sim.assembler import assemble
    from firmware_sim.programs import NAMES

    texts = [(Path(shelf.__file__).parent / f"{name}.asm").read_bytes() for name in NAMES]
    return [*texts, *(assemble(text.decode()).to_bytes() for text in texts)]


def read_program(path: Path) -> Any:
    from firmware_sim import assembler

    return assembler.disassemble(assembler.read_program(path))
