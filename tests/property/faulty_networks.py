"""Random faults of a random chip, and the same on the slow chip."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from neurochip.compile import ChipImage
from neurochip.cores.faults import FaultPlan, fault_key
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description.faults import (
    DeadCore,
    FaultsSpec,
    LinkDown,
    SpikeDelay,
    SpikeDrop,
    SpikeSpurious,
    StuckNeuron,
)
from neurochip.kernels.random_bits import mix, tick_key, uniform
from neurochip.testing.networks import Net
from tests.oracle.faulty_chip import FaultyChip, SlowFaults
from tests.property.networks import slow_chip

rates = st.sampled_from([0.0, 0.02, 0.3, 1.0])


@st.composite
def fault_specs(draw: st.DrawFn) -> FaultsSpec:
    """Return a few faults at once."""
    chance = st.sampled_from([0.02, 0.1, 0.4])
    kinds = draw(
        st.sets(
            st.sampled_from(["drop", "spurious", "delay", "dead", "stuck", "down"]), min_size=1, max_size=4
        )
    )
    seed = draw(st.integers(0, 99))
    return FaultsSpec(
        spike_drop=SpikeDrop(rate=draw(chance), seed=seed) if "drop" in kinds else None,
        spike_spurious=SpikeSpurious(rate=draw(chance), seed=seed) if "spurious" in kinds else None,
        spike_delay=(
            SpikeDelay(rate=draw(chance), seed=seed, ticks=draw(st.sampled_from([1, 2, 3, 7, 64])))
            if "delay" in kinds
            else None
        ),
        dead_core=DeadCore(rate=draw(chance), seed=seed) if "dead" in kinds else None,
        stuck_neuron=(
            StuckNeuron(rate=draw(chance), seed=seed, at=draw(st.integers(0, 1)))
            if "stuck" in kinds
            else None
        ),
        link_down=LinkDown(rate=draw(chance), seed=seed) if "down" in kinds else None,
    )


def slow_faulty_chip(
    net: Net, coding: Any, fast: DigitalSubstrate, spec: FaultsSpec, *, seed: int, presentations: Any
) -> FaultyChip:
    """Return the oracle with the faults of the emulator's plan, and its draws."""
    plan = fast.plans[0]
    sound = slow_chip(net, coding, image=fast.image, seed=seed, presentations=presentations)
    return FaultyChip(
        sound.weights,
        sound.biases,
        sound.coding,
        feedback=sound.feedback,
        placement=sound.placement,
        uniform=sound.uniform,
        faults=SlowFaults() if plan is None else slow_faults(plan, spec, fast.image, seed, presentations),
    )


def slow_faults(
    plan: FaultPlan, spec: FaultsSpec, image: ChipImage, seed: int, presentations: Any
) -> SlowFaults:
    def key(fault: Any, sample: int, tick: int) -> np.uint64:
        return np.uint64(tick_key(fault_key(fault, seed), np.uint64(presentations[sample]), np.uint64(tick)))

    def spurious(sample: int, neuron: int, tick: int) -> bool:
        fault = spec.spike_spurious
        return fault is not None and uniform(key(fault, sample, tick), np.uint64(neuron)) < fault.rate

    def packet(fault: Any) -> Any:
        def broken(sample: int, neuron: int, core: int, tick: int) -> bool:
            if fault is None:
                return False
            own = np.uint64(mix(key(fault, sample, tick), np.uint64(neuron)))
            return bool(uniform(own, np.uint64(image.cores[core].site)) < fault.rate)

        return broken

    layers = enumerate(plan.layout.slots_of)
    slots = {slot: (k, slot - of.start) for k, of in layers for slot in range(of.start, of.stop)}
    at = plan.wiring.stuck_at.tolist()
    return SlowFaults(
        dead=set(np.flatnonzero(plan.dead).tolist()),
        down=set(plan.down),
        stuck={slots[int(s)]: v for s, v in zip(plan.wiring.stuck, at, strict=True)},
        spurious=spurious,
        drops=packet(spec.spike_drop),
        delays=packet(spec.spike_delay),
        delay_ticks=1 if spec.spike_delay is None else spec.spike_delay.ticks,
    )
