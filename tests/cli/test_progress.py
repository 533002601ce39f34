"""What is said while a run goes on, and what `simulate` is asked for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from neurochip._cli.progress import showing_progress

from .conftest import Fake, Run, progress


def test_without_arguments_it_is_the_default_run(run: Run, fake: Fake) -> None:
    run("simulate")
    assert fake.asked == {
        "run": "mnist-small",
        "overrides": (),
        "timing": None,
        "seed": None,
        "out": None,
        "threads": None,
        "resume": None,
        "epochs": None,
        "allow_code": False,
        "placement": None,
    }


def test_every_option_arrives(run: Run, fake: Fake) -> None:
    run(
        "simulate",
        "mnist",
        "--set",
        "a.b=1",
        "--set",
        "c=[2, 3]",
        "--timing",
        "cycle",
        "--seed",
        "7",
        "--out",
        "x",
        "--threads",
        "2",
        "--placement",
        "hops",
    )
    assert fake.asked == {
        "run": "mnist",
        "overrides": ("a.b=1", "c=[2, 3]"),
        "timing": "cycle",
        "seed": 7,
        "out": Path("x"),
        "threads": 2,
        "resume": None,
        "epochs": None,
        "allow_code": False,
        "placement": "hops",
    }


def test_resume_arrives(run: Run, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochip._cli.commands.simulate._begun", lambda folder: (False, None))
    run("simulate", "--resume", "runs/x", "--threads", "1")
    assert (fake.asked["resume"], fake.asked["threads"]) == (Path("runs/x"), 1)


def test_quiet_asks_for_no_progress(run: Run, fake: Fake) -> None:
    fake.steps = [progress()]
    assert run("simulate", "--quiet").stderr == "Stopped.\n"


_AS_JSON = '{"stopped": "Stopped.", "exit_code": 130, "folder": null, "command": "simulate"}'


@pytest.mark.parametrize(("option", "last"), [((), "Stopped."), (("--json",), _AS_JSON)])
def test_a_line_for_each_epoch_when_nobody_watches(
    run: Run, fake: Fake, option: tuple[str, ...], last: str
) -> None:
    fake.steps = [
        progress(epoch=1, done=20, error=0.9),
        progress(epoch=1, done=2000, error=0.2125),
        progress(stage="evaluating", epoch=1, done=2000, total=2000, error=0.05),
        progress(stage="evaluating", epoch=1, done=1000, total=1000, error=0.12, seconds_left=3725.2),
        progress(epoch=2, done=20, error=0.1, test_error=0.12),
        progress(epoch=2, done=2000, error=0.08, test_error=0.12, samples_per_s=7.25),
        progress(stage="evaluating", epoch=2, done=1000, total=1000, error=0.098, test_error=0.12),
        progress(epoch=3, done=20, error=0.1, test_error=0.12),
    ]
    result = run("simulate", *option)
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "epoch 1/5: error 21.25 %, test 12.00 %, 1:02:05 left, 800 samples/s",
        "epoch 2/5: error 8.00 %, test 9.80 %, 1:00 left, 7.2 samples/s",
        last,
    ]


def test_the_last_epoch_has_its_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress(quiet=False) as tell:
        assert tell is not None
        tell(progress(epoch=5, done=2000, error=0.08))
        tell(progress(stage="evaluating", epoch=5, done=1000, total=1000, error=0.09, seconds_left=0.0))
    assert capsys.readouterr().err == "epoch 5/5: error 8.00 %, test 9.00 %, 0:00 left, 800 samples/s\n"


def test_what_choices_are_made_by_is_told(tmp_path: Path) -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "neurochip", "simulate", "stripes", "--out", str(tmp_path / "run")),
            *("--set", "data.validation=0.25", "--set", "learning.epochs=2"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in ran.stderr.splitlines() if line.startswith("epoch ")]
    epochs = json.loads((tmp_path / "run" / "report.json").read_text())["result"]["epochs"]
    for line, epoch in zip(lines, epochs, strict=True):
        held, tested = (100 * epoch[name] for name in ("validation_error", "test_error"))
        assert f"held out {held:.2f} %, test {tested:.2f} %" in line


def test_a_convergence_run_tells_a_distance(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress(quiet=False) as tell:
        assert tell is not None
        tell(
            progress(stage="convergence", epoch=1, epochs=1, done=1, total=20, error=0.01, samples_per_s=0.7)
        )
        tell(
            progress(
                stage="convergence", epoch=1, epochs=1, done=20, total=20, error=0.0021, samples_per_s=0.7,
                seconds_left=0.0,
            )
        )  # fmt: skip
    assert capsys.readouterr().err == "convergence: error 0.0021, 0:00 left, 0.7 nets/s\n"


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with showing_progress(quiet=False) as tell:
        assert tell is not None
        tell(progress(done=400, error=0.3, test_error=0.25, seconds_left=75.0))
    out, err = capsys.readouterr()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", err)
    assert out == ""
    assert "epoch 1/5 training" in shown
    assert " 400/2000 error 30.00 %, test 25.00 %, 1:15 left, 800 samples/s" in shown
    # One line, redrawn: nothing is folded.
    assert max(len(line) for line in re.split(r"[\r\n]", shown)) <= 100
