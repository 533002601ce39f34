"""`neurochip tune`: a search over a run, with its folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from neurochip import data
from neurochip.durable.lock import hold
from neurochip.durable.request import read_request
from neurochip.search.held_out import judged_by_training

from .conftest import Run, Workplace

pytestmark = pytest.mark.usefixtures("kept_workers")

TINY = [
    *("--set", "network.layers=[784, 20, 10]", "--set", "data.train=60", "--set", "data.test=20"),
    *("--set", "evaluation.train=0", "--set", "learning.epochs=1", "--threads", "1"),
]
VARY = ["--vary", "phases.free=10:30:int", "--vary", "coding.decoder.lambda=0.1:0.9"]


def test_a_front_is_found_and_a_search_goes_on(run: Run) -> None:
    first = run("tune", *TINY, *VARY, "--objective", "error,bits", "--trials", "3", "--out", "found")
    assert first.exit_code == 0, first.output
    assert len(first.stderr.splitlines()) == 3
    on = run("tune", "--resume", "found", "--trials", "5", "--confirm", "2")
    assert on.exit_code == 0, on.output
    told = on.stderr.splitlines()
    assert [line.startswith("trial ") and "trained anew" in line for line in told[:2]] == [False, False]
    assert len(told) > 2 and all(", trained anew, " in line for line in told[2:])
    whole = run("tune", *TINY, *VARY, "--objective", "error,bits", "--trials", "5", "--out", "whole")
    assert whole.exit_code == 0, whole.output
    stored = json.loads(Path("found/tune.json").read_text(encoding="utf-8"))
    again = json.loads(Path("whole/tune.json").read_text(encoding="utf-8"))
    values = [
        [(trial["values"], trial["measured"].get("aer")) for trial in s["trials"]] for s in (stored, again)
    ]
    assert len(values[0]) == 5 and values[0] == values[1]
    assert stored["front"] == again["front"] and stored["front"]
    assert stored["held_out"] == 12
    assert {entry["trial"] for entry in stored["confirmed"]} == set(stored["front"])
    assert len(told) == 2 + 2 * len(stored["front"])
    # What was trained anew stays: only a third training of each is made.
    third = run("tune", "--resume", "found", "--trials", "5", "--confirm", "3")
    assert third.exit_code == 0, third.output
    assert [", trained anew, 3: " in line for line in third.stderr.splitlines()] == [True] * len(
        stored["front"]
    )
    later = json.loads(Path("found/tune.json").read_text(encoding="utf-8"))
    assert [entry["errors"][:2] for entry in later["confirmed"]] == [e["errors"] for e in stored["confirmed"]]
    # What was found is a run file that can be run.
    number = stored["front"][0]
    best = tomllib.loads(Path(f"found/trial-{number}.toml").read_text(encoding="utf-8"))
    assert best["phases"]["free"] == stored["trials"][number]["values"]["phases.free"]
    assert run("simulate", f"found/trial-{number}.toml", "--out", "best", "--quiet").exit_code == 0
    assert "Pareto front" in Path("found/tune.html").read_text(encoding="utf-8")


def test_workers_change_nothing_and_a_round_that_was_cut_short_goes_on(run: Run) -> None:
    asked = (
        "--objective",
        "error,bits",
        "--together",
        "3",
        "--trials",
        "5",
        "--seeds",
        "2",
        "--confirm",
        "1",
    )
    here = run("tune", *TINY, *VARY, *asked, "--out", "here")
    assert here.exit_code == 0, here.output
    there = run("tune", *TINY, *VARY, *asked, "--workers", "2", "--out", "there")
    assert there.exit_code == 0, there.output
    found = [json.loads((Path(name) / "tune.json").read_text(encoding="utf-8")) for name in ("here", "there")]
    told = [
        ([(t["values"], t["measured"]) for t in one["trials"]], one["front"], one["confirmed"])
        for one in found
    ]
    assert told[0] == told[1] and len(told[0][0]) == 5 and told[0][2]
    # Killed in the second round, after the fourth trial: the fifth is what it was.
    log = Path("there/trials.jsonl")
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:4]))
    again = run("tune", "--resume", "there", "--trials", "6")
    assert again.exit_code == 0, again.output
    trials = json.loads(Path("there/tune.json").read_text(encoding="utf-8"))["trials"]
    assert [t["values"] for t in trials[:5]] == [t["values"] for t in found[0]["trials"]]
    options = read_request(Path("there"), "tune").options
    assert (options["together"], options["workers"], options["trials"]) == (3, 2, 6)
    refused = run("tune", "--resume", "there", "--together", "2")
    assert refused.exit_code == 2 and "leave out --together" in refused.stderr


def test_two_at_once_are_refused(run: Run) -> None:
    found = run("tune", *TINY, *VARY, "--trials", "1", "--out", "found")
    assert found.exit_code == 0, found.output
    quiet = run("tune", "--resume", "found", "--quiet")
    assert (quiet.exit_code, quiet.stdout) == (0, "found\n")
    assert quiet.stderr == "found is finished; nothing was left to do\n"
    printed = run("tune", "--resume", "found", "--trials", "1", "--json")
    assert printed.stdout == Path("found/tune.json").read_text(encoding="utf-8")
    before = Path("found/trials.jsonl").read_bytes()
    with hold(Path("found"), "search"):
        second = run("tune", "--resume", "found", "--trials", "2")
    assert second.exit_code == 3
    assert second.stderr.startswith(f"Error: found: is in use by another search (process {os.getpid()} on ")
    assert second.stderr.endswith("; wait for it or choose another folder\n")
    assert Path("found/trials.jsonl").read_bytes() == before
    assert run("tune", "--resume", "found", "--trials", "2").exit_code == 0


def test_a_convergence_run_is_searched_by_its_two_ends(run: Run) -> None:
    small = [
        *(
            "--set",
            "network.layers=[20, 20, 5]",
            "--set",
            "convergence.nets=2",
            "--set",
            "convergence.free=30",
        ),
        *("--set", "convergence.nudged=20", "--set", "convergence.reference_steps=200", "--threads", "1"),
    ]
    vary = ("--vary", "coding.decoder.lambda=0.1:0.9", "--trials", "2", "--out", "found")
    result = run("tune", "convergence", *small, *vary)
    assert result.exit_code == 0, result.output
    stored = json.loads(Path("found/tune.json").read_text(encoding="utf-8"))
    assert [len(trial["objectives"]) for trial in stored["trials"]] == [1, 1]
    assert stored["judged_on"] == "networks drawn anew"


def test_the_test_set_plays_no_part() -> None:
    samples = data.load("mnist-small")
    split = judged_by_training(samples, 400, seed=1)
    known = {image.tobytes() for image in samples.train.inputs}
    judges = [image.tobytes() for image in split.test.inputs]
    assert len(judges) == 400 and set(judges) <= known
    assert len(split.train) == 1600
    assert not set(judges) & {image.tobytes() for image in split.train.inputs}


def test_refused(run: Run) -> None:
    for arguments, words in (
        ((), "Error: --vary: is missing; name a key and its values, e.g. network.precision=int4,int8\n"),
        (("--vary", "learning.zeta=0:1"), "Error: --vary learning.zeta: unknown key"),
        (("--vary", "learning.beta=0:1", "--objective", "joy"), "Error: --objective: must be among error"),
        (("--vary", "learning.beta=-1:1", "--held-out", "60"), "Error: held_out: must be 1 to 59 of the 60"),
        (
            ("--vary", "seed=1:9:int"),
            "Error: --vary seed: is the same for all trials, so that they can be compared; ",
        ),
        (
            ("--vary", "data.train=10:60:int"),
            "Error: --vary data.train: is the same for all trials, so that ",
        ),
        (("--vary", "learning.beta=0.1:1", "--confirm", "-1"), "Usage:"),
        (
            ("--resume", "nowhere"),
            "Error: nowhere: does not exist: nothing was begun there; begin it with --out\n",
        ),
    ):
        tiny = () if "--resume" in arguments else TINY
        result = run("tune", *tiny, *arguments)
        assert result.exit_code == (3 if "--resume" in arguments else 2)
        assert result.stderr.startswith(words), result.stderr
    assert not Path("runs").exists()


def test_a_resumed_search_takes_nothing_new(run: Run) -> None:
    result = run("tune", "--resume", "found", "--objective", "bits", "--seeds", "2")
    assert result.exit_code == 2
    words = "--resume goes on with the search of its folder as it was; leave out --objective, --seeds"
    assert words in " ".join(result.stderr.split())


def test_a_convergence_run_has_no_test_error(run: Run) -> None:
    result = run("tune", "convergence", "--vary", "coding.decoder.lambda=0.1:0.9", "--confirm", "1")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: confirm: measures a test error, which such a run does not have; leave it out\n",
    )


def test_all_that_was_asked_for_is_stored(run: Run) -> None:
    begun = run("tune", *TINY, *VARY, "--trials", "2", "--confirm", "1", "--out", "whole")
    assert begun.exit_code == 0, begun.output
    shutil.copytree("whole", "cut")
    lines = Path("cut/trials.jsonl").read_bytes().splitlines(keepends=True)
    Path("cut/trials.jsonl").write_bytes(lines[0] + lines[1][:30])  # as a kill leaves it
    for name in ("tune.json", "tune.html", "confirmed.jsonl"):
        Path("cut", name).unlink()
    resumed = run("tune", "--resume", "cut")
    assert resumed.exit_code == 0, resumed.output
    stored, again = (
        json.loads(Path(name, "tune.json").read_text(encoding="utf-8")) for name in ("whole", "cut")
    )
    for table in (stored, again):
        for trial in table["trials"]:
            trial.pop("seconds")
    assert again == stored and len(again["trials"]) == 2 and len(again["confirmed"]) == 1
    # More is asked for, and that is stored too.
    assert run("tune", "--resume", "cut", "--trials", "3", "--confirm", "0").exit_code == 0
    done = run("tune", "--resume", "cut")
    assert "is finished" in done.stderr
    assert len(json.loads(Path("cut/tune.json").read_text(encoding="utf-8"))["trials"]) == 3


@pytest.mark.parametrize("name", ["run.toml", "request.json", "trials.jsonl", "confirmed.jsonl"])
def test_damage_is_refused_by_name(run: Run, name: str, searched: Path) -> None:
    shutil.copytree(searched, "found")
    path = Path("found", name)
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 12)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 2]) + whole[at + 1 :])
        found = run("tune", "--resume", "found")
        assert found.exit_code == 3 and found.stderr.startswith(f"Error: found/{name}: "), at
        assert found.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from click.testing import CliRunner
    from neurochip._cli.main import neurochip

    folder = tmp_path_factory.mktemp("searched") / "found"
    words = ["tune", *TINY, *VARY, "--trials", "2", "--confirm", "1", "--out", str(folder)]
    assert CliRunner().invoke(neurochip, words).exit_code == 0
    return folder


@pytest.mark.parametrize(
    "which", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda which: which.name
)
def test_stopped_and_resumed_it_is_the_same_search(
    which: signal.Signals, searched: Path, place: Workplace
) -> None:
    words = ["tune", *TINY, *VARY, "--trials", "2", "--confirm", "1", "--out", "stopped"]
    with subprocess.Popen(
        [sys.executable, "-m", "neurochip", *words], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("trial  0")
        process.send_signal(which)
        _, said = process.communicate(timeout=60)
    if which != signal.SIGKILL:
        assert process.returncode == 128 + which
        assert said.splitlines()[-1] == "Stopped; go on with: neurochip tune --resume stopped"
    done = subprocess.run(
        [sys.executable, "-m", "neurochip", "tune", "--resume", "stopped"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    stored, again = (json.loads((folder / "tune.json").read_text()) for folder in (searched, Path("stopped")))
    for table in (stored, again):
        for trial in table["trials"]:
            trial.pop("seconds")
    assert again == stored


def test_values_that_come_again_are_not_trained_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two values and nine trials: two trainings, and each trial has the results that it would have."""
    from neurochip.studies import trials

    trained = []

    def counted(wanted: trials.TrialRun) -> trials.Trained:
        trained.append(wanted)
        return train(wanted)

    train = trials.train_trial
    monkeypatch.setattr(trials, "train_trial", counted)
    asked = ("--vary", "phases.free=4,6", "--trials", "9", "--together", "3", "--sampler", "random")
    assert run("tune", *TINY, *asked, "--out", "found").exit_code == 0
    found = json.loads(Path("found/tune.json").read_text(encoding="utf-8"))["trials"]
    assert len(found) == 9 and len(trained) == 2
    for values in ("4", "6"):
        same = [trial for trial in found if trial["values"]["phases.free"] == values]
        assert same and all(trial["measured"] == same[0]["measured"] for trial in same)
