"""A chip that is driven through its registers does what it does when driven directly, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.device import Device
from firmware_sim.driver import DrivenChip
from firmware_sim.image import tables_of
from firmware_sim.local import LocalLink
from firmware_sim.programs import shipped
from firmware_sim.schedule import ProgrammedRule, schedule_of, with_services
from neurochip.description import CodingSpec, LearningSpec, PhasesSpec
from neurochip.elements import OSA, Kesten, PowerLaw, Predictive, SigmaDelta, Stochastic
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import layered
from neurochip.substrate import Observable, Phase, WeightUpdate
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.property.networks import checked, layer_sizes, seeds

CODINGS = (
    CodingSpec(),
    CodingSpec(encoder=Stochastic(), decoder=Predictive(0.4), annealer=Kesten()),
    CodingSpec(encoder=SigmaDelta(), decoder="identity", annealer=PowerLaw(0.6, 0.4)),
    CodingSpec(annealer=OSA(0.05, 1e-7)),
)


def pair(net: Net, coding: CodingSpec, precision: str, split: int | None, **how: Any) -> tuple[Any, Any]:
    """Return the same chip twice: as it is, and behind registers."""

    def make() -> Any:
        chip = None if split is None else small_chip(split, mesh=(16, 16, 2))
        return fast_chip(net, coding, precision=precision, chip=chip, seed=5, **how)

    direct, machine = make(), make()
    image = machine.image
    device = Device(machine, image.network, image.digest, tables_of(image), float64=precision == "float64")
    return direct, (device, image)


def driver(device: Device, image: Any, schedule: str | None) -> DrivenChip:
    program = with_services(None if schedule is None else shipped(schedule))
    machine = device.operations.machine
    return DrivenChip(
        LocalLink(device), image.network, machine.counters(), image.digest, tables_of(image), program
    )


def same_parameters(first: Any, second: Any) -> None:
    for family in ("weights", "feedback", "biases"):
        for a, b in zip(getattr(first, family), getattr(second, family), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@given(
    seed=seeds,
    sizes=layer_sizes,
    coding=st.sampled_from(CODINGS),
    precision=st.sampled_from(["float64", "float32", "int8", "int4"]),
    split=st.sampled_from([None, 4]),
    tied=st.booleans(),
    bits_only=st.booleans(),
    trace=st.sampled_from(["decoder", "count"]),
    product=st.sampled_from(["linear", "full"]),
    reference=st.sampled_from(["before", "parallel", "opposite"]),
    persistent=st.booleans(),
    free=st.integers(1, 9),
    nudged=st.integers(1, 6),
)
@checked(40)
def test_learning_by_a_program_is_learning(
    seed: int,
    sizes: tuple[int, ...],
    coding: CodingSpec,
    precision: str,
    split: int | None,
    tied: bool,
    bits_only: bool,
    trace: Any,
    product: Any,
    reference: Any,
    persistent: bool,
    free: int,
    nudged: int,
) -> None:
    bits_only = bits_only and not tied
    net = draw_net(seed, sizes, batch=3, tied=tied)
    traced = {"traced": bits_only and trace == "decoder", "counting": bits_only and trace == "count"}
    direct, (device, image) = pair(net, coding, precision, split, rounding="stochastic", **traced)
    learning = LearningSpec(
        rates=tuple(0.3 / (k + 1) for k in range(len(sizes) - 1)),
        epochs=1,
        product="linear" if bits_only else product,
        pre="trace" if bits_only else "oracle",
        trace=trace,
    )
    phases = PhasesSpec(free=free, nudged=nudged, reference=reference, persistent=persistent)
    network = layered(sizes, tied=tied)
    rule = EquilibriumPropagation(network, learning, phases)
    programmed = ProgrammedRule(rule)
    chip = driver(device, image, schedule_of(rule))
    chip.set_rule(*programmed.registers())
    resting: list[Any] = [None, None]
    for step in range(3):
        for k, (substrate, how) in enumerate(((direct, rule), (chip, programmed))):
            if step == 0:
                substrate.load(net.parameters)
            substrate.begin(net.x.astype(np.float32), np.arange(3, dtype=np.uint64) + 3 * step)
            if persistent and step:
                substrate.restore(resting[k])
            shown = how.present(substrate, net.y, -0.4 if step == 1 else 0.4, 0.9**step)
            substrate.count_readout(-1)
            if persistent:
                resting[k] = substrate.snapshot()
            if not shown.applied:
                substrate.write_weights(shown.updates, shown.biases)
            if k == 0:
                answer = shown.output
            else:
                np.testing.assert_array_equal(answer, shown.output)
        same_parameters(direct.parameters(), chip.parameters())
    assert direct.updates == chip.updates
    assert chip.counters().without_control().to_json() == direct.counters().to_json()
    assert chip.counters().control("bus_words") > 0


@given(
    seed=seeds,
    sizes=layer_sizes,
    precision=st.sampled_from(["float64", "float32", "int8"]),
    calls=st.lists(
        st.sampled_from(["begin", "free", "nudge", "snap", "back", "write", "record"]), max_size=8
    ),
)
@checked(40)
def test_any_calls_a_substrate_has(
    seed: int, sizes: tuple[int, ...], precision: str, calls: list[str]
) -> None:
    net = draw_net(seed, sizes, batch=2)
    direct, (device, image) = pair(net, CodingSpec(), precision, None)
    chip = driver(device, image, None)
    rng = np.random.default_rng(seed)
    change = rng.uniform(-1, 1, (2, sizes[0])), rng.uniform(-1, 1, (2, sizes[1]))
    seen: list[list[Any]] = [[], []]
    for out, substrate in zip(seen, (direct, chip), strict=True):
        kept = None
        substrate.load(net.parameters)
        substrate.begin(net.x, np.arange(2, dtype=np.uint64))
        nudging = False
        for call in calls:
            if call == "begin":
                substrate.begin(net.x, np.arange(2, 4, dtype=np.uint64))
                nudging, kept = False, None
            elif call in ("free", "record") and not nudging:
                record = ("spikes", "states") if call == "record" else ()
                settled = substrate.run(Phase.FREE, 4, record=record)
                out += [*settled.spikes, *settled.states]
            elif call == "nudge":
                substrate.run(Phase.NUDGED, 3, beta=0.5, targets=net.y)
                nudging = True
            elif call == "snap":
                kept, at = substrate.snapshot(), nudging
                out += [kept.tick, *kept.arrays.values()]
            elif call == "back" and kept is not None:
                substrate.restore(kept)
                nudging = at
            elif call == "write":
                substrate.write_weights(
                    [WeightUpdate(0, (change, change), 0.1, 1)], [None] * (len(sizes) - 1)
                )
            for what in (Observable.VALUE, Observable.RATE, Observable.SPIKES):
                out.append(substrate.observe(what, -1))
    assert len(seen[0]) == len(seen[1])
    for a, b in zip(*seen, strict=True):
        np.testing.assert_array_equal(a, b)
    same_parameters(direct.parameters(), chip.parameters())
    assert chip.counters().without_control().to_json() == direct.counters().to_json()
