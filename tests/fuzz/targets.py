"""What is fuzzed: each reader of foreign files, with files to begin from and the damage that suits it."""

from __future__ import annotations

import io
import json
import lzma
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurochip.errors import NeurochipError
from tests.fuzz import devices, results, stores
from tests.fuzz.mutations import (
    damaged_archive,
    damaged_bytes,
    damaged_hdf5,
    damaged_json,
    damaged_safetensors,
    damaged_text,
)

__all__ = ["TARGETS", "Target", "judged"]

CASES = Path(__file__).parents[1] / "cases" / "hardening"
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
LONGEST = 5.0  # seconds of computing

Damage = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes
    ----------
    suffix
        Of the file.
    seeds
        Returns good files, and files that were found to be damaged in a way that mattered.
    damage
        Changes one of them.
    read
        Reads the file at a path.
    stem
        Of the file's name.
    beside
        Names of files beside it, of which it may say what does not fit.
    """

    suffix: str
    seeds: Callable[[], Sequence[bytes]]
    damage: Damage
    read: Callable[[Path], Any]
    stem: str = "x"
    beside: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name."""
        return self.stem + self.suffix


def judged(target: Target, content: bytes, path: Path) -> bool:
    """Write a file, read it, and return whether it was read; anything but that or one sentence about it fails."""
    path.write_bytes(content)
    began = time.process_time()
    try:
        target.read(path)
        taken = True
    except NeurochipError as error:
        text = str(error)
        named = (str(path), path.name, *(str(path.with_name(name)) for name in target.beside))
        # Of a folder that is meant as a whole, the folder.
        assert text.startswith((*named, f"{path.parent}: ")), f"no file in: {text}"
        assert not _UNSHOWN.search(text), f"more than a sentence: {text!r}"
        taken = False
    took = time.process_time() - began
    assert took < LONGEST, f"took {took:.1f} s"
    return taken


def _named(pattern: str) -> list[bytes]:
    found = []
    for path in sorted(CASES.glob(pattern)):
        found.append(lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes())
    return found


def _resealed(damage: Damage) -> Damage:
    """Damage what stands before a checksum, and put the right one behind it: so that more than the sum is looked at."""
    from neurochip.durable.seal import sealed

    def made(content: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.05:
            return damage(content, rng)
        body = damage(content[: -len(sealed(b""))], rng)
        return body + sealed(body)

    return made


def _die() -> list[bytes]:
    from neurochip.analog.die_file import write_die
    from neurochip.analog.drawing import draw_die
    from neurochip.description.analog_sections import AnalogSpec
    from neurochip.network import layered

    return [_written(lambda path: write_die(path, draw_die(layered((4, 3, 2)), AnalogSpec())))]


def _written(write: Callable[[Path], Any]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed"
        write(path)
        return path.read_bytes()


def _checkpoint() -> list[bytes]:
    from neurochip.substrate import Ledger, Parameters, Phase
    from neurochip.substrate.ledger import COUNTERS, PhaseBook
    from neurochip.training.checkpoint import write_checkpoint
    from neurochip.training.record import EpochRecord
    from neurochip.training.state import TrainingState

    rng = np.random.default_rng(1)
    weights = (rng.normal(size=(4, 3)).astype("f4"), rng.normal(size=(3, 2)).astype("f4"))
    books = {
        phase: PhaseBook(3, 40, np.ones((2, len(COUNTERS)), np.int64)) for phase in (Phase.FREE, Phase.NUDGED)
    }
    epoch = EpochRecord(
        epoch=1, online_error=0.5, train_error=None, test_error=0.25, seconds=1.0, samples_per_s=10.0,
        spikes_per_sample=None, weight_saturations=0,
    )  # fmt: skip
    state = TrainingState(
        Parameters(weights, (), (np.zeros(3, "f4"), np.zeros(2, "f4"))),
        Ledger(("input", "output"), (0, 1), books),
        epoch=1,
        epochs=[epoch],
        confusion=np.eye(2, dtype=np.int64),
        resting={"s": np.ones((3, 4), "f4")},
        started="2026-01-01T00:00:00+00:00",
    )
    return [_written(lambda path: write_checkpoint(path, state, run="", digest="0123abcd"))]


def _read_checkpoint(path: Path) -> Any:
    from neurochip.training.checkpoint import read_checkpoint

    return read_checkpoint(path, digest="0123abcd")


def _graphs() -> list[bytes]:
    """Return NIR graphs, whole ones first."""
    from neurochip.description.nir_export import nir_bytes

    good = nir_bytes(_network())
    return [good] * 5 + _named("nir_*.nir.xz")


def _network() -> Any:
    from neurochip.description.nir_graph import read_nir

    path = CASES / "nir_007.nir.xz"
    found: list[Any] = []

    def read(copy: Path) -> None:
        copy.write_bytes(lzma.decompress(path.read_bytes()))
        found.append(read_nir(copy, dt=1e-3))

    _written(read)
    return found[0]


def _network_files() -> list[bytes]:
    from neurochip.description.spiking_file import spiking_bytes

    return [spiking_bytes(_network())] * 5 + _named("net_*.npz")


def _spikes() -> list[bytes]:
    rng = np.random.default_rng(2)
    memory = io.BytesIO()
    arrays = {f"spikes.{k}": rng.integers(0, 2, (6, n), dtype=np.uint8) for k, n in enumerate((3, 4, 2))}
    np.savez_compressed(memory, **arrays, **{"weights.0": np.ones((3, 4)), "weights.1": np.ones((4, 2))})  # type: ignore[arg-type]
    return [*[memory.getvalue()] * 5, *_named("raster_*.npz"), *_named("truncated_header.npz")]


def _read_spikes(path: Path) -> Any:
    from neurochip.cores.raster_file import load_arrays, recorded_traffic
    from neurochip.files import Foreign

    arrays = load_arrays(path)
    with Foreign(path, "a file of spikes", "").guarded():
        return recorded_traffic(arrays)


def _read_network(path: Path) -> Any:
    from neurochip.cores.raster_file import load_arrays
    from neurochip.description.spiking_file import read_spiking, spiking_bytes

    return spiking_bytes(read_spiking(path, load_arrays(path)))


def _read_nir(path: Path) -> Any:
    from neurochip.description.nir_export import nir_bytes
    from neurochip.description.nir_graph import read_nir
    from neurochip.description.spiking_file import spiking_bytes

    network = read_nir(path, dt=1e-3)
    return spiking_bytes(network), nir_bytes(network)


def _read_rasters(path: Path) -> Any:
    from neurochip.report.reading import read_rasters

    return read_rasters(path)


def _rasters() -> list[bytes]:
    from neurochip.report.write import write_rasters
    from tests.unit.report.fake_record import fake_record

    return [_written(lambda path: write_rasters(fake_record().rasters[:1], path))]


def _report() -> list[bytes]:
    from neurochip.report.document import document
    from tests.unit.report.fake_record import fake_record

    return [json.dumps(document(fake_record())).encode()]


def _read_report(path: Path) -> Any:
    from neurochip.report.comparison import compare
    from neurochip.report.reading import drawing_stored, read_document

    with drawing_stored(path):
        found = read_document(path)
        return compare([("a", found), ("b", found)])


def _catalogue(shelf: str) -> list[bytes]:
    from neurochip.description import chip_text, chips, run_text, runs

    names, text = (runs(), run_text) if shelf == "runs" else (chips(), chip_text)
    return [text(name).encode() for name, _ in names]


def _read_run(path: Path) -> Any:
    from neurochip.description import read_run

    return read_run(str(path))


def _read_chip(path: Path) -> Any:
    from neurochip.description import read_chip, read_prices

    return read_chip(str(path)), read_prices(str(path))


def _devices() -> list[bytes]:
    return [
        b"kind,layer,neuron,from,to,pre,post,value\nneuron_gain,1,2,,,,,1.1\nsynapse_gain,,,0,1,3,2,0.9\n"
        b"time_constant,2,1,,,,,1.5\nsynapse_offset,,,1,2,0,1,0.25\n"
    ]


def _read_devices(path: Path) -> Any:
    from neurochip.analog.die_file import read_die
    from neurochip.network import layered

    return read_die(path, layered((4, 3, 2)))


def _read_die(path: Path) -> Any:
    from neurochip.analog.die_file import read_die

    return read_die(path)


def _programs() -> list[bytes]:
    import firmware_sim.programs as shelf
    from firmware_sim.assembler import assemble
    from firmware_sim.programs import NAMES

    texts = [(Path(shelf.__file__).parent / f"{name}.asm").read_bytes() for name in NAMES]
    return [*texts, *(assemble(text.decode()).to_bytes() for text in texts)]


def _read_program(path: Path) -> Any:
    from firmware_sim.assembler import disassemble, read_program

    return disassemble(read_program(path))


def _mixed(content: bytes, rng: random.Random) -> bytes:
    return damaged_bytes(content, rng) if b"\0" in content else damaged_text(content, rng)


def _idx() -> list[bytes]:
    import gzip

    from neurochip.data.idx import idx_bytes

    plain = idx_bytes(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    return [plain, gzip.compress(plain)]


def _read_idx(path: Path) -> Any:
    from neurochip.data import read_idx

    return read_idx(path)


def _tables() -> list[bytes]:
    rows = [f"{k / 7},{k % 3},{'ab'[k % 2]}" for k in range(20)]
    head = "\n".join(["one,two,class", *rows]) + "\n"
    return [head.encode(), "\n".join(rows).replace(",", ";").encode()]


def _samples() -> list[bytes]:
    found = []
    for arrays in (
        {"x": np.arange(60.0).reshape(20, 3), "y": np.arange(20) % 2},
        {"x_train": np.arange(60, dtype=np.uint8).reshape(20, 3), "y_train": np.array(["a", "b"] * 10),
         "x_test": np.ones((2, 3), np.uint8), "y_test": np.array(["a", "b"])},
    ):  # fmt: skip
        memory = io.BytesIO()
        np.savez(memory, **arrays)
        found.append(memory.getvalue())
    return found


def _event_files() -> list[bytes]:
    rng = np.random.default_rng(1)
    events = np.zeros(60, [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "|b1")])
    events["x"], events["y"] = rng.integers(0, 4, (2, 60))
    events["t"], events["p"] = np.tile(np.arange(3), 20), rng.integers(0, 2, 60)
    memory = io.BytesIO()
    np.savez(memory, events=events, starts=np.arange(0, 60, 3), labels=np.arange(20) % 2)
    return [memory.getvalue()]


SANAFE = Path(__file__).parents[1] / "golden" / "sanafe_files"


def _sanafe(name: str) -> list[bytes]:
    return [(SANAFE / name).read_bytes()]


def _read_sanafe(path: Path) -> Any:
    from neurochip.description.sanafe.importing import import_sanafe
    from neurochip.description.spiking_file import spiking_bytes

    return spiking_bytes(import_sanafe(path, SANAFE / "arch.yaml").network)


def _read_architecture(path: Path) -> Any:
    from neurochip.description.sanafe.chip import import_chip

    return import_chip(path, "14 nm")


def _state_dicts() -> list[bytes]:
    folder = Path(__file__).parents[1] / "golden" / "state_dicts"
    return [path.read_bytes() for path in sorted(folder.glob("*.safetensors"))]


def _read_state_dict(path: Path) -> Any:
    from neurochip.description.spiking_file import spiking_bytes
    from neurochip.description.state_dict import import_state_dict

    return spiking_bytes(import_state_dict(path)[0])


def _data_file(path: Path) -> Any:
    from neurochip.data import DataSpec, load

    return load(DataSpec(file=str(path)))


def _recordings(suffix: str) -> list[bytes]:
    from tests.unit.data import recordings

    events = recordings.some_events(40)
    if suffix == ".bin":
        return [recordings.nmnist(events)]
    return [recordings.aedat_2(events, others=(3,)), recordings.aedat_3(events, invalid=(2,), packet=9),
            recordings.aedat_2(events, chip="DAVIS240C")]  # fmt: skip


def _read_recording(path: Path) -> Any:
    """Read a recording as a sample of a folder for each class, and show it as spikes."""
    from neurochip.data import DataSpec
    from neurochip.data.event_folder import events_of_recordings
    from neurochip.data.events import presented_events
    from neurochip.data.recordings import read_recording
    from neurochip.files import Foreign

    events = events_of_recordings([read_recording(Foreign(path, "a recording", "write it anew"))], [path])
    keys: dict[str, Any] = {"present": "spikes", "tick": 50.0, "window": 5000.0}
    return presented_events(events, DataSpec(file=str(path), **keys))


def _trials() -> list[bytes]:
    return [b"class,startTime_usec,endTime_usec\n1,0,400\n2,400,900\n"]


def _read_trials(path: Path) -> Any:
    from neurochip.data.event_folder import read_event_folder
    from tests.unit.data import recordings

    (path.parent / "user.aedat").write_bytes(recordings.aedat_3(recordings.some_events(40)))
    (path.parent / "trials_to_train.txt").write_bytes(b"user.aedat\n")
    from neurochip.data import DataSpec

    return read_event_folder(path.parent, DataSpec(file=str(path.parent)))


def _nir_data() -> list[bytes]:
    import nir

    rng = np.random.default_rng(1)
    grid = nir.TimeGriddedData(rng.random((6, 5, 3)) < 0.3, 0.1)
    time = np.sort(rng.random((6, 4)), axis=1)
    lists = nir.EventData(rng.integers(0, 3, (6, 4)), time, 3, 1.0)
    found = []
    for one in (grid, lists):
        data = nir.NIRGraphData({"input": nir.NIRNodeData({"spikes": one})})
        found.append(_written(lambda path, data=data: nir.write_data(path, data)))  # type: ignore[misc]
    return found


def _read_nir_data(path: Path) -> Any:
    from neurochip.data import DataSpec
    from neurochip.data.events import presented_events
    from neurochip.data.nir_data import read_nir_data
    from neurochip.files import Foreign

    events = read_nir_data(Foreign(path, "NIR data", "write it anew"))
    keys: dict[str, Any] = {"present": "spikes", "tick": 0.1, "window": 5.0}
    return presented_events(events, DataSpec(file=str(path), **keys))


TARGETS: dict[str, Target] = {
    "table": Target(".csv", _tables, damaged_text, _data_file),
    "samples": Target(".npz", _samples, damaged_archive, _data_file),
    "events": Target(".npz", _event_files, damaged_archive, _data_file),
    "N-MNIST": Target(".bin", lambda: _recordings(".bin"), damaged_bytes, _read_recording),
    "AEDAT": Target(".aedat", lambda: _recordings(".aedat"), damaged_bytes, _read_recording),
    "trials": Target(
        "_labels.csv", _trials, damaged_text, _read_trials, "user", ("user.aedat", "trials_to_train.txt")
    ),
    "NIR data": Target(".h5", _nir_data, damaged_hdf5, _read_nir_data),
    "IDX": Target("", _idx, damaged_bytes, _read_idx),
    "program": Target(".bin", _programs, _mixed, _read_program),
    "devices": Target(".csv", _devices, damaged_text, _read_devices),
    "spikes": Target(".npz", _spikes, damaged_archive, _read_spikes),
    "rasters": Target(".npz", _rasters, damaged_archive, _read_rasters),
    "network": Target(".npz", _network_files, damaged_archive, _read_network),
    "run": Target(".toml", lambda: _catalogue("runs"), damaged_text, _read_run),
    "chip": Target(".toml", lambda: _catalogue("chips"), damaged_text, _read_chip),
    "report": Target(".json", _report, damaged_json, _read_report),
    "NIR": Target(".nir", _graphs, damaged_hdf5, _read_nir),
    "die": Target(".h5", _die, _resealed(damaged_hdf5), _read_die),
    "checkpoint": Target(".h5", _checkpoint, _resealed(damaged_hdf5), _read_checkpoint),
    "sweep": Target(
        ".json",
        lambda: stores.made_in_folder(stores.sweep_folder, "sweep.json"),
        damaged_json,
        stores.read_sweep,
    ),
    "store": Target(
        ".sqlite",
        lambda: stores.made_in_folder(stores.sweep_folder, "points.sqlite"),
        stores.damaged_store,
        stores.read_store,
        "points",
    ),
    "request": Target(
        ".json", stores.request, stores.damaged_request, stores.read_request, "request", ("run.toml",)
    ),
    "log": Target(".jsonl", stores.log, stores.damaged_log, stores.read_log),
    "bench": Target(".json", stores.bench, stores.damaged_bench, stores.read_bench),
    "part": Target(".npz", stores.part, _resealed(damaged_archive), stores.read_part),
    "array": Target(".npy", stores.npy, stores.damaged_npy, stores.read_npy),
    "packed spikes": Target(".npz", stores.packed_spikes, damaged_archive, stores.read_packed_spikes),
    "state": Target("", devices.state, devices.damaged_state, devices.read_state),
    "SANA-FE's network": Target(".yaml", lambda: _sanafe("layers.yaml"), damaged_text, _read_sanafe),
    "SANA-FE's maps": Target(".yaml", lambda: _sanafe("maps.yaml"), damaged_text, _read_sanafe),
    "SANA-FE's netlist": Target(".net", lambda: _sanafe("lines.net"), damaged_text, _read_sanafe),
    "SANA-FE's architecture": Target(".yaml", lambda: _sanafe("arch.yaml"), damaged_text, _read_architecture),
    "safetensors": Target(".safetensors", _state_dicts, damaged_safetensors, _read_state_dict),
    "replay": Target(".json", stores.replays, damaged_json, stores.read_replay, "report"),
    "search": Target(".json", results.search, damaged_json, results.read_figures, "tune"),
    "reproduction": Target(".json", results.reproduction, damaged_json, results.read_figures, "result"),
    "HDF5 samples": Target(".h5", results.hdf5_samples, damaged_hdf5, _data_file),
    "asked about": Target(
        "", results.asked_about, results.damaged_question, results.read_asked_about, "x", ("x.csv", "x.npz")
    ),
    "labelled": Target(".npz", results.labelled, damaged_archive, results.read_labelled),
    "expected": Target(".npz", results.expected, damaged_archive, results.read_expected),
    "manifest": Target(".json", results.manifest, damaged_json, results.read_manifest, "rtl"),
}
