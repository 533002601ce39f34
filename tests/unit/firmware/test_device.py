"""The chip side: programs stop where they must, faults stand until cleared, counters wrap, images are checked."""

from __future__ import annotations

import numpy as np
import pytest

from firmware_sim.assembler import assemble
from firmware_sim.codes import Code, FirmwareError, Refusal
from firmware_sim.container import bytes_of, write_sections
from firmware_sim.image import MAGIC, image_parts, read_image
from firmware_sim.phases import MOVES, State, moved
from firmware_sim.queues import block_of
from firmware_sim.regmap import Control, Fault, Irq, by_name
from firmware_sim.transaction import Transaction
from neurochip.errors import ConfigError, DataError
from neurochip.substrate import Counters, Observable, Phase
from tests.unit.firmware.chips import DIGEST, SIZES, bench, ideal_device, read, send

NUMBERS = np.arange(2, dtype=np.uint64)


REFUSED = [
    ("begin", 0, "QUEUE_EMPTY: INPUT holds 0 words, and 1 more were expected"),
    ("run free, 5", 0, "ILLEGAL_MOVE: run free is not legal in state loaded, only in begun, free"),
    (
        "snapshot s0",
        0,
        "ILLEGAL_MOVE: snapshot is not legal in state loaded, "
        "only in begun, free, nudged, nudged_negative, evaluation",
    ),
]
WITH_SAMPLES = [
    ("begin / read m0, last", 1, "EMPTY_BANK: m0: layer 2 was not observed into it"),
    ("begin / restore s0", 1, "EMPTY_SLOT: s0: no snapshot was taken into it"),
    (
        "begin / run evaluation, 3 / run free, 3",
        2,
        "ILLEGAL_MOVE: run free is not legal in state evaluation, only in begun, free",
    ),
    (
        "begin / targets / nudge + / run nudged, 2 / run free, 3",
        4,
        "ILLEGAL_MOVE: run free is not legal in state nudged, only in begun, free",
    ),
    ("begin / observe value, m0, 3", 1, "BAD_VALUE: layer 3: the network has layers 0 to 2"),
    (
        "begin / run free, 2 / observe value, m0, 1 / update m0, m0, m0, 1",
        3,
        "EMPTY_BANK: m0: an update needs all layers; observe all into it",
    ),
    (
        "begin / observe value, m0, all / update m0, m0, m0, 1",
        2,
        "ILLEGAL_MOVE: update is not legal in state begun, only in free, nudged, nudged_negative",
    ),
    (
        "begin / set c0, 60000 / L: set c1, 60000 / M: nop / djnz c1, M / djnz c0, L",
        4,
        "WATCHDOG: more than 100000 steps, which WATCHDOG allows",
    ),
    (
        "begin / set c0, 1000 / L: run free, 65535 / djnz c0, L",
        2,
        "WATCHDOG: more than 100000 steps, which WATCHDOG allows",
    ),
]


def stopped(text: str, *, samples: bool) -> tuple[str, list[str]]:
    """Return how a user's program is refused, and the text of its instructions."""
    device, chip, net = bench()
    if samples:
        chip.feed(net.x, NUMBERS, net.y)
    send(device, Transaction().write(by_name("WATCHDOG"), 100_000))
    program = assemble(text.replace(" / ", "\n") + "\nhalt\n", "p")
    chip.deliver(program)
    with pytest.raises(FirmwareError) as caught:
        chip.start_at(0)
    assert read(device, "FAULTS") == [0], "the driver clears what it has raised"
    assert read(device, "LEVELS") == [0, 0, 0, 0, 0]
    return str(caught.value), [" ".join(one.text().split()) for one in program.instructions]


@pytest.mark.parametrize(("text", "at", "problem"), REFUSED)
def test_a_program_is_refused_with_the_instruction(text: str, at: int, problem: str) -> None:
    said, listed = stopped(text, samples=False)
    assert said == f"p: instruction {at}, {listed[at]}: {problem}"


@pytest.mark.parametrize(("text", "at", "problem"), WITH_SAMPLES)
def test_a_program_with_samples_is_refused_with_the_instruction(text: str, at: int, problem: str) -> None:
    said, listed = stopped(text, samples=True)
    assert said == f"p: instruction {at}, {listed[at]}: {problem}"


def test_the_chips_own_errors_come_through_whole() -> None:
    _, chip, net = bench()
    with pytest.raises(DataError) as caught:
        chip.begin(net.x + 2, NUMBERS)
    assert str(caught.value) == "inputs: must lie in [0, 1] and be finite"
    chip.begin(net.x, NUMBERS)
    with pytest.raises(ConfigError) as config:
        chip.run(Phase.NUDGED, 3, beta=0.5, targets=net.y[:, 1:])
    assert str(config.value) == "targets: must have shape (2, 3), got (2, 2)"


def test_every_move_of_the_table_and_no_other() -> None:
    assert len(MOVES) > 20
    for action, allowed in MOVES.items():
        for state in State:
            if state in allowed:
                assert moved(state, action) in State
            else:
                with pytest.raises(Exception, match=f"ILLEGAL_MOVE: {action} is not legal in state"):
                    moved(state, action)


def test_a_program_that_was_written_over_must_be_verified_again() -> None:
    device, chip, _ = bench()
    send(
        device,
        Transaction().write(by_name("PROGRAM_ADDRESS"), 0).fill(by_name("PROGRAM"), np.zeros(2, "<u4")),
    )
    with pytest.raises(FirmwareError) as caught:
        chip.start_at(0)
    assert caught.value.code is Code.NOT_VERIFIED
    chip.deliver(chip.program)
    with pytest.raises(FirmwareError) as outside:
        chip.start_at(len(chip.program))
    assert outside.value.code is Code.BAD_ENTRY


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([0x7F, 0], Code.BAD_INSTRUCTION),
        ([0x01, 0], Code.JUMPS_OUT),
        ([0x02, 5], Code.JUMPS_OUT),
        ([0x04, 0, 0, 0], Code.BAD_INSTRUCTION),
        ([0x02, 0], Code.ENDLESS),
        ([0x100, 0], Code.BAD_INSTRUCTION),
    ],
)
def test_a_host_that_skips_the_assembler_is_refused_as_well(words: list[int], code: Code) -> None:
    device, _ = ideal_device()
    transaction = Transaction().write(by_name("PROGRAM_LENGTH"), max(1, len(words) // 2))
    if len(words) == 4:
        transaction = Transaction().write(by_name("PROGRAM_LENGTH"), 5000)
    send(
        device,
        transaction.fill(by_name("PROGRAM"), np.array(words, "<u4")).write(
            by_name("CONTROL"), Control.VERIFY
        ),
    )
    assert read(device, "FAULTS") == [Fault.ERROR]
    assert read(device, "ERROR_CODE") == [code]
    # While the fault stands nothing starts; cleared, an unverified program still does not.
    send(device, Transaction().write(by_name("START"), 0))
    assert read(device, "PROGRAMS") == [0]
    send(device, Transaction().write(by_name("FAULTS"), Fault.ERROR).write(by_name("START"), 0))
    assert read(device, "ERROR_CODE") == [Code.NOT_VERIFIED]


def test_interrupts_stand_until_cleared_and_are_told_when_enabled() -> None:
    device, chip, net = bench()
    assert read(device, "IRQ") == [Irq.DONE]
    answer = send(device, Transaction().write(by_name("IRQ_ENABLE"), Irq.DONE | Irq.ERROR))
    assert answer[1] == Irq.DONE
    answer = send(device, Transaction().write(by_name("IRQ"), Irq.DONE))
    assert (answer[1], read(device, "IRQ")) == (0, [0])
    chip.begin(net.x, NUMBERS)
    assert read(device, "IRQ") == [Irq.DONE]
    assert read(device, "PROGRAMS") == [2], "load and begin"
    assert read(device, "PROGRAMS") == [0], "reading clears it"


def test_a_full_queue_takes_nothing_and_says_so() -> None:
    device, _ = ideal_device(depth=64)
    target = by_name("TARGET")
    assert send(device, Transaction().fill(target, np.zeros(60, "<u4")))[0] == Code.OK
    assert (
        send(device, Transaction().write(by_name("RECORD"), 1).fill(target, np.zeros(5, "<u4")))[0]
        == Code.QUEUE_FULL
    )
    assert read(device, "LEVELS") == [0, 60, 0, 0, 0]
    assert read(device, "RECORD") == [0], "a transaction that is refused has changed nothing"
    assert read(device, "FAULTS") == [Fault.OVERFLOW]
    send(
        device,
        Transaction().write(by_name("FAULTS"), Fault.OVERFLOW).write(by_name("CONTROL"), Control.FLUSH),
    )
    assert read(device, "LEVELS") == [0, 0, 0, 0, 0]


def test_what_the_bus_refuses() -> None:
    device, _ = ideal_device()
    start, status, out, feed = (by_name(n) for n in ("START", "STATUS", "OUT", "INPUT"))
    cases = [
        (Transaction().read(start), Code.NOT_READABLE),
        (Transaction().write(status, 1), Code.NOT_WRITABLE),
        (Transaction().drain(status, 1), Code.NOT_A_PORT),
        (Transaction().write(feed, 1), Code.NOT_A_PORT),
        (Transaction().drain(out, 1 << 30), Code.ANSWER_TOO_LONG),
        (Transaction().read(by_name("MAGIC"), 0xFFFF), Code.NO_REGISTER),
        (Transaction().write(by_name("CONTROL"), Control.SAVE), Code.NO_STORE),
    ]
    for transaction, code in cases:
        assert send(device, transaction)[0] == code
    for words in ([1], [9, 1], [2 | 0xA0 << 16, 5, 0], [1 | 2 << 16, 1], [1, 0]):
        assert device.transact(np.array(words, "<u4"))[0][0] in (Code.BAD_OPERATION, Code.NO_REGISTER)


def test_counters_wrap_and_the_driver_makes_them_whole() -> None:
    wide, narrow = bench(counter_width=60), bench(counter_width=16)
    numbers = np.arange(200, dtype=np.uint64)
    for one in (wide, narrow):
        for _ in range(20):
            one.chip.begin(np.tile(one.net.x, (100, 1)), numbers)
            one.chip.run(Phase.FREE, 9)
    wide_counters, narrow_counters = wide.chip.counters(), narrow.chip.counters()
    assert narrow_counters.total("neuron_updates") == 20 * 200 * 8 * 9 > 4 * 65536
    assert narrow_counters.without_control().to_json() == wide_counters.without_control().to_json()
    assert read(narrow.device, "FAULTS") == [0]


def test_a_counter_that_moved_too_far_is_said_to_be_lost() -> None:
    _, chip, net = bench(counter_width=16)
    chip.begin(np.tile(net.x, (100, 1)), np.arange(200, dtype=np.uint64))
    with pytest.raises(FirmwareError) as caught:
        chip.run(Phase.FREE, 100)
    assert str(caught.value) == "device: COUNTER_OVERRUN stands in FAULTS: counts or words were lost"


def test_an_image_is_checked_section_by_section() -> None:
    _, chip, net = bench()
    whole = b"".join(bytes_of(part) for part in image_parts(DIGEST, {}, net.parameters))
    assert len(whole) > 400
    for k, weights in enumerate(read_image(memoryview(whole), DIGEST, {}).weights):
        np.testing.assert_array_equal(weights, net.parameters.weights[k])

    def refused(image: bytes) -> FirmwareError:
        head, body = block_of(np.frombuffer(image, np.uint8))
        with pytest.raises(FirmwareError) as caught:
            chip.start("load", before=Transaction().fill(by_name("DATA"), head, body), drains=False)
        return caught.value

    place = "services.asm: instruction 0, load: "
    newer = whole[:4] + (7).to_bytes(4, "little") + whole[8:]
    assert str(refused(newer)) == place + "NEWER_IMAGE: has version 7, and version 1 is read here"
    other = b"".join(bytes_of(part) for part in image_parts("ff" * 16, {}, net.parameters))
    assert refused(other).code is Code.OTHER_CHIP
    for at in range(0, len(whole), 11):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        # Padding between sections is not weighed.
        if is_whole(bytes(damaged)):
            continue
        assert refused(bytes(damaged)).code in (
            Code.IMAGE_CRC,
            Code.BAD_IMAGE,
            Code.NEWER_IMAGE,
            Code.OTHER_CHIP,
        )
    for n in range(0, len(whole), 37):
        assert refused(whole[:n]).code in (Code.BAD_IMAGE, Code.IMAGE_CRC)
    empty = block_of(np.frombuffer(write_sections(MAGIC, [("DIGEST", bytes.fromhex(DIGEST))]), np.uint8))
    with pytest.raises(ConfigError, match="weights: must have 2 forward matrices"):
        chip.start("load", before=Transaction().fill(by_name("DATA"), *empty), drains=False)
    held = chip.parameters()
    np.testing.assert_array_equal(held.weights[0], net.parameters.weights[0].astype(np.float32))


def is_whole(image: bytes) -> bool:
    try:
        read_image(memoryview(image), DIGEST, {})
    except Refusal:
        return False
    return True


def test_observing_reads_what_the_machine_holds() -> None:
    device, chip, net = bench()
    chip.begin(net.x, NUMBERS)
    chip.run(Phase.FREE, 7)
    for layer in range(len(SIZES)):
        np.testing.assert_array_equal(
            chip.observe(Observable.VALUE, layer), device.operations.machine.observe(Observable.VALUE, layer)
        )


def test_driving_is_counted_by_phase_and_starts_anew_with_a_reset() -> None:
    device, chip, net = bench()
    chip.begin(net.x, NUMBERS)
    chip.run(Phase.FREE, 7)
    first = chip.counters()
    assert first.control("bus_words", Phase.FREE) > net.x.size * 2
    assert first.control("link_bytes") >= 4 * first.control("bus_words")
    assert first.control("controller_cycles", Phase.LOADING) > 0
    assert Counters.from_json(first.to_json()).to_json() == first.to_json()
    device.reset()
    assert device.operations.counters().phases == {}
    assert read(device, "STATUS") == [0]
