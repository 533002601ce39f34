"""Finished parts of an experiment outlive the process that computed them."""

from __future__ import annotations

import dataclasses
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.durable.seal import sealed, sealed_json
from neurochip.errors import CheckpointError, ConfigError, Interrupted, OutputError
from neurochip.papers import Bound, Claim, Experiment, Finding, Outcome, Settings, reproduce, reproducing
from neurochip.papers import parts as parts_module
from neurochip.papers.packing import packed, unpacked
from neurochip.papers.parts import HEAD, Identity, Parts, parts_folder
from neurochip.papers.reproducing import finished
from tests.unit.papers import waiting_reproduction
from tests.unit.papers.small_forms import SMALL
from tests.unit.stopped_process import stopped

THIS = Identity("made", True, 1, {"neurochip": "1"}, "abc")


def results(folder: Path) -> tuple[dict[str, Any], bytes]:
    document = json.loads((folder / "result.json").read_text())
    for key in ("seconds", "started"):
        del document[key]
    return document, (folder / "figure.svg").read_bytes()


@pytest.mark.parametrize(
    ("name", "which", "share"),
    [
        pytest.param("oconnor2019-fig3", signal.SIGKILL, 0.7, marks=pytest.mark.slow),
        pytest.param("oconnor2019-fig3", signal.SIGINT, 0.3, marks=pytest.mark.slow),
        pytest.param("oconnor2019-search", signal.SIGKILL, 0.95, marks=pytest.mark.slow),
        ("scellier2018-mnist", signal.SIGKILL, 0.5),
        ("associative-iris", signal.SIGINT, 0.4),
        pytest.param("mesnard2016-rate", signal.SIGKILL, 0.6, marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_stopped_reproduction_ends_as_one_that_was_not(
    name: str, which: signal.Signals, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SMALL[name](monkeypatch.setattr)
    folder = tmp_path / "stopped"
    code, said = stopped(waiting_reproduction.__file__, [name, str(folder), str(share)], which)
    assert (code, said) == ((130, str(folder)) if which == signal.SIGINT else (-which, ""))
    assert [path.name for path in tmp_path.iterdir()] == [".stopped.parts"]
    assert len(list(parts_folder(folder).glob("*.npz"))) >= 1
    reproduce(resume=folder, threads=1)
    assert [path.name for path in tmp_path.iterdir()] == ["stopped"]
    reproduce(name, quick=True, out=tmp_path / "whole", threads=2)
    assert results(folder) == results(tmp_path / "whole")


class Counted:
    """An experiment of three parts that counts which it makes, and may be stopped in one of them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.stop: tuple[str, BaseException] | None = None

    def part(self, name: str) -> Callable[[], list[float]]:
        def make() -> list[float]:
            if self.stop is not None and self.stop[0] == name:
                raise self.stop[1]
            self.made.append(name)
            return [float(len(name)), 0.1]

        return make

    def run(self, settings: Settings, tell: Any) -> Outcome:
        values = [settings.kept(name, self.part(name))[0] for name in ("a", "bc", "def")]
        return Outcome((Finding("sum", sum(values) + settings.seed, 99.0),), (), series={"values": values})


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    made = Counted()
    claim = Claim("sum", "It is small.", "the sum", Bound(high=9), control="a larger one")
    experiment = Experiment("made", "Someone 2000", "Fig. 1", "about it", (claim,), (1, 100), made.run)
    monkeypatch.setattr(reproducing, "find", lambda name: experiment)
    return made


def interrupted(counted: Counted, folder: Path, part: str = "def", **options: Any) -> None:
    counted.stop = (part, KeyboardInterrupt())
    with pytest.raises(Interrupted) as error:
        reproduce("made", out=folder, **options)
    assert (error.value.folder, error.value.command) == (str(folder), "reproduce")
    counted.stop = None


def test_what_is_finished_is_not_made_again(counted: Counted, tmp_path: Path) -> None:
    interrupted(counted, tmp_path / "r", quick=True, seed=3)
    assert counted.made == ["a", "bc"]
    done = reproduce(resume=tmp_path / "r")
    assert counted.made == ["a", "bc", "def"]
    assert (done.settings.quick, done.settings.seed, done.outcome.findings[0].value) == (True, 3, 9.0)
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_stopped_before_its_first_part_it_is_begun_anew(counted: Counted, tmp_path: Path) -> None:
    interrupted(counted, tmp_path / "r", "a", quick=True, seed=5, threads=1)
    done = reproduce(resume=tmp_path / "r")
    assert (done.settings.quick, done.settings.seed, done.settings.threads) == (True, 5, 1)
    assert counted.made == ["a", "bc", "def"]


def test_refused_before_its_first_part_it_leaves_nothing(counted: Counted, tmp_path: Path) -> None:
    counted.stop = ("a", ConfigError("chip", "has no such energy"))
    with pytest.raises(ConfigError):
        reproduce("made", out=tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_a_finished_one_is_done(counted: Counted, tmp_path: Path) -> None:
    reproduce("made", out=tmp_path / "r")
    assert sorted(path.name for path in (tmp_path / "r").iterdir() if path.name.startswith(".")) == []
    Parts(tmp_path / "r", THIS, "now").close()  # as a kill leaves it between the results and the end
    with pytest.raises(CheckpointError, match="r: is finished; its results are in it"):
        reproduce(resume=tmp_path / "r")
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_crash_keeps_the_parts_too(counted: Counted, tmp_path: Path) -> None:
    counted.stop = ("bc", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        reproduce("made", out=tmp_path / "r")
    counted.stop = None
    reproduce(resume=tmp_path / "r")
    assert counted.made == ["a", "bc", "def"]


def test_a_full_disk_at_the_end_loses_nothing(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(reproducing, "write_synced", full)
        with pytest.raises(OutputError) as error:
            reproduce("made", out=tmp_path / "r")
    assert str(error.value) == (
        f"{tmp_path}/r: cannot be made: No space left on device; what was computed is kept, go on with "
        f"--resume {tmp_path}/r"
    )
    reproduce(resume=tmp_path / "r")
    assert counted.made == ["a", "bc", "def"]


def test_a_picture_that_cannot_be_drawn_costs_no_numbers(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise TypeError("a figure that is none")

    with monkeypatch.context() as patched:
        patched.setattr("neurochip.papers.pages.page_of", broken)
        with pytest.raises(OutputError) as error:
            reproduce("made", out=tmp_path / "r")
    assert str(error.value) == (
        f"{tmp_path}/r/report.html: cannot be drawn (TypeError: a figure that is none); all numbers are in "
        f"{tmp_path}/r/result.json"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["r"] and finished(tmp_path / "r")
    reproduce("made", out=tmp_path / "whole")
    one, other = (json.loads((tmp_path / name / "result.json").read_text()) for name in ("r", "whole"))
    assert one["claims"] == other["claims"] and one["series"] == other["series"]


def test_an_unfinished_folder_is_not_begun_anew(counted: Counted, tmp_path: Path) -> None:
    interrupted(counted, tmp_path / "r")
    with pytest.raises(
        OutputError, match="is unfinished; go on there with --resume, choose another with --out or"
    ):
        reproduce("made", out=tmp_path / "r")


@pytest.mark.parametrize("what", ["source", "version"])
def test_parts_of_another_source_are_never_taken(
    what: str, counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(counted, tmp_path / "r")
    if what == "source":
        monkeypatch.setattr(reproducing, "source_digest", lambda: "another")
        match = r"was begun by another version \(the source has changed\)"
    else:
        versions = reproducing.versions_now()
        monkeypatch.setattr(reproducing, "versions_now", lambda: {**versions, "numpy": "9.9"})
        match = rf"was begun by another version \(numpy {versions['numpy']}, now 9.9\)"
    with pytest.raises(CheckpointError, match=match):
        reproduce(resume=tmp_path / "r")
    assert counted.made == ["a", "bc"]


def test_the_digest_sees_every_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_PACKAGE", tmp_path)
    (tmp_path / "sub" / "__pycache__").mkdir(parents=True)
    found = []
    for name, text in (("a.py", "1"), ("a.py", "2"), ("sub/b.toml", "1"), ("sub/c.toml", "")):
        (tmp_path / name).write_text(text)
        found.append(parts_module.source_digest())
    assert len(set(found)) == 4
    (tmp_path / "sub" / "__pycache__" / "a.pyc").write_text("compiled")
    assert parts_module.source_digest() == found[-1]


def test_there_has_to_be_something_to_resume(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="was not begun, or has gone; name the folder"):
        reproduce(resume=tmp_path / "r")
    folder = parts_folder(tmp_path / "r")
    folder.mkdir()
    head = {"format": 7, "identity": dataclasses.asdict(THIS), "started": "now", "threads": None}
    for content, problem in (
        (b"{", "is not valid JSON"),
        (b'{"format": 7}', "is damaged"),
        (sealed_json({"format": 7}), "identity"),
        (sealed_json(head), "has format 7, this version reads 2"),
    ):
        (folder / HEAD).write_bytes(content)
        with pytest.raises(CheckpointError, match=problem):
            reproduce(resume=tmp_path / "r")


def test_two_processes_cannot_use_the_same_parts(tmp_path: Path) -> None:
    first = Parts(tmp_path / "r", THIS, "now")
    first.kept("a", lambda: 1)
    with pytest.raises(CheckpointError, match="is in use by another reproduction"):
        Parts(tmp_path / "r", THIS, "now")
    first.close()
    Parts(tmp_path / "r", THIS, "now").close()


def test_a_flipped_bit_of_a_part_is_refused_by_name(tmp_path: Path) -> None:
    first = Parts(tmp_path / "r", THIS, "now")
    first.kept("a", lambda: [1.5, np.arange(4)])
    first.close()
    [path] = first.folder.glob("*.npz")
    whole = path.read_bytes()
    for damaged in [
        b"",
        whole[:-1],
        *(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :] for at in range(0, len(whole), 7)),
    ]:
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=rf"{path.name}: is damaged.*--resume computes it again"):
            Parts(tmp_path / "r", THIS, "now")
    path.unlink()
    again = Parts(tmp_path / "r", THIS, "now")
    assert again.kept("a", lambda: 2) == 2


def test_a_foreign_part_is_made_again(tmp_path: Path) -> None:
    first = Parts(tmp_path / "r", THIS, "now")
    first.kept("a", lambda: 1)
    first.close()
    [path] = first.folder.glob("*.npz")
    other = Identity("made", True, 2, THIS.versions, THIS.source)
    content = packed(7, {"part": "a", "of": other.digest(), "seconds": 1.0})
    path.write_bytes(content + sealed(content))
    again = Parts(tmp_path / "r", THIS, "now")
    assert again.kept("a", lambda: 2) == 2
    again.close()
    assert Parts(tmp_path / "r", THIS, "now").kept("a", lambda: 3) == 2


def test_a_part_has_a_name_of_its_own(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "r", THIS, "now")
    parts.kept("a", lambda: 1)
    with pytest.raises(RuntimeError, match="made has two parts of the name 'a'"):
        parts.kept("a", lambda: 2)


def test_a_part_that_was_stopped_finds_its_folder_again(tmp_path: Path) -> None:
    def make(folder: Path) -> str:
        note = folder / "note"
        if not note.exists():
            note.write_text("half")
            raise KeyboardInterrupt
        return note.read_text() + " and half"

    first = Parts(tmp_path / "r", THIS, "now")
    with pytest.raises(KeyboardInterrupt):
        first.kept_in("a", make)
    first.close()
    again = Parts(tmp_path / "r", THIS, "now")
    assert again.kept_in("a", make) == "half and half"
    assert not list(again.folder.glob("*.d"))


def test_seconds_add_up(tmp_path: Path) -> None:
    first = Parts(tmp_path / "r", THIS, "now")
    first._began -= 100
    first.kept("a", lambda: 1)
    first.close()
    assert 100 <= Parts(tmp_path / "r", THIS, "now").seconds < 110


VALUE = {
    "nothing": None,
    "numbers": (1, 0.1, True, float("inf"), 2**62),
    "arrays": [np.arange(6, dtype=np.int32).reshape(2, 3), np.array(0.5), np.zeros((0, 2), np.float32)],
    "array": {"dict": ("tuple", [])},
    "words": "λ̄",
    "scalars": (np.float64(0.1), np.int64(7), np.bool_(False)),
}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return bool(one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one, other))
    if isinstance(one, dict):
        return type(other) is dict and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_values_come_back_as_they_were() -> None:
    head, value = unpacked(packed(VALUE, {"of": "x"}))
    assert head == {"of": "x"}
    assert same(VALUE, value)
    assert same(value, Settings().kept("a", lambda: VALUE))


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array(["a"]), np.array([object()]), {1, 2}, 1j])
def test_what_cannot_be_kept_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a part of an experiment is made of numbers, words and arrays"):
        packed([value], {})
