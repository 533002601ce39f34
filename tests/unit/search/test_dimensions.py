from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.description import read_run
from neurochip.errors import ConfigError
from neurochip.search.dimensions import Choice, Range, present_value, read_dimension


def test_forms() -> None:
    assert read_dimension("learning.beta=0.1:1") == Range("learning.beta", 0.1, 1.0)
    assert read_dimension("phases.free=20:100") == Range("phases.free", 20, 100, whole=True)
    assert read_dimension("learning.beta=0:1:3") == Choice("learning.beta", ("0", "0.5", "1"))
    for text in ("learning.beta=1e-3:1:log", "learning.beta=.001:1.0:log"):
        assert read_dimension(text) == Range("learning.beta", 1e-3, 1.0, log=True)
    for text in ("phases.free = 20:100:int:log", "phases.free=20:100:log:int", "phases.free=20:100:log"):
        assert read_dimension(text) == Range("phases.free", 20, 100, log=True, whole=True)
    assert read_dimension("network.precision=int4, int8") == Choice("network.precision", ("int4", "int8"))


@given(
    low=st.floats(1e-6, 1e3),
    factor=st.floats(1.5, 1e3),
    log=st.booleans(),
)
def test_words_read_back(low: float, factor: float, log: bool) -> None:
    made = Range("learning.beta", low, low * factor, log=log)
    assert read_dimension(made.words()) == made
    choice = Choice("data.set", ("a", "b"))
    assert read_dimension(choice.words()) == choice


KEY = "must have the form key.path=values, e.g. learning.beta=0.1:1:10"
FORM = "must be START:STOP or START:STOP:COUNT, with :log or :int after it if wanted, got"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning.beta", f"--vary learning.beta: {KEY}"),
        ("=0:1", f"--vary =0:1: {KEY}"),
        ("learning.beta=0:one", f"--vary learning.beta: {FORM} 0:one"),
        ("learning.beta=0:1:lin", f"--vary learning.beta: {FORM} 0:1:lin"),
        ("learning.beta=0:1:5:5", f"--vary learning.beta: {FORM} 0:1:5:5"),
        ("learning.beta=1:0", "--vary learning.beta: must go from a number to a larger one, got 1:0"),
        ("learning.beta=1:1", "--vary learning.beta: must go from one number to another, got 1:1"),
        ("learning.beta=nan:1", f"--vary learning.beta: {FORM} nan:1"),
        (
            "learning.beta=0:1:log",
            "--vary learning.beta: must be positive at both ends of a log range, got 0:1",
        ),
        (
            "phases.free=0.5:3",
            "--vary phases.free: takes whole numbers, and 0.5:3 does not begin and end at such",
        ),
        ("data.set=a", "--vary data.set: must name two or more different values, got a"),
        ("data.set=a,a", "--vary data.set: has the value a twice"),
        (
            "network.tied=0:1",
            "--vary network.tied: is not a number; list its values with commas instead of START:STOP:COUNT",
        ),
        ("learning.betta=0:1", "--vary learning.betta: unknown key; did you mean 'beta'?"),
    ],
)
def test_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_dimension(text)
    assert str(refused.value) == words


def test_present_value() -> None:
    run = read_run("mnist-small")
    assert present_value(run, read_dimension("coding.annealer.nu_bar=0.001:1:log")) == 0.0346
    assert present_value(run, read_dimension("coding.annealer.nu_bar=0.1:1")) is None
    assert present_value(run, read_dimension("network.precision=float32,int8")) == "float32"
    assert present_value(run, Range("no.such.key", 0, 1)) is None
