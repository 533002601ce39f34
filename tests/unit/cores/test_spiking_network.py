"""The kernel of neurons with numbers of their own, as compiled code and as its own Python, against plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import LIF, replay
from neurochip.replays.spiking import run_spiking
from tests.oracle.spiking import run_slowly
from tests.property.test_spiking_equals_oracle import drawn

pytestmark = [
    pytest.mark.interp,
    # Words multiplied to gather bits: as Python, NumPy warns of what is meant.
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]


@pytest.mark.parametrize("method", ["euler", "exact"])
@pytest.mark.parametrize("seed", [1, 2])
def test_spikes_and_idle_updates(method: Any, seed: int) -> None:
    network, raster = drawn(seed, method)
    run = run_spiking(network, raster[:20], "ideal-bits")
    spikes, _, idle = run_slowly(network, raster[:20].tolist())
    assert run.replay.spikes[1].any()
    assert [bits.tolist() for bits in run.replay.spikes] == spikes
    assert run.replay.counters.counted.total("idle_updates") == idle


def test_a_matrix_in_place_delivers_what_its_copy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    raster = (rng.random((20, 9)) < 0.4).astype(np.uint8)
    weights = [rng.integers(-4, 8, shape).astype(np.float64) for shape in ((9, 5), (5, 3))]
    on = [np.zeros(9, int), np.zeros(5, int), np.zeros(3, int)]

    def spikes() -> list[Any]:
        seen = replay([raster], weights, "ideal-bits", on, neuron=LIF(threshold=6.0, leak=0.5)).spikes
        return [bits.tolist() for bits in seen]

    copied = spikes()
    monkeypatch.setattr("neurochip.cores.layered_wiring.IN_PLACE_BYTES", 1)
    assert spikes() == copied
    assert np.any(copied[1])
