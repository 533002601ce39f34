"""Exactly once: what a device does with frames that are repeated, reordered, damaged, or too much."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_sim.codes import Code, FirmwareError
from firmware_sim.container import bytes_of
from firmware_sim.frames import HEADER, MAGIC, VERSION, Frame, FrameError, FrameReader, Kind, frame_parts
from firmware_sim.regmap import Control, by_name
from firmware_sim.session import Session
from firmware_sim.store import Store
from firmware_sim.transaction import Transaction
from neurochip.substrate import Phase
from tests.unit.firmware.chips import bench, ideal_device, read


def wire(kind: Kind, sequence: int, transaction: Transaction) -> bytes:
    return b"".join(bytes_of(part) for part in frame_parts(kind, sequence, transaction.parts()))


def parse(data: Any) -> Frame:
    return FrameReader(io.BytesIO(data).readinto).read()


def answered(session: Session, data: bytes) -> Frame:
    answer = b"".join(bytes_of(part) for part in session.answer(parse(data)))
    return parse(answer)


def words(frame: Frame) -> list[int]:
    return np.frombuffer(frame.payload, "<u4").tolist()


def driven_session() -> tuple[Session, int]:
    """Return a session with a device whose instruction 5 is a ``halt``."""
    device, chip, net = bench()
    assert chip.program.instructions[1].op.name == "halt"
    return Session(device, 77), 1


def test_a_transaction_is_carried_out_once() -> None:
    session, at = driven_session()
    read(session.device, "PROGRAMS")
    start = Transaction().write(by_name("START"), at)
    first = answered(session, wire(Kind.TRANSACT, 1, start))
    assert (first.kind, words(first)[0]) == (Kind.ANSWER, Code.OK)
    for _ in range(3):
        again = answered(session, wire(Kind.TRANSACT, 1, Transaction().write(by_name("START"), at)))
        assert words(again) == words(first)
    assert read(session.device, "PROGRAMS") == [1]


def test_what_is_out_of_sequence_is_refused_by_name() -> None:
    session, at = driven_session()
    read(session.device, "PROGRAMS")
    for number in (0, 2, 5, 2**63):
        refused = answered(session, wire(Kind.TRANSACT, number, Transaction().write(by_name("START"), at)))
        assert (refused.kind, refused.code) == (Kind.REFUSED, Code.OUT_OF_SEQUENCE)
        assert struct.unpack("<Q", refused.payload) == (1,)
    answered(session, wire(Kind.TRANSACT, 1, Transaction().write(by_name("START"), at)))
    other = answered(session, wire(Kind.TRANSACT, 1, Transaction().write(by_name("RECORD"), 1)))
    assert (other.kind, other.code) == (Kind.REFUSED, Code.SEQUENCE_REUSED)
    assert read(session.device, "RECORD") == [0]
    assert read(session.device, "PROGRAMS") == [1]


def test_a_read_may_come_at_any_time_and_has_no_effect() -> None:
    session, at = driven_session()
    for number in (9, 9, 1):
        answer = answered(session, wire(Kind.READ, number, Transaction().read(by_name("MAGIC"))))
        assert (answer.kind, answer.sequence, words(answer)[2]) == (Kind.ANSWER, number, 0x3150434E)
    for transaction in (
        Transaction().write(by_name("RECORD"), 1),
        Transaction().read(by_name("PROGRAMS")),
        Transaction().drain(by_name("OUT"), 1),
        Transaction().read(by_name("MAGIC")).fill(by_name("INPUT"), np.zeros(1, "<u4")),
    ):
        refused = answered(session, wire(Kind.READ, 1, transaction))
        assert (refused.kind, refused.code) == (Kind.REFUSED, Code.NOT_IDEMPOTENT)
    assert session.executed == 0


@pytest.mark.parametrize("kind", [Kind.HELLO, Kind.WELCOME, Kind.ANSWER, Kind.REFUSED])
def test_kinds_that_make_no_sense_are_refused(kind: Kind) -> None:
    session, _ = driven_session()
    refused = answered(session, wire(kind, 1, Transaction()))
    assert (refused.kind, refused.code) == (Kind.REFUSED, Code.BAD_KIND)


def test_half_a_word_is_refused() -> None:
    session, _ = driven_session()
    data = b"".join(bytes_of(part) for part in frame_parts(Kind.TRANSACT, 1, [b"abc"]))
    assert answered(session, data).code == Code.BAD_PAYLOAD


def test_every_flipped_bit_is_noticed() -> None:
    whole = wire(Kind.TRANSACT, 3, Transaction().write(by_name("RECORD"), 1))
    assert parse(whole).sequence == 3
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises((FrameError, EOFError)):
            parse(bytes(damaged))
    for n in range(len(whole)):
        with pytest.raises(EOFError):
            parse(whole[:n])


def test_a_declared_length_allocates_nothing() -> None:
    def header(length: int) -> bytes:
        return HEADER.pack(MAGIC, VERSION, Kind.TRANSACT, 0, 1, length, 0)

    tracemalloc.start()
    try:
        with pytest.raises(FrameError) as caught:
            parse(header(2**32 - 1))
        assert caught.value.code is Code.TOO_LONG
        with pytest.raises(EOFError):
            parse(header(1 << 24) + b"x" * 1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("size", [0, 4, 65_508, 65_512, 65_516, 200_000, 5_000_000])
def test_frames_of_every_size_one_behind_the_other(size: int) -> None:
    body = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    data = b"".join(
        bytes_of(part)
        for k in (1, 2)
        for part in frame_parts(Kind.TRANSACT, k, [body[: size // 2], body[size // 2 :]])
    )
    stream = io.BytesIO(data)

    def in_bits(view: Any) -> int:
        return stream.readinto(view[: 1 + (stream.tell() * 7919) % 50_000])

    reader = FrameReader(in_bits)
    for k in (1, 2):
        frame = reader.read()
        assert (frame.sequence, bytes(frame.payload)) == (k, body)
    with pytest.raises(EOFError):
        reader.read()


def test_a_device_is_restored_from_its_file(tmp_path: Path) -> None:
    device, chip, net = bench(has_store=True)
    store = Store(tmp_path / "state")
    session = Session(device, 77, store.write)
    numbers = np.arange(2, dtype=np.uint64)
    chip.begin(net.x, numbers)
    chip.run(Phase.FREE, 5)
    chip.snapshot()
    save = Transaction().write(by_name("T"), 3).write(by_name("CONTROL"), Control.SAVE)
    answer = words(answered(session, wire(Kind.TRANSACT, 1, save)))
    other, _ = ideal_device(has_store=True)
    again = store.read(other)
    assert again is not None
    assert (again.token, again.executed) == (77, 1)
    # The answer that got lost with the device can still be had.
    repeated = Transaction().write(by_name("T"), 3).write(by_name("CONTROL"), Control.SAVE)
    assert words(answered(again, wire(Kind.TRANSACT, 1, repeated))) == answer
    for a, b in zip(
        device.operations.machine.parameters().weights,
        other.operations.machine.parameters().weights,
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    assert other.operations.counters().to_json() == device.operations.counters().to_json()
    assert other.registers.dump() == device.registers.dump()
    assert other.operations.slots[3][0].tick == 5
    assert (other.sequencer.program or ())[0].op.name == "load"

    whole = (tmp_path / "state").read_bytes()
    (tmp_path / "state").write_bytes(whole[:-30])
    with pytest.raises(FirmwareError, match="state: section ANSWER declares|state: .* bytes"):
        store.read(other)
    (tmp_path / "none").unlink(missing_ok=True)
    assert Store(tmp_path / "none").read(other) is None
