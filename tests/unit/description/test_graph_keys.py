"""Keys of one population or projection: by name, by number, in files' words; varied and searched like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurochip.description import read_run, run_to_toml
from neurochip.description.run_reader import apply_overrides, key_type
from neurochip.errors import ConfigError
from neurochip.search.dimensions import present_value, read_dimension
from neurochip.studies.search_plan import varied_run
from neurochip.sweep.definition import define
from neurochip.sweep.space import parse_axes

RUN = "stripes-graph"


def gains(*overrides: str) -> list[float]:
    return [p.gain for p in read_run(RUN, overrides).network.projections]


def test_one_projection_by_its_ends_or_its_number() -> None:
    assert gains() == [1.0, 1.0, 0.5, 1.0, 1.0]
    assert gains("network.projections.one-other.gain=0.25") == [1.0, 1.0, 0.25, 1.0, 1.0]
    assert gains("network.projections.5.gain=3", "network.projections.1.gain=.2") == [0.2, 1.0, 0.5, 1.0, 3.0]
    assert gains("network.projections.one-other.gain=") == [1.0] * 5
    run = read_run(RUN, ["network.projections.other-out.delay=7", "network.projections.3.feedback=own"])
    assert [p.delay for p in run.network.projections] == [1, 1, 1, 1, 7]
    assert run.network.projections[2].feedback == "own"
    assert read_run(RUN).network.projections[4].delay == 2  # the run itself stays


def test_what_connects_and_what_stands_there() -> None:
    run = read_run(
        RUN,
        [
            "network.projections.pixels-other.connectivity.density=0.25",
            "network.projections.pixels-one.connectivity.kind=sparse",
            "network.projections.pixels-one.connectivity.density=0.75",
            "network.populations.one.bias=-0.5",
            "network.populations.other.shape=[9]",
        ],
    )
    kinds = [p.connectivity for p in run.network.projections[:2]]
    assert kinds == [{"kind": "sparse", "density": 0.75}, {"kind": "sparse", "density": 0.25}]
    assert [(p.name, p.shape, p.bias) for p in run.network.populations[1:3]] == [
        ("one", (12,), -0.5),
        ("other", (9,), 0.0),
    ]


def test_neurons_of_one_population_begin_with_those_of_the_run() -> None:
    shown = ["neuron.kind=lif", "neuron.membrane=30", "network.populations.one.neuron.period=9"]
    neurons = {p.name: p.neuron for p in read_run(RUN, shown).network.populations}
    assert (neurons["one"].kind, neurons["one"].membrane, neurons["one"].period) == ("lif", 30.0, 9.0)
    assert neurons["other"] is None
    own = read_run(RUN, ["neuron=lif", "network.populations.out.neuron.kind=if"]).network.populations[3]
    assert own.neuron.kind == "if"


def test_names_with_dots_and_hyphens() -> None:
    names = ("in.1", "a-b", "c", "bias")
    table: dict[str, Any] = {
        "network": {
            "populations": [{"name": name, "shape": [2]} for name in names],
            "projections": [
                {"from": "in.1", "to": "a-b"},
                {"from": "a-b", "to": "c"},
                {"from": "a", "to": "b-c"},
                {"from": "c", "to": "bias"},
            ],
        }
    }
    made = apply_overrides(
        table,
        [
            "network.projections.in.1-a-b.gain=2",
            "network.populations.bias.bias=1",
            "network.populations.in.1.bias=3",
        ],
    )["network"]
    assert made["projections"][0]["gain"] == 2
    assert [p.get("bias") for p in made["populations"]] == [3, None, None, 1]
    with pytest.raises(ConfigError) as refused:
        apply_overrides(table, ["network.projections.a-b-c.gain=2"])
    assert str(refused.value) == (
        "--set network.projections.a-b-c.gain: a-b-c is the name of several; name one by its number, 2 and 3"
    )


@pytest.mark.parametrize(
    ("run", "override", "sentence"),
    [
        (RUN, "network.projections.one-othr.gain=2",
         "--set network.projections.one-othr.gain: there is no one-othr; did you mean 'one-other'?"),
        (RUN, "network.projections.9.gain=2",
         "--set network.projections.9.gain: there is no 9; there are pixels-one, pixels-other, one-other, one-out, "
         "other-out"),
        (RUN, "network.projections.gain=2",
         "--set network.projections.gain: names none of them; write network.projections.FROM-TO.gain"),
        (RUN, "network.populations.one=2",
         "--set network.populations.one: names none of them; write network.populations.NAME.KEY"),
        (RUN, "network.projections.one-other.gian=2",
         "--set network.projections.one-other.gian: unknown key; did you mean 'gain'?"),
        (RUN, "network.projections.one-other.gain.x=2",
         "--set network.projections.one-other.gain.x: unknown key; gain is a value, not a table"),
        (RUN, "network.projections.one-other.gain=-1",
         "--set network.projections.one-other.gain: must be > 0, got -1"),
        (RUN, "network.projections.one-other.delay=0.5",
         "--set network.projections.one-other.delay: expected an integer, got 0.5"),
        (RUN, "network.projections.pixels-other.connectivity.density=2",
         "--set network.projections.pixels-other.connectivity.density: must lie in (0, 1], got 2"),
        (RUN, "network.projections.pixels-other.connectivity.dense=2",
         "--set network.projections.pixels-other.connectivity.dense: unknown key; did you mean 'density'?"),
        (RUN, "network.populations.one.neuron.membran=2",
         "--set network.populations.one.neuron.membran: unknown key; did you mean 'membrane'?"),
        ("stripes", "network.projections.input-hidden.gain=2",
         "--set network.projections.input-hidden.gain: is of one table of a graph, and this run has none; of a chain "
         "there are network.gains, network.biases and [neuron]"),
    ],
)  # fmt: skip
def test_refused(run: str, override: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_run(run, [override])
    assert str(refused.value) == sentence


def test_written_out_and_read_again(tmp_path: Path) -> None:
    run = read_run(RUN, ["network.projections.one-other.gain=0.25", "network.populations.one.bias=0.1"])
    (tmp_path / "x.toml").write_text(run_to_toml(run), encoding="utf-8")
    assert read_run(str(tmp_path / "x.toml")) == run


def test_swept_with_the_run_s_own_value_as_nominal() -> None:
    assert key_type("network.projections.one-other.gain") is float
    axes = parse_axes(
        ["network.projections.one-other.gain=0.1:1:4log", "network.projections.other-out.delay=1:3:3"]
    )
    swept = define(read_run(RUN), axes, modes=None, seeds=2)
    assert swept.nominal == ("0.5", "2")
    found = swept.resolve(("0.2", "3")).network.projections
    assert (found[2].gain, found[4].delay) == (0.2, 3)


def test_first_weights_matter_in_training_only_and_shapes_to_weights() -> None:
    modes = define(
        read_run(RUN), parse_axes(["network.projections.one-other.gain=0.1,1"]), modes=None, seeds=2
    ).modes
    assert [mode.value for mode in modes] == ["ideal", "in-loop", "fine-tune"]
    modes = define(
        read_run(RUN), parse_axes(["network.populations.one.shape=[9],[10]"]), modes=None, seeds=2
    ).modes
    assert [mode.value for mode in modes] == ["ideal", "in-loop"]
    modes = define(
        read_run("stripes", ["network.gains=[1, 1]"]),
        parse_axes(["network.gains=[0.1,1],[1,1]"]),
        modes=None,
        seeds=2,
    ).modes
    assert "deploy" not in [mode.value for mode in modes]


def test_searched_from_the_run_s_own_value() -> None:
    dimension = read_dimension("network.projections.one-other.gain=0.1:2:log")
    assert present_value(read_run(RUN), dimension) == 0.5
    varied = varied_run(read_run(RUN), {"network.projections.one-other.gain": "0.7"})
    assert varied.network.projections[2].gain == 0.7
