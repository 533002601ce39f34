"""A run that was killed and resumed ends as one that was never stopped, bit for bit: real processes, real signals."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from neurochip import simulate
from neurochip.errors import Interrupted
from neurochip.training.progress import Progress
from tests.unit.stopped_process import stopped
from tests.unit.training import waiting_run
from tests.unit.training.tiny import EPOCHS, overrides, results, run_of, same, stored


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function: variant → folder of a run of it that nobody stopped; one for all tests."""
    folders: dict[str, Path] = {}

    def of(variant: str) -> Path:
        if variant not in folders:
            folder = tmp_path_factory.mktemp("undisturbed") / "run"
            simulate(run_of(variant), overrides=overrides(variant), out=folder, threads=1)
            folders[variant] = folder
        return folders[variant]

    return of


def killed(
    variant: str, folder: Path, which: signal.Signals, *, stage: str, epoch: int, done: int
) -> tuple[int, str]:
    """Start the variant, send it a signal at that point, and return its exit code and last words."""
    where = [run_of(variant), str(folder), "2", stage, str(epoch), str(done)]
    return stopped(waiting_run.__file__, [*where, *overrides(variant)], which)


def resumed(folder: Path) -> Path:
    outcome = simulate(resume=folder, threads=1)
    assert outcome.record.resumed == 1
    return folder


MIDDLE = {"stage": "training", "epoch": 2, "done": 100}
# Each kind of state and each signal once; the other pairs are slow tests.
SIGNALS: list[Any] = [
    ("default", signal.SIGTERM, MIDDLE),
    pytest.param("default", signal.SIGKILL, MIDDLE, marks=pytest.mark.slow),
    pytest.param("persistent, random sign", signal.SIGTERM, {**MIDDLE, "epoch": 3}, marks=pytest.mark.slow),
    ("persistent, random sign", signal.SIGKILL, {**MIDDLE, "epoch": 3}),
    ("untied, traces", signal.SIGINT, MIDDLE),
    pytest.param("int8", signal.SIGINT, MIDDLE, marks=pytest.mark.slow),
    ("int8", signal.SIGKILL, MIDDLE),
    ("random bits, centred", signal.SIGTERM, MIDDLE),
    pytest.param("persistent, split stream", signal.SIGINT, MIDDLE, marks=pytest.mark.slow),
    pytest.param(
        "untied, int8, counts, persistent", signal.SIGTERM, {**MIDDLE, "epoch": 3}, marks=pytest.mark.slow
    ),
    ("faults, traces, persistent", signal.SIGTERM, {**MIDDLE, "epoch": 3}),
    ("ideal", signal.SIGTERM, MIDDLE),
    pytest.param("ideal, persistent", signal.SIGKILL, MIDDLE, marks=pytest.mark.slow),
    pytest.param("die", signal.SIGTERM, MIDDLE, marks=pytest.mark.slow),
    ("die", signal.SIGKILL, MIDDLE),
]


@pytest.mark.parametrize(
    ("variant", "which", "when"), SIGNALS, ids=lambda value: getattr(value, "name", None)
)
def test_the_end_is_the_same(
    variant: str, which: signal.Signals, when: Any, tmp_path: Path, undisturbed: Any
) -> None:
    folder = tmp_path / "run"
    code, said = killed(variant, folder, which, **when)
    if which == signal.SIGKILL:
        assert (code, said) == (-signal.SIGKILL, "")
    else:
        assert (code, said) == (130, str(folder))
    left = {".lock", "run.toml", "request.json", "checkpoint.h5"}
    if which == signal.SIGKILL:
        left |= {".owner.json"}
    assert {path.name for path in folder.iterdir()} == left
    same(results(undisturbed(variant)), results(resumed(folder)))


def test_a_killed_run_has_the_checkpoint_of_its_last_epoch(tmp_path: Path, undisturbed: Any) -> None:
    folder = tmp_path / "run"
    killed("default", folder, signal.SIGKILL, **MIDDLE)
    position = stored(folder)["checkpoint attribute position"]
    assert (position["epoch"], position["minibatch"]) == (1, 0)


def test_an_interrupted_run_has_a_checkpoint_of_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    killed("default", folder, signal.SIGTERM, **MIDDLE)
    position = stored(folder)["checkpoint attribute position"]
    assert (position["epoch"], position["minibatch"], position["seen"]) == (1, 5, 100)


@pytest.mark.parametrize(("variant", "epoch"), [("default", 1), ("default", EPOCHS), ("die", EPOCHS)])
def test_interrupted_while_it_evaluates(variant: str, epoch: int, tmp_path: Path, undisturbed: Any) -> None:
    """The evaluation is made anew; after the last epoch too, a signal is not swallowed."""
    folder = tmp_path / "run"
    code, said = killed(variant, folder, signal.SIGTERM, stage="evaluating", epoch=epoch, done=1)
    assert (code, said) == (130, str(folder))
    simulate(resume=folder, threads=1)  # after the last epoch nothing is left to train
    same(results(undisturbed(variant)), results(folder))


def test_killed_before_the_first_epoch_was_over(tmp_path: Path, undisturbed: Any) -> None:
    folder = tmp_path / "run"
    killed("int8", folder, signal.SIGKILL, stage="training", epoch=1, done=20)
    same(results(undisturbed("int8")), results(resumed(folder)))


class InterruptOnce:
    """Sends its own process a signal at the first batch that it hears of."""

    def __init__(self, which: signal.Signals) -> None:
        self.which: signal.Signals | None = which

    def __call__(self, progress: Progress) -> None:
        if self.which is not None and progress.stage == "training":
            os.kill(os.getpid(), self.which)
            self.which = None


def test_stopped_again_and_again(tmp_path: Path, undisturbed: Any) -> None:
    """Interrupted after every few batches, in one process: as many times as it takes."""
    folder = tmp_path / "run"
    variant = "persistent, random sign"
    killed(variant, folder, signal.SIGTERM, stage="training", epoch=1, done=60)
    times = 0
    while True:
        times += 1
        try:
            listener = InterruptOnce(signal.SIGTERM if times % 2 else signal.SIGINT)
            outcome = simulate(resume=folder, threads=1 + times % 2, on_progress=listener)
            break
        except Interrupted as stopped:
            assert stopped.folder == str(folder)
    assert times > 10
    assert outcome.record.resumed == times
    same(results(undisturbed(variant)), results(folder))


def test_a_finished_run_can_be_resumed(tmp_path: Path, undisturbed: Any) -> None:
    """Killed between its last checkpoint and its report, a run has only the report left to write."""
    folder = tmp_path / "run"
    simulate(run_of("default"), overrides=overrides("default"), out=folder, threads=2)
    for name in ("report.json", "report.html", "raster.npz"):
        (folder / name).unlink()
    same(results(undisturbed("default")), results(resumed(folder)))


def test_signals_do_as_before_when_the_run_is_over(tmp_path: Path) -> None:
    before = [signal.getsignal(which) for which in (signal.SIGINT, signal.SIGTERM)]
    simulate(run_of("default"), overrides=[*overrides("default"), "learning.epochs=1"], out=tmp_path / "run")
    assert [signal.getsignal(which) for which in (signal.SIGINT, signal.SIGTERM)] == before
