"""A mapped network of SANA-FE on its architecture → a spiking network, its input, and the core of each neuron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.description.sanafe.architecture import Architecture, read_architecture
from neurochip.description.sanafe.attributes import Attributes, flag, named_range, number, texts, whole
from neurochip.description.sanafe.mapped import Edges, MappedNetwork
from neurochip.description.sanafe.netlist import read_netlist
from neurochip.description.sanafe.yaml_network import read_yaml_network
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.elements.connections import Sparse
from neurochip.errors import CapabilityError, DataError
from neurochip.files import Foreign, briefly

__all__ = ["ImportedSanafe", "import_sanafe"]

_INPUT = "inputs"
_BITS = {"0": 0, "1": 1, "false": 0, "true": 1}
_GRID = 64  # parts of 1 of which a potential of SANA-FE's neuron is cut to a whole number
_KNOWN = set(
    "threshold reset reset_mode leak_decay bias refractory_delay reverse_threshold reverse_reset "
    "reverse_reset_mode input_decay force_update force_update_every_timestep potential spikes poisson "
    "rate soma_hw_name synapse_hw_name dendrite_hw_name log_spikes log_potential log_v log_u "
    "connections_out".split()
)  # fmt: skip


class ImportedSanafe(NamedTuple):
    """What was read.

    Attributes
    ----------
    network
        An input of all neurons that play spikes back, and a group for each group of the others; dt is 1.
    spikes
        u8[tick, unit] of the input, of as many ticks as the longest spike train.
    placement
        The core of each neuron, i64[unit] for each group; `None` where some are not mapped.
    notes
        What could not be carried over.
    """

    network: SpikingNetwork
    spikes: NDArray[np.uint8]
    placement: tuple[NDArray[np.int64], ...] | None
    notes: tuple[str, ...]


class _Place(NamedTuple):
    """Where a neuron of SANA-FE is: its group here, and its number in it."""

    group: str
    unit: int


def import_sanafe(path: Path | str, arch: Path | str) -> ImportedSanafe:
    """Return the network of a .yaml, or of a netlist of any other name, on an architecture.

    Raises
    ------
    DataError
        For files that are missing or say what cannot be, with the place.
    CapabilityError
        For a soma whose neurons are none of this emulator.
    """
    hardware = read_architecture(arch)
    file = Foreign(Path(path), "a SANA-FE network", "write it as SANA-FE's snn/README.md has it")
    is_yaml = file.path.suffix in (".yaml", ".yml")
    described = read_yaml_network(file) if is_yaml else read_netlist(file)
    with file.guarded():
        return _Importer(described, hardware).made()


class _Importer:
    def __init__(self, described: MappedNetwork, arch: Architecture) -> None:
        self._from, self._arch = described, arch
        self._notes: list[str] = []
        self._names: dict[tuple[str, str, int], str] = {}
        self._used: dict[str, Counter[str]] = {"soma": Counter(), "synapse": Counter()}

    def made(self) -> ImportedSanafe:
        places: dict[tuple[str, int], _Place] = {}
        inputs: list[tuple[str, int]] = []
        kinds: dict[str, list[tuple[str, int]]] = {}
        for name, neurons in self._from.groups.items():
            for unit, given in enumerate(neurons):
                if self._soma(name, unit, given) == "input":
                    places[name, unit] = _Place(_INPUT, len(inputs))
                    inputs.append((name, unit))
                else:
                    called = self._called(name, given, f"{name}.{unit}")
                    members = kinds.setdefault(called, [])
                    places[name, unit] = _Place(called, len(members))
                    members.append((name, unit))
        if not kinds:
            raise DataError("network", "has no neuron that computes")
        silent = not inputs
        size = max(1, len(inputs))
        groups = [NeuronGroup(name=_INPUT, kind="Input", size=size)]
        groups += [self._group(called, members) for called, members in kinds.items()]
        connections = self._connections(places, {group.name: group.size for group in groups})
        self._biases(connections, kinds, size)
        unknown = sorted(self._from.unknown)
        if unknown:
            self._notes.append(f"edges: {briefly(', '.join(unknown))} not carried over")
        network = SpikingNetwork(groups=tuple(groups), connections=tuple(connections), dt=1.0)
        if silent:
            self._notes.append(f"no neuron plays spikes back: '{_INPUT}' is one that is silent")
        self._look_at(network)
        return ImportedSanafe(
            network, self._raster(inputs), self._placement(inputs, kinds), tuple(dict.fromkeys(self._notes))
        )

    def _soma(self, name: str, unit: int, given: Attributes) -> str:
        place = f"{name}.{unit}"
        found = self._arch.unit("soma", str(given.get("soma_hw_name", "")), place)
        if found.model not in ("input", "leaky_integrate_fire"):
            raise CapabilityError(
                f"soma {found.name} ({place})",
                f"computes {briefly(repr(found.model), 40)}; neurons here are input or leaky_integrate_fire",
            )
        if found.model != "input":
            self._used["soma"][found.name] += 1
        return found.model

    def _called(self, name: str, given: Attributes, place: str) -> str:
        """Return the group here: neurons of a group are alike in how they reset and how long they rest."""
        mode = str(given.get("reset_mode", "hard"))
        if mode not in ("hard", "soft"):
            raise CapabilityError(
                f"{place}.reset_mode", f"is {briefly(repr(mode), 40)}; a spike resets hard or soft here"
            )
        rest = self._rest(given, place)
        alike = (name, mode, rest)
        if alike not in self._names:
            called = name + (".soft" if mode == "soft" else "") + (f".rest{rest}" if rest else "")
            while called in (_INPUT, *self._names.values()):  # of another group
                called += "_"
            self._names[alike] = called
        return self._names[alike]

    def _rest(self, given: Attributes, place: str) -> int:
        """Return the ticks in which a neuron that has fired takes nothing up: SANA-FE counts the one of the spike."""
        return max(0, whole(given, "refractory_delay", 0, place) - 1)

    def _group(self, called: str, members: Sequence[tuple[str, int]]) -> NeuronGroup:
        held = [self._from.groups[name][unit] for name, unit in members]
        at = [f"{name}.{unit}" for name, unit in members]

        def each(key: str, default: float) -> NDArray[np.float64]:
            return np.array(
                [number(given, key, default, place) for given, place in zip(held, at, strict=True)]
            )

        leak = each("leak_decay", 1.0)
        wrong = np.flatnonzero((leak < 0) | (leak > 1))
        if wrong.size:
            raise DataError(f"{at[wrong[0]]}.leak_decay", f"must be 0 to 1, got {leak[wrong[0]]:g}")
        with np.errstate(divide="ignore"):
            tau = 1 / (1 - leak)
        first, rest = held[0], self._rest(held[0], at[0])
        soft = str(first.get("reset_mode", "hard")) == "soft"
        reset = each("reset", 0.0)
        for given, place in zip(held, at, strict=True):
            self._look_at_neuron(given, place)
        if rest:
            self._notes.append(f"{called}: while it rests, each step costs an active update here")
        if rest and (soft or reset.any() or np.any(leak != 1)):
            self._notes.append(
                f"{called}: while it rests, v stands still here, and leaks in SANA-FE: spikes may differ"
            )
        return NeuronGroup(
            name=called,
            kind="LIF",
            size=len(members),
            parameters={
                "tau": tau,
                "r": np.where(np.isposinf(tau), 1.0, tau),
                "v_leak": np.zeros(len(members)),
                "v_threshold": each("threshold", 0.0),
                "v_reset": reset,
            },
            reset="subtract" if soft else "value",
            refractory=rest,
        )

    def _look_at_neuron(self, given: Attributes, place: str) -> None:
        """Note what a neuron has that none here has; notes name the attribute, once."""
        if number(given, "input_decay", 0.0, place):
            self._notes.append("input_decay is not carried over: spikes may differ")
        if str(given.get("reverse_reset_mode", "none")) != "none":
            self._notes.append("reverse_threshold is not carried over: spikes may differ")
        if number(given, "potential", 0.0, place):
            self._notes.append("potential at first is not carried over: spikes may differ")
        if flag(given, "force_update", place) or flag(given, "force_update_every_timestep", place):
            self._notes.append("force_update is not carried over: neurons at rest cost their access alone")
        for key in sorted(set(given) - _KNOWN):
            self._notes.append(f"neurons: {briefly(key, 40)} is not carried over")

    def _connections(
        self, places: Mapping[tuple[str, int], _Place], sizes: Mapping[str, int]
    ) -> list[Connection]:
        parts: dict[tuple[str, str, int], Edges] = {}
        for (a, b), edges in self._from.edges.items():
            for pre, post, weight, delay in zip(
                edges.pre, edges.post, edges.weight, edges.delay, strict=True
            ):
                source, target = places[a, pre], places[b, post]
                if target.group == _INPUT:
                    raise DataError(f"{a}.{pre} -> {b}.{post}", "ends at a neuron that plays spikes back")
                held = parts.setdefault((source.group, target.group, self._delay(b, post, delay)), Edges())
                held.pre.append(source.unit)
                held.post.append(target.unit)
                held.weight.append(weight)
        made = []
        for (source_name, target_name, delay), held in parts.items():
            froms, tos, weights = np.array(held.pre), np.array(held.post), np.array(held.weight)
            for again, chosen in enumerate(_once(froms, tos)):
                lists, order = Sparse.from_pairs(
                    sizes[source_name], sizes[target_name], froms[chosen], tos[chosen]
                )
                later = "".join((f".{delay}" if delay else "", f".again{again}" if again else ""))
                made.append(
                    Connection(
                        name=f"{source_name}>{target_name}{later}",
                        source=source_name,
                        target=target_name,
                        weights=weights[chosen][order],
                        connectivity=lists,
                        delay=delay + 1,
                    )
                )
        return made

    def _delay(self, group: str, unit: int, delay: int) -> int:
        """Return the ticks that a synapse of a neuron takes more, which its dendrite may not know; note its units."""
        given = self._from.groups[group][unit]
        self._used["synapse"][named_range(str(given.get("synapse_hw_name", "")), group)[0]] += 1
        name = str(given.get("dendrite_hw_name", ""))
        if not self._arch.of("dendrite") and not name:
            return 0
        model = self._arch.unit("dendrite", name, f"{group}.{unit}").model
        core = self._arch.core
        between = str(core.get("buffer_position", "soma"))
        inside = flag(core, "buffer_inside_unit", "core")
        if model == "accumulator_with_delay" and between == "dendrite" and inside:
            return delay
        if model != "accumulator" or between != "soma" or inside:
            self._notes.append(
                f"dendrites of {briefly(repr(model), 40)} with the buffer {'in' if inside else 'before'} the "
                f"{briefly(between, 20)} are not carried over: spikes may differ"
            )
        return 0

    def _biases(
        self, connections: list[Connection], kinds: Mapping[str, Sequence[tuple[str, int]]], inputs: int
    ) -> None:
        """Give each group with biases a connection without synapses that brings them."""
        for called, members in kinds.items():
            bias = np.array(
                [
                    number(self._from.groups[name][unit], "bias", 0.0, f"{name}.{unit}")
                    for name, unit in members
                ]
            )
            if bias.any():
                none = np.zeros(0, np.int64)
                lists, _ = Sparse.from_pairs(inputs, len(members), none, none)
                connections.append(
                    Connection(
                        name=f"bias>{called}", source=_INPUT, target=called, weights=np.zeros(0),
                        connectivity=lists, bias=bias,
                    )
                )  # fmt: skip

    def _raster(self, inputs: Sequence[tuple[str, int]]) -> NDArray[np.uint8]:
        trains = []
        for name, unit in inputs:
            given, place = self._from.groups[name][unit], f"{name}.{unit}"
            if "rate" in given or "poisson" in given:
                self._notes.append("poisson and rate of inputs are not carried over: give their spikes")
            train = texts(given.get("spikes", []), f"{place}.spikes")
            wrong = next((one for one in train if one not in _BITS), None)
            if wrong is not None:
                raise DataError(f"{place}.spikes", f"must be 0 and 1, got {briefly(repr(wrong), 40)}")
            trains.append([_BITS[one] for one in train])
        ticks = max((len(train) for train in trains), default=0) or 1
        raster = np.zeros((ticks, max(1, len(inputs))), np.uint8)
        for k, fired in enumerate(trains):
            raster[: len(fired), k] = fired
        return raster

    def _placement(
        self, inputs: Sequence[tuple[str, int]], kinds: Mapping[str, Sequence[tuple[str, int]]]
    ) -> tuple[NDArray[np.int64], ...] | None:
        found = []
        for members in (inputs, *kinds.values()):
            on = [self._core(name, unit) for name, unit in members]
            missing = next((member for member, core in zip(members, on, strict=True) if core is None), None)
            if missing is not None:
                self._notes.append(f"{missing[0]}.{missing[1]} stands on no core: no placement is written")
                return None
            found.append(np.array(on or [0], dtype=np.int64))
        return tuple(found)

    def _core(self, name: str, unit: int) -> int | None:
        at = self._from.cores.get((name, unit))
        if at is None:
            return None
        tile, core = at
        if tile >= self._arch.tiles or core >= self._arch.cores_per_tile:
            raise DataError(
                f"{name}.{unit}",
                f"is mapped to core {tile}.{core}, and there are {self._arch.tiles} tiles of "
                f"{self._arch.cores_per_tile} cores",
            )
        return tile * self._arch.cores_per_tile + core

    def _look_at(self, network: SpikingNetwork) -> None:
        """Note where SANA-FE's arithmetic is another, and which units' energies are meant."""
        for group in network.groups[1:]:
            arriving = [c for c in network.connections if c.target == group.name]
            numbers = [group.parameters["v_reset"], *(c.weights for c in arriving if c.weights is not None)]
            numbers += [c.bias for c in arriving if c.bias is not None]
            numbers += [group.parameters["v_threshold"]] if group.reset == "subtract" else []
            leaks = not np.isin(group.parameters["tau"], (1.0, np.inf)).all()
            if leaks or any(np.any(values * _GRID % 1) for values in numbers):
                self._notes.append(
                    f"{group.name}: SANA-FE cuts v to multiples of 1/{_GRID} in each step, which is not carried over: "
                    "spikes may differ"
                )
        for role, used in self._used.items():
            named = {name or "the first": n for name, n in used.items()}
            if len(named) > 1:
                there = ", ".join(f"{name} ({n})" for name, n in named.items())
                self._notes.append(f"{role} units in use: {there}; a chip here has one energy: --{role} NAME")


def _once(pre: NDArray[np.int64], post: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return indices of pairs, in as many lists as there are synapses between the same two neurons."""
    order = np.lexsort((post, pre))
    again = np.zeros(pre.size, np.int64)
    count = 0
    for k in range(1, pre.size):
        i, j = order[k - 1], order[k]
        count = count + 1 if (pre[i], post[i]) == (pre[j], post[j]) else 0
        again[j] = count
    return [np.flatnonzero(again == n) for n in range(int(again.max(initial=0)) + 1)]
