"""A run that goes on for more epochs than it was begun with ends as one that was begun with so many, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurochip import ConfigError, simulate
from neurochip.errors import CheckpointError, OutputError, Stopped
from neurochip.training.folder import RunFolder
from tests.unit.training.tiny import EPOCHS, overrides, results, run_of, same


def begun(folder: Path, variant: str, *extra: str) -> Path:
    simulate(run_of(variant), overrides=[*overrides(variant), *extra], out=folder, threads=1)
    return folder


@pytest.mark.parametrize("variant", ["persistent, random sign", "die"])
def test_it_ends_as_if_begun_so(variant: str, tmp_path: Path) -> None:
    # Every epoch is evaluated in the long run, too; a decay would show an epoch that depends on how many there are.
    also = ("learning.decay=0.7",)
    whole = results(begun(tmp_path / "whole", variant, *also))
    first = begun(tmp_path / "first", variant, *also, "learning.epochs=2")
    before = results(first)
    longer = tmp_path / "longer"
    simulate(resume=first, epochs=EPOCHS, out=longer, threads=1)
    same(whole, results(longer))
    same(before, results(first))  # the run it came from stays
    with pytest.raises(AssertionError):  # the control: without the last epoch it is another run
        same(whole, before)


def test_it_can_be_stopped_and_goes_on(tmp_path: Path) -> None:
    whole = results(begun(tmp_path / "whole", "default"))
    first = begun(tmp_path / "first", "default", "learning.epochs=1")
    calls: list[int] = []

    def stop() -> bool:
        calls.append(0)
        return len(calls) > 3

    longer = tmp_path / "longer"
    with pytest.raises(Exception, match="longer"):
        simulate(resume=first, epochs=EPOCHS, out=longer, threads=1, stop=stop)
    simulate(resume=longer, threads=1)
    same(whole, results(longer))


def test_the_run_it_came_from_is_free_while_it_learns(tmp_path: Path) -> None:
    """And still whole, so that two longer runs may come from it at the same time."""
    first = begun(tmp_path / "first", "default", "learning.epochs=1")
    asked: list[bool] = []

    def stop() -> bool:
        if not asked:
            with RunFolder.open(first) as opened:
                asked.append(opened.is_done)
        return True

    with pytest.raises(Stopped):
        simulate(resume=first, epochs=2, out=tmp_path / "longer", threads=1, stop=stop)
    assert asked == [True]


def test_what_a_callback_ended_goes_on(tmp_path: Path) -> None:
    whole = results(begun(tmp_path / "whole", "default"))
    first = tmp_path / "first"
    asked: dict[str, Any] = {"overrides": [*overrides("default"), "learning.epochs=2"], "threads": 1}
    simulate(run_of("default"), out=first, callbacks=[lambda epoch: epoch.epoch >= 1], **asked)
    simulate(resume=first, epochs=EPOCHS, out=tmp_path / "longer", threads=1)
    same(whole, results(tmp_path / "longer"))


def test_what_cannot_be(tmp_path: Path) -> None:
    first = begun(tmp_path / "first", "default", "learning.epochs=1")
    with pytest.raises(ConfigError, match=r"^epochs: must be more than the 1 of .*first, got 1$"):
        simulate(resume=first, epochs=1, out=tmp_path / "x")
    with pytest.raises(ConfigError, match=r"^epochs: goes with resume; of a run set learning\.epochs$"):
        simulate("mnist-small", epochs=4)
    with pytest.raises(OutputError, match="first"):
        simulate(resume=first, epochs=2, out=first)
    kept = begun(tmp_path / "kept", "default", "data.validation=0.25", "learning.patience=2")
    with pytest.raises(CheckpointError, match="keeps the weights of its best epoch"):
        simulate(resume=kept, epochs=9, out=tmp_path / "x")
    (first / "checkpoint.h5").unlink()
    with pytest.raises(CheckpointError, match="has no checkpoint yet"):
        simulate(resume=first, epochs=2, out=tmp_path / "x")
    assert not (tmp_path / "x").exists()
