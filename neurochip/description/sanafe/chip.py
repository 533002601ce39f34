"""An architecture of SANA-FE → the chip specification of the same energies, delays and mesh."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurochip.description.chip_reader import chip_from_toml
from neurochip.description.sanafe.architecture import Architecture, Unit, read_architecture
from neurochip.description.sanafe.attributes import attributes_of, number, whole
from neurochip.description.toml_writer import inline, write_toml
from neurochip.errors import CapabilityError
from neurochip.files import Foreign, briefly

__all__ = ["ImportedChip", "chip_of", "import_chip"]

_NS = 1e9  # cycles of a second
_NEURONS, _BUFFER = 1024, 16  # of a core and of a link, where the file does not say
_FAST = 1e6  # synaptic operations per cycle, where they take no time
# What is carried over, of each role; the rest is named.
_KNOWN = {
    "chip": {"topology", "width", "height", "link_buffer_size", "sync_model", "latency_sync"},
    "tile": {f"{kind}_{way}_hop" for kind in ("energy", "latency") for way in ("north", "east", "south", "west")},
    "core": {"max_neurons_supported", "buffer_position", "buffer_inside_unit"},
    "axon_in": {"energy_message_in", "latency_message_in"},
    "axon_out": {"energy_message_out", "latency_message_out"},
    "synapse": {"model", "energy_process_spike", "latency_process_spike"},
    "dendrite": {"model", "energy_update", "latency_update", "update_every_timestep"},
    "soma": {"model"}
    | {f"{kind}_{what}" for kind in ("energy", "latency") for what in ("access_neuron", "update_neuron", "spike_out")},
}  # fmt: skip


@dataclass(frozen=True)
class ImportedChip:
    """The TOML of a chip specification, and what could not be carried over."""

    toml: str
    notes: tuple[str, ...]


def import_chip(path: Path | str, node: str, *, soma: str = "", synapse: str = "") -> ImportedChip:
    """Return the specification of the architecture in a YAML file; see `chip_of`."""
    arch = read_architecture(path)
    with Foreign(Path(path), "a SANA-FE architecture", "").guarded():
        return chip_of(arch, Path(path).name, node, soma=soma, synapse=synapse)


def chip_of(arch: Architecture, file: str, node: str, *, soma: str = "", synapse: str = "") -> ImportedChip:
    """Return the specification of an architecture.

    Parameters
    ----------
    file
        Name of the file, which every value gives as its source.
    node
        Process that the energies hold for, e.g. ``14 nm``; the file does not say it.
    soma, synapse
        Unit whose energies and delays an update of a neuron and a synaptic operation get; empty: the first that is no
        input.

    Raises
    ------
    CapabilityError
        For a core without a unit that is needed.
    """
    notes = list(arch.notes)
    somas = [unit for unit in arch.of("soma") if unit.model != "input"]
    body = _chosen(somas, soma, "soma", notes)
    joint = _chosen(arch.of("synapse"), synapse, "synapse", notes)
    sent = _chosen(arch.of("axon_out"), "", "axon_out", notes)
    taken = _chosen(arch.of("axon_in"), "", "axon_in", notes)
    trees = arch.of("dendrite")
    for unit in (body, joint, sent, taken, *trees):
        notes += _left(unit.role, unit.name, unit.attributes)
    for what, held in (("chip", arch.chip), ("tile", arch.tile), ("core", arch.core)):
        notes += _left(what, arch.name if what == "chip" else what, held)
    for unit in trees:
        if any(_of(unit, f"{kind}_update") for kind in ("energy", "latency")):
            notes.append(
                f"dendrite {unit.name}: its energy and delay have no counterpart, a sum is free here"
            )
    notes += _missing(arch, body, joint, sent, taken)
    energies = _energies(arch, body, joint, sent, taken, notes)
    source = f"SANA-FE, {file}"
    table: dict[str, object] = {
        "about": f"{arch.name}, an architecture of SANA-FE",
        "neuron_energy": "published",
        "note": "Energies and delays as SANA-FE's file has them. "
        + "".join(f"{note[0].upper()}{note[1:]}. " for note in notes),
        "mesh": {"width": arch.width, "height": arch.height, "cores_per_tile": arch.cores_per_tile,
                 **({"tiles": arch.tiles} if arch.tiles < arch.width * arch.height else {}),
                 "source": source, "evidence": "architecture"},
        "core": {**_core(arch), "source": source, "evidence": "architecture"},
        "weights": {"floats": ["float64", "float32"], "min_bits": 1, "max_bits": 16,
                    "source": f"{source}: weights are numbers of any kind", "evidence": "estimated"},
        "packet": {"header_bits": 0, "routing": "unicast",
                   "source": f"{source}: messages are counted, not bits", "evidence": "estimated"},
        "timing": {**_timing(arch, body, joint, sent, taken, notes),
                   "source": f"{source}, in cycles of 1 ns", "evidence": "estimated"},
    }  # fmt: skip
    entries = "".join(
        f'\n[energies.{event}]\nvalue = "{value!r} J"\nscope = "per-event"\nevidence = "estimated"\n'
        f'node = {inline(node)}\nvoltage = "not stated"\nsource = {inline(source + ": " + where)}\n'
        for event, (value, where) in energies.items()
    )
    toml = write_toml(table) + entries
    chip_from_toml(toml, file)  # what a specification cannot say is refused here
    return ImportedChip(toml, tuple(notes))


def _chosen(units: list[Unit], name: str, role: str, notes: list[str]) -> Unit:
    named = [unit for unit in units if unit.name == name] if name else units
    if not named:
        there = briefly(", ".join(unit.name for unit in units)) or "none"
        raise CapabilityError(
            role, f"must be one of the core's, got '{briefly(name, 40)}'; there are {there}"
        )
    others = [unit.name for unit in units if unit is not named[0]]
    if others:
        notes.append(
            f"all cores have {role} {named[0].name}, not {briefly(', '.join(others))}: one energy for each event"
        )
    return named[0]


def _left(role: str, name: str, held: dict[str, object]) -> list[str]:
    left = sorted(set(held) - _KNOWN[role])
    return [f"{role} {briefly(name, 40)}: {briefly(', '.join(left))} not carried over"] if left else []


def _of(unit: Unit, key: str) -> float:
    return number(unit.attributes, key, 0.0, f"{unit.role} {unit.name}")


def _core(arch: Architecture) -> dict[str, object]:
    most = whole(arch.core, "max_neurons_supported", _NEURONS, "core", least=1)
    return {  # SANA-FE limits neurons alone
        "neurons": most,
        "synapse_memory": "64 GiB",
        "input_axons": 1 << 40,
        "output_axons": 1 << 40,
        "neuron_state_memory": "64 GiB",
    }


def _ways(arch: Architecture, kind: str, pair: tuple[str, str], notes: list[str]) -> float:
    """Return what a hop one way takes, which is the same back."""
    there, back = (number(arch.tile, f"{kind}_{way}_hop", 0.0, "tile") for way in pair)
    if there != back:
        notes.append(f"{kind}_{pair[1]}_hop = {back:g} is taken to be that of {pair[0]}, {there:g}")
    return there


def _energies(
    arch: Architecture, body: Unit, joint: Unit, sent: Unit, taken: Unit, notes: list[str]
) -> dict[str, tuple[float, str]]:
    access, update = _of(body, "energy_access_neuron"), _of(body, "energy_update_neuron")
    inputs = [unit for unit in arch.of("soma") if unit.model == "input"]
    clamped = _of(inputs[0], "energy_access_neuron") if inputs else 0.0
    if any(_of(unit, f"energy_{key}") for unit in inputs for key in ("update_neuron", "spike_out")):
        notes.append(f"soma {inputs[0].name}: an input's spike costs nothing here")
    return {
        "synaptic_op": (_of(joint, "energy_process_spike"), f"synapse {joint.name}: energy_process_spike"),
        "neuron_update_inactive": (access, f"soma {body.name}: energy_access_neuron"),
        "neuron_update_active": (
            access + update,
            f"soma {body.name}: energy_access_neuron + energy_update_neuron",
        ),
        "spike_out": (_of(body, "energy_spike_out"), f"soma {body.name}: energy_spike_out"),
        "clamped_update": (clamped, "soma of the inputs: energy_access_neuron"),
        "packet_out": (_of(sent, "energy_message_out"), f"axon_out {sent.name}: energy_message_out"),
        "packet_in": (_of(taken, "energy_message_in"), f"axon_in {taken.name}: energy_message_in"),
        "hop_ew": (_ways(arch, "energy", ("east", "west"), notes), "tile: energy_east_hop"),
        "hop_ns": (_ways(arch, "energy", ("north", "south"), notes), "tile: energy_north_hop"),
    }


def _timing(
    arch: Architecture, body: Unit, joint: Unit, sent: Unit, taken: Unit, notes: list[str]
) -> dict[str, object]:
    synaptic = _of(joint, "latency_process_spike") * _NS
    links = {}
    for way, pair in (("ew", ("east", "west")), ("ns", ("north", "south"))):
        took = _ways(arch, "latency", pair, notes) * _NS
        links[f"link_cycles_{way}"] = max(1, round(took))
        if took != links[f"link_cycles_{way}"]:
            notes.append(f"a hop {pair[0]} takes {took:g} ns, {links[f'link_cycles_{way}']} cycles here")
    return {
        "clock": "1 GHz",
        "sops_per_cycle": 1 / synaptic if synaptic else _FAST,
        "cycles_per_neuron_update": (_of(body, "latency_access_neuron") + _of(body, "latency_update_neuron"))
        * _NS,
        "cycles_per_clamped_update": 0.0,
        "cycles_per_packet_in": _of(taken, "latency_message_in") * _NS,
        "cycles_per_packet_out": _of(sent, "latency_message_out") * _NS,
        "cycles_per_spike_out": _of(body, "latency_spike_out") * _NS,
        "router_cycles": 0,
        **links,
        "fifo_depth": whole(arch.chip, "link_buffer_size", _BUFFER, "architecture", least=1),
        "barrier_cycles": _barrier(arch, notes),
    }


def _barrier(arch: Architecture, notes: list[str]) -> object:
    given = arch.chip.get("latency_sync", "0")
    if not isinstance(given, dict):
        return _synchronised({"latency_sync": given}, "latency_sync", "architecture", notes)
    table = attributes_of(given, "architecture.latency_sync", ())
    return {
        tiles: _synchronised(table, tiles, "architecture.latency_sync", notes)
        for tiles in sorted(table, key=lambda text: int(text) if text.isascii() and text.isdigit() else 0)
    }


def _synchronised(held: dict[str, object], key: str, place: str, notes: list[str]) -> int:
    """Return whole cycles, and note where they are not what the file says."""
    took = number(held, key, 0.0, place) * _NS
    if abs(took - round(took)) > 1e-6:
        notes.append(f"{place}.{key} is {took:g} ns, {round(took)} cycles here")
    return round(took)


def _missing(arch: Architecture, *units: Unit) -> list[str]:
    """Name the energies and delays that the file leaves out, and what stands for them."""
    left = [
        f"{unit.role} {briefly(unit.name, 40)}: {key}"
        for unit in units
        for key in sorted(_KNOWN[unit.role])
        if key.startswith(("energy_", "latency_")) and key not in unit.attributes
    ]
    left += [f"tile: {key}" for key in sorted(_KNOWN["tile"]) if key not in arch.tile]
    notes = [f"not in the file, and 0 here: {briefly('; '.join(left), 400)}"] if left else []
    for key, held, default in (
        ("max_neurons_supported", arch.core, _NEURONS),
        ("link_buffer_size", arch.chip, _BUFFER),
    ):
        if key not in held:
            notes.append(f"{key} is not in the file, and {default} here")
    return notes
