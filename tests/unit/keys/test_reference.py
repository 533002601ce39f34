"""docs/keys.md, `neurochip runs keys` and the fields say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from neurochip._cli.main import neurochip

from neurochip.description import RunSpec
from neurochip.description.key_reference import SECTION, key_page, key_rows
from neurochip.errors import ConfigError
from neurochip.keys.tree import known_keys

PAGE = Path(__file__).resolve().parents[3] / "docs" / "keys.md"


def test_the_page_is_that_of_the_code() -> None:
    """``python -m neurochip.description.key_reference docs`` makes it."""
    assert PAGE.read_text(encoding="utf-8") == key_page()


def test_every_key_is_described() -> None:
    rows = {row.path: row for row in key_rows()}
    for path, known in known_keys(RunSpec).items():
        assert known.key.about, f"{path} has no Key with a sentence about it"
        assert (rows[path].kind == SECTION) == known.is_section
    page = PAGE.read_text(encoding="utf-8")
    for path, row in rows.items():
        assert row.kind == SECTION or f"| `{path}` |" in page


def test_a_row_says_what_stands_on_the_field() -> None:
    [row] = key_rows("analog.mismatch.width_um")
    assert row.kind == "number, > 0, in µm" and row.default == "1.0"
    assert row.effect.startswith("with analog.mismatch.process")
    assert "drawn for a die" in row.about


def test_the_command_prints_what_begins_so() -> None:
    result = CliRunner().invoke(neurochip, ["runs", "keys", "analog.drift"], prog_name="neurochip")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == [
        "key",
        "analog.drift",
        "analog.drift.decay",
        "analog.drift.walk",
    ]


def test_a_prefix_that_nothing_begins_with() -> None:
    with pytest.raises(ConfigError) as caught:
        key_rows("analgo")
    assert str(caught.value) == "PREFIX: no key begins with \"analgo\"; did you mean 'analog'?"
