"""Which points a sweep has, and which work they share."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from neurochip.description import RunSpec, read_run
from neurochip.errors import CapabilityError, ConfigError, NeurochipError
from neurochip.sweep.beforehand import first_words
from neurochip.sweep.definition import Definition, Mode, define, parse_modes
from neurochip.sweep.plan import Planner, Request, plan
from neurochip.sweep.space import parse_axes


def made(*vary: str, run: RunSpec | None = None, modes: str | None = None, **options: Any) -> Definition:
    return define(
        run or read_run("mnist-small"),
        parse_axes(vary),
        modes=None if modes is None else parse_modes(modes),
        **options,
    )


def test_points_and_tasks() -> None:
    definition = made("network.precision=int4,int8,float32", seeds=2)
    found = plan(definition)
    assert definition.points == len(found.points) == 2 + 3 * 3 * 2
    assert Counter(point.mode for point in found.points) == {
        Mode.IDEAL: 2,
        Mode.DEPLOY: 6,
        Mode.IN_LOOP: 6,
        Mode.FINE_TUNE: 6,
    }
    # float32 is the nominal value: deploying there, and training there, is the ideal chip itself.
    work = Counter(task.work for task in found.tasks.values())
    assert work == {"train": 2 + 2 * 2, "deploy": 2 * 2, "fine-tune": 3 * 2}
    for point in found.points:
        if found.settings[point.setting].values == ("float32",) and point.mode is not Mode.FINE_TUNE:
            assert point.digest == found.ideal[point.seed]


def test_what_is_taken_over_is_the_ideal_of_the_same_seed() -> None:
    found = plan(made("network.precision=int4,int8", seeds=3))
    carried = [task for task in found.tasks.values() if task.source is not None]
    assert len(carried) == 3 * 2 * 2
    for task in carried:
        source = found.tasks[task.source or ""]
        assert (source.seed, source.work, source.keep) == (task.seed, "train", True)
        assert source.run()["network"]["precision"] == "float32"
    kept = {task.digest for task in found.tasks.values() if task.keep}
    assert kept == set(found.ideal.values())


def test_each_task_has_its_own_run() -> None:
    found = plan(made("learning.beta=0.2,0.4", "phases.free=50,100", seeds=2, modes="in-loop"))
    runs = [RunSpec.from_dict(task.run()) for task in found.tasks.values() if not task.keep]
    told = {(run.learning and run.learning.beta, run.phases.free, run.seed) for run in runs}
    assert told == {(beta, free, seed) for beta in (0.2, 0.4) for free in (50, 100) for seed in (1, 2)}


def test_digests_say_what_decides_the_result_and_no_more() -> None:
    once = plan(made("network.precision=int4", seeds=1))
    again = plan(made("network.precision=int4", seeds=1))
    assert once.tasks.keys() == again.tasks.keys()
    told = {**read_run("mnist-small").to_dict(), "name": "another", "about": "told otherwise"}
    renamed = plan(made("network.precision=int4", seeds=1, run=RunSpec.from_dict(told)))
    assert once.tasks.keys() == renamed.tasks.keys()
    for override in ("learning.epochs=3", "data.test=500", "chip=ideal-bits", "phases.free=99", "seed=5"):
        other = plan(made("network.precision=int4", seeds=1, run=read_run("mnist-small", [override])))
        assert not once.tasks.keys() & other.tasks.keys(), override
    # A longer fine-tuning is another task; everything else stays.
    longer = plan(made("network.precision=int4", seeds=1, fine_tune_epochs=2))
    changed = {once.tasks[digest].work for digest in once.tasks.keys() - longer.tasks.keys()}
    assert changed == {"fine-tune"}


def test_a_larger_sweep_contains_the_smaller() -> None:
    small = plan(made("network.precision=int4", seeds=2))
    large = plan(made("network.precision=int2,int4", seeds=3))
    assert small.tasks.keys() < large.tasks.keys()


def test_costs_order_the_work() -> None:
    found = plan(made("network.precision=int4", seeds=1))
    cost = {task.work: task.cost for task in found.tasks.values()}
    assert cost["train"] > cost["fine-tune"] > cost["deploy"] > 0


def test_definitions_survive_being_stored() -> None:
    definition = made("learning.beta=0.1:1:3log", "network.precision=int4", seeds=2, within=0.02)
    assert Definition.from_json(definition.to_json()) == definition
    assert definition.nominal == ("0.5", "float32")


@pytest.mark.parametrize(
    ("vary", "modes"),
    [
        ("network.precision=int4", "ideal,deploy,in-loop,fine-tune"),
        ("network.layers=[784,100,10],[784,50,10]", "ideal,in-loop"),
        ("network.tied=false", "ideal,in-loop"),
        ("learning.beta=0.1,0.2", "ideal,in-loop,fine-tune"),
        ("data.train=100,200", "ideal,in-loop,fine-tune"),
    ],
)
def test_modes_that_have_a_meaning(vary: str, modes: str) -> None:
    nominal = ["data.train=2000"] if "data.train" in vary else []
    assert made(vary, nominal=nominal).modes == parse_modes(modes)


def test_modes_come_in_one_order() -> None:
    assert parse_modes("fine-tune, deploy") == (Mode.DEPLOY, Mode.FINE_TUNE)


REFUSED: list[tuple[dict[str, Any], type[NeurochipError], str]] = [
    (
        {"vary": "network.layers=[784,50,10]", "modes": "deploy"},
        CapabilityError,
        "--modes: deploy carries weights over, and those trained with one network.layers do not fit another; "
        "leave it out",
    ),
    (
        {"vary": "learning.beta=0.2", "modes": "deploy"},
        CapabilityError,
        "--modes: deploy only tests, and learning.beta only matters in training; leave it out",
    ),
    (
        {"vary": "learning.beta=0.2", "modes": "inloop"},
        ConfigError,
        "--modes: there is no mode \"inloop\"; did you mean 'in-loop'?",
    ),
    (
        {"vary": "learning.beta=0.1,0.2", "modes": "ideal"},
        CapabilityError,
        "--modes: ideal alone leaves every key at its nominal value; add one of in-loop, fine-tune, or leave --modes "
        "out",
    ),
    (
        {"vary": "learning.beta=0.2", "dies": 5},
        CapabilityError,
        "--dies: the digital substrate has no dies; repeat with --seeds",
    ),
    ({"vary": "seed=1,2"}, ConfigError, "--vary seed: is what --seeds counts; leave it out"),
    ({"vary": "learning.beta=0.2", "seeds": 0}, ConfigError, "--seeds: must be 1 to 1000000, got 0"),
    ({"vary": "learning.beta=0.2", "within": 1.5}, ConfigError, "--within: must be 0 to 100 points, got 150"),
    (
        {"vary": "learning.beta=0.2", "wanted": 1.0},
        ConfigError,
        "--yield: must lie between 0 and 100 %, got 100",
    ),
    (
        {"vary": "learning.beta=0.2", "seeds": 3, "references": 2},
        ConfigError,
        "--references: must be at least as many as --seeds (3), got 2",
    ),
    (
        {"vary": "learning.beta=0.2,0.4", "precision": 0.1},
        ConfigError,
        "--precision: is for drawn dies and a first key that takes any number of a range; leave --seeds and words out",
    ),
    (
        {"vary": "data.test=100"},
        ConfigError,
        "--vary data.test: has no value in the run itself; say which is nominal with --nominal KEY=VALUE",
    ),
    (
        {"vary": "learning.beta=0.2", "nominal": ["phases.free=3"]},
        ConfigError,
        "--nominal phases.free: is not varied; name a key of --vary",
    ),
]


@pytest.mark.parametrize(("asked", "family", "sentence"), REFUSED)
def test_what_is_refused(asked: dict[str, Any], family: type[NeurochipError], sentence: str) -> None:
    with pytest.raises(family) as caught:
        made(asked.pop("vary"), **asked)
    assert str(caught.value) == sentence


def test_a_convergence_run_has_no_test_error() -> None:
    with pytest.raises(ConfigError) as caught:
        made("coding.decoder.lambda=0.1", run=read_run("convergence"))
    assert str(caught.value) == 'experiment: must be "train" to be swept, got "convergence"'


@pytest.mark.parametrize(
    ("vary", "sentence"),
    [
        (
            "learning.beta=0,1",
            "--vary learning.beta=0: learning.beta: must be non-zero, got 0",
        ),
        (
            "network.precision=int4,int40",
            '--vary network.precision=int40: network.precision: expected "float64", "float32", "int2", … or "int16", '
            "got \"int40\"; did you mean 'int4'?",
        ),
    ],
)
def test_every_value_is_tried_before_anything_is_done(vary: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(made(vary, seeds=1))
    assert str(caught.value) == sentence


ANALOG = ["analog.mismatch.sigma=0.2", "analog.mismatch.tails=student-t", "analog.defects.dead_synapses=0.01"]


def test_dies_share_the_ideal_chip_and_nothing_else() -> None:
    run = read_run("analog-mnist-small", ANALOG)
    found = plan(made("analog.mismatch.sigma=0,0.1,0.3", run=run, dies=4, grid=True, references=1))
    [ideal] = [found.tasks[digest] for digest in found.ideal.values()]
    told = RunSpec.from_dict(ideal.run()).analog
    assert told is not None and told.mismatch.sigma == 0 and told.defects.dead_synapses == 0
    # Defects are drawn for each die, at every σ.
    assert Counter(task.work for task in found.tasks.values()) == {"train": 13, "deploy": 12, "fine-tune": 12}
    dies = {task.run()["analog"]["die"] for task in found.tasks.values() if task.work == "deploy"}
    assert dies == {1, 2, 3, 4}
    assert not found.ideal_is_nominal


def test_where_nothing_is_drawn_all_dies_are_one() -> None:
    found = plan(
        made("analog.mismatch.sigma=0:0.5:6", run=read_run("analog-pilot"), dies=30, grid=True, references=1)
    )
    assert Counter(task.work for task in found.tasks.values()) == {
        "train": 151,
        "deploy": 150,
        "fine-tune": 151,
    }
    assert len(found.points) == 1 + 6 * 30 * 3
    at_zero = {
        point.digest for point in found.points if point.setting == 0 and point.mode is not Mode.FINE_TUNE
    }
    assert at_zero == set(found.ideal.values())
    assert found.ideal_is_nominal


def test_common_random_numbers() -> None:
    """A task differs from another of its die in σ and nothing else."""
    found = plan(
        made(
            "analog.mismatch.sigma=0.1,0.3", run=read_run("analog-pilot"), dies=2, modes="in-loop", grid=True
        )
    )
    runs = [task.run() for task in found.tasks.values() if task.die]
    assert len(runs) == 4
    for run in runs:
        run["analog"]["mismatch"].pop("sigma")
    assert [run["analog"]["die"] for run in runs] == [1, 2, 1, 2]
    assert runs[0] == runs[2] and runs[1] == runs[3]


def test_a_die_from_a_file_is_one_die(tmp_path: Any) -> None:
    run = read_run("analog-pilot", [f"analog.die_file={tmp_path}/die.h5"])
    with pytest.raises(CapabilityError) as caught:
        made("analog.noise.read=0.1", run=run, dies=2)
    assert str(caught.value) == "--dies: analog.die_file is one die; repeat with --seeds"


@pytest.mark.parametrize(
    ("vary", "nominal"),
    [
        ("faults.spike_drop=0.1,0.2", "0"),
        ("faults.spike_drop.rate=0.1,0.2", "0"),
        ("coding.annealer=kesten", '{ kind = "osa", nu_bar = 0.0346, regulariser = 1e-15 }'),
        ("coding.decoder.lambda=0.1", "0.275"),
        ("network.layers=[784,9,10]", "[784, 500, 10]"),
    ],
)
def test_nominal_values(vary: str, nominal: str) -> None:
    assert made(vary).nominal == (nominal,)


def test_where_limits_are_sought_trainings_are_not_shared() -> None:
    """In the loop every training has a seed of its own; what is deployed are the references, in turn."""
    found = plan(made("analog.mismatch.sigma=0,0.1,0.3", run=read_run("analog-pilot"), dies=20))
    assert len(found.ideal) == 8
    seeds: dict[tuple[str, str], list[int]] = {}
    for point in found.points:
        if point.mode is not Mode.IDEAL:
            value = found.settings[point.setting].values[0]
            seeds.setdefault((point.mode, value), []).append(point.seed)
    in_loop = seeds["in-loop", "0.1"] + seeds["in-loop", "0.3"]
    assert len(set(in_loop)) == 40 and not set(in_loop) & set(found.ideal)
    for value in ("0.1", "0.3"):
        assert Counter(seeds["deploy", value]).keys() == found.ideal.keys()
    # At σ = 0 nothing but the references is needed, for any mode but the one that trains on.
    at_zero = {p.digest for p in found.points if p.setting == 0 and p.mode is not Mode.FINE_TUNE}
    assert at_zero == set(found.ideal.values())


def test_more_can_be_asked_for() -> None:
    planner = Planner(made("analog.mismatch.sigma=0,0.3", run=read_run("analog-pilot"), dies=2))
    before = len(list(planner.steps()))
    wanted = [Request(("0.15",), Mode.DEPLOY, 1, 1), Request(("0.15",), Mode.IN_LOOP, 2, 77)]
    new = list(planner.ask(wanted))
    assert [(task.work, task.die, task.seed) for task in new] == [("deploy", 1, 1), ("train", 2, 77)]
    assert list(planner.ask(wanted)) == [] and len(planner.plan.tasks) == before + 2
    assert planner.plan.settings[planner.plan.points[-1].setting].values == ("0.15",)


def test_faults_can_be_varied() -> None:
    found = plan(made("faults.spike_drop.rate=0:0.2:3", seeds=1))
    rates = {task.run()["faults"]["spike_drop"]["rate"] for task in found.tasks.values()}
    assert rates == {0.0, 0.1, 0.2}
    assert Counter(task.work for task in found.tasks.values()) == {"train": 3, "deploy": 2, "fine-tune": 3}


def test_a_key_that_nothing_reads_cannot_be_varied() -> None:
    """All settings would be the same dies."""
    run = read_run("analog-mnist-small")
    with pytest.raises(ConfigError) as caught:
        made("analog.mismatch.width_um=1,2", run=run)
    assert str(caught.value).startswith(
        "--vary analog.mismatch.width_um: has no effect without analog.mismatch.process"
    )
    with pytest.raises(ConfigError, match="--vary network.rounding: has no effect with network.precision"):
        made("network.rounding=nearest,stochastic", "network.precision=float32,float64")


def test_a_key_that_is_read_at_one_setting_can_be_varied() -> None:
    """At the others it is left out, and they are the same work."""
    found = plan(made("network.rounding=nearest,stochastic", "network.precision=float32,int8", seeds=1))
    identities = [setting.identity for setting in found.settings]
    assert len(identities) == 4 and len(set(identities)) == 3


def test_a_very_large_sweep_begins_before_it_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = made("analog.mismatch.sigma=0:0.5:1112", run=read_run("analog-pilot"), dies=30)
    assert definition.points == 8 + 1112 * 30 * 3
    resolved: list[tuple[str, ...]] = []
    resolve = Definition.resolve

    def counting(self: Definition, values: tuple[str, ...], **options: Any) -> RunSpec:
        resolved.append(values)
        return resolve(self, values, **options)

    monkeypatch.setattr(Definition, "resolve", counting)
    monkeypatch.setattr("neurochip.sweep.plan._TRIED_S", 0.0)
    planner = Planner(definition)
    steps = planner.steps()
    first = next(steps)
    assert first.work == "train" and len(resolved) < 10
    second = next(steps)
    assert second.setting.values == ("0",) and len(resolved) < 12
    assert not planner.plan.is_complete and len(planner.plan.tasks) == 2


def test_values_that_were_not_tried_at_first_are_refused_in_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("neurochip.sweep.plan._TRIED_S", 0.0)
    planner = Planner(
        made("learning.beta=0.1,0.2,0,0.4", run=read_run("mnist-small"), seeds=1, modes="in-loop")
    )
    with pytest.raises(ConfigError) as caught:
        list(planner.steps())
    assert str(caught.value) == "--vary learning.beta=0: learning.beta: must be non-zero, got 0"
    assert len(planner.plan.settings) == 2


@pytest.mark.parametrize(
    ("vary", "is_warned"),
    [
        ("analog.mismatch.sigma=0,50", True),
        ("analog.mismatch.sigma=0,0.5", False),
        ("analog.mismatch.width_um=1,50", False),
    ],
)
def test_a_mismatch_in_percent_is_pointed_out(vary: str, is_warned: bool) -> None:
    run = read_run("analog-pilot", ['analog.mismatch.process="sky130"'] if "width" in vary else [])
    said = list(first_words(made(vary, run=run, dies=2)))
    assert said == (
        ["--vary analog.mismatch.sigma: goes up to 50, which is 5000 %; it is a share, 0.5 for 50 %"]
        if is_warned
        else []
    )
