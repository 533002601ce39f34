"""The strict reader: dotted paths, suggestions, types."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from neurochip.description.toml_writer import write_toml
from neurochip.errors import ConfigError
from neurochip.keys.reading import Quantity, build, describe, parse, read_text


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
        build(Outer, parse(text, "x.toml"), "outer")
    return str(refused.value)


def test_a_good_table():
    text = 'count = 3\nshare = 1\nflag = true\nsizes = [1, 2]\ninner = { energy = "2 pJ", mode = "two" }'
    assert build(Outer, parse(text, "x.toml"), "") == Outer(3, 1.0, True, "", (1, 2), Inner(2e-12, "two"))


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
        parse(text, "x.toml")
    assert str(refused.value) == sentence


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file$"):
        read_text(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b'about = "\xe9t\xe9"')
    with pytest.raises(ConfigError, match=r"latin\.toml: is not UTF-8 text \(byte 9 cannot be read\)$"):
        read_text(tmp_path / "latin.toml")
    with pytest.raises(ConfigError, match=r": cannot be read: Is a directory$"):
        read_text(tmp_path)


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
    assert parse(write_toml(table), "x.toml") == table


def test_nesting_without_end_is_refused():
    with pytest.raises(ConfigError) as refused:
        parse("a = " + "[" * 100_000, "x.toml")
    assert str(refused.value) == "x.toml: is not valid TOML: its values are nested too deeply"


def test_what_toml_cannot_say_is_not_written():
    with pytest.raises(TypeError, match="TOML has no NoneType"):
        write_toml({"a": None})
