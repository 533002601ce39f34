"""A specification to begin with: complete, read as it is; and what is missing of one is said all at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from neurochip.description import RunSpec, chips, read_chip, read_run
from neurochip.description.chip_reader import SECTIONS, chip_from_toml
from neurochip.description.chip_template import chip_template
from neurochip.description.events import EVENTS
from neurochip.errors import ConfigError

NAMES = [name for name, _ in chips()]


@pytest.mark.parametrize("like", NAMES)
def test_it_is_read_as_it_is(like: str) -> None:
    """The values are those of the chip that it is like, and every one says that it is a placeholder."""
    made, base = chip_from_toml(chip_template("mine", like), "mine.toml"), read_chip(like)
    for section in ("mesh", "core", "weights", "packet", "timing"):
        assert getattr(made, section) == getattr(base, section)
    assert made.name == "mine" and made.energies.neuron_energy == base.energies.neuron_energy
    assert {event: entry.value_j for event, entry in made.energies.energies.items()} == {
        event: entry.value_j for event, entry in base.energies.energies.items()
    }
    sources = [found.source for key, found in made.provenance.items()]
    sources += [entry.source for entry in made.energies.energies.values()]
    assert sources and all("placeholder" in source or like in source for source in sources[:3])


def test_every_key_and_event_is_there() -> None:
    text = chip_template("mine")
    for section, cls in SECTIONS.items():
        assert f"[{section}]" in text
        for field in dataclasses.fields(cls):
            assert f"\n{field.name} = " in text or f"\n# {field.name} =\n" in text, field.name
    for event, known in EVENTS.items():
        assert f"[energies.{event}]" in text and known.about in text
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_a_comment_says_unit_and_meaning() -> None:
    assert "# Axon look-up of a packet received. [cycles]\ncycles_per_packet_in = 1\n" in chip_template(
        "mine"
    )


def test_what_is_missing_is_said_all_at_once() -> None:
    """From nothing to a specification in two looks: what is missing, then the energies that a run needs."""
    with pytest.raises(ConfigError) as refused:
        chip_from_toml("[mesh]\nwidth = 4\nsource = 'mine'\nevidence = 'estimated'", "mine.toml")
    said = str(refused.value)
    assert said.startswith(
        "mine.toml: mesh.height: is missing, and so are mesh.cores_per_tile, core.neurons, "
    )
    needed = ("core.synapse_memory", "packet.header_bits", "packet.routing", "timing.clock", "timing.fifo_depth",
              "timing.barrier_cycles", "weights.source", "timing.evidence", "neuron_energy")  # fmt: skip
    assert all(key in said for key in needed) and "delay" not in said and "mesh.tiles" not in said


def test_energies_that_a_run_needs_are_said_all_at_once(tmp_path: Path) -> None:
    from neurochip.runs.building import build, check_energies

    text = chip_template("mine", "loihi")
    for event in ("packet_out", "hop_ew", "neuron_update_active"):
        head, _, rest = text.partition(f"[energies.{event}]\n")
        text = (
            head + "# " + rest.partition("\n\n")[0].replace("\n", "\n# ") + "\n\n" + rest.partition("\n\n")[2]
        )
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    sets = ["network.layers=[16, 4, 2]", f"chip={tmp_path / 'mine.toml'}", "network.precision=int8"]
    run: RunSpec = read_run("stripes", sets)
    with pytest.raises(ConfigError) as refused:
        check_energies(run, build(run))
    said = str(refused.value)
    assert all(event in said for event in ("packet_out", "hop_ew", "neuron_update_active"))
    assert "is missing, and so are" in said and "the run has these events" in said
