"""Finished studies, exported chips, and samples for networks, fuzzed: what `figures`, `predict`, `check` … read."""

from __future__ import annotations

import functools
import io
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.fuzz.mutations import damaged_archive, damaged_text
from tests.fuzz.written import made_in_folder

__all__ = [
    "asked_about",
    "damaged_question",
    "expected",
    "exploration",
    "hdf5_samples",
    "labelled",
    "manifest",
    "read_asked_about",
    "read_expected",
    "read_exploration",
    "read_figures",
    "read_labelled",
    "read_manifest",
    "read_replay",
    "replay",
    "reproduction",
    "search",
]


def _npz(**arrays: Any) -> bytes:
    memory = io.BytesIO()
    np.savez(memory, **arrays)
    return memory.getvalue()


# Studies, and their figures as numbers.


def search() -> list[bytes]:
    trials: list[dict[str, Any]] = [
        {
            "number": number, "values": {"phases.free": 8 + number, "learning.beta": 0.5 + 0.1 * number},
            "objectives": [0.25, 1e5 * number] if number else [], "measured": {"error": 0.25}, "seconds": 1.5,
            "failure": "" if number else "it failed",
        }
        for number in range(5)
    ]  # fmt: skip
    vary = ["phases.free=8:14:int", "learning.beta=0.2:1.0:log"]
    table = {"vary": vary, "objective": "error,bits", "run": {"experiment": "train"}, "front": [1, 2]}
    return [json.dumps(table | {"trials": trials}).encode()]


def reproduction() -> list[bytes]:
    from neurochip.papers.charts import chart_table
    from neurochip.papers.pages import FORMAT, _plain
    from neurochip.report.figures import Chart, Curve

    band = Curve("a", [1, 2, 3], [0.5, 0.25, np.nan], low=[0.4, 0.2, 0.1], high=[0.6, 0.3, 0.2], dots=True)
    charts = [
        Chart("Error", "epoch", "", [band], y_unit="%", log_y=True, marks=[(2, "here")], levels=[(0.3, "x")]),
        Chart(
            "Cost", "key", "cost", [Curve("", [0, 1], [2e-6, 3e-6])], y_unit="J", x_names=[(0, "a"), (1, "b")]
        ),
    ]
    claim = {
        "key": "a", "says": "it learns", "measure": "error", "measured": 0.1, "control": "none",
        "control_measured": None, "tolerance": "< 0.2", "in_part": None, "verdict": "holds", "note": "",
    }  # fmt: skip
    table = {
        "format": FORMAT, "experiment": "x", "quick": True, "seed": 2, "seeds": 3, "verdict": "holds",
        "claims": [claim], "charts": [chart_table(chart) for chart in charts], "paper": "X et al.",
        "figure": "Fig. 1", "about": "what it does", "settings": {"bits": "a b"}, "notes": ["one"],
    }  # fmt: skip
    return [json.dumps(_plain(table)).encode()]


@functools.cache
def _exploration() -> bytes:
    from neurochip.exploration import explore
    from neurochip.exploration.given import given

    def make(folder: Path) -> None:
        rng = np.random.default_rng(7)
        bits = {
            f"spikes.{k}": (rng.random((6, size)) < 0.4).astype(np.uint8) for k, size in enumerate((5, 4))
        }
        raster = folder.with_name("all.npz")
        raster.parent.mkdir(exist_ok=True)
        np.savez(raster, **bits)  # type: ignore[arg-type]
        what = given(None, raster=raster)
        vary = ["chip.core.neurons=2,4,6", "chip.packet.routing=unicast,multicast"]
        explore(
            what.workload,
            what.chip,
            vary,
            name="x",
            changes=["mesh.width = 2", "mesh.height = 2"],
            out=folder,
        )

    return made_in_folder(make, "sweep.json")[0]


def exploration() -> list[bytes]:
    return [_exploration()]


def read_exploration(path: Path) -> Any:
    """Draw a stored exploration in all its forms, as `neurochip report` and `neurochip figures` do."""
    from rich.console import Console

    from neurochip.report import explorations
    from neurochip.report.explorations.terminal import print_exploration

    content = path.read_bytes()
    document = explorations.read_exploration(path.parent)
    with explorations.drawing_stored_exploration(path.parent):
        print_exploration(document, Console(file=io.StringIO()))
        explorations.write_exploration(document, path.parent)
    path.write_bytes(content)
    return read_figures(path)


def read_figures(path: Path) -> Any:
    """Return the numbers of each figure, and of a reproduction its page."""
    from neurochip.figures.folders import figures_of
    from neurochip.figures.writing import csv_of
    from neurochip.papers.gallery import page_of, read_reproduction

    found = [(figure.name, csv_of(figure)) for figure in figures_of([path.parent])]
    assert all(name == Path(name).name for name, _ in found), "it would be written elsewhere"
    return found, page_of(read_reproduction(path.parent), "") if path.name == "result.json" else ""


# Samples.


def hdf5_samples() -> list[bytes]:
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        for part, n in (("train", 20), ("test", 6)):
            file[f"{part}/x"] = np.arange(3.0 * n).reshape(n, 3)
            file[f"{part}/y"] = np.arange(n) % 2
    flat = io.BytesIO()
    with h5py.File(flat, "w") as file:
        file["x"] = np.arange(60, dtype=np.uint8).reshape(20, 3)
        file["y"] = np.array([b"a", b"bc"] * 10)
        file["x"].attrs["unit"] = "V"
    trains = io.BytesIO()
    with h5py.File(trains, "w") as file:
        for name, kind in (("times", "f2"), ("units", "u2")):
            lists = file.create_dataset(f"spikes/{name}", (20,), h5py.vlen_dtype(kind), chunks=(8,))
            for k in range(20):
                lists[k] = np.arange(k, dtype=kind)
        file["labels"] = np.arange(20) % 2
    return [memory.getvalue(), flat.getvalue(), trains.getvalue()]


def _model() -> Any:
    """Return as much of a model as its samples are read by: three named columns, two classes."""
    from neurochip.data import DataSpec, Heads

    coding = SimpleNamespace(
        features=("one", "two", "three"),
        heads=Heads.of_classes(("a", "b")),
        scaling=SimpleNamespace(kind="range"),
    )
    run = SimpleNamespace(data=DataSpec(file="learnt.csv"))
    return SimpleNamespace(coding=coding, run=run, classes=("a", "b"), n_inputs=3)


def asked_about() -> list[bytes]:
    rows = [f"{k / 7},{k % 3},{k}" for k in range(9)]
    told = [f"{row},{'ab'[k % 2]}" for k, row in enumerate(rows)]
    tables = ["one,two,three\n" + "\n".join(rows), "\n".join(rows), "three,class,two,one\n1,a,2,3\n4,b,5,6\n"]
    return [*(text.encode() for text in tables), "\n".join(["one,two,three,class", *told]).encode(), _npz(
        x=np.arange(12.0).reshape(4, 3), y=np.array(["a", "b", "a", "b"]))]  # fmt: skip


def damaged_question(content: bytes, rng: random.Random) -> bytes:
    """Damage a table or an archive."""
    return damaged_archive(content, rng) if content[:2] == b"PK" else damaged_text(content, rng)


def read_asked_about(path: Path) -> Any:
    """Read the file under the name that its kind has, with and without targets."""
    from neurochip.errors import NeurochipError
    from neurochip.models.samples import read_samples

    content = path.read_bytes()
    named = path.with_suffix(".npz" if content[:2] == b"PK" else ".csv")
    named.write_bytes(content)
    model = _model()
    try:
        read_samples(named, model, with_targets=True)
    except NeurochipError:
        read_samples(named, model, with_targets=False)


def labelled() -> list[bytes]:
    rng = np.random.default_rng(4)
    bits = rng.integers(0, 2, (5, 4, 3), dtype=np.uint8)
    return [
        _npz(spikes=bits, labels=np.arange(5) % 2),
        _npz(x=bits.astype(float), y=np.arange(5, dtype=np.uint8)),
    ]


def read_labelled(path: Path) -> Any:
    from neurochip.inference.inferring import read_samples

    return read_samples(path)


class _Network:
    """As much of a network as a run of another tool is compared with: an input of 3, groups of 4 and 2."""

    sizes = (3, 4, 2)

    def __init__(self) -> None:
        self.groups = [self.group(name) for name in ("in", "hidden", "out")]
        self.outputs = {"output": "out"}

    def group(self, name: str) -> Any:
        return SimpleNamespace(
            name=name, size=self.sizes["in hidden out".split().index(name)], fires=name != "out"
        )


def expected() -> list[bytes]:
    rng = np.random.default_rng(4)
    x, hidden = rng.integers(0, 2, (6, 3)), rng.integers(0, 2, (6, 4), dtype=np.uint8)
    return [
        _npz(x=x, **{"s.hidden": hidden, "output": rng.random((6, 2))}),
        _npz(spikes=x[None], hidden=hidden[None]),
    ]


def read_expected(path: Path) -> Any:
    from neurochip.cores.raster_file import load_arrays
    from neurochip.inference.checking import _expected, _input

    arrays, network = load_arrays(path), _Network()
    x = _input(arrays, path, network)  # type: ignore[arg-type]
    return _expected(arrays, path, network, len(x))  # type: ignore[arg-type]


# Exported chips.


def manifest() -> list[bytes]:
    from neurochip.rtl.manifest import FORMAT

    core = {"population": "hidden", "first": 0, "neurons": 12, "axons": 18, "x": 0}
    written = {
        "format": FORMAT,
        "run": "x",
        "lanes": 2,
        "samples": 1,
        "recorded": 99,
        "ticks": 5,
        "meshed": True,
        "cores": [core, core],
    }
    return [json.dumps(written).encode()]


def read_manifest(path: Path) -> Any:
    """Read what stands beside exported Verilog, as far as its simulation needs it."""
    from neurochip.rtl import manifest

    return manifest.read_manifest(path.parent)


# Replays, rendered again.


def _replayed(folder: Path) -> None:
    from neurochip.inference.replay_run import replay_run

    folder.parent.mkdir(exist_ok=True)
    rng = np.random.default_rng(5)
    given = {f"spikes.{k}": (rng.random((6, size)) < 0.3).astype(np.uint8) for k, size in enumerate((4, 3))}
    np.savez(folder.with_name("mine.npz"), **given)  # type: ignore[arg-type]
    replay_run(folder.with_name("mine.npz"), out=folder)


@functools.cache
def _replay_files() -> tuple[bytes, bytes]:
    report, spikes = made_in_folder(_replayed, "report.json", "spikes.npz")
    return report, spikes


def replay() -> list[bytes]:
    return [_replay_files()[0]]


def read_replay(path: Path) -> Any:
    """Render a stored replay, as `neurochip report` does."""
    from neurochip.report.replay_files import render_replay_again

    spikes = path.with_name("spikes.npz")
    if not spikes.exists():
        spikes.write_bytes(_replay_files()[1])
    content = path.read_bytes()
    try:
        return render_replay_again(path.parent)
    finally:
        path.write_bytes(content)
