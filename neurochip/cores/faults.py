"""From the faults of a run to what is broken on this chip: draws, checks of names, and the arrays of the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.compile.route import Link, reached, route
from neurochip.cores.arrays import Channel, Reception, Wiring
from neurochip.cores.channel import LOST, FaultRates, FaultWiring, faulty_channel
from neurochip.cores.layout import Layout
from neurochip.cores.packets_met import packet_bits, reaching, taken_in
from neurochip.cores.weight_flips import WeightFlips, flips_of
from neurochip.description.chip import MeshSpec
from neurochip.description.faults import DeadCore, Fault, FaultsSpec, LinkDown, StuckNeuron
from neurochip.errors import ConfigError
from neurochip.kernels.random_bits import mix, uniform

__all__ = ["FaultPlan", "fault_key", "plan_faults"]

# One stream per fault: two faults with one seed never share a draw.
_STREAMS = {
    name: np.uint64(16 + k)
    for k, name in enumerate(
        (
            "spike_drop",
            "spike_spurious",
            "spike_delay",
            "weight_bit_flip",
            "dead_core",
            "stuck_neuron",
            "link_down",
        )
    )
}


@dataclass(frozen=True, eq=False)
class FaultPlan:
    """What is broken on one chip, in training or in presentations that measure.

    Attributes
    ----------
    wiring, rates
        As the kernel takes them.
    down
        Links that carry nothing.
    flips
        Words of synapse memory that are read wrong, or `None`.
    on_the_way
        Whether anything but the weights is at fault; if not, the kernel of a sound chip runs.
    found
        By fault, what is broken for good: for the report.
    """

    layout: Layout
    wiring: FaultWiring
    rates: FaultRates
    down: frozenset[Link]
    flips: WeightFlips | None
    on_the_way: bool
    found: Mapping[str, Mapping[str, object]]

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Whether each core of the image is dead."""
        return self.wiring.dead.astype(np.bool_)

    def channel(self, wiring: Wiring) -> Channel:
        """Return the channel of one thread."""
        return faulty_channel(wiring, self.wiring, self.rates)

    def under_way(self, reception: Reception, tick: int) -> NDArray[np.int64]:
        """Return i64[sender]: packets, over all samples, that were sent and neither taken in nor lost after a tick."""
        per_axon = taken_in(reception, tick + 1)
        if reception.late.shape[1]:
            per_axon += np.bitwise_count(reception.late).sum(axis=0, dtype=np.int64)
        out = np.zeros(len(self.layout.image.cores), dtype=np.int64)
        for door in self.layout.doors:
            begin, end = self.layout.population_slots[door.population]
            packets = per_axon[door.first : door.first + end - begin]
            np.add.at(out, self.wiring.core_of[begin:end].astype(np.int64), packets)
        return out

    def at_cores(self, per_axon: NDArray[np.number], layer: int) -> NDArray[np.number]:
        """Return [sample, receiving core, unit] of what cores keep of their axons [sample, axon] from a layer."""
        size = self.layout.image.network.sizes[layer]
        rows = [
            per_axon[:, door.first : door.first + size]
            for door in self.layout.doors
            if door.population == layer
        ]
        if not rows:
            return np.zeros((len(per_axon), 0, size), dtype=per_axon.dtype)
        return np.stack(rows, axis=1)


def fault_key(fault: Fault, run_seed: int) -> np.uint64:
    """Return the key of all draws of a fault."""
    seed = run_seed if fault.seed is None else fault.seed
    return np.uint64(mix(np.uint64(seed), _STREAMS[fault.fault]))


def plan_faults(spec: FaultsSpec, layout: Layout, seed: int, *, testing: bool) -> FaultPlan | None:
    """Draw what is broken; `None` when nothing is.

    Raises
    ------
    ConfigError
        For a core, link or neuron that does not exist, whether or not its fault acts now.
    """
    image = layout.image
    acting = spec.acting(testing=testing)
    for fault in spec.given():  # a name is checked even where its fault acts only later
        if isinstance(fault, DeadCore):
            _dead_sites(fault, image.chip.mesh, seed)
        elif isinstance(fault, StuckNeuron):
            _stuck_slots(fault, layout, seed)
        elif isinstance(fault, LinkDown):
            _down_links(fault, image.chip.mesh, seed)
    if not acting.given():
        return None
    mesh = image.chip.mesh
    sites = _dead_sites(acting.dead_core, mesh, seed) if acting.dead_core else set()
    down = _down_links(acting.link_down, mesh, seed) if acting.link_down else frozenset()
    stuck = _stuck_slots(acting.stuck_neuron, layout, seed) if acting.stuck_neuron else []
    at = acting.stuck_neuron.at if acting.stuck_neuron else 0
    flips = None
    if acting.weight_bit_flip is not None:
        flips = flips_of(layout, acting.weight_bit_flip.rate, fault_key(acting.weight_bit_flip, seed))
    found: dict[str, dict[str, object]] = {}
    if acting.dead_core is not None:
        used = {core.site for core in image.cores}
        found["dead_core"] = {"cores": sorted(sites), "in_use": len(sites & used)}
    if acting.link_down is not None:
        found["link_down"] = {
            "links": [_link_name(link) for link in sorted(down)],
            "in_use": len(down & _links_in_use(image)),
        }
    if acting.stuck_neuron is not None:
        found["stuck_neuron"] = {"neurons": len(stuck), "at": at, "of": sum(image.network.sizes)}
    if acting.spike_delay is not None:
        found["spike_delay"] = {"ticks": acting.spike_delay.ticks}
    if flips is not None:
        found["weight_bit_flip"] = {
            "words": flips.places.size,
            "bits": flips.n_bits,
            "of_bits": flips.of_bits,
        }
    return FaultPlan(
        layout=layout,
        wiring=_wiring(layout, sites, down, stuck, at),
        rates=_rates(acting, seed),
        down=down,
        flips=flips,
        on_the_way=any(fault.fault != "weight_bit_flip" for fault in acting.given()),
        found=found,
    )


def _rates(spec: FaultsSpec, seed: int) -> FaultRates:
    def of(fault: Fault | None) -> tuple[float, np.uint64]:
        return (0.0, np.uint64(0)) if fault is None else (fault.rate, fault_key(fault, seed))

    drop, spurious, delay = of(spec.spike_drop), of(spec.spike_spurious), of(spec.spike_delay)
    ticks = np.uint64(1 if spec.spike_delay is None else spec.spike_delay.ticks)
    return FaultRates(drop[0], spurious[0], delay[0], ticks, drop[1], spurious[1], delay[1])


def _wiring(layout: Layout, dead: set[int], down: frozenset[Link], stuck: list[int], at: int) -> FaultWiring:
    image = layout.image
    mesh, n = image.chip.mesh, len(image.cores)
    core_of = np.zeros(layout.n_slots, dtype=np.uint64)
    for c, (first, last) in enumerate(layout.core_slots):
        core_of[first:last] = c
    cut = np.zeros((n, n), dtype=np.uint8)
    for c, receivers in enumerate(image.receivers):
        for r in receivers:
            here, there = image.cores[c].site, image.cores[r].site
            if len(reached(mesh, here, there, down)) < len(route(mesh, here, there)):
                cut[c, r] = LOST.index("link_down")
            elif there in dead:
                cut[c, r] = LOST.index("dead_core")
    is_stuck = np.zeros(layout.n_slots, dtype=np.uint8)
    is_stuck[stuck] = 1
    return FaultWiring(
        packet_bits=packet_bits(layout),
        reaches=reaching(layout),
        core_of=core_of,
        sites=np.array([core.site for core in image.cores], dtype=np.uint64),
        dead=np.array([core.site in dead for core in image.cores], dtype=np.uint8),
        cut=cut,
        cuts=int(np.count_nonzero(cut)),
        stuck=np.array(stuck, dtype=np.uint64),
        stuck_at=np.full(len(stuck), at, dtype=np.uint8),
        is_stuck=is_stuck,
    )


def _dead_sites(fault: DeadCore, mesh: MeshSpec, seed: int) -> set[int]:
    for position, core in enumerate(fault.cores):
        if not 0 <= core < mesh.n_cores:
            raise ConfigError(
                f"faults.dead_core.cores[{position}]",
                f"there is no core {core}; the chip has cores 0 to {mesh.n_cores - 1}",
            )
    key = fault_key(fault, seed)
    drawn = {c for c in range(mesh.n_cores) if uniform(key, np.uint64(c)) < fault.rate}
    return drawn | set(fault.cores)


def _stuck_slots(fault: StuckNeuron, layout: Layout, seed: int) -> list[int]:
    network = layout.image.network
    names = [population.name for population in network.populations]
    slots = set()
    for position, (name, index) in enumerate(fault.named()):
        place = f"faults.stuck_neuron.neurons[{position}]"
        if name not in names:
            raise ConfigError(place, f'there is no population "{name}"; there are {", ".join(names)}')
        size = network.sizes[names.index(name)]
        if index >= size:
            raise ConfigError(place, f"there is no neuron {index} in {name}, which has 0 to {size - 1}")
        slots.add(layout.slots_of[names.index(name)].start + index)
    key = fault_key(fault, seed)
    every = [slot for slots in layout.slots_of for slot in range(slots.start, slots.stop)]
    if fault.rate > 0:
        slots |= {s for n, s in enumerate(every) if uniform(key, np.uint64(n)) < fault.rate}
    return sorted(slots)


def _down_links(fault: LinkDown, mesh: MeshSpec, seed: int) -> frozenset[Link]:
    links = _links(mesh)
    down: set[Link] = set()
    for position, named in enumerate(fault.named()):
        for link in named:
            if link not in links:
                raise ConfigError(
                    f"faults.link_down.links[{position}]",
                    f"there is no link {_link_name(link)}; links join neighbouring tiles of the "
                    f"{mesh.width} × {mesh.height} mesh",
                )
            down.add(link)
    if fault.rate > 0:
        key = fault_key(fault, seed)
        for a, b in links:
            here = np.uint64(mix(key, np.uint64(a[0] * mesh.height + a[1])))
            if uniform(here, np.uint64(b[0] * mesh.height + b[1])) < fault.rate:
                down.add((a, b))
    return frozenset(down)


def _links(mesh: MeshSpec) -> set[Link]:
    """Return every link of the mesh, both ways."""
    tiles = {divmod(t, mesh.height) for t in range(mesh.n_tiles)}
    return {
        ((x, y), (x + dx, y + dy))
        for x, y in tiles
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
        if (x + dx, y + dy) in tiles
    }


def _links_in_use(image: ChipImage) -> set[Link]:
    mesh, cores = image.chip.mesh, image.cores
    return {
        link
        for core, receivers in zip(cores, image.receivers, strict=True)
        for r in receivers
        for link in route(mesh, core.site, cores[r].site)
    }


def _link_name(link: Link) -> str:
    (x0, y0), (x1, y1) = link
    return f"{x0},{y0}>{x1},{y1}"
