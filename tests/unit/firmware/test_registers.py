"""The map is sound, and each mode of access does what its name says."""

from __future__ import annotations

import pytest

from firmware_sim.codes import Code, Refusal
from firmware_sim.registers import RegisterFile, double_of, words_of
from firmware_sim.regmap import BITS, REGISTERS, Access, Register, check_map
from neurochip.errors import ConfigError


def register(name: str, offset: int, access: Access, **more: object) -> Register:
    return Register(name=name, offset=offset, access=access, doc="for a test", **more)  # type: ignore[arg-type]


def file(access: Access, **more: object) -> tuple[RegisterFile, Register]:
    one = register("ONE", 8, access, **more)
    return RegisterFile((one,)), one


def refused(action: object, *args: object, **more: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        action(*args, **more)  # type: ignore[operator]
    return caught.value


def test_the_map_has_every_mode_and_a_line_on_everything() -> None:
    assert len(REGISTERS) > 30
    assert {r.access for r in REGISTERS} == set(Access)
    assert all(r.doc and r.name.isupper() for r in REGISTERS)
    assert set(BITS) <= {r.name for r in REGISTERS}


def test_registers_must_not_overlap() -> None:
    pair = (register("LOW", 0, Access.RW, words=2), register("HIGH", 4, Access.RW))
    with pytest.raises(ConfigError) as caught:
        check_map(pair)
    assert str(caught.value) == "registers.HIGH: begins at 0x4, inside LOW, which ends at 0x8"
    with pytest.raises(ConfigError, match="registers.LOW: is there twice"):
        check_map((register("LOW", 0, Access.RW), register("LOW", 4, Access.RW)))


@pytest.mark.parametrize(
    "bad", [{"offset": 2}, {"offset": 1 << 16}, {"width": 0}, {"width": 33}, {"words": 0}, {"reset": (1, 2)}]
)
def test_a_register_checks_itself(bad: dict[str, object]) -> None:
    good: dict[str, object] = {"offset": 0}
    with pytest.raises(ConfigError, match="registers.ONE: must"):
        Register(name="ONE", access=Access.RW, doc="", **(good | bad))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="must have a reset value of 4 bits"):
        register("ONE", 0, Access.RW, width=4, reset=(16,))
    with pytest.raises(ConfigError, match="as it is the port of a queue"):
        register("ONE", 0, Access.RW, port="Q")


def test_r_is_only_read() -> None:
    made, one = file(Access.R, reset=(7,))
    assert made.read(8) == 7
    assert refused(made.check, 8, write=True, port=False).code is Code.NOT_WRITABLE
    made.write(8, 9)
    assert made.read(8) == 7
    made.put(one, 9)
    assert made.read(8) == 9


def test_w_is_only_written_and_does_something() -> None:
    made, _ = file(Access.W)
    seen: list[tuple[int, int]] = []
    made.on_write["ONE"] = lambda word, value: seen.append((word, value))
    assert refused(made.check, 8, write=False, port=False).code is Code.NOT_READABLE
    made.write(8, 5)
    assert seen == [(0, 5)]
    assert made.read(8) == 0


def test_rw_keeps_its_width() -> None:
    made, _ = file(Access.RW, width=4, reset=(3,))
    assert made.read(8) == 3
    made.write(8, 0xFF)
    assert made.read(8) == 0xF
    made.reset()
    assert made.read(8) == 3


def test_rc_is_cleared_by_reading() -> None:
    made, one = file(Access.RC)
    made.put(one, 6)
    assert (made.read(8), made.read(8)) == (6, 0)
    assert refused(made.check, 8, write=True, port=False).code is Code.NOT_WRITABLE


def test_w1c_is_cleared_where_a_one_is_written() -> None:
    made, one = file(Access.W1C)
    made.put(one, 0b111)
    made.write(8, 0b010)
    assert made.read(8) == 0b101


def test_what_is_no_register() -> None:
    made, _ = file(Access.RW)
    for offset in (0, 4, 9, 12, 0xFFFC):
        assert refused(made.at, offset).code is Code.NO_REGISTER
    assert refused(made.check, 8, write=False, port=True).code is Code.NOT_A_PORT


@pytest.mark.parametrize("value", [0.0, -0.0, 0.1, 1e-310, -1.5e300, float("inf")])
def test_doubles_cross_exactly(value: float) -> None:
    assert double_of(*words_of(value)).hex() == value.hex()
