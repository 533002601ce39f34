"""Programs drawn at random for a chip: what it is loaded with, and the events that it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from neurochip.silicon.activity import Activity
from neurochip.silicon.odin import Odin, bistability_event, synapse_event
from neurochip.silicon.odin import spike_event as spike_event_of_odin
from neurochip.silicon.odin import time_reference as odin_time_reference
from neurochip.silicon.odin_neurons import OdinIzhikevich, OdinLif
from neurochip.silicon.odin_words import IZHIKEVICH_PARAMETERS, IZHIKEVICH_STATE, LIF_PARAMETERS, LIF_STATE
from neurochip.silicon.spi import N_NEURONS
from neurochip.silicon.tinyodin import TinyOdin, spike_event, time_reference, virtual_event

__all__ = ["DRAWN", "SiliconChip", "Trial", "draw_odin", "draw_tinyodin"]


class SiliconChip(Protocol):
    """A chip as it is loaded: `TinyOdin`, `Odin`."""

    def run(
        self, address: ArrayLike, gap: ArrayLike = 0, *, hold: int = 0, patience: int = 0
    ) -> tuple[Activity, Self]:
        """Carry out events."""

    def transfers(self) -> list[tuple[int, int]]:
        """Return what loads it over SPI."""

    def reads(self) -> list[tuple[int, int]]:
        """Return what reads its state back, and the bytes expected."""

    def altered(self) -> dict[str, Self]:
        """Return chips with one parameter altered, by what it is."""


class Trial(NamedTuple):
    """A chip, its events, and how the host behaves."""

    chip: SiliconChip
    address: NDArray[np.int64]
    gap: NDArray[np.int64]
    hold: int
    patience: int


def _gaps(rng: Generator, n: int) -> NDArray[np.int64]:
    """Draw the host's pauses: none, so that queues fill; short ones; or long ones, in which the chip falls silent."""
    style = rng.integers(0, 3)
    if style == 0:
        return np.zeros(n, np.int64)
    if style == 1:
        return rng.integers(0, 60, n)
    return np.where(rng.random(n) < 0.3, 0, rng.integers(0, 1500, n)).astype(np.int64)


def _times(rng: Generator) -> int:
    return int(rng.choice([0, 1, 2, 7, 40]))


def draw_tinyodin(rng: Generator, n: int) -> Trial:
    """Draw a program of n events for tinyODIN: every kind of event, neurons that fire now and then or all the time."""
    low, high = sorted(rng.integers(-8, 8, 2))
    weight = rng.integers(low, high + 1, (N_NEURONS, N_NEURONS))
    # Some membranes begin where they saturate; only those whose thresholds are out of reach stay there.
    ceiling = np.where(rng.random(N_NEURONS) < 0.2, 4095, rng.choice([8, 60, 400, 4095]))
    membrane = rng.integers(-2048, 2048, N_NEURONS) // int(rng.choice([1, 16]))
    extreme = np.where(
        rng.random(N_NEURONS) < 0.5,
        rng.integers(-2048, -2030, N_NEURONS),
        rng.integers(2030, 2048, N_NEURONS),
    )
    membrane = np.where(rng.random(N_NEURONS) < 0.2, extreme, membrane)
    chip = TinyOdin(
        weight=np.where(rng.random(weight.shape) < rng.choice([0.1, 0.5, 1.0]), weight, 0),
        threshold=rng.integers(0 if rng.random() < 0.2 else 1, ceiling + 1),
        leak=rng.integers(0, int(rng.choice([1, 4, 127])) + 1, N_NEURONS),
        membrane=membrane,
        disabled=rng.random(N_NEURONS) < rng.choice([0.0, 0.2]),
        last=int(rng.choice([N_NEURONS - 1, int(rng.integers(0, N_NEURONS))])),
        open_loop=bool(rng.random() < 0.5),
        by_controller=bool(rng.random() < 0.3),
    )
    shares = rng.dirichlet([2.0, 1.0, 0.3, 2.0])
    # Of an event of one neuron's leak the uppermost bit is ignored: it is drawn as well.
    drawn = (
        spike_event(rng.integers(0, N_NEURONS, n)),
        time_reference(rng.integers(0, N_NEURONS - 1, n)) | rng.integers(0, 2, n) << 9,
        time_reference(np.full(n, N_NEURONS - 1)),
        virtual_event(rng.integers(0, 16, n), rng.integers(-8, 8, n)),
    )
    address = np.stack(drawn)[rng.choice(len(drawn), n, p=shares), np.arange(n)]
    return Trial(chip, address, _gaps(rng, n), _times(rng), 20_000)


def _bits(rng: Generator, table: Mapping[str, tuple[int, int]]) -> dict[str, NDArray[np.int64]]:
    """Draw every field of a table, over all its bits."""
    return {name: rng.integers(0, 1 << width, N_NEURONS) for name, (_, width) in table.items()}


def _lif(rng: Generator) -> OdinLif:
    """Draw neurons that fire now and then, some of which learn; a fifth begins where it saturates."""
    drawn = _bits(rng, {**LIF_PARAMETERS, **LIF_STATE})
    ceiling = np.where(rng.random(N_NEURONS) < 0.2, 255, rng.choice([8, 40, 255]))
    drawn["threshold"] = rng.integers(0 if rng.random() < 0.2 else 1, ceiling + 1)
    # A membrane that saturates fires, whatever its threshold: only the largest one tells a saturation that comes early.
    drawn["threshold"] = np.where(rng.spawn(1)[0].random(N_NEURONS) < 0.1, 255, drawn["threshold"])
    drawn["leak"] = rng.integers(0, int(rng.choice([2, 8, 128])), N_NEURONS)
    drawn["theta_1"] = np.minimum(drawn["theta_1"], rng.integers(0, 8, N_NEURONS))
    drawn["calcium_leak"] = np.where(
        rng.random(N_NEURONS) < 0.7, rng.integers(0, 4, N_NEURONS), drawn["calcium_leak"]
    )
    return OdinLif(**drawn)


def _izhikevich(rng: Generator) -> OdinIzhikevich:
    """Draw neurons with few behaviours or many, whose accumulators overflow often."""
    drawn = _bits(rng, {**IZHIKEVICH_PARAMETERS, **IZHIKEVICH_STATE})
    share = rng.choice([0.1, 0.3, 0.5])
    for name, (_, width) in IZHIKEVICH_PARAMETERS.items():
        if width == 1:
            drawn[name] = (rng.random(N_NEURONS) < share).astype(np.int64)
    drawn["fan_in"] = np.where(rng.random(N_NEURONS) < 0.8, 0, drawn["fan_in"])
    drawn["threshold"] = np.where(
        rng.random(N_NEURONS) < 0.5, rng.integers(1, 4, N_NEURONS), drawn["threshold"]
    )
    return OdinIzhikevich(**drawn)


def draw_odin(rng: Generator, n: int) -> Trial:
    """Draw a program of n events for ODIN: every kind of event, neurons of both models, weights that learn."""
    chip = Odin(
        weight=rng.integers(0, 8, (N_NEURONS, N_NEURONS)) // int(rng.choice([1, 1, 3])),
        mapped=(rng.random((N_NEURONS, N_NEURONS)) < rng.choice([0.2, 0.8, 1.0])).astype(np.int64),
        neurons=_lif(rng),
        izhikevich=_izhikevich(rng),
        is_izhikevich=(rng.random(N_NEURONS) < rng.choice([0.0, 0.3, 1.0], p=[0.4, 0.4, 0.2])).astype(
            np.int64
        ),
        inhibitory=(rng.random(N_NEURONS) < rng.choice([0.0, 0.3, 0.6])).astype(np.int64),
        disabled=(rng.random(N_NEURONS) < rng.choice([0.0, 0.2])).astype(np.int64),
        monitored=int(rng.integers(0, N_NEURONS)),
        open_loop=bool(rng.random() < 0.5),
        by_controller=bool(rng.random() < 0.3),
        update_unmapped=bool(rng.random() < 0.5),
        propagate_unmapped=bool(rng.random() < 0.5),
        learn_on_synapse=bool(rng.random() < 0.5),
    )
    shares = rng.dirichlet([2.0, 2.0, 0.5, 1.0, 0.3, 2.0])
    # Bits that the controller ignores are drawn as well. Bistability of all weights takes as long as 32 spike events.
    one, two = rng.integers(0, N_NEURONS, (2, n))
    drawn = (
        spike_event_of_odin(one),
        synapse_event(one, two),
        np.where(rng.random(n) < 0.02, bistability_event() | one << 8, bistability_event(one)),
        odin_time_reference(one),
        odin_time_reference() | one << 8,
        one << 8 | rng.integers(0, 32, n) << 3 | 1,
    )
    kind = rng.choice(len(drawn), n, p=shares)
    if not chip.open_loop:
        # Bistability may never get its turn, which ends the program: it comes last.
        kind = np.concatenate([kind[kind != 2], kind[kind == 2]])
    return Trial(chip, np.stack(drawn)[kind, np.arange(n)], _gaps(rng, n), _times(rng), 20_000)


DRAWN: dict[str, Callable[[Generator, int], Trial]] = {
    "odin": draw_odin,
    "tinyodin": draw_tinyodin,
}
