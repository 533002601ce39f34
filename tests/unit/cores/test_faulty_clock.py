"""Time on a chip with faults: the same spikes and counts, no load on links that are down, no work on dead cores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from neurochip.cores.clock import Timed
from neurochip.description import CodingSpec, read_chip
from neurochip.description.faults import DeadCore, FaultsSpec, LinkDown, SpikeDrop
from neurochip.substrate import Phase
from neurochip.testing.networks import draw_net, fast_chip, small_chip

NUMBERS = np.arange(2, dtype=np.uint64)


@pytest.mark.parametrize("timing", ["analytic", "cycle"])
def test_what_is_broken_takes_no_time(timing: Literal["analytic", "cycle"]) -> None:
    net = draw_net(3, (12, 9, 4), batch=2)
    chip = replace(small_chip(3, mesh=(4, 4, 1)), timing=read_chip("cmos45").timing)
    faults = FaultsSpec(
        spike_drop=SpikeDrop(rate=0.1), dead_core=DeadCore(cores=(7,)), link_down=LinkDown(links=("0,0>1,0",))
    )

    def run(how: FaultsSpec | None, model: Any) -> Any:
        made = fast_chip(net, CodingSpec(), chip=chip, faults=how, timing=Timed(model))
        made.begin(net.x, NUMBERS)
        spikes = made.run(Phase.FREE, 20, record=("spikes",)).spikes
        return spikes, made.counters().phases[Phase.FREE], made.image

    spikes, counted, _ = run(faults, "tick")
    again, timed, image = run(faults, timing)
    for a, b in zip(spikes, again, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(counted.counts, timed.counts)
    sites = [core.site for core in image.cores]
    assert timed.time is not None
    busy = timed.time.busy
    assert busy[sites.index(7)] == 0
    assert all(n > 0 for core, n in zip(sites, busy, strict=True) if core != 7)
    east = 0  # of tile 0, 0
    assert timed.time.link_load[0, east] == 0
    _, sound, _ = run(None, timing)
    assert sound.time.link_load[0, east] > 0
    assert sound.time.cycles >= timed.time.cycles
