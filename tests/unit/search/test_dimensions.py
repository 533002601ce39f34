from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.description import read_run
from neurochip.errors import ConfigError
from neurochip.search.dimensions import Choice, Range, present_value, read_dimension


def test_forms() -> None:
    assert read_dimension("learning.beta=0.1:1") == Range("learning.beta", 0.1, 1.0)
    assert read_dimension("a.b=1e-3:1:log") == Range("a.b", 1e-3, 1.0, log=True)
    assert read_dimension("phases.free = 20:100:int:log") == Range(
        "phases.free", 20, 100, log=True, whole=True
    )
    assert read_dimension("network.precision=int4, int8") == Choice("network.precision", ("int4", "int8"))


@given(
    low=st.floats(1e-6, 1e3),
    factor=st.floats(1.5, 1e3),
    log=st.booleans(),
)
def test_words_read_back(low: float, factor: float, log: bool) -> None:
    made = Range("x.y", low, low * factor, log=log)
    assert read_dimension(made.words()) == made
    choice = Choice("x", ("a", "b"))
    assert read_dimension(choice.words()) == choice


FORM = "must have the form key=low:high, key=low:high:log, key=low:high:int, or key=a,b,c"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning.beta", f"--vary learning.beta: {FORM}"),
        ("=0:1", f"--vary =0:1: {FORM}"),
        ("k=0:one", f"--vary k=0:one: {FORM}"),
        ("k=0:1:5", f"--vary k=0:1:5: {FORM}"),
        ("k=1:0", "--vary k: must go from a number to a larger one, got 1:0"),
        ("k=nan:1", "--vary k: must go from a number to a larger one, got nan:1"),
        ("k=0:1:log", "--vary k: is logarithmic and must begin above 0, got 0"),
        ("k=0.5:3:int", "--vary k: must begin and end at whole numbers, got 0.5:3"),
        ("k=a", "--vary k: must name two or more different values, got a"),
        ("k=a,a", "--vary k: must name two or more different values, got a,a"),
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
    assert present_value(run, read_dimension("no.such.key=0:1")) is None
