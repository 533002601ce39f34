"""The example of a plug-in, installed as anybody's package is: it runs, tests itself, and is missed when it is gone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Spawn, Workplace
from .test_completion import completions

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"

RUN = """
chip = "thrifty"
[network]
layers = [784, 20, 10]
precision = "int8"
tied = false
[coding]
encoder = { kind = "refractory", ticks = 1 }
[phases]
free = 20
nudged = 10
[data]
train = 40
test = 20
[learning]
rule = "sign-eqprop"
rates = [0.1, 0.1]
epochs = 2
own = { threshold = 0.4 }
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, installed from a copy, without a network."""
    folder = tmp_path_factory.mktemp("plugin")
    copy = shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    target = folder / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index",
         "--disable-pip-version-check", "--root-user-action=ignore", "--target", str(target), str(copy)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return target


def test_a_run_uses_its_encoder_chip_and_rule(place: Workplace, spawn: Spawn, site: Path) -> None:
    place.write("mine.toml", RUN)
    with_it = {"PYTHONPATH": str(site)}
    done = spawn("simulate", "mine.toml", "--out", "first", "--quiet", **with_it)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    report = json.loads(Path("first/report.json").read_text())
    assert report["versions"]["neurochip-example"] == "0.1.0"
    assert report["run"]["learning"]["own"] == {"threshold": 0.4}
    roles = {element["role"]: element for element in report["hardware"]["elements"]}
    assert roles["encoder"]["kind"] == "refractory" and roles["encoder"]["cost"]["comparisons"] == 2
    assert report["energy_j"]["by_category"]["encoder"] > 0
    again = spawn("simulate", "first/run.toml", "--out", "second", "--quiet", **with_it)
    assert again.returncode == 0, again.stderr
    second = json.loads(Path("second/report.json").read_text())
    assert (second["run"], second["counters"], second["result"]["epochs"][-1]["test_error"]) == (
        report["run"], report["counters"], report["result"]["epochs"][-1]["test_error"],
    )  # fmt: skip
    gone = spawn("simulate", "first/run.toml", "--out", "third")
    assert gone.returncode == 2 and "Traceback" not in gone.stderr
    assert gone.stderr.splitlines()[-1] == (
        "Error: first/run.toml: coding.encoder.kind: expected an encoder: one of sigma-delta, "
        'second-order-sigma-delta, stochastic, threshold, got "refractory"'
    )
    assert not Path("third").exists()
    elsewhere = spawn("chips", "show", "thrifty")
    assert elsewhere.returncode == 2 and "no chip 'thrifty' in the catalogue" in elsewhere.stderr


def test_it_is_listed_and_completed(
    place: Workplace, spawn: Spawn, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(site))
    assert any(line.startswith("thrifty ") for line in spawn("chips").stdout.splitlines())
    assert "as cmos45" in spawn("chips", "show", "thrifty").stdout
    assert completions(spawn, "chips show", "thr") == [("file", "thr"), ("plain", "thrifty")]
    doctor = json.loads(spawn("doctor", "--json").stdout)
    assert [(f["name"], f["state"], f["found"], f["means"]) for f in doctor if f["group"] == "plug-ins"] == [
        ("refractory", "good", "neurochip-example 0.1.0", 'coding.encoder = "refractory"'),
        ("adaptive-lif", "good", "neurochip-example 0.1.0", 'neuron.kind = "adaptive-lif"'),
        ("izhikevich", "good", "neurochip-example 0.1.0", 'neuron.kind = "izhikevich"'),
        ("thrifty", "good", "neurochip-example 0.1.0", "--set chip=thrifty"),
        ("sign-eqprop", "good", "neurochip-example 0.1.0", 'learning.rule = "sign-eqprop"'),
    ]


# The contract of a second neuron takes a minute to compile; it is swept and searched below. That rules may learn from
# traces alone is tested with our own, too (contract/test_rules.py).
@pytest.mark.parametrize(
    ("words", "least"),
    [(("-k", "not TestIzhikevich and not TestFromTraces"), 45), pytest.param((), 60, marks=pytest.mark.slow)],
    ids=["quick", "whole"],
)
def test_it_is_tested_by_what_tests_ours(
    place: Workplace, site: Path, words: tuple[str, ...], least: int
) -> None:
    shutil.copytree(EXAMPLE / "tests", place.folder / "tests")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *words, "tests"],
        env=os.environ | {"PYTHONPATH": str(site)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.splitlines()[-1].split()[0]) > least


def test_its_neurons_are_swept_and_searched(place: Workplace, spawn: Spawn, site: Path) -> None:
    """By workers in processes of their own, and reported with its version."""
    tiny = ("data.train=40", "data.test=20", "phases.free=60", "phases.nudged=30", "learning.epochs=1")
    sets = [word for key in ("neuron.kind=izhikevich", *tiny) for word in ("--set", key)]
    with_it = {"PYTHONPATH": str(site)}
    words = ("--vary", "neuron.d=2,6", "--modes", "in-loop", "--seeds", "1", "--out", "swept", "--quiet")
    swept = spawn("sweep", "stripes", *sets, *words, **with_it)
    assert swept.returncode == 0, swept.stderr
    table = json.loads(Path("swept/sweep.json").read_text())
    assert table["complete"] and table["versions"]["neurochip-example"] == "0.1.0"
    words = ("--vary", "neuron.filter=50:200", "--trials", "2", "--out", "tuned")
    tuned = spawn("tune", "stripes", *sets, *words, **with_it)
    assert tuned.returncode == 0, tuned.stderr
    assert 'kind = "izhikevich"' in Path("tuned/run.toml").read_text()
