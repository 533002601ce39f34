"""The summary in a terminal."""

import io

import pytest
from rich.console import Console

from neurochip.report import print_summary, utilisation_table
from neurochip.report.document import document
from tests.unit.report.fake_record import fake_record, interrupted


def shown(record, width=100):
    console = Console(width=width, file=io.StringIO())
    print_summary(document(record), console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    "arguments",
    [
        ("mnist-small",),
        ("mnist-small", "phases.reference=opposite"),
        ("mnist-small", "chip=loihi", "network.precision=int8"),
        ("mnist-small", "chip=ideal-bits"),
        ("mnist-continuous",),
        ("convergence",),
    ],
    ids=" ".join,
)
def test_at_most_forty_lines(arguments, width):
    text = shown(fake_record(*arguments), width)
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= width


def test_what_it_says():
    record = fake_record()
    text = shown(record)
    assert f"{100 * record.epochs[-1].test_error:.2f} %" in text
    assert "2.1× fewer" in text
    assert "µJ per sample (cmos45)" in text
    assert "cmos45: 7 of 64 cores; fullest: core 0 (input), neurons 77 %" in text
    assert "annealer" in text


def test_a_run_that_was_stopped_says_so():
    assert "2 (stopped early)" in shown(interrupted(fake_record()))


def test_names_are_not_markup():
    record = fake_record()
    table = document(record)
    table["chip"]["name"] = "[bold]mine[/nonsense]"
    table["energy_j"]["energy_table"] = "[red]mine[/nonsense]"
    console = Console(width=120, file=io.StringIO())
    print_summary(table, console)
    assert "[bold]mine[/nonsense]" in console.file.getvalue()
    assert "[red]mine[/nonsense]" in console.file.getvalue()


def test_utilisation_table():
    record = fake_record()
    console = Console(width=80, file=io.StringIO())
    console.print(utilisation_table(record.layout, record.chip))
    lines = console.file.getvalue().splitlines()
    assert lines[0].strip() == "7 of 64 cores of cmos45"
    assert any("hidden 125–249" in line and "388 KiB" in line and "76 %" in line for line in lines)
    bits = fake_record(chip="ideal-bits")
    console.print(utilisation_table(bits.layout, bits.chip))
    assert "1.51 MiB" in console.file.getvalue() or "1.52 MiB" in console.file.getvalue()
