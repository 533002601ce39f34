"""Time of graphs in which neurons of a core send to different cores, and meet different numbers of synapses there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import ChipImage, compile_network
from neurochip.cores.clock import Timed
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description.chip import TimingSpec
from neurochip.description.neuron import state_words
from neurochip.noc import Packets
from neurochip.noc.zero_load import accesses
from neurochip.substrate import Phase
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime
from neurochip.testing.networks import small_chip
from tests.oracle.tick_counts import cycles_from_counts
from tests.property.listed_packets import CoreStages, core_pipeline
from tests.property.networks import checked, seeds
from tests.property.test_graphs import CODING
from tests.property.test_listed_graphs import drawn, network
from tests.property.test_replay_timing import TIMINGS, adding

TICKS, SAMPLES = 9, 2
Model = Literal["tick", "analytic", "cycle"]
NEURONS, ROUTINGS = st.sampled_from([4, 9, 30]), st.sampled_from(["unicast", "multicast"])
MODELS: tuple[Model, ...] = ("tick", "analytic", "cycle")
Met = list[list[dict[int, int]]]  # [population][neuron]: core of the image → synapses there


def synapses_of(image: ChipImage) -> Met:
    """Return what a spike of each neuron meets, synapse by synapse."""
    of = image.network
    met: Met = [[{} for _ in range(n)] for n in of.sizes]
    cores = [image.cores_of(p) for p in range(len(of.sizes))]
    home = [np.repeat(some, [image.cores[c].size for c in some]) for some in cores]
    for p in of.projections:
        if p.connection is None:
            pairs = [(i, j) for i in range(of.sizes[p.source]) for j in range(of.sizes[p.target])]
        else:
            pairs = [(int(i), int(j)) for i, j, _ in zip(*p.connection.edges(), strict=True)]
        for i, j in pairs:
            core = int(home[p.target][j])
            met[p.source][i][core] = met[p.source][i].get(core, 0) + 1
    return met


def run(seed: int, neurons: int, timing: TimingSpec, routing: Any, model: Model) -> Any:
    of = network(seed)
    parameters, x, y = drawn(of, seed)
    chip = replace(small_chip(neurons, mesh=(9, 9, 2), routing=routing), timing=timing)
    image = compile_network(of, chip, precision="float64", state_words=state_words(CODING))
    made = DigitalSubstrate(image, CODING, timing=Timed(model))
    made.load(parameters)
    made.begin(x, np.arange(SAMPLES, dtype=np.uint64))
    spikes = made.run(Phase.FREE, TICKS, record=("spikes",)).spikes
    return made, spikes, made.counters().phases[Phase.FREE].time


def by_hand(image: ChipImage, spikes: Any, tick: int, sample: int) -> Any:
    """Time one tick flit by flit, its packets listed spike by spike in plain Python."""
    timing, mesh, met = image.chip.timing, image.chip.mesh, synapses_of(image)
    assert timing is not None
    source, destinations, sops, after, extra = [], [], [], [], []
    neurons, update = [0] * mesh.n_cores, [0.0] * mesh.n_cores
    fill, arrived = [0.0] * mesh.n_cores, None
    if timing.engines == 1:
        arrived = [0] * mesh.n_cores
        for core in image.cores if tick else ():
            for j in range(core.first, core.last):
                if spikes[core.population][tick - 1, sample, j]:
                    for r, synapses in met[core.population][j].items():
                        arrived[image.cores[r].site] += adding(timing, synapses)
    for core in sorted(image.cores, key=lambda core: core.site):
        clamped = image.network.populations[core.population].clamped
        neurons[core.site] = core.size
        update[core.site] = timing.clamped_update if clamped else timing.cycles_per_neuron_update
        own = timing.clamped_fill_cycles if clamped else None
        fill[core.site] = timing.fill_cycles if own is None else own
        for j in range(core.size):
            meets = met[core.population][core.first + j]
            if not spikes[core.population][tick, sample, core.first + j] or not meets:
                continue
            to = sorted(meets, key=lambda c: image.cores[c].site)
            forks = [to] if image.chip.packet.routing == "multicast" else [[c] for c in to]
            for k, cores in enumerate(forks):
                source.append(core.site)
                destinations.append([image.cores[c].site for c in cores])
                sops += [meets[c] for c in cores]
                after.append(j + 1)
                extra.append(timing.cycles_per_spike_out if k == 0 and not clamped else 0.0)
    return core_pipeline(
        mesh,
        timing,
        Packets.multicast(source, destinations),
        neurons=neurons,
        sops=sops,
        after=after,
        extra=extra,
        stages=CoreStages(update, fill),
        arrived=arrived,
    )


@given(seed=seeds, neurons=NEURONS, timing=TIMINGS, routing=ROUTINGS)
@checked(4)
def test_each_tick_takes_the_cycles_of_its_packets(
    seed: int, neurons: int, timing: TimingSpec, routing: Any
) -> None:
    made, spikes, time = run(seed, neurons, timing, routing, "cycle")
    ticks = [by_hand(made.image, spikes, t, b) for b in range(SAMPLES) for t in range(TICKS)]
    assert (time.cycles, time.longest) == (sum(t.cycles for t in ticks), max(t.cycles for t in ticks))
    busy = sum(t.busy for t in ticks)[[core.site for core in made.image.cores]]
    np.testing.assert_allclose(time.busy / FRACTIONS, busy, rtol=1e-9)
    links = sum(t.traffic.link_load for t in ticks if t.traffic is not None)
    np.testing.assert_array_equal(time.link_load, np.asarray(links).reshape(-1, 4))


@given(seed=seeds, neurons=NEURONS, timing=TIMINGS, routing=ROUTINGS)
@checked(4)
def test_counts_bound_it_as_they_bound_a_replay(
    seed: int, neurons: int, timing: TimingSpec, routing: Any
) -> None:
    made, spikes, time = run(seed, neurons, timing, routing, "analytic")
    image, met, mesh = made.image, synapses_of(made.image), made.image.chip.mesh
    cores, n = image.cores, len(image.cores)
    packets, sops = np.zeros((2, TICKS * SAMPLES, n, n), dtype=np.int64)
    made_of = np.zeros((TICKS * SAMPLES, mesh.n_cores), dtype=np.int64)
    extra = np.zeros(made_of.shape)
    update = np.full(mesh.n_cores, timing.cycles_per_neuron_update)
    neurons_of = np.zeros(mesh.n_cores, dtype=np.int64)
    for c, core in enumerate(cores):
        clamped = image.network.populations[core.population].clamped
        neurons_of[core.site] = core.size
        update[core.site] = timing.clamped_update if clamped else update[core.site]
        for j in range(core.first, core.last):
            fired = spikes[core.population][:, :, j].reshape(-1).astype(np.int64)
            for r, synapses in met[core.population][j].items():
                packets[:, c, r] += fired
                sops[:, c, r] += fired * int(accesses(timing, np.array([synapses]))[0])
            if met[core.population][j]:
                made_of[:, core.site] += fired
                if not clamped:
                    extra[:, core.site] += fired * round(timing.cycles_per_spike_out * FRACTIONS) / FRACTIONS
    source, destination = np.nonzero(packets.sum(axis=0))
    # A sample's ticks follow one another: a core with one engine adds up what arrived in the tick before.
    cycles = np.concatenate(
        [
            cycles_from_counts(
                mesh,
                timing,
                neurons=neurons_of,
                source=[cores[c].site for c in source],
                destination=[cores[c].site for c in destination],
                packets=packets[b::SAMPLES, source, destination],
                sops=sops[b::SAMPLES, source, destination],
                made=made_of[b::SAMPLES] if routing == "multicast" else None,
                extra=extra[b::SAMPLES],
                update_cycles=update,
                apart=update if timing.engines == 1 else None,
            )
            for b in range(SAMPLES)
        ]
    )
    assert (time.cycles, time.longest) == (cycles.sum(), cycles.max())
    walked: PhaseTime = run(seed, neurons, timing, routing, "cycle")[2]
    assert time.cycles <= walked.cycles
    np.testing.assert_array_equal(time.link_load, walked.link_load)


@given(seed=seeds, timing=TIMINGS)
@checked(2)
def test_time_changes_no_spike_and_no_count(seed: int, timing: TimingSpec) -> None:
    runs = [run(seed, 9, timing, "unicast", model) for model in MODELS]
    counted = [made.counters().phases[Phase.FREE] for made, _, _ in runs]
    for (_, spikes, _), one in zip(runs[1:], counted[1:], strict=True):
        np.testing.assert_array_equal(one.counts, counted[0].counts)
        for these, other in zip(spikes, runs[0][1], strict=True):
            np.testing.assert_array_equal(these, other)
    assert counted[0].time is None and runs[0][1][1].any()
