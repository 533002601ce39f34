"""What is fuzzed: each reader of foreign files, with files to begin from and the damage that suits it."""

from __future__ import annotations

import io
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurochip.errors import NeurochipError
from tests.fuzz import chips, data_files, devices, other_tools, results, stores
from tests.fuzz.mutations import (
    damaged_archive,
    damaged_bytes,
    damaged_hdf5,
    damaged_json,
    damaged_safetensors,
    damaged_text,
)
from tests.fuzz.written import cases, made_in_folder, written

__all__ = ["TARGETS", "Target", "judged"]

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


def _resealed(damage: Damage) -> Damage:
    """Damage what stands before a checksum, and put the right one behind it: so that more than the sum is looked at."""
    from neurochip.durable.seal import sealed

    def made(content: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.05:
            return damage(content, rng)
        body = damage(content[: -len(sealed(b""))], rng)
        return body + sealed(body)

    return made


def _checkpoint() -> list[bytes]:
    from neurochip.substrate import Counters, Parameters, Phase
    from neurochip.substrate.counters import COUNTERS, PhaseCounters
    from neurochip.training.checkpoint import write_checkpoint
    from neurochip.training.record import EpochRecord
    from neurochip.training.state import TrainingState

    rng = np.random.default_rng(1)
    weights = (rng.normal(size=(4, 3)).astype("f4"), rng.normal(size=(3, 2)).astype("f4"))
    by_phase = {
        phase: PhaseCounters(3, 40, np.ones((2, len(COUNTERS)), np.int64))
        for phase in (Phase.FREE, Phase.NUDGED)
    }
    epoch = EpochRecord(
        epoch=1, online_error=0.5, train_error=None, test_error=0.25, seconds=1.0, samples_per_s=10.0,
        spikes_per_sample=None, weight_saturations=0,
    )  # fmt: skip
    state = TrainingState(
        Parameters(weights, (), (np.zeros(3, "f4"), np.zeros(2, "f4"))),
        Counters(("input", "output"), (0, 1), by_phase),
        epoch=1,
        epochs=[epoch],
        confusion=np.eye(2, dtype=np.int64),
        resting={"s": np.ones((3, 4), "f4")},
        started="2026-01-01T00:00:00+00:00",
    )
    return [written(lambda path: write_checkpoint(path, state, run="", digest="0123abcd"))]


def _read_checkpoint(path: Path) -> Any:
    from neurochip.training.checkpoint import read_checkpoint

    return read_checkpoint(path, digest="0123abcd")


def _spikes() -> list[bytes]:
    rng = np.random.default_rng(2)
    memory = io.BytesIO()
    arrays = {f"spikes.{k}": rng.integers(0, 2, (6, n), dtype=np.uint8) for k, n in enumerate((3, 4, 2))}
    np.savez_compressed(memory, **arrays, **{"weights.0": np.ones((3, 4)), "weights.1": np.ones((4, 2))})  # type: ignore[arg-type]
    return [*[memory.getvalue()] * 5, *cases("raster_*.npz"), *cases("truncated_header.npz")]


def _read_spikes(path: Path) -> Any:
    from neurochip.cores.raster_file import load_arrays, recorded_traffic
    from neurochip.files import Foreign

    arrays = load_arrays(path)
    with Foreign(path, "a file of spikes", "").guarded():
        return recorded_traffic(arrays)


def _read_rasters(path: Path) -> Any:
    from neurochip.report.reading import read_rasters

    return read_rasters(path)


def _rasters() -> list[bytes]:
    from neurochip.report.write import write_rasters
    from tests.unit.report.fake_record import fake_record

    return [written(lambda path: write_rasters(fake_record().rasters[:1], path))]


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


def _mixed(content: bytes, rng: random.Random) -> bytes:
    return damaged_bytes(content, rng) if b"\0" in content else damaged_text(content, rng)


TARGETS: dict[str, Target] = {
    "table": Target(".csv", data_files.tables, damaged_text, data_files.read_data_file),
    "samples": Target(".npz", data_files.samples, damaged_archive, data_files.read_data_file),
    "events": Target(".npz", data_files.event_files, damaged_archive, data_files.read_data_file),
    "N-MNIST": Target(
        ".bin", lambda: data_files.recordings(".bin"), damaged_bytes, data_files.read_recording
    ),
    "AEDAT": Target(
        ".aedat", lambda: data_files.recordings(".aedat"), damaged_bytes, data_files.read_recording
    ),
    "trials": Target(
        "_labels.csv",
        data_files.trials,
        damaged_text,
        data_files.read_trials,
        "user",
        ("user.aedat", "trials_to_train.txt"),
    ),
    "NIR data": Target(".h5", data_files.nir_data, damaged_hdf5, data_files.read_nir_data),
    "IDX": Target("", data_files.idx, damaged_bytes, data_files.read_idx),
    "program": Target(".bin", chips.programs, _mixed, chips.read_program),
    "devices": Target(".csv", chips.device_lists, damaged_text, chips.read_device_list),
    "placement": Target(".csv", chips.placements, damaged_text, chips.read_placement),
    "spikes": Target(".npz", _spikes, damaged_archive, _read_spikes),
    "rasters": Target(".npz", _rasters, damaged_archive, _read_rasters),
    "network": Target(".npz", other_tools.network_files, damaged_archive, other_tools.read_network),
    "run": Target(".toml", lambda: chips.catalogue("runs"), damaged_text, chips.read_run),
    "chip": Target(".toml", lambda: chips.catalogue("chips"), damaged_text, chips.read_chip),
    "report": Target(".json", _report, damaged_json, _read_report),
    "NIR": Target(".nir", other_tools.graphs, damaged_hdf5, other_tools.read_nir),
    "die": Target(".h5", chips.die, _resealed(damaged_hdf5), chips.read_die),
    "checkpoint": Target(".h5", _checkpoint, _resealed(damaged_hdf5), _read_checkpoint),
    "sweep": Target(
        ".json",
        lambda: made_in_folder(stores.sweep_folder, "sweep.json"),
        damaged_json,
        stores.read_sweep,
    ),
    "store": Target(
        ".sqlite",
        lambda: made_in_folder(stores.sweep_folder, "points.sqlite"),
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
    "SANA-FE's network": Target(
        ".yaml", lambda: other_tools.sanafe("layers.yaml"), damaged_text, other_tools.read_sanafe
    ),
    "SANA-FE's maps": Target(
        ".yaml", lambda: other_tools.sanafe("maps.yaml"), damaged_text, other_tools.read_sanafe
    ),
    "SANA-FE's netlist": Target(
        ".net", lambda: other_tools.sanafe("lines.net"), damaged_text, other_tools.read_sanafe
    ),
    "SANA-FE's architecture": Target(
        ".yaml", lambda: other_tools.sanafe("arch.yaml"), damaged_text, other_tools.read_architecture
    ),
    "safetensors": Target(
        ".safetensors", other_tools.state_dicts, damaged_safetensors, other_tools.read_state_dict
    ),
    "replay": Target(".json", results.replay, damaged_json, results.read_replay, "report"),
    "exploration": Target(".json", results.exploration, damaged_json, results.read_exploration, "sweep"),
    "search": Target(".json", results.search, damaged_json, results.read_figures, "tune"),
    "reproduction": Target(".json", results.reproduction, damaged_json, results.read_figures, "result"),
    "HDF5 samples": Target(".h5", results.hdf5_samples, damaged_hdf5, data_files.read_data_file),
    "asked about": Target(
        "", results.asked_about, results.damaged_question, results.read_asked_about, "x", ("x.csv", "x.npz")
    ),
    "labelled": Target(".npz", results.labelled, damaged_archive, results.read_labelled),
    "expected": Target(".npz", results.expected, damaged_archive, results.read_expected),
    "manifest": Target(".json", results.manifest, damaged_json, results.read_manifest, "rtl"),
    "liberty": Target(".lib", other_tools.liberty, damaged_text, other_tools.read_cells),
}
