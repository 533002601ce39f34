"""A run through firmware that is killed and goes on leaves what an undisturbed one does, control traffic included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firmware_sim.through import through_firmware
from neurochip.runs.simulation import simulate
from tests.unit.firmware.networked import TINY

RUN = [*TINY, "learning.epochs=3"]


class Killed(BaseException):
    """Ends a run where it stands: nothing is tidied up but what any exception tidies up."""


def record_of(**how: Any) -> Any:
    with through_firmware() as through:
        return simulate("mnist-small", threads=1, through=through, **how).record


def told(record: Any) -> Any:
    epochs = [
        (e.online_error, e.train_error, e.test_error, e.spikes_per_sample, e.warnings) for e in record.epochs
    ]
    return epochs, record.confusion.tolist(), record.counters.to_json(), [r.predicted for r in record.rasters]


@pytest.fixture(scope="module")
def whole() -> Any:
    return told(record_of(overrides=RUN, write=False))


@pytest.mark.parametrize("moment", [1, 3, 4, 7, 11])
def test_a_killed_run_ends_as_one_that_was_not(tmp_path: Path, whole: Any, moment: int) -> None:
    """Killed once in each of two lives: the second one goes on from what the first one resumed left."""
    folder, told_of = tmp_path / "run", 0

    def listen(progress: Any) -> None:
        nonlocal told_of
        told_of += 1
        if told_of == moment:
            raise Killed

    with pytest.raises(Killed):
        record_of(overrides=RUN, out=folder, on_progress=listen)
    told_of = moment - 2
    try:
        found = record_of(resume=folder, on_progress=listen)
    except Killed:
        found = record_of(resume=folder)
    assert told(found) == whole
