"""What the chip refuses and what it can be asked, beyond the contract of all substrates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec
from neurochip.elements import OSA
from neurochip.errors import CapabilityError, ConfigError
from neurochip.substrate import Observable, Phase
from neurochip.testing.networks import compiled, draw_net, fast_chip, small_chip

NET = draw_net(2, (6, 5, 4), batch=3)
NUMBERS = np.arange(3, dtype=np.uint64)


@pytest.fixture
def chip() -> DigitalSubstrate:
    made = fast_chip(NET, CodingSpec(), precision="float32")
    made.begin(NET.x, NUMBERS)
    return made


def test_real_numbers_need_the_other_substrate() -> None:
    image = compiled((6, 5, 4), CodingSpec(), small_chip())
    with pytest.raises(ConfigError) as caught:
        DigitalSubstrate(image, CodingSpec.ideal())
    assert str(caught.value) == "coding: the digital substrate needs an encoder and a decoder"


def test_what_can_be_recorded(chip: DigitalSubstrate) -> None:
    settled = chip.run(Phase.FREE, 3)
    assert (settled.ticks, settled.spikes, settled.states, settled.step_sizes) == (3, (), (), ())
    settled = chip.run(Phase.FREE, 3, record=("step_sizes", "spikes"))
    assert [s.shape for s in settled.step_sizes] == [s.shape for s in settled.spikes]
    assert all(s.dtype == np.uint8 for s in settled.spikes)
    with pytest.raises(CapabilityError) as caught:
        chip.run(Phase.FREE, 3, record=("traces",))
    assert str(caught.value) == "record: must be among spikes, states, step_sizes, got traces"


def test_rate_is_the_share_of_ticks_with_a_spike(chip: DigitalSubstrate) -> None:
    chip.run(Phase.FREE, 7)
    spikes = chip.run(Phase.FREE, 20, record=("spikes",)).spikes
    for layer in range(3):
        rate = chip.observe(Observable.RATE, layer)
        assert rate.dtype == np.float32
        np.testing.assert_allclose(rate, spikes[layer].mean(axis=0), rtol=1e-6)
        np.testing.assert_array_equal(chip.observe(Observable.SPIKES, layer), spikes[layer][-1])


def test_presentations_are_numbered_sample_by_sample(chip: DigitalSubstrate) -> None:
    """A number missing would be read from beyond the array."""
    for numbers in (NUMBERS[:2], np.arange(4, dtype=np.uint64), NUMBERS[None]):
        with pytest.raises(ConfigError) as caught:
            chip.begin(NET.x, numbers)
        assert caught.value.place == "presentations"


def test_targets_fit_the_output(chip: DigitalSubstrate) -> None:
    for targets in (NET.y[:2], NET.y[:, :1], NET.y[0]):
        with pytest.raises(ConfigError) as caught:
            chip.run(Phase.NUDGED, 3, beta=0.5, targets=targets)
        assert str(caught.value) == f"targets: must have shape (3, 4), got {targets.shape}"


def test_no_samples(chip: DigitalSubstrate) -> None:
    chip.begin(NET.x[:0], NUMBERS[:0])
    chip.run(Phase.FREE, 5)
    assert chip.observe(Observable.VALUE, 2).shape == (0, 4)
    assert chip.counters().ticks() == 0


def test_an_unknown_projection(chip: DigitalSubstrate) -> None:
    with pytest.raises(ConfigError) as caught:
        chip.image.network.between(0, 2)
    assert str(caught.value) == "network: has no projection from layer 0 to layer 2"


@pytest.mark.parametrize("n", [1, 2, 65535])
def test_counts_of_a_long_phase(n: int) -> None:
    """A neuron that always fires is counted in every tick of the longest run there is."""
    made = fast_chip(draw_net(1, (1, 1), batch=1), CodingSpec(annealer=OSA()), precision="float32")
    made.begin(np.ones((1, 1)), NUMBERS[:1])
    made.run(Phase.FREE, n)
    assert made.counters().to_json()["free"]["populations"]["input"]["spikes_sent"] == n


def test_a_phase_too_long_to_count() -> None:
    made = fast_chip(draw_net(1, (1, 1), batch=1), CodingSpec(), precision="float32")
    made.begin(np.ones((1, 1)), NUMBERS[:1])
    with pytest.raises(ConfigError) as caught:
        made.run(Phase.FREE, 65536)
    assert str(caught.value) == "phases.free: must be at most 65535 ticks, got 65536"


def test_the_memory_of_a_core_is_its_own(chip: DigitalSubstrate) -> None:
    memory: Any = chip.core_memory(1)
    memory.weights[...] = 99
    memory.bias[...] = 99
    assert not any(np.any(w == 99) for w in chip.parameters().weights)
    assert chip.core_memory(0).weights.size == 0
