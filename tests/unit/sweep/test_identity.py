"""What decides a result is in its digest, and what does not is not: dies, files, source, keys without effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurochip.description import RunSpec, read_run
from neurochip.description.catalogue import find_cells
from neurochip.errors import ConfigError, DataError
from neurochip.runs.dies import die_of_run, save_die
from neurochip.sweep import identity
from neurochip.sweep.definition import Definition, define, parse_modes
from neurochip.sweep.identity import SOURCE, changed, contents, environment, files_of, run_digest
from neurochip.sweep.plan import Planner, plan
from neurochip.sweep.space import parse_axes

SMALL = [
    "network.layers=[784, 12, 10]",
    "data.train=50",
    "data.test=40",
    "learning.epochs=1",
    "analog.diagnosed=0",
]


def made(*vary: str, run: RunSpec, modes: str | None = None, **options: Any) -> Definition:
    parsed = None if modes is None else parse_modes(modes)
    return define(run, parse_axes(vary), modes=parsed, **options)


def die_files(folder: Path, n: int = 4, *overrides: str) -> list[Path]:
    """Dies 1 … n as files."""
    paths = [folder / f"m{k}.h5" for k in range(1, n + 1)]
    for k, path in enumerate(paths, start=1):
        die, _, _ = die_of_run(
            "analog-mnist-small", [*SMALL, "analog.mismatch.sigma=0.3", f"analog.die={k}", *overrides]
        )
        save_die(die, path)
    return paths


def test_each_measured_die_is_a_setting_of_its_own(tmp_path: Path) -> None:
    paths = die_files(tmp_path)
    run = read_run("analog-mnist-small", [*SMALL, "analog.mismatch.sigma=0"])
    vary = f"analog.die_file={','.join(map(str, paths))}"
    found = plan(made(vary, run=run, modes="deploy,in-loop", seeds=3))
    assert len({setting.identity for setting in found.settings}) == 4
    assert len(found.points) == 4 * 2 * 3 and found.ideal_is_nominal
    told = {(t.work, t.seed, t.run()["analog"].get("die_file")) for t in found.tasks.values()}
    files = [str(path) for path in paths]
    assert told == {
        ("train", seed, file)
        for seed in (1, 2, 3)
        for file in (None, *files)  # the ideal chip has no file
    } | {("deploy", seed, file) for seed in (1, 2, 3) for file in files}
    # Trained on the first die, that one is where it is trained, and nothing else changes.
    first = plan(
        made(vary, run=run, modes="deploy,in-loop", seeds=3, nominal=[f"analog.die_file={files[0]}"])
    )
    trained = {t.run()["analog"]["die_file"] for t in first.tasks.values() if t.keep}
    assert trained == {files[0]}
    assert {t.run()["analog"]["die_file"] for t in first.tasks.values() if t.work == "deploy"} == set(
        files[1:]
    )


def test_a_die_file_stays_in_a_run_that_varies_something_else(tmp_path: Path) -> None:
    [path] = die_files(tmp_path, 1)
    run = read_run("analog-mnist-small", [*SMALL, f"analog.die_file={path}"])
    found = plan(made("analog.noise.read=0,0.1", run=run, modes="in-loop", seeds=1))
    [ideal] = found.ideal.values()
    on_dies = [task.run()["analog"] for task in found.tasks.values() if task.digest != ideal]
    assert [(analog["noise"]["read"], analog["die_file"]) for analog in on_dies] == [
        (0.0, str(path)),
        (0.1, str(path)),
    ]
    assert "die_file" not in found.tasks[ideal].run()["analog"]
    assert not found.ideal_is_nominal


def test_a_die_may_be_moved_and_not_changed(tmp_path: Path) -> None:
    one, two = die_files(tmp_path, 2)

    def digest(path: Path) -> str:
        return run_digest(read_run("analog-mnist-small", [*SMALL, f"analog.die_file={path}"]))

    before = digest(one)
    moved = tmp_path / "moved.h5"
    moved.write_bytes(one.read_bytes())
    assert digest(moved) == before != digest(two)
    one.write_bytes(two.read_bytes())
    assert digest(one) == digest(two)


def test_the_contents_of_code_and_chips_count(tmp_path: Path) -> None:
    field = tmp_path / "field.py"
    field.write_text("def activity(v): return v")
    run = read_run(
        "analog-mnist-small",
        [*SMALL, "analog.characteristic=file", f"analog.vector_field={field}", "analog.settle.method=euler"],
    )
    before = run_digest(run)
    assert files_of(run.to_dict()) == (str(field),)
    field.write_text("def activity(v): return v * v")
    assert run_digest(run) != before
    chips = Path(__file__).parents[3] / "neurochip/description/chips"
    chip = tmp_path / "chip.toml"
    chip.write_text((chips / "cmos45.toml").read_text(encoding="utf-8"), encoding="utf-8")
    digital = read_run("mnist-small", [f"chip={chip}"])
    first = run_digest(digital)
    chip.write_text(chip.read_text(encoding="utf-8") + "# another\n", encoding="utf-8")
    assert run_digest(digital) != first


def test_the_contents_of_cells_count_however_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = tmp_path / "mine.toml"
    text, _ = find_cells("sky130-subthreshold")
    cells.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run = read_run("analog-mnist-small", [*SMALL, "analog.cells=mine.toml"])
    before, [(file, known)] = run_digest(run), [(f, contents(f)) for f in files_of(run.to_dict())]
    assert file == str(cells)
    cells.write_text(text.replace('"100 fF"', '"200 fF"'), encoding="utf-8")
    assert run_digest(run) != before and contents(file) != known
    # Those of the catalogue are part of the source.
    ours = read_run("analog-mnist-small", [*SMALL, "analog.cells=sky130-subthreshold"])
    assert (
        ours.analog is not None
        and ours.analog.cells == "sky130-subthreshold"
        and not files_of(ours.to_dict())
    )


def test_another_source_has_other_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = made("phases.free=20,30", run=read_run("analog-mnist-small", SMALL), dies=2, modes="deploy")
    before = plan(definition)
    monkeypatch.setattr(identity, "package_digest", lambda package="neurochip": "0123456789abcdef")
    after = plan(definition)
    assert len(before.tasks) == len(after.tasks) and not before.tasks.keys() & after.tasks.keys()
    [difference] = changed(before.identity, after.identity)
    assert difference == f"{SOURCE} {before.identity[SOURCE]} there, 0123456789abcdef here"
    assert environment()["numpy"] and environment()[SOURCE] == "0123456789abcdef"


# The last is empty where a condition of the key says it before anything is compared.
NO_EFFECT = [
    # A size of transistors without a process, and the rest of Pelgrom's law.
    (["analog.mismatch.sigma=0.3"], "analog.mismatch.width_um=0.5:4:3", ""),
    (["analog.mismatch.sigma=0.3"], "analog.mismatch.overdrive_mv=100,200", ""),
    (["analog.mismatch.sigma=0.3"], "analog.mismatch.convention=single,pair", ""),
    (["analog.mismatch.sigma=0.3"], "analog.mismatch.freedom=3,4", ""),
    (["analog.mismatch.sigma=0"], "analog.mismatch.tails=normal,student-t", ""),
    ([], "analog.converters.adc_range=1,2", ""),
    ([], "analog.converters.weight_range=4,8", ""),
    ([], "analog.converters.rounding=nearest,stochastic", ""),
    ([], "analog.settle.error=1e-3,1e-4", ""),
    ([], "analog.settle.residual=1e-3,1e-2", "1e-3 and 1e-2"),
    ([], "chip=loihi,cmos45", "loihi and cmos45"),
    ([], "evaluation.every=1,2", "1 and 2"),
    ([], "network.rounding=nearest,stochastic", ""),
    ([], "record.presentations=1,2", ""),
    ([], "analog.mismatch.width_um=2", ""),  # one value, and the nominal one
]


@pytest.mark.parametrize(("overrides", "vary", "values"), NO_EFFECT)
def test_a_key_that_changes_nothing_is_refused(overrides: list[str], vary: str, values: str) -> None:
    run = read_run("analog-mnist-small", [*SMALL, *overrides])
    with pytest.raises(ConfigError) as caught:
        Planner(made(vary, run=run, modes="in-loop", seeds=1))
    key = vary.partition("=")[0]
    sentence = (
        f"changes nothing in this run: {values} give the same chip, data and training; vary a key that takes "
    )
    assert str(caught.value).startswith(f"--vary {key}: {sentence if values else 'has no effect with'}")


HAS_EFFECT = [
    (["analog.mismatch.process=sky130", "analog.mismatch.sigma=0"], ["analog.mismatch.width_um=0.5:4:3"]),
    (["analog.mismatch.tails=student-t"], ["analog.mismatch.freedom=3,4"]),
    # At σ = 0 the law does not matter, and elsewhere it does.
    ([], ["analog.mismatch.sigma=0,0.1", "analog.mismatch.tails=normal,student-t"]),
    (["analog.converters.adc_bits=4"], ["analog.converters.adc_range=1,2"]),
    (["analog.settle.until=residual"], ["analog.settle.residual=1e-3,1e-2"]),
    ([], ["analog.converters.adc_bits=4,6", "analog.converters.adc_range=1,2"]),
    ([], ["analog.tau_us=1,10"]),  # the time of a sample is a cost of each point
    # Patience counts evaluations.
    (["data.validation=0.2", "learning.patience=2"], ["evaluation.every=1,2"]),
]


@pytest.mark.parametrize(("overrides", "vary"), HAS_EFFECT)
def test_a_key_that_matters_is_not(overrides: list[str], vary: list[str]) -> None:
    run = read_run("analog-mnist-small", [*SMALL, *overrides])
    nominal = ["analog.converters.adc_bits=8"] if vary[0].startswith("analog.converters.adc_bits") else []
    Planner(made(*vary, run=run, modes="in-loop", seeds=1, nominal=nominal))


@pytest.mark.parametrize("values", ["0.2,0.4,.20", "0.2,.20"])
def test_two_spellings_of_one_value_are_refused(values: str) -> None:
    """Also where there is no other value: the key does take part in the run."""
    with pytest.raises(ConfigError) as caught:
        plan(made(f"learning.beta={values}", run=read_run("mnist-small")))
    assert str(caught.value) == (
        "--vary learning.beta: 0.2 and .20 give the same chip, data and training; leave one of them out"
    )


def test_dies_that_cannot_be_used(tmp_path: Path) -> None:
    run = read_run("analog-mnist-small", SMALL)
    [other] = die_files(tmp_path, 1, "network.layers=[784, 9, 10]")
    mine = die_files(tmp_path / "mine", 1)[0] if (tmp_path / "mine").mkdir() is None else other
    with pytest.raises(ConfigError) as caught:
        Planner(made(f"analog.die_file={mine},{other}", run=run))
    assert str(caught.value) == f"{other}: holds a die for [784-9-10], the network is [784-12-10]"
    with pytest.raises(DataError) as missing:
        Planner(made(f"analog.die_file={mine},{tmp_path}/none.h5", run=run))
    assert str(missing.value) == f"{tmp_path}/none.h5: no such file; name dies that were measured or saved"


def test_contents_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = contents(str(tmp_path))
    (tmp_path / "b").write_text("2")
    both = contents(str(tmp_path))
    assert before != both
    (tmp_path / "b").rename(tmp_path / "c")
    assert contents(str(tmp_path)) not in (before, both)
