"""Measured dies as a population: found, read, refused where they were not measured alike, and planned one by one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.die_file import read_die, write_die
from neurochip.description import RunSpec, read_run
from neurochip.errors import CapabilityError, ConfigError, DataError, NeurochipError
from neurochip.network import layered
from neurochip.runs.dies import die_of_run
from neurochip.sweep.definition import Definition, define, parse_modes
from neurochip.sweep.measured import measured_dies, numbered_dies
from neurochip.sweep.plan import Planner, plan
from neurochip.sweep.space import parse_axes

SMALL = [
    "network.layers=[784, 3, 10]",
    "data.train=50",
    "data.test=40",
    "learning.epochs=1",
    "analog.diagnosed=0",
]
HEAD = "kind,layer,neuron,from,to,pre,post,value"
NETWORK = layered((784, 3, 10), tied=False)


def small(*overrides: str) -> RunSpec:
    return read_run("analog-mnist-small", [*SMALL, "analog.mismatch.sigma=0", *overrides])


def gains(values: Sequence[float], die: str | None = None, kind: str = "neuron_gain") -> list[str]:
    """Lines of a table: one value for each hidden neuron."""
    ending = "" if die is None else f",{die}"
    return [f"{kind},1,{neuron},,,,,{value}{ending}" for neuron, value in enumerate(values)]


def table(path: Path, *lines: str, head: str = HEAD) -> Path:
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def made(
    run: RunSpec, measured: Sequence[Path | str], *vary: str, modes: str = "deploy", **options: Any
) -> Definition:
    found = measured_dies([str(path) for path in measured])
    axes = parse_axes(vary) if vary else ()
    references = options.pop("references", options.get("seeds", 1))
    return define(run, axes, modes=parse_modes(modes), measured=found, references=references, **options)


def test_how_dies_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    for k in (1, 2):
        table(tmp_path / "m" / f"{k}.csv", *gains((1, 1, k)))
    many = table(
        tmp_path / "wafer.csv", *gains((1, 1, 3), "a7"), *gains((1, 1, 4), "b 1"), head=f"{HEAD},die"
    )
    one, two = str(tmp_path / "m" / "1.csv"), str(tmp_path / "m" / "2.csv")
    assert numbered_dies(["30", "m/*.csv"]) == (30, ["m/*.csv"]) and numbered_dies([7]) == (7, [])
    assert measured_dies(["m"]) == measured_dies(["m/*.csv"]) == measured_dies([one, two]) == (one, two)
    assert measured_dies(["wafer.csv"]) == (f"{many}#a7", f"{many}#b 1")
    assert measured_dies(["wafer.csv#b 1", "m/1.csv"]) == (f"{many}#b 1", one)
    gain = read_die(Path(f"{many}#b 1"), NETWORK).neuron_gain[0]
    np.testing.assert_array_equal(gain, [1, 1, 4])  # type: ignore[arg-type]
    refused: list[tuple[list[str], str]] = [
        (["x/*.csv"], "--dies x/*.csv: finds no die; name files that end in .h5, .hdf5, .csv, or how many"),
        (["m/1.csv", "m"], "--dies m: 1.csv is there twice; name each die once"),
    ]
    for names, sentence in refused:
        with pytest.raises(DataError) as caught:
            measured_dies(names)
        assert str(caught.value) == sentence
    with pytest.raises(ConfigError) as twice:
        numbered_dies(["3", "4"])
    assert str(twice.value) == "--dies: says twice how many are drawn, 3 and 4; say one number"


def test_a_die_of_a_table_has_to_be_named(tmp_path: Path) -> None:
    many = table(tmp_path / "w.csv", *gains((1, 1, 3), "a"), *gains((1, 1, 4), "b"), head=f"{HEAD},die")
    for name, problem in (
        (str(many), "holds 2 dies; name one of them as w.csv#NAME: a, b"),
        (f"{many}#c", "has no die 'c'; name one of them as w.csv#NAME: a, b"),
    ):
        with pytest.raises(DataError) as caught:
            read_die(Path(name), NETWORK)
        assert str(caught.value) == f"{many}: {problem}"


def test_units(tmp_path: Path) -> None:
    head = f"{HEAD},unit"
    lines = ["neuron_gain,1,0,,,,,93,%", "neuron_gain,1,1,,,,,1.1,1", "neuron_gain,1,2,,,,,100,%"]
    gain = read_die(table(tmp_path / "u.csv", *lines, head=head), NETWORK).neuron_gain[0]
    np.testing.assert_allclose(gain, [0.93, 1.1, 1.0])  # type: ignore[arg-type]
    for line, got in (
        ("neuron_gain,1,0,,,,,93,", "and this row has none"),
        ("neuron_gain,1,0,,,,,93,mV", "got 'mV'"),
    ):
        with pytest.raises(DataError) as caught:
            read_die(table(tmp_path / "bad.csv", line, head=head), NETWORK)
        assert str(caught.value) == (
            f"{tmp_path}/bad.csv: line 2: unit must be 1 (of the nominal value, or full scale) or %, {got}"
        )


@pytest.mark.parametrize("kind", ["neuron_gain", "time_constant", "saturation"])
def test_percent_without_a_unit_is_refused(kind: str, tmp_path: Path) -> None:
    """93 for 0.93 would be a chip that no one has; the same values with their unit are read, and so is 0.93."""
    lines = [f"{kind},1,{k},,,,,{value}" for k, value in enumerate((93, 104, 98))]
    with pytest.raises(DataError) as caught:
        read_die(table(tmp_path / "p.csv", *lines), NETWORK)
    assert str(caught.value) == (
        f"{tmp_path}/p.csv: names no units, and half of its {kind}s are 98 or more; add a column unit, 1 (of the "
        "nominal value) or %"
    )
    said = read_die(table(tmp_path / "u.csv", *[f"{line},%" for line in lines], head=f"{HEAD},unit"), NETWORK)
    shares = [f"{kind},1,{k},,,,,{value}" for k, value in enumerate((0.93, 1.04, 0.98))]
    plain = read_die(table(tmp_path / "s.csv", *shares), NETWORK)
    for family in ("neuron_gain", "rate", "saturation"):
        one, other = getattr(said, family)[0], getattr(plain, family)[0]
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_allclose(one, other)


def test_a_device_has_one_value(tmp_path: Path) -> None:
    path = table(tmp_path / "d.csv", "neuron_gain,1,0,,,,,0.9", "neuron_gain,1,0,,,,,1.1")
    with pytest.raises(DataError) as caught:
        read_die(path, NETWORK)
    assert (
        str(caught.value)
        == f"{path}: line 3: is the second neuron_gain of this device; leave one of them out"
    )


def test_dies_that_were_not_measured_alike(tmp_path: Path) -> None:
    good = table(tmp_path / "good.csv", *gains((1, 1.1, 0.9)))
    few = table(tmp_path / "few.csv", *gains((1, 1.1)))
    more = table(tmp_path / "more.csv", *gains((1, 1.1, 1.2)), *gains((0.1, 0, 0), kind="neuron_offset"))
    copy = table(tmp_path / "copy.csv", *gains((1, 1.1, 0.9)))
    unnamed = table(tmp_path / "unnamed.csv", *gains((1, 1, 1), ""), head=f"{HEAD},die")
    die, _, _ = die_of_run("analog-mnist-small", ["network.layers=[784, 4, 10]"])
    other = tmp_path / "other.h5"
    write_die(other, die)
    cases: list[tuple[list[Path], str]] = [
        ([good, few], f"{few}: lists 2 of the 3 devices of layer 1 as neuron_gain; give all of them, or none"),
        ([good, more], f"{good}: lists no neuron_offset of layer 1, and more.csv does; measure it, or leave one of "
         "them out"),
        ([more, good], f"{good}: lists no neuron_offset of layer 1, and more.csv does; measure it, or leave one of "
         "them out"),
        ([good, copy], f"{copy}: is the same die as good.csv; leave one of them out"),
        ([unnamed], f"{unnamed}: line 2: names no die; say which one the device is on"),
        ([good, other], f"{other}: holds a die for [784-4-10], the network is [784-3-10]"),
    ]  # fmt: skip
    for paths, sentence in cases:
        with pytest.raises(NeurochipError) as caught:
            Planner(made(small(), paths))
        assert str(caught.value) == sentence


def test_a_population_without_any_key(tmp_path: Path) -> None:
    paths = [table(tmp_path / f"{k}.csv", *gains((1, 1.1, k))) for k in (1, 2, 3)]
    definition = made(small(), paths, modes="ideal,deploy,in-loop", seeds=2)
    assert definition.points == 2 + 2 * 3 * 2 and definition.dies == 0
    found = plan(definition)
    assert found.ideal_is_nominal and len(found.settings) == 1
    assert [(p.die, p.seed) for p in found.points if p.mode == "deploy"] == [
        (die, seed) for die in (1, 2, 3) for seed in (1, 2)
    ]
    told = {
        (point.die, found.tasks[point.digest].run()["analog"]["die_file"])
        for point in found.points
        if point.mode != "ideal"
    }
    assert told == {(k, str(path)) for k, path in enumerate(paths, start=1)}
    for task in found.tasks.values():
        assert RunSpec.from_dict(task.run()).analog is not None
        assert task.setting.files.keys() == ({task.run()["analog"]["die_file"]} if not task.keep else set())
    assert Definition.from_json(definition.to_json()) == definition


def test_measured_dies_among_models(tmp_path: Path) -> None:
    paths = [table(tmp_path / f"{k}.csv", *gains((1, 1.1, k))) for k in (1, 2)]
    run = read_run("analog-mnist-small", [*SMALL, "analog.mismatch.sigma=0.1"])
    found = plan(made(run, paths, "analog.noise.read=0,0.1", dies=3))
    dies = {
        (point.die, found.tasks[point.digest].run()["analog"].get("die_file"), found.tasks[point.digest].die)
        for point in found.points
    }
    assert dies == {(1, None, 1), (2, None, 2), (3, None, 3), (4, str(paths[0]), 0), (5, str(paths[1]), 0)}
    assert len(found.points) == len(found.tasks) - 1 == 2 * 5


def test_what_a_measured_die_does_not_have(tmp_path: Path) -> None:
    paths = [table(tmp_path / f"{k}.csv", *gains((1, 1.1, k))) for k in (1, 2)]
    for dies in (None, 3):
        with pytest.raises(ConfigError) as caught:
            Planner(made(small(), paths, "analog.mismatch.sigma=0,0.1", dies=dies))
        assert str(caught.value) == (
            "--vary analog.mismatch.sigma: changes nothing on a measured die (1.csv): 0 and 0.1 give the same chip, "
            "data and training; vary a key that takes part in it"
        )
    with pytest.raises(CapabilityError) as refused:
        made(read_run("mnist-small"), paths, "learning.beta=0.1,0.2")
    assert str(refused.value) == "--dies: the digital substrate has no dies; repeat with --seeds"
    with pytest.raises(CapabilityError):
        made(small(), paths, f"analog.die_file={paths[0]},{paths[1]}")


def test_a_measured_die_that_changes_is_another_task(tmp_path: Path) -> None:
    path = table(tmp_path / "1.csv", *gains((1, 1.1, 2)))
    before = plan(made(small(), [path]))
    table(path, *gains((1, 1.1, 3)))
    after = plan(made(small(), [path]))
    assert {t.digest for t in before.tasks.values() if t.keep} == {
        t.digest for t in after.tasks.values() if t.keep
    }
    assert len(before.tasks.keys() & after.tasks.keys()) == 1
    assert before.identity[str(path)] != after.identity[str(path)]
