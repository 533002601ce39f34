"""ODIN and tinyODIN against what their authors' Verilog did, as `make_silicon.py` recorded it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.silicon.controller import WORD
from neurochip.silicon.odin import Odin
from neurochip.silicon.records import Records, first_difference
from neurochip.silicon.tinyodin import TinyOdin
from neurochip.silicon.trials import SiliconChip
from tests.golden.recorded_runs import FOLDER

CHIPS = {"odin": Odin, "tinyodin": TinyOdin}


@pytest.fixture(scope="module", params=sorted(CHIPS))
def stored(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    with np.load(FOLDER / "silicon" / f"{request.param}.npz") as arrays:
        return request.param, dict(arrays)


def loaded(name: str, of: dict[str, Any], program: int) -> SiliconChip:
    transfers = list(zip(of["addresses"].tolist(), of[f"{program}.data"].tolist(), strict=True))
    chip = CHIPS[name].loaded(transfers)
    assert chip.transfers() == transfers
    return chip


def programs(of: dict[str, Any]) -> list[int]:
    return sorted({int(key.partition(".")[0]) for key in of if "." in key})


def test_every_spike_state_weight_and_cycle(stored: tuple[str, dict[str, Any]]) -> None:
    name, of = stored
    assert len(programs(of)) > 3
    for program in programs(of):
        check(name, of, program)


def check(name: str, of: dict[str, Any], program: int) -> None:
    one = {
        key.removeprefix(f"{program}."): value for key, value in of.items() if key.startswith(f"{program}.")
    }
    chip = loaded(name, of, program)
    manner = {"hold": int(one["hold"]), "patience": int(one["patience"])}
    activity, after = chip.run(one["address"], one["gap"], **manner)
    recorded = Records(one["heads"], one["values"])
    assert recorded.heads.size > 1000 and (name != "odin" or recorded.of(WORD).heads.size > 100)
    assert first_difference(activity.records, recorded) == (0, None)
    assert activity.cycles == int(one["cycles"])
    if activity.silent:
        assert [byte for _, byte in after.reads()[: one["read"].size]] == one["read"].tolist()


def test_altered_models_are_told_from_the_chip(stored: tuple[str, dict[str, Any]]) -> None:
    name, of = stored
    missed = set(loaded(name, of, programs(of)[0]).altered())
    assert len(missed) > 2
    for program in programs(of):
        recorded = Records(of[f"{program}.heads"], of[f"{program}.values"])
        for what, other in loaded(name, of, program).altered().items():
            activity, _ = other.run(
                of[f"{program}.address"],
                of[f"{program}.gap"],
                hold=int(of[f"{program}.hold"]),
                patience=int(of[f"{program}.patience"]),
            )
            if first_difference(activity.records, recorded)[1] is not None:
                missed.discard(what)
    assert not missed
