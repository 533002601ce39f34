"""What a chip cannot do is refused before anything runs, in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import LIF, replay
from neurochip.description import chip_text, read_chip, read_energies
from neurochip.description.chip_reader import chip_from_toml
from neurochip.description.energy_table import EnergyTable
from neurochip.energy.static import Clocked, static_charges
from neurochip.errors import ConfigError, NeurochipError, StallError
from neurochip.substrate.counters import Phase

SPIKES = [np.ones((3, 4), np.uint8)]
WEIGHTS = [np.ones((4, 2), dtype=np.int64), np.ones((2, 2), dtype=np.int64)]
PLACES = [[0, 0, 1, 1], [4, 5], [5, 5]]
NEURON = LIF(threshold=1.0)


def refused(**changed: object) -> str:
    given = {"spikes": SPIKES, "weights": WEIGHTS, "chip": "loihi", "placement": PLACES, "neuron": NEURON}
    with pytest.raises(NeurochipError) as caught:
        replay(**(given | changed))  # type: ignore[arg-type]
    return str(caught.value)


def test_a_fifo_of_0() -> None:
    text = chip_text("cmos45").replace("fifo_depth = 4", "fifo_depth = 0")
    with pytest.raises(ConfigError) as caught:
        chip_from_toml(text, "mine.toml")
    assert str(caught.value) == "mine.toml: timing.fifo_depth: must be at least 1, got 0"


def test_a_mapping_to_nowhere() -> None:
    sentence = refused(placement=[PLACES[0], [4, 128], PLACES[2]])
    assert sentence == "placement[1][1]: loihi has no core 128; its cores are 0 to 127"


def test_a_raster_of_another_shape() -> None:
    sentence = refused(spikes=[np.ones((3, 5), np.uint8)])
    assert sentence == "spikes[0]: must have shape (ticks, 4), got (3, 5)"


def test_traffic_to_a_dead_core() -> None:
    assert refused(dead_cores=[5]) == (
        "placement[1][1]: core 5 is dead, and layer 0 sends to it; place its 1 neuron elsewhere"
    )
    assert refused(dead_cores=[200]) == "dead_cores[0]: loihi has no core 200; its cores are 0 to 127"
    alive = replay(SPIKES, WEIGHTS, "loihi", PLACES, neuron=NEURON, dead_cores=[77])
    assert alive.counters.packets > 0


def test_a_tick_that_takes_too_long() -> None:
    with pytest.raises(StallError) as caught:
        replay(SPIKES, WEIGHTS, "loihi", PLACES, neuron=NEURON, timing="cycle", max_cycles=4)
    assert str(caught.value).startswith(
        "tick 0, cycle 4: the network is not done, and max_cycles = 4 is reached with 8 of 8 deliveries missing"
    )
    assert refused(timing="cycle", max_cycles=0) == "max_cycles: must be 1 to 4398046511104, got 0"


def test_a_missing_energy_is_found_before_the_neurons_run(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_energies("loihi")
    left = {name: entry for name, entry in whole.energies.items() if name != "neuron_update_inactive"}
    energies = EnergyTable(name="mine", neuron_energy="published", note="n", energies=left)

    def never(*_: object) -> None:
        raise AssertionError("the neurons ran")

    monkeypatch.setattr("neurochip.replays.replaying.LayerEngine", never)
    assert refused(energies=energies) == (
        "mine: energies.neuron_update_inactive: is missing, and the run has this event "
        "(one tick of a neuron at rest); add the energy or choose another energy table"
    )


@pytest.mark.parametrize("timing", ["analytic", "cycle"])
def test_a_replay_pays_for_its_time(timing: str) -> None:
    plain = replay(SPIKES, WEIGHTS, "loihi", PLACES, neuron=NEURON)
    run = replay(SPIKES, WEIGHTS, "loihi", PLACES, neuron=NEURON, timing=timing)  # type: ignore[arg-type]
    assert run.time.seconds is not None and "static" not in plain.energy_j
    assert run.energy_j["static"] == pytest.approx(29.7e-3 * run.time.seconds)
    assert run.energy_j["total"] == pytest.approx(plain.energy_j["total"] + run.energy_j["static"])
    assert run.energy_per_tick_j["static"].sum() == pytest.approx(run.energy_j["static"])
    assert run.energy_per_tick_j["total"].sum() == pytest.approx(run.energy_j["total"])
    assert run.counters.totals == plain.counters.totals
    timing_spec = read_chip("loihi").timing
    assert timing_spec is not None
    clocked = Clocked.of(timing_spec, read_chip("loihi").mesh, run.counters.counted.sites)
    [(charge, unit)] = static_charges(Phase.FREE, run.counters.counted, read_energies("loihi"), clocked)
    assert (charge.event, int(charge.counts.sum())) == ("chip_static", run.time.cycles)
    assert unit == 29.7e-3 / 1e9
