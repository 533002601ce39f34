"""Input that other tools have: counts and currents (tonic, sinabs), events, NIR's data files, plain arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from neurochip.inference.input_files import GRADED
from neurochip.spikes import read_spikes
from tests.cli.conftest import Run

EVENTS = np.dtype([("x", "i2"), ("y", "i2"), ("t", "i8"), ("p", "i1")])
DT = 1e-4


@pytest.fixture
def net(run: Run) -> str:
    """Two neurons that fire with every spike of their input."""
    neurons = nir.IF(r=np.full(2, 1e4), v_threshold=np.full(2, 0.5), v_reset=np.zeros(2))
    nodes = {
        "in": nir.Input(np.array([2])),
        "w": nir.Linear(np.eye(2)),
        "n": neurons,
        "out": nir.Output(np.array([2])),
    }
    nir.write("g.nir", nir.NIRGraph(nodes, [("in", "w"), ("w", "n"), ("n", "out")]))
    assert run("import", "g.nir", "net.npz", "--dt", DT).exit_code == 0
    return "net.npz"


def bits(folder: str) -> tuple[Any, Any]:
    """Return the spikes of both layers that stand in a folder."""
    stored = read_spikes(Path(folder, "spikes.npz"))
    return stored["spikes.0"].array(), stored["spikes.1"].array()


def shown(run: Run, net: str, file: str) -> Any:
    """Return the input and what the neurons did."""
    result = run("simulate", net, "--replay", file, "--quiet", "--out", "out")
    assert result.exit_code == 0, result.stderr
    return bits("out")


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (np.array([[3, 0], [0, 0]], "u1"), f"x.npz: spikes.0[0, 0]: must be 0 or 1, got 3; {GRADED}"),
        (np.full((8, 2), 0.5, "f4"), f"x.npz: spikes.0[0, 0]: must be 0 or 1, got 0.5; {GRADED}"),
        (np.array([[0, -1], [1, 0]], "i1"), f"x.npz: spikes.0[0, 1]: must be 0 or 1, got -1; {GRADED}"),
        (np.zeros((1, 10, 2), "u1"),
         "x.npz: spikes.0: must have shape (ticks, units), got (1, 10, 2); of one sample take x[0], and show several "
         "with --data"),
    ],
)  # fmt: skip
def test_graded_input_is_refused_with_a_way_out(run: Run, net: str, x: Any, sentence: str) -> None:
    np.savez("x.npz", **{"spikes.0": x})
    result = run("simulate", net, "--replay", "x.npz", "--quiet")
    assert (result.exit_code, result.stderr) == (3, f"Error: {sentence}\n")


def test_the_ways_out_work(run: Run, net: str) -> None:
    rng = np.random.default_rng(1)
    np.savez("x.npz", **{"spikes.0": (rng.random((50, 2)) < [0.9, 0.1]).astype("u1")})
    given, fired = shown(run, net, "x.npz")
    assert np.array_equal(fired[1:], given[:-1]) and fired[:, 0].sum() > fired[:, 1].sum() > 0


@pytest.mark.parametrize("dtype", ["u1", "f4", "?", "i8"])
@pytest.mark.parametrize("how", ["npy", "npz"])
def test_plain_arrays_of_any_type(run: Run, net: str, dtype: str, how: str) -> None:
    x = np.array([[1, 0], [0, 1], [1, 1], [0, 0]]).astype(dtype)
    np.save("x.npy", x) if how == "npy" else np.savez("x.npz", **{"spikes.0": x})
    given, fired = shown(run, net, f"x.{how}")
    assert np.array_equal(given, x) and np.array_equal(fired[1:], given[:-1])


def test_spikes_of_nir_data(run: Run, net: str) -> None:
    events = nir.EventData(
        idx=np.array([[0, 1, 0]]), time=np.array([[1e-4, 3e-4, 5e-4]]), n_neurons=2, t_max=1e-3
    )
    grid = np.zeros((1, 10, 2))
    grid[0, [1, 3, 5], [0, 1, 0]] = 1
    found = []
    for data in (events, nir.TimeGriddedData(data=grid, dt=DT)):
        nodes = {"in": nir.NIRNodeData(observables={"spikes": data})}
        Path("d.h5").unlink(missing_ok=True)
        nir.write_data("d.h5", nir.NIRGraphData(nodes=nodes))
        result = run("simulate", net, "--replay", "d.h5", "--quiet", "--out", f"out{len(found)}")
        assert result.exit_code == 0, result.stderr
        given, fired = bits(f"out{len(found)}")
        assert np.array_equal(fired[1:], given[:-1])
        found.append(given)
    assert np.array_equal(found[0], grid[0]) and np.array_equal(found[1], grid[0])


def test_nir_data_that_would_fill_the_memory_are_refused(
    run: Run, net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROCHIP_FILE_LIMIT", "16 MiB")
    events = nir.EventData(idx=np.array([[0]]), time=np.array([[1e-4]]), n_neurons=2, t_max=1600.0)
    nir.write_data("d.h5", nir.NIRGraphData(nodes={"in": nir.NIRNodeData(observables={"spikes": events})}))
    result = run("simulate", net, "--replay", "d.h5", "--quiet")
    assert result.exit_code == 3 and len(result.stderr.splitlines()) == 1
    assert "d.h5: in/spikes: would take 30.52 MiB as 16000000 ticks of 2 neurons" in result.stderr


def test_events_are_refused_with_a_way_out(run: Run, net: str) -> None:
    events = np.zeros(3, EVENTS)
    events["t"] = [100, 200, 500]
    np.save("events.npy", events)
    np.savez("events.npz", events=events)
    for file, place_ in (("events.npy", "events.npy"), ("events.npz", "events.npz: events")):
        result = run("simulate", net, "--replay", file, "--quiet")
        assert result.exit_code == 3
        assert result.stderr.startswith(
            f"Error: {place_}: holds events, whose unit of time and order of inputs"
        )
        assert "save it as spikes.0" in result.stderr
    ticks = np.zeros((10, 2), "u1")
    ticks[(events["t"] * 1e-6 / DT + 1e-6).astype(int), events["x"]] = 1  # microseconds, as tonic has them
    np.savez("x.npz", **{"spikes.0": ticks})
    assert np.flatnonzero(shown(run, net, "x.npz")[0][:, 0]).tolist() == [1, 2, 5]


def test_several_samples_of_nir_data_are_refused(run: Run, net: str) -> None:
    nodes = {"in": nir.NIRNodeData(observables={"spikes": nir.TimeGriddedData(np.zeros((3, 4, 2)), DT)})}
    nir.write_data("d.h5", nir.NIRGraphData(nodes=nodes))
    result = run("simulate", net, "--replay", "d.h5", "--quiet")
    assert (result.exit_code, result.stderr) == (
        3,
        "Error: d.h5: holds 3 samples; --replay shows one, --data several\n",
    )
