"""How a key and its values are written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.errors import ConfigError
from neurochip.sweep.space import grid, grid_size, parse_axes, parse_axis


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("learning.beta=0:0.5:6", ("0", "0.1", "0.2", "0.3", "0.4", "0.5")),
        ("learning.beta=1:0.25:4", ("1", "0.75", "0.5", "0.25")),
        ("learning.beta=0.001:10:5log", ("0.001", "0.01", "0.1", "1", "10")),
        ("learning.beta=0.001:10:5:log", ("0.001", "0.01", "0.1", "1", "10")),
        ("learning.beta=1:3:3:int", ("1", "2", "3")),
        ("learning.beta=0.1,.5, 2", ("0.1", ".5", "2")),
        ("learning.beta=0.05,0.1:0.3:3", ("0.05", "0.1", "0.2", "0.3")),
        ("phases.free=20:100:5", ("20", "40", "60", "80", "100")),
        ("phases.free=1:100:3log", ("1", "10", "100")),
        ("network.precision=int4,int8,float32", ("int4", "int8", "float32")),
        ("network.layers=[784,100,10],[784, 200, 10]", ("[784,100,10]", "[784, 200, 10]")),
        (
            'coding.annealer={ kind = "osa", nu_bar = 0.03 },kesten',
            ('{ kind = "osa", nu_bar = 0.03 }', "kesten"),
        ),
        ("coding.decoder.lambda=0.1:0.3:3", ("0.1", "0.2", "0.3")),
        ("chip=C:/mine.toml,cmos45", ("C:/mine.toml", "cmos45")),
        ("network.tied=true", ("true",)),
    ],
)
def test_values(text: str, values: tuple[str, ...]) -> None:
    axis = parse_axis(text)
    assert (axis.key, axis.values) == (text.partition("=")[0], values)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "learning.beta",
            "--vary learning.beta: must have the form key.path=values, e.g. learning.beta=0.1:1:10",
        ),
        ("learning.beat=1", "--vary learning.beat: unknown key; did you mean 'beta'?"),
        (
            "network.precision=4:8:3",
            "--vary network.precision: is not a number; list its values with commas instead of START:STOP:COUNT",
        ),
        (
            "network.tied=0:1:2",
            "--vary network.tied: is not a number; list its values with commas instead of START:STOP:COUNT",
        ),
        (
            "learning.beta=0:x:3",
            "--vary learning.beta: must be START:STOP or START:STOP:COUNT, with :log or :int after it if wanted, "
            "got 0:x:3",
        ),
        ("learning.beta=0:1:1", "--vary learning.beta: must have 2 to 10000000 values in 0:1, got 1"),
        ("learning.beta=1:1:3", "--vary learning.beta: must go from one number to another, got 1:1"),
        (
            "learning.beta=0:1:3log",
            "--vary learning.beta: must be positive at both ends of a log range, got 0:1",
        ),
        ("phases.free=1:10:4log", "--vary phases.free: takes whole numbers, and 1:10:4 gives 2.15443"),
        ("phases.free=1:9", "--vary phases.free: must say how many values: START:STOP:COUNT, got 1:9"),
        ("learning.beta=1,,2", "--vary learning.beta: has an empty value between commas"),
        ("learning.beta=1,2,1", "--vary learning.beta: has the value 1 twice"),
    ],
)
def test_what_cannot_be(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_axis(text)
    assert str(caught.value) == sentence


def test_a_key_may_come_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_axes(["learning.beta=1,2", "learning.beta=3"])
    assert str(caught.value) == "--vary learning.beta: is given twice; list all its values in one"
    with pytest.raises(ConfigError) as caught:
        parse_axes([])
    assert str(caught.value).startswith("--vary: is missing; ")


def test_the_last_key_changes_fastest() -> None:
    axes = parse_axes(["learning.beta=1,2", "network.precision=int4,int8"])
    assert list(grid(axes)) == [("1", "int4"), ("1", "int8"), ("2", "int4"), ("2", "int8")]
    assert grid_size(axes) == 4


@given(
    first=st.floats(-1e6, 1e6),
    last=st.floats(-1e6, 1e6),
    n=st.integers(2, 30),
)
def test_a_range_has_its_ends_and_equal_steps(first: float, last: float, n: int) -> None:
    if math.isclose(first, last, rel_tol=1e-3, abs_tol=1e-3):
        return
    axis = parse_axis(f"learning.beta={first:f}:{last:f}:{n}")
    numbers = axis.numbers
    assert numbers is not None and len(numbers) == n
    step = (last - first) / (n - 1)
    for k, number in enumerate(numbers):
        assert math.isclose(number, first + k * step, rel_tol=1e-9, abs_tol=1e-5)


def test_a_range_that_does_not_say_how_many_has_five_values() -> None:
    axis = parse_axis("learning.beta=0.1:0.5")
    assert axis.values == ("0.1", "0.2", "0.3", "0.4", "0.5") and axis.is_continuous


@pytest.mark.parametrize(
    ("text", "is_continuous"),
    [
        ("analog.mismatch.sigma=0,0.1", True),
        ("analog.mismatch.sigma=0.1", False),
        ("phases.free=10,20", False),
        ("network.precision=int4,int8", False),
    ],
)
def test_between_which_values_there_are_others(text: str, is_continuous: bool) -> None:
    assert parse_axis(text).is_continuous is is_continuous
