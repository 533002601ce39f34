"""Every rule on every substrate: what the tables say is what was measured, and what was measured was learning."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from neurochip import simulate
from neurochip.papers import rules_on_substrates as table
from neurochip.papers.controls import beats
from neurochip.papers.rules_on_substrates import RULES, SEEDS, SUBSTRATES, Cell, cell, outcome, sets_of

ROOT = Path(__file__).resolve().parents[2]
TIED = "equilibrium propagation, tied"
BITS = "equilibrium propagation, untied, only bits cross"


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, str], Cell]:
    """What was measured last: ``python -m neurochip.papers.rules_on_substrates docs/rules.json``."""
    return table.from_json((ROOT / "docs" / "rules.json").read_text(encoding="utf-8"))


def test_the_tables_are_not_stale(cells: dict[tuple[str, str], Cell]) -> None:
    assert set(cells) == {(rule, substrate) for rule in RULES for substrate in SUBSTRATES}
    for page, text in (
        ("docs/rules.md", table.markdown(cells)),
        ("docs/results/rules.md", table.markdown(cells, figures=True)),
    ):
        assert text in (ROOT / page).read_text(encoding="utf-8"), f"{page} is stale: put in\n{text}"


def test_what_was_measured_has_seeds_and_figures(cells: dict[tuple[str, str], Cell]) -> None:
    for name, found in cells.items():
        if found.status == "refused":
            assert found.accuracy == found.frozen == (), name
            continue
        assert len(found.accuracy) == len(found.frozen) == len(SEEDS) >= 5, name
        assert all(0 <= a <= 1 for a in (*found.accuracy, *found.frozen)), name
        # No output layer solves the task by itself.
        assert sum(found.frozen) / len(SEEDS) < 0.85, name


@pytest.mark.parametrize("substrate", ["cores"])
def test_a_cell_is_what_was_measured(cells: dict[tuple[str, str], Cell], substrate: str) -> None:
    """Figures are compared, and not words alone: other processors may round a few samples otherwise."""
    for rule in (BITS, "rate of change, untied, only bits cross"):
        found, kept = cell(rule, substrate), cells[rule, substrate]
        assert found.status == kept.status == "learns"
        for now, then in zip((*found.accuracy, *found.frozen), (*kept.accuracy, *kept.frozen), strict=True):
            assert math.isclose(now, then, abs_tol=0.02)


@pytest.mark.parametrize(
    ("rule", "control"),
    [(TIED, "frozen"), (TIED, "reversed"), (BITS, "shuffled")],
    ids=["frozen", "reversed", "shuffled"],
)
def test_spoilt_hidden_updates_do_not_learn(rule: str, control: Any) -> None:
    """The negative controls of the table: each cell could have come out so."""
    found = outcome(sets_of(rule, "cores"), "cores", control=control)
    assert found.status == "runs", found


def test_reversed_updates_are_random_feedback_of_the_other_sign() -> None:
    """Why `reversed` is a control of tied weights alone: with feedback of its own it learns, and must."""
    found = outcome(sets_of("random feedback", "cores"), "cores", control="reversed")
    assert found.status == "learns", found


def test_a_cell_is_a_command() -> None:
    """``neurochip simulate stripes`` with the words of a row and a column gives that cell."""
    rule = "delta rule, untied, only bits cross"
    assert table.command(rule, "cores") == (
        "neurochip simulate stripes --set learning.rule=delta --set network.tied=false --set learning.pre=trace "
        "--set phases.reference=parallel"
    )
    record = simulate("stripes", overrides=sets_of(rule, "cores"), seed=2, write=False).record
    assert 1.0 - (record.epochs[-1].test_error or 0.0) == table.trained(sets_of(rule, "cores"), "cores", 2)
    assert table.command(TIED, "two-compartment cores") == (
        "neurochip simulate stripes --set neuron.kind=two-compartment --set neuron.rate=60 --set phases.free=300 "
        "--set phases.nudged=200 --set phases.reference=parallel"
    )


def test_three_standard_errors_over_five_seeds() -> None:
    frozen = (0.5,) * 5
    assert beats((0.6, 0.7, 0.65, 0.7, 0.6), frozen)
    assert not beats((0.4, 0.3, 0.35, 0.3, 0.4), frozen)
    assert not beats((0.5, 0.9, 0.5, 0.5, 0.5), frozen)
    assert not beats(frozen, frozen)
    with pytest.raises(ValueError, match="five at least"):
        beats((0.9,) * 4, (0.1,) * 4)


def test_what_was_measured_with_other_settings_is_refused(cells: dict[tuple[str, str], Cell]) -> None:
    text = table.to_json(cells)
    assert table.from_json(text) == cells
    with pytest.raises(ValueError, match="was measured with"):
        table.from_json(text.replace("learning.pre=trace", "learning.pre=oracle"))


@pytest.mark.slow
def test_every_cell_is_what_was_measured(cells: dict[tuple[str, str], Cell]) -> None:
    for (rule, substrate), kept in cells.items():
        found = cell(rule, substrate)
        assert (found.status, found.reason) == (kept.status, kept.reason), (rule, substrate, found, kept)
