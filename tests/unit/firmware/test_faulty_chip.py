"""What faults add to the memory of samples comes and goes with snapshots, through the registers as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from firmware_sim.codes import FirmwareError
from firmware_sim.through import through_firmware
from neurochip.description import read_run
from neurochip.errors import DataError
from neurochip.runs.building import build
from neurochip.runs.simulation import simulate
from neurochip.substrate import Observable, Phase, Snapshot
from neurochip.training.streams import glorot
from neurochip.training.watch import Watch
from tests.unit.firmware.networked import TINY, facts

FAULTY = [*TINY, "faults.spike_drop.rate=0.1", "faults.spike_delay.rate=0.1"]


@pytest.mark.parametrize("change", ["phases.persistent=true", "phases.reference=opposite"])
def test_a_faulty_chip_learns_the_same_through_its_firmware(change: str) -> None:
    direct = simulate("mnist-small", overrides=[*FAULTY, change], write=False, threads=1)
    with through_firmware() as through:
        driven = simulate("mnist-small", overrides=[*FAULTY, change], write=False, threads=1, through=through)
    assert facts(driven) == facts(direct)
    assert direct.record.counters.total("spikes_dropped") > 0


def test_hidden_states_are_watched_through_the_firmware_and_not_paid_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[float] = []

    def states(watch: Watch, when: str) -> Iterator[str]:
        seen.append(float(np.mean(watch._substrate.observe(Observable.VALUE, 1))))
        yield f"states of hidden: mean {seen[-1]:.6f} in {when}"

    found = []
    for through in (False, True):
        for looks in (True, False):
            monkeypatch.setattr(Watch, "_states", states if looks else lambda watch, when: iter(()))
            with through_firmware() as driven:
                how: Any = {"through": driven} if through else {}
                found.append(simulate("mnist-small", overrides=TINY, write=False, threads=1, **how).record)
    direct, _, looked, unlooked = found
    assert len(seen) == 2 * len(direct.epochs) > 0 and any(seen)
    assert [e.warnings for e in looked.epochs] == [e.warnings for e in direct.epochs]
    assert looked.counters.to_json() == unlooked.counters.to_json()
    assert [e.warnings for e in unlooked.epochs] != [e.warnings for e in looked.epochs]


def faulty() -> Any:
    """Return the chip alone and behind registers, both with weights and two samples from rest."""
    spec = read_run("mnist-small", FAULTY)
    machines = []
    with through_firmware() as through:
        for built in (build(spec), through(spec, build(spec))):
            chip = built.substrate
            chip.load(glorot(built.network, 1))
            begin(chip)
            machines.append(chip)
    return machines


def begin(chip: Any) -> None:
    inputs = np.random.default_rng(1).random((2, 784)).astype(np.float32)
    chip.begin(inputs, np.arange(2, dtype=np.uint64))


def test_samples_go_back_to_rest_and_from_rest_to_later() -> None:
    ends = []
    for chip in faulty():
        rest = chip.snapshot()
        chip.run(Phase.FREE, 5)
        later, first = chip.snapshot(), chip.observe(Observable.VALUE, 2)
        assert set(rest.arrays) < set(later.arrays), "faults remember something once it runs"
        chip.restore(rest)
        chip.run(Phase.FREE, 5)
        np.testing.assert_array_equal(chip.observe(Observable.VALUE, 2), first)
        begin(chip)
        chip.restore(later)
        np.testing.assert_array_equal(chip.observe(Observable.VALUE, 2), first)
        chip.run(Phase.FREE, 3)
        ends.append(chip.observe(Observable.VALUE, 2))
    np.testing.assert_array_equal(*ends)


def test_a_snapshot_that_is_not_of_this_chip_is_refused_and_changes_nothing() -> None:
    for chip in faulty():
        chip.run(Phase.FREE, 5)
        good = chip.snapshot()

        def bad(drop: str = "", good: Snapshot = good, **change: Any) -> Snapshot:
            arrays = {k: v.copy() for k, v in good.arrays.items() if k != drop}
            return Snapshot(good.tick, good.ran, {**arrays, **change})

        for snapshot, sentence in (
            (
                bad("received.arrived"),
                "snapshot: is of another kind of chip: received.arrived must be in both or none",
            ),
            (
                bad(**{"received.more": np.zeros((2, 1), np.uint8)}),
                "snapshot: is of another kind of chip: received.more must be in both or none",
            ),
            (
                bad(**{"received.arrived": np.full_like(good.arrays["received.arrived"], 3)}),
                "snapshot: received.arrived must be 0 to 2",
            ),
            (bad(bits=np.full_like(good.arrays["bits"], 2)), "snapshot: bits must be 0 or 1"),
        ):
            with pytest.raises((DataError, FirmwareError)) as caught:
                chip.restore(snapshot)
            assert str(caught.value) == sentence
            after = chip.snapshot()
            for name, array in good.arrays.items():
                np.testing.assert_array_equal(after.arrays[name], array)
        begin(chip)
        short = bad(**{"received.arrived": good.arrays["received.arrived"][:, :-1].copy()})
        with pytest.raises((DataError, FirmwareError), match="received.arrived has shape"):
            chip.restore(short)
