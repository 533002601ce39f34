"""Networks and an architecture in SANA-FE's own files, read and run here, against what SANA-FE computes of them
(`make_sanafe_files.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description.chip_reader import chip_from_toml
from neurochip.description.sanafe.chip import import_chip
from neurochip.description.sanafe.importing import import_sanafe
from neurochip.replays.spiking import run_spiking

FOLDER = Path(__file__).parent / "sanafe_files"
ARCH = FOLDER / "arch.yaml"
PARTS = {"synapse": "synapse", "network": "network", "neuron": "soma", "total": "total"}


def recorded(name: str) -> dict[str, Any]:
    with np.load((FOLDER / name).with_suffix(".npz")) as stored:
        return dict(stored)


def arch_of(place: Path, name: str, **changes: str) -> Path:
    """Write the architecture of a network: of the one with delays, the buffer of a step is in the dendrite."""
    text = ARCH.read_text()
    if name == "layers.yaml":
        text = text.replace("buffer_position: soma", "buffer_position: dendrite, buffer_inside_unit: true")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = place / "arch.yaml"
    path.write_text(text)
    return path


def run_of(net: Path, arch: Path) -> tuple[Any, Any]:
    made = import_sanafe(net, arch)
    assert made.placement is not None
    ticks = 80
    spikes = np.zeros((ticks, made.spikes.shape[1]), np.uint8)
    spikes[: len(made.spikes)] = made.spikes
    chip = chip_from_toml(import_chip(arch, "14 nm").toml)
    return made, run_spiking(made.network, spikes, chip, made.placement).replay


def wrong_spikes(of: dict[str, Any], made: Any, run: Any) -> int:
    groups = {group.name.partition(".")[0]: k for k, group in enumerate(made.network.groups)}
    wrong = 0
    for key in (key for key in of if key.startswith("size.")):
        name = key.removeprefix("size.")
        bits = np.unpackbits(of[f"spikes.{name}"], axis=1)[:, : int(of[key])]
        assert bits.any()
        wrong += int((run.spikes[groups.get(name, 0)] != bits).sum())
    return wrong


@pytest.mark.parametrize("name", ["layers.yaml", "maps.yaml", "lines.net"])
def test_spikes_counts_and_energy(tmp_path: Path, name: str) -> None:
    of = recorded(name)
    made, run = run_of(FOLDER / name, arch_of(tmp_path, name))
    assert not [note for note in made.notes if "may differ" in note]
    assert wrong_spikes(of, made, run) == 0
    assert run.counters.packets == of["packets"]
    np.testing.assert_array_equal(run.counters.per_tick["sops"], of["synaptic_events"])
    np.testing.assert_array_equal(run.counters.per_tick["hops"], of["hops"])
    for category, part in PARTS.items():
        assert run.energy_j[category] == pytest.approx(of[f"energy.{part}"], rel=1e-9)


def test_neurons_that_rest_fire_when_they_do(tmp_path: Path) -> None:
    of = recorded("resting.net")
    made, run = run_of(FOLDER / "resting.net", arch_of(tmp_path, "resting.net"))
    assert wrong_spikes(of, made, run) == 0
    assert run.counters.packets == of["packets"]
    assert any("rests" in note for note in made.notes)
    made, run = run_of(FOLDER / "lines.net", arch_of(tmp_path, "lines.net"))
    assert wrong_spikes(of, made, run) > 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("threshold: 4.5", "threshold: 5.5"),
        ("delay: 1", "delay: 0"),
        ("reset_mode: soft", "reset_mode: hard"),
    ],
)
def test_another_network_fires_otherwise(tmp_path: Path, old: str, new: str) -> None:
    text = (FOLDER / "layers.yaml").read_text()
    assert old in text
    (tmp_path / "net.yaml").write_text(text.replace(old, new))
    made, run = run_of(tmp_path / "net.yaml", arch_of(tmp_path, "layers.yaml"))
    assert wrong_spikes(recorded("layers.yaml"), made, run) > 0


@pytest.mark.parametrize(
    "old", ["energy_process_spike: 21.0", "energy_north_hop: 3.25", "energy_spike_out: 55.0"]
)
def test_another_architecture_costs_otherwise(tmp_path: Path, old: str) -> None:
    _, run = run_of(FOLDER / "layers.yaml", arch_of(tmp_path, "layers.yaml", **{old: old + "5"}))
    assert run.energy_j["total"] != pytest.approx(recorded("layers.yaml")["energy.total"], rel=1e-9)


def test_another_place_makes_other_hops(tmp_path: Path) -> None:
    text = (FOLDER / "layers.yaml").read_text()
    (tmp_path / "net.yaml").write_text(text.replace("out: [core: 5.1]", "out: [core: 0.1]"))
    _, run = run_of(tmp_path / "net.yaml", arch_of(tmp_path, "layers.yaml"))
    assert run.counters.hops != recorded("layers.yaml")["hops"].sum()


def test_what_is_not_carried_over_is_listed(tmp_path: Path) -> None:
    text = (FOLDER / "layers.yaml").read_text()
    path = tmp_path / "net.yaml"
    path.write_text(
        text.replace("threshold: 12,", "threshold: 12, leak_decay: 0.9, input_decay: 0.5, taps: 3,")
    )
    notes = " ".join(import_sanafe(path, ARCH).notes)
    assert "multiples of 1/64" in notes
    assert "input_decay" in notes
    assert "taps" in notes
    assert "buffer before the soma" in notes
    assert "spare" in " ".join(import_chip(ARCH, "14 nm").notes)
