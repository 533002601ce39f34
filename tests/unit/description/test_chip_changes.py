"""A chip with values changed is the chip whose specification has those values."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.description import chip_from_toml, chip_text, read_chip, read_run, run_to_toml
from neurochip.description.chip_changes import changed, chip_with, known_changes, merged, present, why_unused
from neurochip.description.run import RunSpec
from neurochip.errors import ConfigError
from neurochip.files import parse_toml
from neurochip.sweep.effective import effective


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "core.neurons": st.integers(1, 4096),
            "core.synapse_memory": st.sampled_from(["64 KiB", "1000 bit", "2 MiB"]),
            "mesh.width": st.integers(1, 16),
            "packet.routing": st.sampled_from(["unicast", "multicast"]),
            "timing.clock": st.sampled_from(["100 MHz", "1.5 GHz"]),
            "timing.fifo_depth": st.integers(1, 64),
            "timing.barrier_cycles": st.integers(0, 100),
            "weights.max_bits": st.integers(2, 16),
        },
    )
)
def test_as_if_the_specification_said_so(values: dict[str, object]) -> None:
    text = chip_text("cmos45")
    for key, value in values.items():
        section, name = key.split(".")
        lines = text.split(f"[{section}]\n", 1)
        head, _, rest = lines[1].partition("\n[")
        written = f'"{value}"' if isinstance(value, str) else str(value)
        entries = [
            f"{name} = {written}" if line.startswith(f"{name} = ") else line for line in head.splitlines()
        ]
        text = lines[0] + f"[{section}]\n" + "\n".join(entries) + "\n[" + rest
    wanted = chip_from_toml(text, "cmos45.toml")
    found = changed(read_chip("cmos45"), [f"{key} = {value}" for key, value in values.items()])
    for section in ("mesh", "core", "weights", "packet", "timing", "energies"):
        assert getattr(found, section) == getattr(wanted, section)


def test_names_say_what_is_changed() -> None:
    chip = chip_with("loihi", ["energies.synaptic_op = 10 pJ", "mesh.width = 4"])
    assert chip.name == "loihi (energies.synaptic_op = 10 pJ, mesh.width = 4)"
    assert chip.energies.name == "loihi (energies.synaptic_op = 10 pJ)"
    assert chip.energies.joules("synaptic_op") == 1e-11
    assert read_chip("loihi").energies.joules("synaptic_op") == 23.6e-12  # the chip itself stays
    assert present(chip, "mesh.width") == 4
    assert present(chip, "energies.synaptic_op") == 1e-11


def test_a_plain_number_is_in_si_units() -> None:
    assert chip_with("loihi", ["energies.synaptic_op = 1e-11"]).energies.joules("synaptic_op") == 1e-11
    chip = chip_with("loihi", ["timing.clock = 2e8", "core.synapse_memory = 4096"])
    assert chip.timing is not None and chip.timing.clock == 2e8
    assert chip.core.synapse_memory == 4096


def test_bits_leave_integers_alone() -> None:
    weights = chip_with("cmos45", ["weights.bits = 4"]).weights
    assert (weights.floats, weights.min_bits, weights.max_bits) == ((), 2, 4)
    assert chip_with("cmos45", ["weights.bits = 1"]).weights.min_bits == 1


def test_the_later_change_counts() -> None:
    assert merged(["core.neurons = 1"], ["mesh.width = 2", "core.neurons=3"]) == (
        "core.neurons = 3",
        "mesh.width = 2",
    )


def test_a_run_carries_its_changes() -> None:
    run = read_run("mnist-small", ["timing=cycle", "chip.core.neurons=128", "chip.timing.clock=1 GHz"])
    assert run.specification.core.neurons == 128
    again = RunSpec.from_dict(parse_toml(run_to_toml(run), "run.toml"))
    assert again == run
    assert "chip_changes" not in run_to_toml(read_run("mnist-small"))
    other = read_run("mnist-small", ["chip.core.neurons=128", "chip=loihi", "network.precision=int8"])
    assert other.specification.name == "loihi (core.neurons = 128)"


@pytest.mark.parametrize(
    ("change", "place", "problem"),
    [
        ("chip.core.neurns=1", "--set chip.core.neurns", "did you mean 'core.neurons'?"),
        ("chip.core.neurons=0", "--set chip.core.neurons", "must be at least 1"),
        ("chip.core.neurons=many", "--set chip.core.neurons", "expected an integer"),
        ("chip.prices.packet_out=1 pJ", "--set chip.prices.packet_out", "is now `chip.energies.packet_out`"),
        ("chip.energies.packet_out=-1 pJ", "--set chip.energies.packet_out", "must not be negative"),
        ("chip.energies.packet_out=5 ns", "--set chip.energies.packet_out", "expected an energy"),
        ("chip.energies.spike_out=5 pJ", "--set chip.energies.spike_out", "is built from operations"),
        ("chip.weights.max_bits=1", "--set chip.weights", "must not exceed"),
        ("chip.mesh.width=100000000", "--set chip.mesh", "make width, height"),
    ],
)
def test_what_cannot_be(change: str, place: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_run("mnist-small", [change])
    assert problem in error.value.problem
    assert place in error.value.place or place.removeprefix("--set ") in error.value.place


def test_a_chip_without_clock_or_energies_has_none_to_change() -> None:
    for change in ("timing.clock = 1 GHz", "energies.packet_out = 1 pJ"):
        with pytest.raises(ConfigError, match="cannot be changed"):
            chip_with("ideal-bits", [change])
    assert chip_with("ideal-bits", ["core.neurons = 7"]).core.neurons == 7


def test_every_key_is_known_once() -> None:
    keys = known_changes()
    assert len(keys) == len(set(keys))
    assert {f"mesh.{field.name}" for field in dataclasses.fields(read_chip("loihi").mesh)} <= set(keys)


def test_membranes_are_for_networks_of_other_tools() -> None:
    """A run that learns does not notice them, so it refuses them."""
    assert "networks of other tools" in str(why_unused("membranes.bits", "cycle", learns=True))
    assert why_unused("membranes.bits", "cycle") is None
    assert why_unused("core.neurons", "cycle", learns=True) is None
    used = effective(read_run("mnist-small", ["chip.core.neurons=300"]))
    assert used["chip_changes"] == ["core.neurons = 300"]


def test_a_substrate_without_cores_takes_nothing_of_the_chip_but_its_energies() -> None:
    """A word that does nothing is refused as any other such word is; energies cost the baseline on every substrate."""
    for substrate in ("ideal", "analog"):
        for change in ("core.neurons=9", "timing.clock=1 MHz", "packet.routing=multicast"):
            with pytest.raises(ConfigError) as refused:
                read_run("stripes", [f"substrate={substrate}", f"chip.{change}"])
            assert str(refused.value) == (
                f'--set chip.{change.partition("=")[0]}: has no effect with substrate = "{substrate}", which has no '
                "cores; leave it out"
            )
        read_run("stripes", [f"substrate={substrate}", "chip.energies.op.mul.float32=1 pJ"])


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            ["chip.timing.clock=1 GHz"],
            '--set chip.timing.clock: has no effect with timing = "tick", which knows no cycles',
        ),
        (["chip.energies.core_static=1 mW"], "--set chip.energies.core_static: has no effect with timing"),
        (
            ["timing=analytic", "chip.timing.fifo_depth=1"],
            "--set chip.timing.fifo_depth: has no effect with timing",
        ),
        (["chip.membranes.bits=8"], "--set chip.membranes.bits: is for networks of other tools"),
    ],
)
def test_a_change_that_plays_no_part_is_refused(overrides: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_run("stripes", overrides)
    assert str(refused.value).startswith(sentence)


def test_what_a_file_changes_goes_where_an_override_takes_its_effect(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    run = read_run("stripes", ["timing=cycle", "chip.timing.fifo_depth=1", "chip.core.neurons=9"])
    file.write_text(run_to_toml(run), encoding="utf-8")
    assert read_run(str(file)).chip_changes == ("core.neurons = 9", "timing.fifo_depth = 1")
    assert read_run(str(file), ["timing=analytic"]).chip_changes == ("core.neurons = 9",)
    assert read_run(str(file), timing="tick").chip_changes == ("core.neurons = 9",)
    file.write_text(run_to_toml(run).replace('timing = "cycle"', 'timing = "tick"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="chip.timing.fifo_depth: has no effect with timing"):
        read_run(str(file))
