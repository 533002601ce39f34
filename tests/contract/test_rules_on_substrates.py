"""Every rule on every substrate: the table of the README and of the results is what came out."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurochip.papers.rules_on_substrates import RULES, SUBSTRATES, Cell, cell, markdown

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, str], Cell]:
    return {(rule, substrate): cell(rule, substrate) for rule in RULES for substrate in SUBSTRATES}


def test_the_tables_are_not_stale(cells: dict[tuple[str, str], Cell]) -> None:
    assert len(cells) == len(RULES) * len(SUBSTRATES) >= 60
    table = markdown(cells)
    for page in ("README.md", "docs/results.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert table in text, (
            f"{page} is stale: put in what `python -m neurochip.papers.rules_on_substrates` prints"
        )


def test_what_has_to_work_works(cells: dict[tuple[str, str], Cell]) -> None:
    for rule, substrate in (
        ('the same, `pre = "trace"`: only bits cross', "cores"),
        ("contrastive Hebbian, untied, trace", "LIF cores, mismatch 0.2"),
        ("associative, from values", "analog die, mismatch 0.2"),
    ):
        assert cells[rule, substrate].status == "works", (rule, substrate, cells[rule, substrate])


def test_a_refusal_says_what_is_missing(cells: dict[tuple[str, str], Cell]) -> None:
    refused = {found.reason for found in cells.values() if found.status == "refused"}
    assert refused == {
        "needs trace, which the ideal substrate does not keep",
        "needs trace, which the analog substrate does not keep",
    }
