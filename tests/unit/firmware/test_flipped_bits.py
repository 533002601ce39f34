"""One flipped bit anywhere in an image of a chip, a program, the state of a device, a die: refused, by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.assembler import read_program
from firmware_sim.codes import FirmwareError, Refusal
from firmware_sim.image import read_image
from firmware_sim.programs import shipped
from firmware_sim.session import Session
from firmware_sim.store import Store
from firmware_sim.through import device_of, first_image
from neurochip.analog.die_file import read_die, write_die
from neurochip.analog.drawing import draw_die
from neurochip.description import RunSpec, read_run
from neurochip.description.die.circuit import AnalogSpec
from neurochip.errors import DataError
from neurochip.network import layered
from neurochip.runs.building import Built, build

SMALL = ["network.layers=[784, 1, 10]", "phases.free=4", "phases.nudged=2"]


@pytest.fixture(scope="module")
def chip() -> tuple[RunSpec, Built]:
    spec = read_run("mnist-small", SMALL)
    return spec, build(spec)


def flips(content: bytes, *, step: int = 1) -> Iterator[bytes]:
    """Return the content with one bit turned: each of the first 4096, then every ``step``-th."""
    for bit in (*range(min(4096, 8 * len(content))), *range(4096, 8 * len(content), step)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        yield bytes(damaged)


def test_an_image_of_a_chip(chip: tuple[RunSpec, Built]) -> None:
    device = device_of(*chip)
    whole = first_image(*chip)
    assert read_image(memoryview(whole), device.operations.digest, None).weights[0].shape == (784, 1)
    count = 0
    for damaged in flips(whole):
        with pytest.raises(Refusal) as caught:  # by a chip that takes any image, as its own state file
            read_image(memoryview(damaged), None, None)
        assert caught.value.about
        count += 1
    assert count == 8 * len(whole) > 25_000


def test_a_program(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    shipped("demo").save(path)
    whole = path.read_bytes()
    assert read_program(path).instructions == shipped("demo").instructions
    for damaged in flips(whole):
        path.write_bytes(damaged)
        with pytest.raises(FirmwareError) as caught:
            read_program(path)
        assert "a.bin" in caught.value.place


def test_the_state_of_a_device(chip: tuple[RunSpec, Built], tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    device = device_of(*chip, has_store=True)
    store.write(Session(device, 1, store.write))
    whole = store.path.read_bytes()
    assert store.read(device) is not None
    for damaged in flips(whole, step=211):
        store.path.write_bytes(damaged)
        with pytest.raises(FirmwareError) as caught:
            store.read(device)
        assert caught.value.place == str(store.path)


def test_a_die(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    write_die(path, draw_die(layered((4, 3, 2)), AnalogSpec()))
    whole = path.read_bytes()
    assert read_die(path).sizes == (4, 3, 2)
    for damaged in flips(whole, step=101):
        path.write_bytes(damaged)
        with pytest.raises(DataError) as caught:
            read_die(path)
        assert str(caught.value).startswith(f"{path}: ")
