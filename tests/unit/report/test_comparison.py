from __future__ import annotations

import math
from dataclasses import replace

import pytest

from neurochip.description import read_energies
from neurochip.errors import ConfigError
from neurochip.report.comparison import Comparison, Row, compare
from neurochip.report.comparison_page import comparison_page
from neurochip.report.document import document, recosted
from neurochip.report.schema import Document

from .fake_record import fake_record


def made(name: str = "mnist-small", **changes: object) -> Document:
    return document(replace(fake_record(name), **changes))  # type: ignore[arg-type]


def row(comparison: Comparison, key: str) -> Row:
    (found,) = [row for row in comparison.rows if row.key == key]
    return found


def test_the_values_are_those_of_the_documents() -> None:
    first, second = made(), made("mnist-continuous")
    comparison = compare([("spikes", first), ("words", second)])
    assert [run.name for run in comparison.runs] == ["spikes", "words"]
    assert row(comparison, "test_error").values == (
        first["result"]["test_error"],
        second["result"]["test_error"],
    )
    sent = row(comparison, "symbols_per_sample")
    assert sent.values == (first["bits"]["per_sample"]["symbols"], None)
    assert sent.words[1] == "–"
    packets = sum(first["counters"][phase]["packets"] for phase in ("free", "nudged"))
    assert row(comparison, "packets_per_sample").values[0] == packets / first["result"]["trained_samples"]


def test_ratios_are_to_the_first() -> None:
    first = made()
    slower = made(seconds=3 * first["time"]["seconds"])
    times = row(compare([("a", first), ("b", slower), ("c", first)]), "emulation_seconds")
    assert times.ratios == ("1", "× 3.00", "the same")


def test_energy_of_a_point_of_accuracy() -> None:
    first = made()
    each = row(compare([("a", first), ("b", first)]), "energy_per_point").values[0]
    training, error = first["energy_j"]["training"], first["result"]["test_error"]
    assert training is not None and error is not None and each is not None
    assert math.isclose(each * 100 * (0.9 - error), training)


def test_joules_of_different_lists_have_no_ratio() -> None:
    first = made()
    other = recosted(first, read_energies("loihi"))
    comparison = compare([("a", first), ("b", other)])
    assert not comparison.same_energies
    assert row(comparison, "energy_per_sample").ratios == ("1", "")
    assert row(comparison, "test_error").ratios == ("1", "the same")
    assert "what has an energy at all" in comparison.other_energies
    assert "joules have a ratio only where they do" in comparison_page(comparison)
    assert "joules have a ratio" not in comparison_page(compare([("a", first), ("b", first)]))


def test_one_run_is_no_comparison() -> None:
    with pytest.raises(ConfigError) as refused:
        compare([("a", made())])
    assert str(refused.value) == "compare: needs at least two runs, got 1; name another folder"


def test_names_are_text() -> None:
    page = comparison_page(compare([("<b>a</b>", made()), ("c", made())]))
    assert "<b>a</b>" not in page
    assert "&lt;b&gt;a&lt;/b&gt;" in page


def test_the_baselines_stand_beside_the_energy() -> None:
    first, second = made(), made("mnist-continuous")
    comparison = compare([("spikes", first), ("words", second)])
    chip, processor = first["energy_j"]["baseline"]["rows"]
    assert chip["per_sample"] and processor["per_sample"]
    assert row(comparison, "baseline_chip_energy_per_sample").values == (chip["per_sample"], None)
    assert row(comparison, "baseline_processor_energy_per_sample").values[0] == processor["per_sample"]
