"""A file of SANA-FE is taken as it stands, or refused: nothing is cut off, and no range stands for its first."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurochip.description.sanafe.chip import import_chip
from neurochip.description.sanafe.importing import ImportedSanafe, import_sanafe
from neurochip.errors import NeurochipError

ARCH = (Path(__file__).parents[2] / "golden" / "sanafe_files" / "arch.yaml").read_text(encoding="utf-8")
EDGE = "in -> out: [type: dense, weight: [1, 1, 1, 1, 1, 1, 1, 1]]"
NET = f"""network:
  name: small
  groups:
    - name: in
      neurons:
        - 0..3: [soma_hw_name: 'play[0]', spikes: [1, 0, 1]]
    - name: out
      attributes: [soma_hw_name: lif, threshold: 2.0]
      neurons:
        - 0..1: []
  edges:
    - {EDGE}
mappings:
  - in: [core: 0.0]
  - out: [core: 1.1]
"""


def network(folder: Path, text: str, name: str = "net.yaml") -> ImportedSanafe:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / "arch.yaml").write_text(ARCH, encoding="utf-8")
    return import_sanafe(folder / name, folder / "arch.yaml")


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (EDGE, "in.0..3 -> out.0: [weight: 1]", "must be one number, got '0..3'; write one for each"),
        (EDGE, "in -> out: [type: sparse, source_target_pairs: [[0..3, 0]], weight: [1]]", "must be one number"),
        ("core: 0.0", "core: 0.0..1", "mappings[0].in.core: must be one number, got '0..1'"),
        ("core: 0.0", "core: 3", "mappings[0].in.core: must be TILE.CORE, got '3'"),
        ("threshold: 2.0", "threshold: 2.0, refractory_delay: 2.7",
         "out.0.refractory_delay: must be a whole number from 0, got '2.7'"),
        ("threshold: 2.0", "threshold: 2.0, refractory_delay: -3",
         "out.0.refractory_delay: must be a whole number from 0, got '-3'"),
        ("spikes: [1, 0, 1]", "spikes: [1, 0.5, 1]", "in.0.spikes: must be 0 and 1, got '0.5'"),
        (EDGE, "in -> out: [type: conv2d, input_width: 2.5, weight: [1]]",
         "input_width: must be a whole number from 1, got '2.5'"),
    ],
)  # fmt: skip
def test_networks(tmp_path: Path, before: str, after: str, sentence: str) -> None:
    network(tmp_path, NET)
    assert before in NET
    with pytest.raises(NeurochipError) as refused:
        network(tmp_path, NET.replace(before, after))
    assert sentence in str(refused.value)


@pytest.mark.parametrize("line", ["e 0.0..1->1.0 weight=1", "& 1.0@0.0..1", "g 0..3 soma_hw_name=lif"])
def test_netlists(tmp_path: Path, line: str) -> None:
    lines = "g 2 soma_hw_name=play\ng 2 soma_hw_name=lif\ne 0.0->1.0 weight=1\n"
    network(tmp_path, lines, "net.net")
    with pytest.raises(NeurochipError, match=r"line 4: must be one number, got '0\.\.[13]'"):
        network(tmp_path, lines + line + "\n", "net.net")


def test_groups_keep_apart_whatever_they_are_called(tmp_path: Path) -> None:
    groups = (
        "    - {name: a, attributes: [soma_hw_name: lif, reset_mode: soft, threshold: 1], neurons: [0: []]}\n"
    )
    groups += "    - {name: a.soft, attributes: [soma_hw_name: lif, threshold: 1], neurons: [0: []]}\n"
    groups += "    - {name: inputs, attributes: [soma_hw_name: lif, threshold: 1], neurons: [0: []]}\n"
    made = network(tmp_path, NET.replace("  edges:\n", groups + "  edges:\n")).network
    assert [(g.name, g.size, g.reset) for g in made.groups] == [
        ("inputs", 4, "value"),
        ("out", 2, "value"),
        ("a.soft", 1, "subtract"),
        ("a.soft_", 1, "value"),
        ("inputs_", 1, "value"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("width: 3", "width: 2.7", "architecture.width: must be a whole number from 1, got '2.7'"),
        ("width: 3, ", "", "architecture.width: is missing"),
        (
            "max_neurons_supported: 64",
            "max_neurons_supported: 10.5",
            "must be a whole number from 1, got '10.5'",
        ),
        (
            "link_buffer_size: 8",
            "link_buffer_size: 0",
            "link_buffer_size: must be a whole number from 1, got '0'",
        ),
        (
            "link_buffer_size: 8",
            "link_buffer_size: 2.5",
            "link_buffer_size: must be a whole number from 1, got '2.5'",
        ),
    ],
)
def test_architectures(tmp_path: Path, before: str, after: str, sentence: str) -> None:
    file = tmp_path / "arch.yaml"
    file.write_text(ARCH.replace(before, after), encoding="utf-8")
    with pytest.raises(NeurochipError) as refused:
        import_chip(file, "14 nm")
    assert sentence in str(refused.value)


def test_what_a_file_leaves_out_or_has_no_cycles_for_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "arch.yaml"
    text = ARCH.replace("        energy_east_hop: 2.75e-12\n", "").replace("5.0e-9}", "5.4e-9}")
    file.write_text(text.replace(", max_neurons_supported: 64", ""), encoding="utf-8")
    notes = import_chip(file, "14 nm").notes
    assert "not in the file, and 0 here: tile: energy_east_hop" in notes
    assert "max_neurons_supported is not in the file, and 1024 here" in notes
    assert "architecture.latency_sync is 5.4 ns, 5 cycles here" in notes
    file.write_text(ARCH, encoding="utf-8")
    assert not any("not in the file" in note for note in import_chip(file, "14 nm").notes)
