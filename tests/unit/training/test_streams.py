"""Random streams by name, and the weights that networks begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description import network_of, read_run, run_to_toml
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.training.streams import first_parameters, glorot, stream


def test_the_same_name_gives_the_same_numbers() -> None:
    np.testing.assert_array_equal(stream(1, "order", 3).random(5), stream(1, "order", 3).random(5))


@pytest.mark.parametrize("other", [(2, "order", 3), (1, "beta", 3), (1, "order", 4), (1, "order")])
def test_another_name_gives_others(other: tuple[int, *tuple[str | int, ...]]) -> None:
    assert np.all(stream(1, "order", 3).random(5) != stream(*other).random(5))


def test_streams_stay_what_they_are() -> None:
    """A stored run can be repeated by a later version: these numbers must not change."""
    assert stream(1, "order", 0).permutation(8).tolist() == [0, 7, 1, 3, 6, 4, 2, 5]


def test_glorot_bounds() -> None:
    drawn = glorot(layered((784, 100, 10)), 1)
    for matrix, (n_in, n_out) in zip(drawn.weights, ((784, 100), (100, 10)), strict=True):
        bound = np.sqrt(6 / (n_in + n_out))
        assert matrix.shape == (n_in, n_out)
        assert 0.99 * bound < np.abs(matrix).max() <= bound
        assert abs(matrix.mean()) < 4 * bound / np.sqrt(3 * matrix.size)
        assert matrix.var() == pytest.approx(bound**2 / 3, rel=0.1)
    assert drawn.feedback == ()
    assert [b.tolist() for b in drawn.biases] == [[0.0] * 100, [0.0] * 10]


def test_feedback_has_its_own_draw() -> None:
    tied, untied = glorot(layered((5, 6, 4, 3)), 1), glorot(layered((5, 6, 4, 3), tied=False), 1)
    for a, b in zip(tied.weights, untied.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert [w.shape for w in untied.feedback] == [(4, 6), (3, 4)]
    assert not np.any(untied.feedback[0] == untied.weights[1].T)
    assert not np.any(glorot(layered((5, 6, 4, 3)), 2).weights[0] == tied.weights[0])


def test_feedback_of_its_own_may_begin_as_the_transpose() -> None:
    sets = ["network.layers=[784, 5, 4, 10]", "network.gains=[1, 0.5, 2]", "learning.rates=[0.1, 0.1, 0.1]"]
    drawn = read_run("analog-mnist-small", [*sets, "network.tied=false", "network.feedback_start=drawn"])
    run = read_run("analog-mnist-small", [*sets, "network.tied=false", "network.feedback_start=mirrored"])
    network = network_of(run.network)
    first, other = first_parameters(run, network), first_parameters(drawn, network)
    for k in range(3):
        np.testing.assert_array_equal(first.weights[k], other.weights[k])
    for k in range(2):
        np.testing.assert_array_equal(first.feedback[k], first.weights[k + 1].T)
        assert first.feedback[k].flags.owndata and first.feedback[k].flags.c_contiguous
        assert not np.any(other.feedback[k] == other.weights[k + 1].T)
    assert 'feedback_start = "mirrored"' in run_to_toml(run) and "feedback_start" not in run_to_toml(drawn)


GRAPH = """
substrate = "digital"
chip = "cmos45"
data.set = "digits"
[network]
feedback_start = "{start}"
[[network.populations]]
name = "pixels"
shape = [1, 8, 8]
role = "input"
[[network.populations]]
name = "maps"
shape = [3, 8, 8]
[[network.populations]]
name = "more"
shape = {more}
[[network.populations]]
name = "digits"
shape = [10]
role = "output"
[[network.projections]]
from = "pixels"
to = "maps"
[[network.projections]]
from = "maps"
to = "more"
connectivity = {connectivity}
feedback = "{feedback}"
[[network.projections]]
from = "more"
to = "digits"
feedback = "own"
[learning]
rates = [0.1, 0.1, 0.1]
epochs = 1
[phases]
free = 20
nudged = 10
[coding]
encoder = "sigma-delta"
decoder = "identity"
annealer = {{ kind = "constant", value = 0.5 }}
"""


def whole(connection: Any, weights: Any) -> Any:
    """Return all weights between two populations, [source, target], a synapse at a time."""
    found, edges = np.zeros((connection.sources, connection.targets)), connection.edges()
    for source, target, at in zip(edges.source, edges.target, edges.weight, strict=True):
        found[source, target] += weights.ravel()[at]
    return found


@pytest.mark.parametrize(
    ("connectivity", "more"),
    [
        ('{ kind = "convolution", kernel = [3, 2], stride = 2 }', "[4, 3, 4]"),
        ('{ kind = "sparse", density = 0.2, seed = 3 }', "[20]"),
        ('"one-to-one"', "[3, 8, 8]"),
        ('"dense"', "[9]"),
    ],
)
def test_any_feedback_may_begin_as_the_transpose(connectivity: str, more: str, tmp_path: Path) -> None:
    found = {}
    for start in ("mirrored", "drawn"):
        path = tmp_path / f"{start}.toml"
        path.write_text(GRAPH.format(start=start, connectivity=connectivity, more=more, feedback="own"))
        run = read_run(str(path))
        (tmp_path / "again.toml").write_text(run_to_toml(run))
        assert read_run(tmp_path / "again.toml").network == run.network
        network = network_of(run.network)
        found[start] = first_parameters(run, network)
    for a, b in zip(found["mirrored"].weights, found["drawn"].weights, strict=True):
        np.testing.assert_array_equal(a, b)
    ahead, back = network.projections[1], network.projections[network.own_feedback[0]]
    mirrored = found["mirrored"]
    np.testing.assert_array_equal(mirrored.feedback[1], mirrored.weights[2].T)
    if ahead.connection is None:
        np.testing.assert_array_equal(mirrored.feedback[0], mirrored.weights[1].T)
        return
    there = whole(ahead.connection, mirrored.weights[1])
    assert np.count_nonzero(there) and back.connection is not None
    np.testing.assert_array_equal(whole(back.connection, mirrored.feedback[0]), there.T)
    assert np.any(whole(back.connection, found["drawn"].feedback[0]) != there.T)
    assert 'feedback_start = "mirrored"' in run_to_toml(read_run(tmp_path / "mirrored.toml"))


def test_without_feedback_of_its_own_nothing_is_mirrored(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    text = GRAPH.format(start="mirrored", connectivity='"dense"', more="[9]", feedback="tied")
    path.write_text(text.replace('feedback = "own"', 'feedback = "tied"'))
    with pytest.raises(ConfigError, match='network.feedback_start: has no effect without .*feedback = "own"'):
        read_run(path)
