"""The strict reader: dotted paths, suggestions, types."""

import os
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from neurochip.description import read_chip, read_energies, read_run
from neurochip.description.toml_writer import write_toml
from neurochip.errors import ConfigError
from neurochip.files import parse_toml
from neurochip.keys.reading import Quantity, build, describe


@dataclass(frozen=True)
class Inner:
    energy: Annotated[float, Quantity("energy")]
    mode: Literal["one", "two"] = "one"


@dataclass(frozen=True)
class Outer:
    count: int
    share: float = 0.5
    flag: bool = False
    word: str = ""
    sizes: tuple[int, ...] = ()
    inner: Inner | None = None


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        build(Outer, parse_toml(text, "x.toml"), "outer")
    return str(refused.value)


def test_a_good_table():
    text = 'count = 3\nshare = 1\nflag = true\nsizes = [1, 2]\ninner = { energy = "2 pJ", mode = "two" }'
    assert build(Outer, parse_toml(text, "x.toml"), "") == Outer(
        3, 1.0, True, "", (1, 2), Inner(2e-12, "two")
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "outer.count: is missing"),
        ("count = 1\nshaer = 2.0", "outer.shaer: unknown key; did you mean 'share'?"),
        (
            "count = 1\nzzz = 2.0",
            "outer.zzz: unknown key; the keys here are count, share, flag, word, sizes, inner",
        ),
        ('count = "abc"', 'outer.count: expected an integer, got "abc"'),
        ("count = 1.0", "outer.count: expected an integer, got 1.0"),
        ("count = true", "outer.count: expected an integer, got true"),
        ("count = 1\nshare = false", "outer.share: expected a number, got false"),
        ("count = 1\nshare = nan", "outer.share: must be finite, got nan"),
        ("count = 1\nshare = -inf", "outer.share: must be finite, got -inf"),
        ("count = 1\nshare = 1" + "0" * 400, "outer.share: must be finite, got 1" + "0" * 56 + "..."),
        ("count = 1\nflag = 1", "outer.flag: expected true or false, got 1"),
        ("count = 1\nword = 2024-01-01", "outer.word: expected a string, got 2024-01-01"),
        ("count = 1\nsizes = 3", "outer.sizes: expected a list of integers, got 3"),
        ('count = 1\nsizes = [3, "x"]', 'outer.sizes[1]: expected an integer, got "x"'),
        ("count = 1\ninner = 3", "outer.inner: expected a table, got 3"),
        (
            "count = 1\n[inner]\nenergy = 3.0",
            'outer.inner.energy: has no unit: write an energy such as "35.5 pJ", got 3.0',
        ),
        (
            'count = 1\n[inner]\nenergy = "1 J"\nmode = "tow"',
            'outer.inner.mode: expected "one" or "two", got "tow"; did you mean \'two\'?',
        ),
    ],
)
def test_refusals(text, sentence):
    assert refusal(text) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = 1\nb = = 2", "x.toml: line 2, column 5: is not valid TOML: invalid value"),
        ("a = [1,\n2", "x.toml: line 2, column 2: is not valid TOML: unclosed array"),
        ("a = 1\na = 2", "x.toml: line 2, column 6: is not valid TOML: cannot overwrite a value"),
    ],
)
def test_syntax_errors_have_line_and_column(text, sentence):
    with pytest.raises(ConfigError) as refused:
        parse_toml(text, "x.toml")
    assert str(refused.value) == sentence


def test_files_that_cannot_be_read(tmp_path):
    for name, content, problem in (
        ("nowhere", None, "no such file"),
        ("latin", b'about = "\xe9t\xe9"', "is not UTF-8 text (byte 9 cannot be read)"),
        ("long", b"#" * (2 << 20), "has 2 MiB, and at most 1 MiB are read; this is not a TOML file"),
        (
            "digits",
            b"seed = " + b"1" * 5000,
            "is not valid TOML: exceeds the limit (4300 digits) for integer",
        ),
        ("dots", b"a." * 50_000 + b"a = 1", "line 1: has 50000 dots, too many to be read"),
    ):
        path = tmp_path / f"{name}.toml"
        if content is not None:
            path.write_bytes(content)
        for read in (read_run, read_chip, read_energies):
            with pytest.raises(ConfigError) as caught:
                read(str(path))
            assert str(caught.value).startswith(f"{path}: {problem}")
    for path, kind in ((tmp_path, "folder"), (tmp_path / "pipe.toml", "pipe")):
        if kind == "pipe":
            os.mkfifo(path)
        # The folder of a finished run names it: one without a run.toml does not.
        problem = "run.toml: no such file" if kind == "folder" else "is a pipe, and a regular file is needed"
        with pytest.raises(ConfigError, match=f"{problem}$"):
            read_run(str(path))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[.2,.1]", (0.2, 0.1)),
        ("[ -.2, +.1 ]", (-0.2, 0.1)),
        ("[1., 2.5]", (1.0, 2.5)),
        ("[1.e-3, .5e-1]", None),
        ("[.2, .x]", None),
        ("[..2, 1]", None),
    ],
)
def test_numbers_of_a_command_line(text, value):
    override = f"learning.rates={text}"
    if value is None or min(value) < 0:
        with pytest.raises(ConfigError, match=r"--set learning\.rates"):
            read_run("mnist-small", [override])
    else:
        assert read_run("mnist-small", [override]).learning.rates == value
    assert read_run("mnist-small", ["learning.beta=.25"]).learning.beta == 0.25
    assert read_run("mnist-small", ["learning.beta=-.25"]).learning.beta == -0.25


def test_values_are_described_as_written():
    assert describe([True, 'a"b', 2]) == '[true, "a\\"b", 2]'
    assert describe("x" * 90) == '"' + "x" * 56 + "..."
    assert describe({"a": 1}) == "a table"


def test_a_misspelt_dimension_in_a_schema_is_found_at_import():
    with pytest.raises(ValueError, match="no dimension 'enrgy'"):
        Quantity("enrgy")


def test_written_tables_read_back():
    table = {
        "name": 'a "quoted" \\ line\x7f\t',
        "seed": -3,
        "odd key": {"x": 1e-15, "flag": False, "list": [1, 2], "deep": {"k": {"v": 1.0}}, "empty": {}},
    }
    assert parse_toml(write_toml(table), "x.toml") == table


def test_nesting_without_end_is_refused():
    with pytest.raises(ConfigError) as refused:
        parse_toml("a = " + "[" * 100_000, "x.toml")
    assert str(refused.value) == "x.toml: is not valid TOML: its values are nested too deeply"


def test_what_toml_cannot_say_is_not_written():
    with pytest.raises(TypeError, match="TOML has no NoneType"):
        write_toml({"a": None})
