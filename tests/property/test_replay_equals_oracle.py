"""Integrate-and-fire networks and recorded traffic on the chip against plain Python, event by event."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurochip import LIF, replay
from neurochip.description import ChipSpec, CoreSpec, EnergyTable, MeshSpec, PacketSpec, WeightsSpec
from neurochip.elements.connections import Connection, Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.replays.replaying import Replay
from neurochip.substrate import COUNTERS, Phase
from tests.oracle.lif import LIFChip, LIFNeuron
from tests.property.networks import checked

MESH = MeshSpec(width=4, height=3, cores_per_tile=2)
HEADER = 5
FORMATS = ("float64", "float32", "int8", "int16")
NEURONS = st.builds(
    LIF,
    threshold=st.sampled_from([1.0, 3.5, 8.0]),
    leak=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    reset=st.sampled_from(["value", "subtract"]),
    reset_value=st.sampled_from([0.0, -2.0, 0.5]),
    refractory=st.sampled_from([0, 0, 1, 3]),
    resolution=st.sampled_from([0.0, 0.0, 1 / 64]),
)


def chip_of(routing: Literal["unicast", "multicast"]) -> ChipSpec:
    """Return a small mesh without limits and energies."""
    return ChipSpec(
        name="small mesh",
        about="",
        mesh=MESH,
        core=CoreSpec(),
        weights=WeightsSpec(floats=("float64", "float32"), min_bits=2, max_bits=16),
        packet=PacketSpec(header_bits=HEADER, routing=routing),
        timing=None,
        energies=EnergyTable(name="none", neuron_energy="none"),
    )


def draw_connectivity(rng: np.random.Generator, sources: int, targets: int) -> Connection:
    """Return any connectivity that fits."""
    pre, post = np.nonzero(rng.random((sources, targets)) < rng.choice([0.02, 0.3]))
    fitting: list[Connection] = [
        Dense(sources, targets), OneToOne(sources, targets), Sparse.from_pairs(sources, targets, pre, post)[0]
    ]  # fmt: skip
    if sources >= targets:
        fitting.append(Convolution((1, 1, sources), 1, (1, sources - targets + 1)))
    if sources % targets == 0:
        fitting.append(Pooling((1, 1, sources), (1, sources // targets), reduction="sum"))
    return fitting[rng.integers(len(fitting))]


class Case:
    """A random network, its placement and input; ``sparse``: of any connectivities, not of dense ones alone."""

    def __init__(self, seed: int, recurrent: bool, multicast: bool, sparse: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self.routing: Literal["unicast", "multicast"] = "multicast" if multicast else "unicast"
        self.sizes = [int(n) for n in rng.choice([1, 3, 17, 40, 64, 70], size=rng.integers(2, 5))]
        self.ticks = int(rng.integers(1, 25))
        # Whole numbers: their sums are exact in any order.
        self.weights = [
            rng.integers(-4, 8, size=(a, b)) for a, b in zip(self.sizes, self.sizes[1:], strict=False)
        ]
        self.loops: list[NDArray[Any] | None] | None = None
        if recurrent:
            self.loops = [
                rng.integers(-3, 3, size=(n, n)) if rng.random() < 0.7 else None for n in self.sizes[1:]
            ]
        self.cores = [rng.choice([0, 5, 6, 11, 13, 23], size=n) for n in self.sizes]
        rate = rng.choice([0.0, 0.05, 0.3, 1.0])
        self.rasters = [(rng.random((self.ticks, n)) < rate).astype(np.uint8) for n in self.sizes]
        self.connections: dict[tuple[int, int], Connection] = {}
        if sparse:
            for pair, w in self.links().items():
                self.connections[pair] = draw_connectivity(rng, *w.shape)
                shape = self.connections[pair].shape
                values = rng.integers(-4, 8, size=shape)
                if pair[0] == pair[1]:
                    self.loops[pair[0] - 1] = values  # type: ignore[index]
                else:
                    self.weights[pair[0]] = values

    def links(self) -> dict[tuple[int, int], Any]:
        """Return the weights by (source, target)."""
        links = {(k, k + 1): w for k, w in enumerate(self.weights)}
        links |= {(k, k): w for k, w in enumerate(self.loops or [], start=1) if w is not None}
        return links

    def synapses(self) -> dict[tuple[int, int], Any]:
        """Return the weight of every pair of units by (source, target), `None` where there is no synapse."""
        if not self.connections:
            return {pair: w.tolist() for pair, w in self.links().items()}
        found: dict[tuple[int, int], Any] = {}
        for pair, w in self.links().items():
            made = self.connections[pair]
            edges = made.edges()
            values = w.reshape(-1)[edges.weight] if w.size else np.ones(made.synapses, dtype=int)
            found[pair] = [[None] * made.targets for _ in range(made.sources)]
            for i, j, value in zip(edges.source, edges.target, values.tolist(), strict=True):
                found[pair][i][j] = value
        return found

    def _axons(self, core: int, synapses: dict[tuple[int, int], Any]) -> int:
        """Count the neurons that have a synapse on a core."""
        return len({
            (a, i)
            for (a, b), matrix in synapses.items()
            for i, row in enumerate(matrix)
            for j, weight in enumerate(row)
            if weight is not None and self.cores[b][j] == core
        })  # fmt: skip

    def slow(self, neuron: LIF | None) -> LIFChip:
        """Return the slow chip."""
        links = self.synapses()
        positions = {c: divmod(c // 2, MESH.height) for c in range(24)}
        word = {}
        for core in {int(c) for on in self.cores for c in on}:
            axons = self._axons(core, links)
            word[core] = HEADER + max(1, math.ceil(math.log2(max(1, axons))))
        neurons = None
        if neuron is not None:
            made = (
                neuron.threshold,
                neuron.leak,
                neuron.reset == "subtract",
                neuron.reset_value,
                neuron.refractory,
                neuron.resolution,
            )
            neurons = [[LIFNeuron(*made) for _ in range(n)] for n in self.sizes]
        return LIFChip(
            self.sizes,
            links,
            [on.tolist() for on in self.cores],
            positions,
            self.routing == "multicast",
            word,
            neurons,
        )

    def fast(self, neuron: LIF | None, kind: str = "float64") -> Replay:
        """Replay on the product."""

        def given(pair: tuple[int, int], w: NDArray[Any]) -> Any:
            made = self.connections.get(pair)
            return w.astype(kind) if made is None else (made, w.astype(kind))

        loops = self.loops and [
            None if w is None else given((k, k), w) for k, w in enumerate(self.loops, start=1)
        ]
        spikes = self.rasters if neuron is None else self.rasters[:1]
        weights = [given((k, k + 1), w) for k, w in enumerate(self.weights)]
        return replay(spikes, weights, chip_of(self.routing), self.cores, neuron=neuron, recurrent=loops)


def check_counters(fast: Replay, slow: LIFChip) -> None:
    """Compare every count of every tick."""
    per_tick = fast.counters.per_tick
    for name, of in (
        ("spikes_sent", lambda e: e.sent),
        ("packets", lambda e: e.packets),
        ("hops_ew", lambda e: e.ew),
        ("hops_ns", lambda e: e.ns),
        ("hops", lambda e: e.ew + e.ns),
        ("sops", lambda e: e.sops),
        ("neuron_updates", lambda e: e.updates),
        ("idle_updates", lambda e: e.idle),
    ):
        assert per_tick[name].tolist() == [of(e) for e in slow.events], name
        assert fast.counters.totals[name] == sum(of(e) for e in slow.events), name
    totals = fast.counters.totals
    assert totals["packets"] == totals["spikes_delivered"] == sum(e.taken_in for e in slow.events)
    assert totals["spikes_in_flight"] == totals["spikes_dropped"] == 0
    assert totals["aer_hops"] == sum(e.address_bit_hops for e in slow.events)
    assert totals["packets_sent"] == sum(e.made for e in slow.events)
    assert totals["aer"] == sum(e.address_bits for e in slow.events)
    assert totals["aer_received"] == sum(e.address_bits_received for e in slow.events)
    placed = fast.placed
    counted = {
        (int(site), int(layer)): fast.counters.counted.phases[Phase.FREE].counts[p]
        for p, (site, layer) in enumerate(zip(placed.pieces.site, placed.pieces.population, strict=True))
    }
    sops = {piece: int(row[COUNTERS.index("sops")]) for piece, row in counted.items()}
    assert {piece: n for piece, n in sops.items() if n} == dict(slow.sops_of)


@checked(60)
@given(
    seed=st.integers(0, 2**32),
    recurrent=st.booleans(),
    multicast=st.booleans(),
    neuron=NEURONS,
    kind=st.sampled_from(FORMATS),
    sparse=st.booleans(),
)
def test_dynamics_and_counters(
    seed: int, recurrent: bool, multicast: bool, neuron: LIF, kind: str, sparse: bool
) -> None:
    # What single precision holds exactly may be compared in it.
    if neuron.leak == 0.9 or (neuron.leak == 0.5 and not neuron.resolution):
        kind = "float64"
    case = Case(seed, recurrent, multicast, sparse)
    slow, fast = case.slow(neuron), case.fast(neuron, kind)
    expected = slow.run([raster.tolist() for raster in case.rasters])
    assert [layer.tolist() for layer in fast.spikes] == expected
    check_counters(fast, slow)


@checked(30)
@given(seed=st.integers(0, 2**32), recurrent=st.booleans(), multicast=st.booleans(), sparse=st.booleans())
def test_recorded_traffic(seed: int, recurrent: bool, multicast: bool, sparse: bool) -> None:
    case = Case(seed, recurrent, multicast, sparse)
    slow, fast = case.slow(None), case.fast(None)
    slow.run([raster.tolist() for raster in case.rasters])
    assert all(np.array_equal(a, b) for a, b in zip(fast.spikes, case.rasters, strict=True))
    check_counters(fast, slow)
    assert fast.counters.totals["neuron_updates"] == 0


@pytest.mark.parametrize("multicast", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_frames_take_what_a_spike_of_every_neuron_in_every_tick_would(seed: int, multicast: bool) -> None:
    case, busy = (Case(seed, recurrent=True, multicast=multicast) for _ in range(2))
    busy.rasters = [np.ones_like(raster) for raster in busy.rasters]
    some, all_of_them = case.fast(None).counters.totals, busy.fast(None).counters.totals
    assert all_of_them["symbols"] == sum(case.sizes) * case.ticks
    for coding, spikes in (
        ("symbols", "spikes_sent"),
        ("bitmap", "packets_sent"),
        ("symbols_hops", "hops"),
        ("bitmap_hops", "hops"),
        ("symbols_received", "packets"),
    ):
        assert some[coding] == all_of_them[coding] == all_of_them[spikes], coding
    for totals in (some, all_of_them):
        assert totals["spikes_hops"] == totals["hops"]


@checked(15)
@given(seed=st.integers(0, 2**32), neuron=NEURONS)
def test_placement_changes_no_spike(seed: int, neuron: LIF) -> None:
    case = Case(seed, recurrent=False, multicast=False)
    weights = [w * 0.37 for w in case.weights]
    chip = chip_of("unicast")
    one, other = (
        replay(case.rasters[:1], weights, chip, cores, neuron=neuron)
        for cores in (case.cores, [np.zeros(n, dtype=int) for n in case.sizes])
    )
    assert all(np.array_equal(a, b) for a, b in zip(one.spikes, other.spikes, strict=True))
    assert one.counters.sops == other.counters.sops
    assert other.counters.hops == 0


@pytest.mark.parametrize("kind", FORMATS)
def test_computed_spikes_replayed_make_the_same_traffic(kind: str) -> None:
    case = Case(4, recurrent=True, multicast=True)
    computed = case.fast(LIF(3.0, 0.5), kind)
    assert computed.counters.per_tick["spikes_sent"].sum() > case.rasters[0].sum()
    case.rasters = computed.spikes
    played = case.fast(None, kind)
    for name in ("packets", "hops_ew", "hops_ns", "sops"):
        assert np.array_equal(played.counters.per_tick[name], computed.counters.per_tick[name])


@pytest.mark.parametrize("kind", ["float32", "float64"])
@given(seed=st.integers(0, 10**6), recurrent=st.booleans(), neuron=NEURONS)
def test_weights_that_stay_where_they_are(kind: str, seed: int, recurrent: bool, neuron: LIF) -> None:
    """A large matrix is read where the caller has it: the same spikes and counters as from a copy."""
    case = Case(seed, recurrent, False)
    copied = case.fast(neuron, kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurochip.cores.layered_wiring.IN_PLACE_BYTES", 1)
        kept = case.fast(neuron, kind)
    assert all(np.array_equal(a, b) for a, b in zip(kept.spikes, copied.spikes, strict=True))
    assert kept.counters.totals == copied.counters.totals


def test_what_stays_where_it_is() -> None:
    from neurochip.cores.layered_wiring import IN_PLACE_BYTES, _in_place

    side = int((IN_PLACE_BYTES // 4) ** 0.5) + 1
    small, large = np.ones((3, 4), np.float32), np.ones((side, side), np.float32)
    kind = np.dtype(np.float32)
    assert _in_place([small, large, small], kind) == 1
    assert _in_place([small, large[:, ::2], small], kind) is None  # other strides
    assert _in_place([small, np.asfortranarray(large)], kind) is None
    assert _in_place([small, large.astype(np.float64)], kind) is None
    assert _in_place([small, small], kind) is None
