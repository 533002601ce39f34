"""`neurochip runs` and `neurochip chips`."""

from __future__ import annotations

import tomllib

import pytest

from neurochip.description import chip_text, chips, read_chip, read_run, run_text, runs

from .conftest import Run, Workplace


def test_runs_lists_every_run(run: Run) -> None:
    result = run("runs")
    head, *rows = result.stdout.splitlines()
    assert (result.exit_code, head.split()) == (0, ["run", "substrate", "layers", "about"])
    assert [row.split(maxsplit=3) for row in rows] == [
        [name, (spec := read_run(name)).substrate, spec.network.title, about] for name, about in runs()
    ]


@pytest.mark.parametrize("name", [name for name, _ in runs()])
def test_runs_show_is_the_file_itself(run: Run, place: Workplace, name: str) -> None:
    result = run("runs", "show", name)
    assert (result.exit_code, result.stdout) == (0, run_text(name))
    tomllib.loads(result.stdout)


def test_an_unknown_run(run: Run) -> None:
    result = run("runs", "show", "mnst-small")
    assert (result.exit_code, result.stdout) == (2, "")
    known = ", ".join(name for name, _ in runs())
    assert result.stderr == (
        f"Error: run: no run 'mnst-small' in the catalogue ({known}); did you mean 'mnist-small'?\n"
    )


def test_chips_lists_every_chip(run: Run) -> None:
    result = run("chips")
    assert result.exit_code == 0
    for (name, about), row in zip(chips(), result.stdout.splitlines()[1:], strict=True):
        assert row.startswith(name)
        assert row.endswith(about)
        assert f" {read_chip(name).mesh.n_cores} " in row


@pytest.mark.parametrize("name", [name for name, _ in chips()])
def test_chips_show_gives_every_energy_its_source(run: Run, name: str) -> None:
    result = run("chips", "show", name)
    assert result.exit_code == 0
    table, _, sources = result.stdout.partition("\nSources\n")
    unfolded = " ".join(sources.split())
    rows = {row.split()[0]: row for row in table.splitlines() if row.strip()}
    for event, entry in read_chip(name).energies.energies.items():
        row = rows[event]
        mark = row.split()[-1]
        assert entry.evidence in row
        assert f"{mark} {entry.source}" in unfolded
    for key, origin in read_chip(name).provenance.items():
        mark = rows[key].split()[-1]
        assert f"{mark} {origin.source}" in unfolded


def test_chips_show_loihi(run: Run) -> None:
    lines = [" ".join(line.split()) for line in run("chips", "show", "loihi").stdout.splitlines()]
    assert "core.synapse_memory 1 048 576 bits architecture [2]" in lines
    assert "timing.clock 1 GHz pre-silicon [8]" in lines
    assert "timing.barrier_cycles 113 for 1 tile, 465 for 32 tiles pre-silicon [8]" in lines
    assert "synaptic_op 23.6 pJ pre-silicon per-event 14 nm 0.75 V [17]" in lines
    assert "weight_accumulation 120 pJ pre-silicon all-in: weight_write 14 nm 0.75 V [24]" in lines
    assert "Energy of a neuron update: published" in lines


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cmos45", "core c has a tile of its own, at x = c // 8, y = c % 8"),
        ("cmos45", "Cores 0 at (0, 0), 1 at (0, 1), 8 at (1, 0), 63 at (7, 7)."),
        ("loihi", "core c is on tile t = c // 4, at x = t // 4, y = t % 4"),
        ("loihi", "Cores 0 at (0, 0), 4 at (0, 1), 16 at (1, 0), 127 at (7, 3)."),
    ],
)
def test_chips_show_says_where_a_core_is(run: Run, name: str, words: str) -> None:
    assert words in " ".join(run("chips", "show", name).stdout.split())


def test_chips_show_without_limits_and_energies(run: Run) -> None:
    text = run("chips", "show", "ideal-bits").stdout
    assert "core.neurons              no limit\n" in text
    assert "No energies: a run on this chip counts bits, not joules.\n" in text


def test_chips_show_takes_a_file(run: Run, place: Workplace) -> None:
    specification = place.write("mine.toml", run("chips", "show", "cmos45", "--toml").stdout)
    assert specification.read_text(encoding="utf-8") == chip_text("cmos45")
    mine, original = run("chips", "show", specification), run("chips", "show", "cmos45")
    assert mine.exit_code == 0
    assert mine.stdout == original.stdout.replace("cmos45:", "mine:", 1)


def test_brackets_in_a_specification_are_no_markup(run: Run, place: Workplace) -> None:
    text = chip_text("cmos45").replace("one 64-bit access to an 8 KB axon table", "[/bold] :smile: [red]x")
    result = run("chips", "show", place.write("mine.toml", text))
    assert result.exit_code == 0
    assert "[/bold] :smile: [red]x" in result.stdout
