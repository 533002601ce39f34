"""How fast bits find the fixed point: a small run of it, and that stopping leaves what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip import read_run, simulate
from neurochip.errors import ConfigError
from neurochip.network import Network, Population, Projection
from neurochip.runs.building import build
from neurochip.training import convergence
from neurochip.training.convergence import convergence_curve
from neurochip.training.progress import Reporter

SMALL = (
    "network.layers=[30, 20, 5]",
    "convergence.nets=4",
    "convergence.samples=3",
    "convergence.free=80",
    "convergence.nudged=60",
    "convergence.reference_steps=400",
)


def curve(*extra: str, stop: Any = lambda: False) -> Any:
    run = read_run("convergence", [*SMALL, *extra])
    built = build(run)
    return convergence_curve(run, built.network, built.substrate, Reporter(None, 0), stop)


def test_the_error_falls_and_rises_and_falls() -> None:
    found = curve()
    assert found.n_free == 80
    assert found.mean_error.shape == found.std_error.shape == (140,)
    assert np.all(found.mean_error >= 0) and np.all(found.std_error >= 0)
    assert found.mean_error[79] < 0.2 * found.mean_error[0]
    assert found.mean_error[80:85].max() > found.mean_error[79]
    assert found.scheme == "sigma-delta + predictive + osa"


def test_first_errors_are_distances_from_rest() -> None:
    """At first all states are 0: the first error is the mean over layers of the mean fixed point, nearly."""
    first = curve().mean_error[0]
    assert 0.05 < first < 0.5


def test_nets_do_not_depend_on_how_many_there_are() -> None:
    few = curve("convergence.nets=1")
    np.testing.assert_array_equal(few.std_error, np.zeros(140))
    four, stopped = curve(), curve(stop=lambda: True)
    np.testing.assert_array_equal(few.mean_error, stopped.mean_error)
    assert np.any(four.mean_error != few.mean_error)


@pytest.mark.parametrize(
    "other", ["seed=2", "convergence.samples=2", "convergence.beta=-0.4", "convergence.reference_steps=3",
              "network.layers=[30, 12, 5]", "network.tied=false"]
)  # fmt: skip
def test_networks_drawn_before_are_taken_only_where_they_are_the_same(other: str) -> None:
    """A search measures many codings on the same networks, whose fixed points are computed once."""
    first, changed, again = curve(), curve(other), curve()
    np.testing.assert_array_equal(first.mean_error, again.mean_error)
    convergence._fixed.cache_clear()
    np.testing.assert_array_equal(changed.mean_error, curve(other).mean_error)
    assert np.any(changed.mean_error != first.mean_error)


def test_another_coding_takes_the_same_networks() -> None:
    curve()
    before = convergence._fixed.cache_info()
    curve("coding.decoder.lambda=0.3")
    after = convergence._fixed.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (4, 0)


def test_through_simulate() -> None:
    record = simulate("convergence", overrides=SMALL, write=False).record
    assert record.convergence is not None
    np.testing.assert_array_equal(record.convergence.mean_error, curve().mean_error)
    assert record.epochs == () and record.confusion is None
    by_phase = record.counters.to_json()
    assert (by_phase["free"]["ticks"], by_phase["nudged"]["ticks"]) == (4 * 3 * 80, 4 * 3 * 60)


def test_a_run_that_is_none() -> None:
    run = read_run("mnist-small")
    built = build(run)
    with pytest.raises(ConfigError) as caught:
        convergence_curve(run, built.network, built.substrate, Reporter(None, 0), lambda: False)
    assert str(caught.value) == "convergence: is missing; a convergence run needs it"


GRAPH = """
experiment = "convergence"
substrate = "{substrate}"

[[network.populations]]
name = "left"
shape = [9]
role = "input"

[[network.populations]]
name = "right"
shape = [4]
role = "input"

[[network.populations]]
name = "middle"
shape = [7]

[[network.populations]]
name = "first"
shape = [5]
role = "output"

[[network.populations]]
name = "second"
shape = [3]
role = "output"

[[network.projections]]
from = "left"
to = "middle"

[[network.projections]]
from = "right"
to = "second"

[[network.projections]]
from = "middle"
to = "first"

[[network.projections]]
from = "middle"
to = "second"
delay = 2

[coding]
annealer = "constant"

[convergence]
nets = 2
samples = 3
free = 60
nudged = 60
beta = 0.5
reference_steps = 300
"""


@pytest.mark.parametrize("substrate", ["ideal", "digital"])
def test_a_graph_with_two_inputs_and_two_outputs_converges(substrate: str, tmp_path: Path) -> None:
    file = tmp_path / "graph.toml"
    file.write_text(GRAPH.format(substrate=substrate), encoding="utf-8")
    run = read_run(str(file))
    built = build(run)
    found = convergence_curve(
        run, built.network, built.substrate, Reporter(None, 0), lambda: False
    ).mean_error
    left = (0.02 if substrate == "ideal" else 0.5) * found[0]
    assert found[0] > 0.05 and found[59] < left and found[-1] < left
    assert found[60] > 2 * found[59], "the nudge moves the fixed point"


def test_the_distance_is_that_of_every_population_that_is_updated() -> None:
    network = Network(
        (Population("a", 2, clamped=True), Population("b", 3, clamped=True), Population("c", 1, output=True),
         Population("d", 4, output=True)),
        (Projection(0, 2), Projection(1, 3)),
    )  # fmt: skip
    fixed = [np.zeros((2, n)) for n in network.sizes]
    states = tuple(
        np.full((5, 2, n), value) for n, value in zip(network.sizes, (9.0, 9.0, 1.0, 3.0), strict=True)
    )
    np.testing.assert_array_equal(convergence.distance(network, states, fixed), np.full(5, 2.0))
