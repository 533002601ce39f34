"""A graph whose maps are pooled, beside a skip, through every command that takes a run: pooling has no weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neurochip.errors import Interrupted
from neurochip.runs.simulation import simulate

from .conftest import Run, Workplace

GRAPH = """
[[network.populations]]
name = "pixels"
shape = [1, 8, 8]
role = "input"

[[network.populations]]
name = "pooled"
shape = [1, 4, 4]

[[network.populations]]
name = "digit"
shape = [10]
role = "output"

[[network.projections]]
from = "pixels"
to = "pooled"
connectivity = { kind = "pooling", kernel = 2 }

[[network.projections]]
from = "pooled"
to = "digit"

[[network.projections]]
from = "pixels"
to = "digit"

[data]
set = "digits"
train = 20
test = 10

[phases]
free = 8
nudged = 4

[learning]
rates = [0.0, 0.05, 0.05]
epochs = 2

[evaluation]
train = 10
"""

WAYS = {
    "persistent": ["--set", "phases.persistent=true"],
    "int8": ["--set", "network.precision=int8"],
    "ideal": ["--set", "substrate=ideal", "--set", "coding.annealer=constant"],
    "firmware": ["--through", "firmware"],
    "analytic": ["--set", "timing=analytic"],
    "cycle": ["--set", "timing=cycle"],
    "opposite": ["--set", "phases.reference=opposite"],
}


@pytest.fixture
def graph(place: Workplace) -> Workplace:
    place.write("graph.toml", GRAPH)
    return place


@pytest.mark.parametrize("way", WAYS)
def test_it_is_simulated(run: Run, graph: Workplace, way: str) -> None:
    result = run("simulate", "graph.toml", *WAYS[way], "--out", way, "--quiet")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    report = json.loads((graph.folder / way / "report.json").read_text("utf-8"))
    assert [p["name"] for p in report["run"]["network"]["populations"]] == ["pixels", "pooled", "digit"]


def test_it_is_traced_exported_and_goes_on(run: Run, graph: Workplace) -> None:
    asked = iter([False, False, True, *[True] * 100])
    with pytest.raises(Interrupted):
        simulate("graph.toml", out="stopped", threads=1, stop=lambda: next(asked))
    resumed = run("simulate", "--resume", "stopped", "--quiet")
    assert (resumed.exit_code, resumed.stderr) == (0, ""), resumed.output
    assert run("simulate", "graph.toml", "--out", "whole", "--quiet").exit_code == 0
    reports = [json.loads(Path(name, "report.json").read_text("utf-8")) for name in ("stopped", "whole")]
    assert reports[0]["counters"] == reports[1]["counters"]
    traced = run("trace", "whole", "--format", "npz", "--out", "trace.npz")
    assert (traced.exit_code, traced.stderr) == (0, ""), traced.output
    with np.load("trace.npz") as arrays:
        assert arrays["neuron.pooled.value"].shape[1] == 16
    exported = run("export", "whole", "out.nir")
    assert (exported.exit_code, exported.stderr) == (0, ""), exported.output
    again = run("import", "out.nir", "out.npz")
    assert (again.exit_code, again.stderr) == (0, ""), again.output
