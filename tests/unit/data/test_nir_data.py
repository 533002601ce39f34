"""Spikes of a node in NIR's own data files, written by nir itself; what is damaged or means nothing is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.data import DataSpec, load
from neurochip.errors import NeurochipError
from neurochip.spikes import SpikeTrains

nir = pytest.importorskip("nir")
SAMPLES, TICKS, UNITS = 20, 8, 5


def bits() -> Any:
    return np.random.default_rng(1).random((SAMPLES, TICKS, UNITS)) < 0.3


def gridded(values: Any, step: float = 0.5) -> Any:
    return nir.TimeGriddedData(values, step)


def listed(values: Any, step: float = 0.5) -> Any:
    most = int(values.sum(axis=(1, 2)).max())
    index, time = np.full((len(values), most), -1), np.full((len(values), most), np.inf)
    for row, raster in enumerate(values):
        tick, unit = np.nonzero(raster)
        index[row, : len(tick)], time[row, : len(tick)] = unit, tick * step
    return nir.EventData(index, time, values.shape[2], TICKS * step)


def write(path: Path, **nodes: Any) -> DataSpec:
    data = {
        name: nir.NIRNodeData(observed if isinstance(observed, dict) else {"spikes": observed})
        for name, observed in nodes.items()
    }
    nir.write_data(path, nir.NIRGraphData(data))
    np.save(path.parent / "labels.npy", np.arange(SAMPLES) % 2)
    return DataSpec(file=str(path), present="spikes", tick=0.5, window=TICKS * 0.5)


def shown(spec: DataSpec) -> Any:
    found = load(spec)
    rows = [found.presented(slice(None), part) for part in ("train", "test")]
    return np.concatenate([row.bits() for row in rows if isinstance(row, SpikeTrains)])


@pytest.mark.parametrize("suffix", [".nir", ".h5"])
@pytest.mark.parametrize("kind", [gridded, listed])
def test_spikes_are_read_in_their_ticks(tmp_path: Path, kind: Any, suffix: str) -> None:
    values = bits()
    values[:, 0, 0] = True  # time counts from the first spike on
    spec = write(tmp_path / f"a{suffix}", input=kind(values))
    found = shown(spec)
    assert found.shape == (SAMPLES, TICKS, UNITS)
    assert sorted(map(bytes, found)) == sorted(map(bytes, values.astype(np.uint8)))


def test_the_observable_is_named_where_there_are_several(tmp_path: Path) -> None:
    both = {
        "spikes": gridded(bits()),
        "voltage": gridded(np.random.default_rng(2).random((SAMPLES, TICKS, UNITS))),
    }
    spec = write(tmp_path / "a.nir", lif=both, other=gridded(~bits()))
    for name, sentence in (
        ((), "data.inputs: must name one observable of a.nir: lif/spikes, lif/voltage, other/spikes"),
        (("lif",), "data.inputs: must name one observable of a.nir"),
        (("lif/spike",), "did you mean 'lif/spikes'?"),
        (("lif/voltage",), "a.nir: lif/voltage: holds measured values, and spikes are 0 and 1"),
    ):
        with pytest.raises(NeurochipError) as caught:
            load(DataSpec(file=spec.file, present="spikes", tick=0.5, inputs=name))
        assert sentence in str(caught.value), str(caught.value)
    first = shown(DataSpec(file=spec.file, present="spikes", tick=0.5, inputs=("lif/spikes",)))
    other = shown(DataSpec(file=spec.file, present="spikes", tick=0.5, inputs=("other",)))
    assert first.sum() + other.sum() == SAMPLES * TICKS * UNITS


def test_counts_of_recorded_spikes(tmp_path: Path) -> None:
    write(tmp_path / "a.nir", input=gridded(bits()))
    found = load(DataSpec(file=str(tmp_path / "a.nir")))
    most = found.scaling.high[0]
    rows = np.concatenate([np.asarray(part.inputs) for _, part in found.parts()])
    assert round(float(rows.sum() * most)) == bits().sum()


def test_what_is_no_such_file(tmp_path: Path) -> None:
    ones = np.ones((SAMPLES, 2))
    valued = nir.ValuedEventData(ones.astype(int), ones, n_neurons=3, t_max=1.0, value=ones)
    spec = write(tmp_path / "a.nir", input=valued)
    with pytest.raises(NeurochipError, match="input/spikes: holds events with values"):
        load(spec)
    early = listed(bits())
    early.time[3, 1] = 0.0
    early.time[3, 0] = 1.0
    with pytest.raises(
        NeurochipError, match="input/spikes: sample 4, event 2: runs backwards: t = 0 after 1"
    ):
        load(write(tmp_path / "a.nir", input=early))
    beyond = listed(bits())
    beyond.idx[2, 0] = UNITS
    with pytest.raises(
        NeurochipError, match=r"sample 3, event 1: lies at \(5, 0\), beyond the sensor of 5 × 1"
    ):
        load(write(tmp_path / "a.nir", input=beyond))
    nir.write(tmp_path / "graph.nir", nir.NIRGraph.from_list(nir.Linear(np.ones((2, 2)))))
    with pytest.raises(NeurochipError, match="has no NIRGraphData"):
        load(DataSpec(file=str(tmp_path / "graph.nir")))
    (tmp_path / "labels.npy").unlink()
    with pytest.raises(NeurochipError, match="has no targets beside it"):
        load(spec)
