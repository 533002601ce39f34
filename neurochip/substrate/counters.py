"""The counters of a run: integers only, by phase, core and counter. Energies come later (energy/)."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.substrate import exact
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["BIT_CODINGS", "CIRCUIT", "CONTROL", "COUNTERS", "Counters", "Phase", "PhaseCounters"]


class Phase(enum.StrEnum):
    """What a tick was spent on."""

    FREE = "free"
    NUDGED = "nudged"
    NUDGED_NEGATIVE = "nudged_negative"  # the third phase of centred nudging
    UPDATE = "update"
    READOUT = "readout"
    EVALUATION = "evaluation"  # free ticks run only to measure an error
    LOADING = "loading"  # weights, counters and states moved whole by a controller; no ticks


COUNTERS: tuple[str, ...] = (
    # what neurons did
    "neuron_updates",  # decode, press, anneal, relax, encode of one neuron in one tick
    "idle_updates",  # of these, neurons at rest that no spike reached (only where membranes can rest: LIF)
    "nudged_updates",  # of the updates, output neurons that a target pulled
    "clamped_updates",  # encode of one input neuron in one tick
    "trace_updates",  # of one axon's trace on one receiving core in one tick
    # what travelled; counted on the sending core but for sops, spikes_delivered and weight_reads
    "spikes_sent",  # ones
    "packets",  # a spike to one receiving core
    "packets_sent",  # that left their core: one for each receiving core (unicast), or one that forks (multicast)
    "spikes_delivered",  # packets that were taken in
    "spikes_dropped",  # packets that were lost
    "spikes_in_flight",  # packets under way at the end of the phase, less those at its beginning
    # what faults did (docs/faults.md); the three ways to be lost add up to spikes_dropped
    "lost_to_drop",  # packets lost by spike_drop
    "lost_to_dead_core",
    "lost_on_link",  # that was down
    "packets_delayed",  # held back, to arrive later
    "spikes_spurious",  # of spikes_sent: by neurons that did not fire
    "spikes_forced",  # of spikes_sent: by outputs stuck at 1
    "spikes_silenced",  # never sent, by outputs stuck at 0
    "hops_ew",  # links east–west, over all packets
    "hops_ns",
    "sops",  # synaptic operations
    "weight_reads",
    # what learning did
    "weight_accumulations",  # multiply–adds of a weight's change
    "weight_writes",
    "weight_saturations",  # writes that met the end of the integer range
    # what the outside moved, in 32-bit words
    "readout_words",  # states that left their core other than as spikes
    "host_words_in",  # inputs and targets
    # bits in every coding: sent by the core, times the links they crossed, and received by all cores that they reach
    "symbols",  # one bit per neuron and tick
    "aer",  # header and address of each packet
    "bitmap",  # one frame per tick: to each receiving core (unicast), or one that forks (multicast)
    "symbols_hops",
    "spikes_hops",
    "aer_hops",
    "bitmap_hops",
    "symbols_received",  # on the receiving core; a frame of bitmap has as many bits
    "aer_received",  # on the receiving core; spikes_delivered are the spikes received
    # what real numbers would have taken
    "real_valued_words",
    # how often integer state met the end of its format, of neuron updates (docs/fixed-point.md)
    "saturated_inputs",  # weighted sums of spikes
    "saturated_membranes",
    "saturated_nets",  # net inputs
    "saturated_residues",  # also of inputs
    "saturated_errors",  # that OSA sees
    # what learning did besides, where an optimiser stands between
    "optimiser_steps",  # of weight_writes
)
_INDEX = {name: i for i, name in enumerate(COUNTERS)}

# JSON name of each coding → its counter.
BIT_CODINGS: dict[str, str] = {
    "symbols": "symbols",
    "spikes": "spikes_sent",
    "aer": "aer",
    "bitmap": "bitmap",
    "symbols_hops": "symbols_hops",
    "spikes_hops": "spikes_hops",
    "aer_hops": "aer_hops",
    "bitmap_hops": "bitmap_hops",
    "symbols_received": "symbols_received",
    "spikes_received": "spikes_delivered",
    "aer_received": "aer_received",
    "bitmap_received": "symbols_received",
}
_Count = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]  # packets in flight may have become fewer


class _PhaseTable(TypedDict):
    """What is read of one phase in JSON; its totals are taken from the cores."""

    presentations: _Count
    ticks: _Count
    cores: dict[Annotated[str, msgspec.Meta(pattern="^[0-9]{1,9}$")], dict[str, _Count | str]]
    control: NotRequired[dict[str, _Count]]
    circuit: NotRequired[dict[str, _Count]]
    time: NotRequired[dict[str, Any]]


_SHARED_KEYS = ("presentations", "ticks")

# What driving the chip took, where a controller stands between host and cores; no core's doing.
CONTROL: tuple[str, ...] = (
    "bus_words",  # 32-bit words over the controller's bus: registers, instructions, data
    "link_bytes",  # bytes between host and controller, frames included
    "controller_cycles",  # cycles in which the controller was awake
)


# What an analog circuit drew and converted, where its cells are known; charges in thousandths of C V₀, which a
# full-scale current carries in a time constant.
CIRCUIT: tuple[str, ...] = (
    "synapse_charge",
    "neuron_charge",
    "samples_held",
    "adc_conversions",
    "dac_conversions",
)


@dataclass(frozen=True)
class PhaseCounters:
    """Counts of one phase.

    Attributes
    ----------
    presentations, ticks
        Samples presented in this phase, and ticks of the chip (samples one after the other).
    counts
        i64[core, counter], counters in the order of `COUNTERS`.
    time
        How long it took; `None` when cycles are not counted (``timing = "tick"``).
    control
        What driving the chip took, in the order of `CONTROL`; all 0 where there is no controller.
    circuit
        What an analog circuit drew, in the order of `CIRCUIT`; all 0 where its cells are not known.
    """

    presentations: int
    ticks: int
    counts: NDArray[np.int64]
    time: PhaseTime | None = None
    control: tuple[int, ...] = (0,) * len(CONTROL)
    circuit: tuple[int, ...] = (0,) * len(CIRCUIT)

    def __add__(self, other: PhaseCounters) -> PhaseCounters:
        """Add both."""
        return PhaseCounters(
            self.presentations + other.presentations,
            self.ticks + other.ticks,
            exact.plus(self.counts, other.counts),
            other.time if self.time is None else self.time if other.time is None else self.time + other.time,
            tuple(a + b for a, b in zip(self.control, other.control, strict=True)),
            tuple(a + b for a, b in zip(self.circuit, other.circuit, strict=True)),
        )

    def total(self, counter: str) -> int:
        """Return one counter, over all cores."""
        return exact.total(self.counts[:, _INDEX[counter]])


@dataclass(frozen=True)
class Counters:
    """Counts of a run. Counters of the same chip image add.

    Attributes
    ----------
    populations
        Name of the population that each core holds, by core of the image.
    sites
        Index on the chip of each core of the image.
    phases
        Counters of each phase that occurred.
    """

    populations: tuple[str, ...]
    sites: tuple[int, ...]
    phases: Mapping[Phase, PhaseCounters] = field(default_factory=dict)

    def __add__(self, other: Counters) -> Counters:
        """Add both."""
        phases = dict(self.phases)
        for phase, counted in other.phases.items():
            phases[phase] = phases[phase] + counted if phase in phases else counted
        return Counters(self.populations, self.sites, phases)

    def total(self, counter: str, *phases: Phase) -> int:
        """Return one counter over the phases named, or over all."""
        return sum(
            counted.total(counter) for phase, counted in self.phases.items() if not phases or phase in phases
        )

    def control(self, counter: str, *phases: Phase) -> int:
        """Return one counter of `CONTROL` over the phases named, or over all."""
        at = CONTROL.index(counter)
        return sum(counted.control[at] for p, counted in self.phases.items() if not phases or p in phases)

    def circuit(self, counter: str, *phases: Phase) -> int:
        """Return one counter of `CIRCUIT` over the phases named, or over all."""
        at = CIRCUIT.index(counter)
        return sum(counted.circuit[at] for p, counted in self.phases.items() if not phases or p in phases)

    def without_control(self) -> Counters:
        """Return what the same run counts when nobody stands between host and cores."""
        bare = {
            phase: PhaseCounters(
                counted.presentations, counted.ticks, counted.counts, counted.time, circuit=counted.circuit
            )
            for phase, counted in self.phases.items()
            if counted.presentations
            or counted.ticks
            or counted.counts.any()
            or counted.time
            or not any(counted.control)
        }
        return Counters(self.populations, self.sites, bare)

    def ticks(self, *phases: Phase) -> int:
        """Return the ticks of the phases named, or of all."""
        return sum(counted.ticks for phase, counted in self.phases.items() if not phases or phase in phases)

    def to_json(self) -> dict[str, Any]:
        """Return plain integers: per phase the totals, bits by coding, and the same by population and core."""
        out: dict[str, Any] = {}
        for phase in Phase:
            if phase not in self.phases:
                continue
            counted = self.phases[phase]
            by_population = {
                name: exact.sums(counted.counts[[c for c, p in enumerate(self.populations) if p == name]])
                for name in dict.fromkeys(self.populations)
            }
            out[phase.value] = {
                "presentations": counted.presentations,
                "ticks": counted.ticks,
                **(
                    {"control": dict(zip(CONTROL, counted.control, strict=True))}
                    if any(counted.control)
                    else {}
                ),
                **(
                    {"circuit": dict(zip(CIRCUIT, counted.circuit, strict=True))}
                    if any(counted.circuit)
                    else {}
                ),
                **_named(exact.sums(counted.counts)),
                "bits": {coding: counted.total(counter) for coding, counter in BIT_CODINGS.items()},
                "populations": {name: _named(row) for name, row in by_population.items()},
                "cores": {
                    str(site): {"population": name} | _named(row)
                    for site, name, row in zip(self.sites, self.populations, counted.counts, strict=True)
                },
            }
            if counted.time is not None:
                out[phase.value]["time"] = counted.time.to_json()
        return out

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Counters:
        """Read what `to_json` wrote; totals are taken from the cores, and refused where they are others.

        Raises
        ------
        ValueError
            When the table is no such thing: msgspec's, or with the phase that does not fit the others.
        """
        populations: tuple[str, ...] = ()
        sites: tuple[int, ...] = ()
        phases: dict[Phase, PhaseCounters] = {}
        for phase, counted in msgspec.convert(table, dict[Phase, _PhaseTable]).items():
            cores = counted["cores"]
            held = tuple(str(core.pop("population", "")) for core in cores.values())
            if any("packets" in core and "packets_sent" not in core for core in cores.values()):
                raise ValueError(f"{phase} has packets and no packets_sent: it is of an earlier version")
            here = tuple(int(site) for site in cores)
            if phases and (held, here) != (populations, sites):
                raise ValueError(f"{phase} has other cores than the phases before it")
            populations, sites = held, here
            counts = np.array(
                [[core.get(counter, 0) for counter in COUNTERS] for core in cores.values()], dtype=np.int64
            ).reshape(len(cores), len(COUNTERS))
            _check_totals(phase, table[phase], held, counts)
            time = PhaseTime.from_json(counted["time"], len(cores)) if "time" in counted else None
            control = tuple(counted.get("control", {}).get(counter, 0) for counter in CONTROL)
            circuit = tuple(counted.get("circuit", {}).get(counter, 0) for counter in CIRCUIT)
            phases[phase] = PhaseCounters(
                counted["presentations"], counted["ticks"], counts, time, control, circuit
            )
        return cls(populations, sites, phases)


def _check_totals(
    phase: Phase, table: Mapping[str, Any], populations: Sequence[str], counts: NDArray[np.int64]
) -> None:
    """Refuse totals of a phase or population that its cores do not add up to."""
    said = {"": table} | {f"{name} ": row for name, row in table.get("populations", {}).items()}
    for name, row in said.items():
        own = [k for k, p in enumerate(populations) if name in ("", f"{p} ")]
        for counter, total in _named(exact.sums(counts[own])).items():
            if row.get(counter, total) != total:
                raise ValueError(f"{phase} has {name}{counter} that are not the sum over its cores")


def _named(row: NDArray[np.int64]) -> dict[str, int]:
    return {name: int(value) for name, value in zip(COUNTERS, row, strict=True)}
