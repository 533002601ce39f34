"""Checkpoints: whole or not at all, read back as written, and refused with one sentence when they are not right."""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip import data, simulate
from neurochip.description import CodingSpec
from neurochip.durable.seal import sealed
from neurochip.errors import CheckpointError, OutputError
from neurochip.substrate import Phase
from neurochip.testing.networks import draw_net, fast_chip, small_chip
from neurochip.training.checkpoint import FORMAT, read_checkpoint, write_checkpoint
from neurochip.training.record import EpochRecord
from neurochip.training.state import TrainingState
from tests.unit.training.tiny import overrides, run_of

DIGEST = "0123abcd"


def state(*, full: bool = True) -> TrainingState:
    """Return the state of a run in its third epoch, or of one that has not begun."""
    net = draw_net(1, (5, 6, 3), tied=False)
    chip = fast_chip(net, CodingSpec(), chip=small_chip(2), precision="float32")
    if not full:
        return TrainingState(chip.parameters(), chip.counters(), started="2026-01-01T00:00:00+00:00")
    chip.begin(net.x, np.arange(2, dtype=np.uint64))
    chip.run(Phase.FREE, 6)
    chip.run(Phase.NUDGED, 4, beta=0.5, targets=net.y)
    epochs = [
        EpochRecord(
            epoch=k + 1,
            online_error=0.1 + 0.2,
            train_error=None if k else 1 / 3,
            test_error=0.125,
            seconds=1.5,
            samples_per_s=1e3 / 7,
            spikes_per_sample=None,
            weight_saturations=k,
        )
        for k in range(2)
    ]
    return TrainingState(
        chip.parameters(),
        chip.counters(),
        epoch=2,
        minibatch=7,
        wrong=3,
        seen=140,
        updates=27,
        epoch_seconds=0.1,
        seconds=12.25,
        resumed=1,
        started="2026-01-01T00:00:00+00:00",
        epochs=epochs,
        confusion=np.arange(9).reshape(3, 3),
        resting=chip.snapshot().arrays,
    )


@pytest.mark.parametrize("full", [True, False])
def test_round_trip(tmp_path: Path, full: bool) -> None:
    path = tmp_path / "checkpoint.h5"
    written = state(full=full)
    write_checkpoint(path, written, run="a = 1\n", digest=DIGEST)
    found = read_checkpoint(path, digest=DIGEST)
    for name in (
        "epoch",
        "minibatch",
        "wrong",
        "seen",
        "updates",
        "epoch_seconds",
        "seconds",
        "resumed",
        "started",
    ):
        assert getattr(found, name) == getattr(written, name), name
    assert found.epochs == written.epochs
    assert found.counters.to_json() == written.counters.to_json()
    for family in ("weights", "feedback", "biases"):
        pairs = zip(getattr(found.parameters, family), getattr(written.parameters, family), strict=True)
        for a, b in pairs:
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    assert found.resting.keys() == written.resting.keys()
    for name, array in written.resting.items():
        assert found.resting[name].dtype == array.dtype
        np.testing.assert_array_equal(found.resting[name], array)
    if written.confusion is None:
        assert found.confusion is None
    else:
        np.testing.assert_array_equal(found.confusion, written.confusion)  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.h5"]
    with h5py.File(path, "r") as file:
        assert file.attrs["run"] == "a = 1\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good checkpoint."""
    path = tmp_path / "checkpoint.h5"
    write_checkpoint(path, state(), run="", digest=DIGEST)
    return path


def sentence(path: Path, digest: str = DIGEST) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path, digest=digest)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text
    return text.removeprefix(f"{path}: ")


CURE = "; remove it, and --resume begins the run anew"


def test_missing(path: Path) -> None:
    assert sentence(path.with_name("other.h5")) == "no such file; there is nothing to resume here"


def test_of_another_network(path: Path) -> None:
    assert sentence(path, "feed") == "belongs to another network or chip; resume it with its own run.toml"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_truncated(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert sentence(path).endswith(CURE)


def test_not_hdf5(path: Path) -> None:
    path.write_bytes(b"not at all" * 1000)
    assert sentence(path).endswith(CURE)


def spoil(path: Path, how: Any) -> None:
    """Change what stands in a checkpoint, and seal it: a program did that, not a disk."""
    path.write_bytes(path.read_bytes()[: -len(sealed(b""))])
    with h5py.File(path, "r+") as file:
        how(file)
    content = path.read_bytes()
    path.write_bytes(content + sealed(content))


SPOILED: dict[str, Any] = {
    "another HDF5 file": lambda f: [f.attrs.__delitem__(k) for k in list(f.attrs)],
    "no digest": lambda f: f.attrs.__delitem__("digest"),
    "no weights": lambda f: f.__delitem__("weights"),
    "a weight less": lambda f: f["weights"].__delitem__("0"),
    "no resting states": lambda f: f.__delitem__("resting"),
    "position is not JSON": lambda f: f.attrs.__setitem__("position", "{"),
    "position is a list": lambda f: f.attrs.__setitem__("position", "[]"),
    "position lacks a number": lambda f: f.attrs.__setitem__("position", '{"epoch": 1, "epoche": 2}'),
    "counters are not counters": lambda f: f.attrs.__setitem__("counters", '{"free": {}}'),
    "counters of an unknown phase": lambda f: f.attrs.__setitem__(
        "counters", f.attrs["counters"].replace('"free"', '"fee"')
    ),
    "counters are a list": lambda f: f.attrs.__setitem__("counters", "[1]"),
    "epochs are not records": lambda f: f.attrs.__setitem__("epochs", '[{"epoch": 1}]'),
    "epochs are numbers": lambda f: f.attrs.__setitem__("epochs", "[1, 2]"),
    "weights are a number": lambda f: (f.__delitem__("weights"), f.__setitem__("weights", 3.0)),
    "position is empty": lambda f: f.attrs.__setitem__("position", "{}"),
    "position has a word for a number": lambda f: f.attrs.__setitem__(
        "position", f.attrs["position"].replace('"epoch": 2', '"epoch": "2"')
    ),
    "position is below zero": lambda f: f.attrs.__setitem__(
        "position", f.attrs["position"].replace('"epoch": 2', '"epoch": -2')
    ),
    "a count beyond every register": lambda f: f.attrs.__setitem__(
        "counters", f.attrs["counters"].replace('"ticks": ', '"ticks": 1' + "0" * 30)
    ),
    "an epoch has a list for a number": lambda f: f.attrs.__setitem__(
        "epochs", f.attrs["epochs"].replace('"seconds": 1.5', '"seconds": [1.5]')
    ),
    "JSON within JSON": lambda f: f.attrs.__setitem__("epochs", "[" * 10_000),
    "confusion is a word": lambda f: (f.__delitem__("confusion"), f.__setitem__("confusion", "x")),
    "format is a word": lambda f: f.attrs.__setitem__("format", "one"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_spoiled(path: Path, name: str) -> None:
    spoil(path, SPOILED[name])
    assert sentence(path).endswith(CURE)


def test_elements_in_another_file_are_not_read(path: Path) -> None:
    def point(file: h5py.File) -> None:
        del file["biases/0"]
        file["biases"].create_dataset("0", shape=(6,), dtype="u1", external=[("/etc/passwd", 0, 6)])

    spoil(path, point)
    assert sentence(path) == "biases/0: stands in another file, which is not read; copy it into this one"


def test_a_flipped_bit_anywhere_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for at in [*rng.integers(0, len(whole), 300), 0, len(whole) - 1]:
        data = bytearray(whole)
        data[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        assert "is damaged" in sentence(path)
    path.write_bytes(whole)
    read_checkpoint(path, digest=DIGEST)


@pytest.mark.parametrize("digits", ["1e999", "NaN"])
def test_time_is_a_number(path: Path, digits: str) -> None:
    def change(file: h5py.File) -> None:
        position = file.attrs["position"]
        file.attrs["position"] = re.sub(r'"seconds": [0-9.e+-]+', f'"seconds": {digits}', position)

    spoil(path, change)
    assert sentence(path).endswith(CURE)


def test_of_another_format(path: Path) -> None:
    spoil(path, lambda f: f.attrs.__setitem__("format", FORMAT + 1))
    assert sentence(path) == f"has format {FORMAT + 1}, this version reads {FORMAT}"


def test_a_full_disk_leaves_the_older_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError) as caught:
        write_checkpoint(path, state(full=False), run="", digest="other")
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["checkpoint.h5"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    simulate(run_of("default"), overrides=[*overrides("default"), "learning.epochs=1"], out=folder)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def refused(folder: Path) -> str:
    """Return what `simulate(resume=…)` says, which leaves the folder alone."""
    before = {p.name: p.read_bytes() for p in folder.iterdir()} if folder.is_dir() else {}
    with pytest.raises(CheckpointError) as caught:
        simulate(resume=folder)
    after = {p.name: p.read_bytes() for p in folder.iterdir()} if folder.is_dir() else {}
    assert before == after
    return str(caught.value)


def test_resume_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    assert refused(folder).startswith(f"{folder}: does not exist: nothing was begun there; ")


def test_resume_without_what_was_asked_for(folder: Path) -> None:
    (folder / "request.json").unlink()
    assert refused(folder) == f"{folder}: has no request.json; name the folder of a simulate that was stopped"


def test_other_samples_are_not_those_of_before(folder: Path) -> None:
    (folder / "report.json").unlink()
    samples = data.load("mnist-small", train=100, test=50)
    with pytest.raises(
        CheckpointError,
        match=r"was begun with samples mnist-small \(train = 200, test = 50\), and is given mnist-small \(train = 100, "
        r"test = 50\); give the same ones, or begin anew",
    ):
        simulate(resume=folder, samples=samples)
    with pytest.raises(CheckpointError, match="was begun with through none; drive the chip as it was"):
        simulate(resume=folder, through=lambda run, built: built)


def test_a_finished_run_is_left_alone(folder: Path) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    found = simulate(resume=folder)
    assert found.folder == folder and len(found.record.epochs) == 1 and found.record.resumed == 0
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_resume_of_a_damaged_checkpoint(folder: Path) -> None:
    path = folder / "checkpoint.h5"
    path.write_bytes(path.read_bytes()[:5000])
    text = refused(folder)
    assert text.startswith(f"{path}: is damaged") and text.endswith(CURE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("layers = [784, 40, 10]", "layers = [784, 41, 10]"),
        ("tied = true", "tied = false"),
        ('precision = "float32"', 'precision = "int8"'),
        ('chip = "cmos45"', 'chip = "ideal-bits"'),
    ],
)
def test_resume_of_another_run(folder: Path, old: str, new: str) -> None:
    file = folder / "run.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert refused(folder) == (
        f"{file}: is damaged or was edited: it is not what was begun here; restore it, or begin anew in another folder"
    )
