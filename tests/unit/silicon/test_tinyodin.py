"""Our model of tinyODIN: against a slow one that goes clock by clock, its laws, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip.errors import ConfigError
from neurochip.silicon.records import Records
from neurochip.silicon.tinyodin import TinyOdin, spike_event, time_reference, virtual_event
from neurochip.silicon.trials import draw_tinyodin
from tests.oracle.event_driven_chip import SlowTinyOdin


def told(records: Records) -> list[tuple[int, int, int, int]]:
    columns = (records.cycles, records.kinds, records.addresses, records.values)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def slow(chip: TinyOdin, address: list[int], gap: list[int], hold: int, cycles: int) -> SlowTinyOdin:
    memory = {name: getattr(chip, name).tolist() for name in ("membrane", "threshold", "leak", "disabled")}
    registers = {name: int(getattr(chip, name)) for name in ("last", "open_loop", "by_controller")}
    made = SlowTinyOdin(memory, chip.weight.tolist(), registers, list(zip(address, gap, strict=True)), hold)
    made.run(cycles)
    return made


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 255))
def test_every_record_is_that_of_the_slow_chip(seed: int, n: int, last: int) -> None:
    trial = draw_tinyodin(np.random.default_rng(seed), n)
    assert isinstance(trial.chip, TinyOdin)
    chip = TinyOdin(**{**vars(trial.chip), "last": last})
    activity, after = chip.run(trial.address, trial.gap, hold=trial.hold, patience=3000)
    reference = slow(chip, trial.address.tolist(), trial.gap.tolist(), trial.hold, activity.cycles)
    # A spike is offered in the cycle behind its neuron's write.
    expected = sorted(one for one in reference.records if one[0] < activity.cycles)
    assert told(activity.records) == expected
    if activity.silent:
        assert after.membrane.tolist() == reference.memory["membrane"]
        assert not reference.queue


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_every_cycle_is_accounted_for(seed: int) -> None:
    trial = draw_tinyodin(np.random.default_rng(seed), 60)
    activity, _ = trial.chip.run(trial.address, trial.gap, hold=trial.hold, patience=500)
    spent = sum(one.cycles for one in activity.operations.values())
    spent += activity.dispatched + activity.handshake + activity.stalled + activity.idle
    if activity.silent:
        assert spent == activity.cycles
    assert np.all(np.diff(activity.records.heads) > 0)


def test_cycles_are_those_of_the_authors_table() -> None:
    chip = TinyOdin(weight=np.zeros((256, 256), int), threshold=np.full(256, 4095), last=99)
    address = [spike_event(3), virtual_event(5, -3), time_reference(7), time_reference()]
    activity, _ = chip.run(np.array(address), gap=[0, 500, 500, 500])
    assert {kind: one.cycles for kind, one in activity.operations.items()} == {
        "push": 2,
        "spike event": 2 * 100 + 1,  # the entry is popped in a cycle of its own
        "virtual event": 2,
        "time reference of one": 2,
        "time reference of all": 2 * 100,
    }


def test_a_virtual_event_of_weight_0_is_taken_for_a_spike_event() -> None:
    weight = np.zeros((256, 256), int)
    weight[5] = 3
    chip = TinyOdin(weight=weight, threshold=np.full(256, 100))
    _, after = chip.run([virtual_event(5, 0)])
    assert after.membrane.tolist() == [3] * 256


def test_a_full_queue_loses_spikes() -> None:
    chip = TinyOdin(weight=np.ones((256, 256), int), threshold=np.ones(256, int))
    activity, _ = chip.run([spike_event(0)], patience=0)
    assert activity.lost == 0  # nothing was listened to
    activity, _ = chip.run([spike_event(0)], patience=10_000)
    assert not activity.silent
    assert activity.lost > 128
    assert activity.operations["spike event"].number < activity.spikes[0].size


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"weight": np.full((256, 256), 8)}, "weight: must be -8 to 7, got 8"),
        (
            {"weight": np.zeros((256, 255), int)},
            r"weight: must have the shape \(256, 256\), got \(256, 255\)",
        ),
        ({"threshold": np.full(256, 0.5)}, "threshold: must be whole numbers, got float64"),
        ({"leak": 128}, "leak: must be 0 to 127, got 128"),
        ({"last": 256}, "last: must be 0 to 255, got 256"),
    ],
)
def test_what_the_chip_cannot_hold_is_refused(changed: dict[str, object], sentence: str) -> None:
    good = {"weight": np.zeros((256, 256), int), "threshold": np.full(256, 9)}
    with pytest.raises(ConfigError, match=sentence):
        TinyOdin(**good | changed)  # type: ignore[arg-type]


def test_events_that_do_not_exist_are_refused() -> None:
    chip = TinyOdin(weight=np.zeros((256, 256), int), threshold=np.full(256, 9))
    with pytest.raises(ConfigError, match="address: must be 0 to 1023, got 1024"):
        chip.run([1024])
    with pytest.raises(ConfigError, match="neuron: must be 0 to 15, got 16"):
        virtual_event(16, 1)
    with pytest.raises(ConfigError, match=r"gap: must have the shape \(1,\), got \(2,\)"):
        chip.run([0], [1, 2])
