"""The mesh of an exported chip: the part of the chip's that its cores span, and its Verilog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurochip.compile import ChipImage
from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.rtl.core_text import CoreText, InputText

__all__ = ["ChipMesh", "chip_mesh", "mesh_lines", "mesh_parameters"]


class ChipMesh(NamedTuple):
    """How exported cores are joined.

    Attributes
    ----------
    mesh, timing
        Of the smallest rectangle of tiles that holds all cores: routes along rows and columns never leave it.
    site
        Core → its number in that mesh; those of inputs come behind those that compute.
    axons
        Core → those that hear it, each with the axon there of its first neuron.
    multicast
        Whether one flit forks on its way to all of them.
    """

    mesh: MeshSpec
    timing: TimingSpec
    site: tuple[int, ...]
    axons: tuple[dict[int, int], ...]
    multicast: bool

    @property
    def destination_bits(self) -> int:
        """Of a flit."""
        if self.multicast:
            return self.mesh.n_cores
        return sum(_bits(n) for n in (self.mesh.width, self.mesh.height, self.mesh.cores_per_tile))

    def destinations(self, core: int) -> list[int]:
        """Return what stands in the flits of a spike, one for each copy."""
        sites = [self.site[r] for r in self.axons[core]]
        if self.multicast:
            return [sum(1 << site for site in sites)] if sites else []
        k, y = _bits(self.mesh.cores_per_tile), _bits(self.mesh.height)
        found = []
        for site in sites:
            tile, own = divmod(site, self.mesh.cores_per_tile)
            found.append(tile // self.mesh.height << (y + k) | tile % self.mesh.height << k | own)
        return found


def _bits(count: int) -> int:
    return max(1, (count - 1).bit_length())


def mesh_parameters(mesh: MeshSpec, timing: TimingSpec, *, multicast: bool) -> dict[str, int]:
    """Return the parameters of mesh.v; ``router_cycles`` must be at least 1."""
    return {
        "WIDTH": mesh.width,
        "HEIGHT": mesh.height,
        "CORES": mesh.cores_per_tile,
        "DEPTH": timing.fifo_depth,
        "CYCLES": timing.router_cycles,
        "LINK_EW": timing.link_cycles_ew,
        "LINK_NS": timing.link_cycles_ns,
        "MULTICAST": int(multicast),
    }


def chip_mesh(image: ChipImage, cores: Sequence[CoreText], inputs: Sequence[InputText]) -> ChipMesh | None:
    """Return the mesh of an exported chip; `None` where cores are joined by lists alone.

    They are where the chip has no clock, or routers that pass a flit on in the cycle in which it arrives: a queue of
    Verilog is read a cycle later.
    """
    whole, timing = image.chip.mesh, image.chip.timing
    senders: list[CoreText | InputText] = [*cores, *inputs]
    tiles = [divmod(image.cores[core.core].site, whole.cores_per_tile) for core in senders]
    if timing is None or timing.router_cycles < 1:
        return None
    multicast = image.chip.packet.routing == "multicast"
    places = [(*divmod(tile, whole.height), own) for tile, own in tiles]
    west, north = min(x for x, _, _ in places), min(y for _, y, _ in places)
    mesh = MeshSpec(
        width=max(x for x, _, _ in places) - west + 1,
        height=max(y for _, y, _ in places) - north + 1,
        cores_per_tile=whole.cores_per_tile,
    )
    number = {core.core: core.number for core in cores}

    def by_site(core: CoreText | InputText) -> list[int]:
        return sorted(image.receivers[core.core], key=lambda receiver: image.cores[receiver].site)

    return ChipMesh(
        mesh,
        timing,
        tuple(((x - west) * mesh.height + y - north) * mesh.cores_per_tile + own for x, y, own in places),
        tuple({number[r]: _axon(core, cores[number[r]]) for r in by_site(core)} for core in senders),
        multicast,
    )


def _axon(sender: CoreText | InputText, receiver: CoreText) -> int:
    """Return the axon at which the first neuron of a core reaches another."""
    first = {source.population: source.first for source in receiver.sources}
    return first[sender.population] + sender.first


def mesh_lines(made: ChipMesh, cores: Sequence[CoreText], inputs: Sequence[InputText]) -> list[str]:
    """Return the part of chip.v in which spikes leave their cores, cross the mesh, and become axons of others."""
    parameters = mesh_parameters(made.mesh, made.timing, multicast=made.multicast)
    senders: list[CoreText | InputText] = [*cores, *inputs]
    sender, neuron = _bits(len(senders)), max(_bits(core.size) for core in senders)
    to, n = made.destination_bits, made.mesh.n_cores
    flit = sender + neuron + to
    shown = ", ".join(f".{name}({value})" for name, value in parameters.items())
    lines = [
        "",
        f"  // ---- the mesh: a flit is {{core, neuron, destination}}, {sender} + {neuron} + {to} bits",
        f"  wire [{n - 1}:0] offered, room, brought;",
        f"  wire [{n * flit - 1}:0] leaving, coming;",
        f"  wire [{len(senders) - 1}:0] empty;",
        "  wire nothing_under_way;",
        "  assign idle = nothing_under_way && &empty;",
        f"  mesh #({shown}, .PAYLOAD({sender + neuron})) network (",
        "      .clk(clk), .reset(reset || turn || forget), .in_valid(offered), .in_flit(leaving), .room(room),",
        f"      .out_valid(brought), .out_flit(coming), .ready({{{n}{{1'b1}}}}), .idle(nothing_under_way), .crosses()",
        "  );",
    ]
    for site in range(n):
        if site not in made.site:
            lines += [
                f"  assign offered[{site}] = 1'b0;",
                f"  assign leaving[{site * flit}+:{flit}] = {flit}'d0;",
            ]
    for core in senders:
        c, site, wide = core.number, made.site[core.number], _bits(core.size)
        copies = made.destinations(c)
        if copies:
            towards = ", ".join(f"{to}'h{copy:x}" for copy in reversed(copies))
            lines += [
                f"  outbox #(.SIZE({core.size}), .N({wide}), .COPIES({len(copies)}), .TO({to}), "
                f".DESTINATIONS({{{towards}}}),",
                f"      .SENDERS({sender}), .NEURONS({neuron}), .SENDER({c})) out{c} (",
                "      .clk(clk), .reset(reset || forget), .turn(turn), "
                f".write(updated[{c}] && fired[{c}]), .id(neuron[{32 * c}+:{wide}]),",
                f"      .room(room[{site}]), .valid(offered[{site}]), .flit(leaving[{site * flit}+:{flit}]), "
                f".empty(empty[{c}])",
                "  );",
            ]
        else:
            lines += [
                f"  assign offered[{site}] = 1'b0;",
                f"  assign leaving[{site * flit}+:{flit}] = {flit}'d0;",
                f"  assign empty[{c}] = 1'b1;",
            ]
        if c >= len(cores):  # nothing is sent to inputs
            continue
        lines += [
            f"  assign arrives[{c}] = brought[{site}];",
            f"  wire [{sender - 1}:0] from{c} = coming[{site * flit + to + neuron}+:{sender}];",
            f"  wire [31:0] came{c} = {{{32 - neuron}'d0, coming[{site * flit + to}+:{neuron}]}} + "
            f"{_first_axons(made, c)};",
            f"  assign came[{32 * c}+:32] = came{c};",
        ]
    return lines


def _first_axons(made: ChipMesh, core: int) -> str:
    """Return the expression for the axon of the first neuron of the core that a spike comes ``from``."""
    text = "32'd0"
    for sender, heard in enumerate(made.axons):
        if core in heard:
            text = f"(from{core} == {sender} ? 32'd{heard[core]} : {text})"
    return text
