"""The mesh in Verilog delivers each packet in the cycle in which the emulator's does; what is altered is found."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.noc_latency_load import timing_of_chip
from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.noc import Packets, Traffic, simulate_traffic
from neurochip.rtl.chip_mesh import mesh_parameters
from neurochip.rtl.templates import template, with_parameter
from tests.property.listed_packets import core_pipeline

ONE = 1 << 20
SOURCES = ("mesh_icarus.v", "mesh_bench.v", "mesh.v", "router.v")
ALTERED: dict[str, Callable[[str], str]] = {
    "fixed priority": lambda text: text.replace("~(winner | (winner - 1'b1))", "{PORTS{1'b0}}"),
    "the last winner first": lambda text: text.replace("~(winner | (winner - 1'b1))", "~(winner - 1'b1)"),
    "along the column first": lambda text: text.replace("behind = x > X", "behind = y == Y && x > X")
    .replace("behind = x < X", "behind = y == Y && x < X")
    .replace("x == X && y < Y", "y < Y")
    .replace("x == X && y > Y", "y > Y"),
    "a place too few": lambda text: text.replace("credits <= DEPTH[C-1:0]", "credits <= DEPTH[C-1:0] - 1'b1"),
    "asks a cycle early": lambda text: text.replace("i < 4 ? CYCLES : CYCLES - 1", "CYCLES - 1"),
}  # fmt: skip

QUICK = ("fixed priority", "a place too few")  # the others take as long each, and are slow tests


def source(name: str) -> str:
    """Return a file of the package, or of this folder: the bench."""
    here = Path(__file__).with_name(name)
    return here.read_text(encoding="utf-8") if here.exists() else template(name)


needs_icarus = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")


def traffic_of(
    mesh: MeshSpec, timing: TimingSpec, rng: Any, *, paced: bool, multicast: bool, load: float, n: int
) -> tuple[Packets, Traffic, np.ndarray, np.ndarray | None]:
    """Return random traffic, what the emulator's mesh makes of it, and the work of both ends."""
    source = rng.integers(mesh.n_cores, size=n)
    most = min(mesh.n_cores, 5) if multicast else 1
    sets = [rng.choice(mesh.n_cores, size=rng.integers(1, most + 1), replace=False) for _ in range(n)]
    first = np.concatenate([[0], np.cumsum([len(one) for one in sets])])
    packets = Packets(source, np.concatenate(sets), first)
    if not paced:
        due = np.sort(rng.integers(int(n / load / mesh.n_cores) + 1, size=n))
        return packets, simulate_traffic(mesh, timing, packets, due), due, None
    packets = Packets(np.sort(source), packets.destination, first)
    neurons = rng.integers(200, size=mesh.n_cores)
    after = np.concatenate(
        [np.sort(rng.integers(neurons[c] + 1, size=(packets.source == c).sum())) for c in range(mesh.n_cores)]
    )
    sops = rng.integers(40, size=len(packets.destination))
    timed = core_pipeline(mesh, timing, packets, neurons=neurons, sops=sops, after=after)
    assert timed.traffic is not None
    # Made again from the specification: neurons updated since the packet before, and the packet; the look-up, the sums.
    begins = np.concatenate([[True], np.diff(packets.source) != 0])
    before = np.where(begins, 0, np.concatenate([[0], after[:-1]]))
    work = (after - before) * round(timing.cycles_per_neuron_update * ONE)
    work += round(timing.cycles_per_packet_out * ONE)
    service = round(timing.cycles_per_packet_in * ONE) + sops * round(ONE / timing.sops_per_cycle)
    return packets, timed.traffic, work, service


def mesh_vectors(
    mesh: MeshSpec, packets: Packets, traffic: Traffic, *, work: np.ndarray, service: np.ndarray | None = None
) -> Iterator[str]:
    """Yield the lines of mesh.txt (mesh_bench.v says what each means).

    Parameters
    ----------
    packets, traffic
        What is sent, and what the emulator's mesh made of it.
    work
        i64[packet]: what the sender spends on each, in 2⁻²⁰ cycle, where ``service`` is given; otherwise the cycle from
        which it is offered.
    service
        i64[delivery]: what the receiver spends on each, in 2⁻²⁰ cycle.
    """
    order = np.arange(len(work)) if service is not None else np.argsort(work, kind="stable")
    order = order[np.argsort(packets.source[order], kind="stable")]
    taken = np.zeros(len(packets.destination), np.int64) if service is None else service
    yield " ".join(map(str, np.bincount(packets.source, minlength=mesh.n_cores).tolist()))
    for p in order.tolist():
        here = slice(int(packets.first[p]), int(packets.first[p + 1]))
        ends = zip(packets.destination[here], taken[here], traffic.arrival[here], strict=True)
        shown = " ".join(f"{core} {spent} {cycle}" for core, spent, cycle in ends)
        yield f"{work[p]} {traffic.let_in[p]} {here.stop - here.start} {shown}"
    yield " ".join(map(str, traffic.stalled.tolist()))
    for tile in traffic.link_load.reshape(-1, 4).tolist():
        yield " ".join(map(str, tile))


def simulated(
    room: Path, mesh: MeshSpec, timing: TimingSpec, made: Any, *, multicast: bool, altered: str = ""
) -> tuple[int, int, str]:
    """Return comparisons, mismatches, and all that the bench said."""
    packets, traffic, work, service = made
    parameters = mesh_parameters(mesh, timing, multicast=multicast)
    parameters |= {"PACKETS": len(packets.source), "PACED": int(service is not None)}
    for name in SOURCES:
        text = source(name)
        if name == "mesh_bench.v":
            for key, value in parameters.items():
                text = with_parameter(text, key, value)
        elif name == "router.v" and altered:
            changed = ALTERED[altered](text)
            assert changed != text
            text = changed
        (room / name).write_text(text, encoding="utf-8")
    lines = mesh_vectors(mesh, packets, traffic, work=work, service=service)
    (room / "mesh.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    built = ["iverilog", "-g2005", "-o", "mesh.vvp", *SOURCES]
    subprocess.run(built, cwd=room, check=True, capture_output=True)
    said = subprocess.run(
        ["vvp", "-n", "mesh.vvp"], cwd=room, check=True, capture_output=True, text=True
    ).stdout
    done = re.search(r"DONE comparisons (\d+) mismatches (\d+) cycles (\d+)", said)
    assert done is not None, said
    return int(done[1]), int(done[2]), said


# Width, height, cores of a tile; depth, cycles of a router and of both kinds of links; paced, multicast, load.
CASES = [
    (2, 2, 1, 4, 1, 1, 1, False, False, 0.3),
    (2, 2, 4, 1, 1, 1, 1, False, False, 0.9),
    (3, 2, 1, 2, 2, 1, 1, False, False, 0.2),
    (4, 4, 1, 4, 2, 1, 1, False, False, 0.4),
    (4, 4, 1, 2, 1, 3, 2, False, False, 1.0),
    (4, 3, 2, 4, 3, 1, 2, False, True, 0.1),
    (4, 4, 1, 1, 1, 1, 1, False, True, 0.3),
    (3, 3, 1, 8, 2, 2, 1, True, False, 0.0),
    (2, 3, 3, 2, 1, 1, 1, True, True, 0.0),
    (4, 4, 1, 3, 2, 1, 1, True, True, 0.0),
    (1, 1, 2, 2, 1, 1, 1, False, True, 0.5),
    (4, 1, 1, 2, 1, 2, 1, False, False, 0.5),
]


def a_case(case: tuple[Any, ...]) -> tuple[MeshSpec, TimingSpec, dict[str, Any]]:
    width, height, cores, depth, router, east, south, paced, multicast, load = case
    mesh = MeshSpec(width=width, height=height, cores_per_tile=cores)
    timing = replace(
        timing_of_chip(router_cycles=router, depth=depth), link_cycles_ew=east, link_cycles_ns=south,
        sops_per_cycle=7, cycles_per_packet_in=1.3, cycles_per_packet_out=0.7, cycles_per_neuron_update=0.9,
    )  # fmt: skip
    return mesh, timing, {"paced": paced, "multicast": multicast, "load": load}


LONG = (5, 6, 8, 9)  # the cases that take Icarus 5 to 10 s each


@needs_icarus
@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=pytest.mark.slow) if k in LONG else c for k, c in enumerate(CASES)]
)
def test_every_packet_in_its_cycle(tmp_path: Path, case: tuple[Any, ...]) -> None:
    mesh, timing, how = a_case(case)
    made = traffic_of(mesh, timing, np.random.default_rng(CASES.index(case)), n=600, **how)
    found, wrong, said = simulated(tmp_path, mesh, timing, made, multicast=how["multicast"])
    assert wrong == 0, said
    packets = made[0]
    assert (
        found == len(packets.source) + len(packets.destination) + mesh.n_cores + 4 * mesh.width * mesh.height
    )


@needs_icarus
@pytest.mark.parametrize(
    "altered",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ALTERED],
)
def test_another_router_is_noticed(tmp_path: Path, altered: str) -> None:
    # The traffic of a case in which nothing differs.
    mesh, timing, how = a_case(CASES[3])
    made = traffic_of(mesh, timing, np.random.default_rng(3), n=600, **how)
    _, wrong, said = simulated(tmp_path, mesh, timing, made, multicast=False, altered=altered)
    assert wrong > 0 and "MISMATCH packet " in said


@pytest.mark.skipif(shutil.which("verilator") is None, reason="verilator is not installed")
@pytest.mark.parametrize("multicast", [0, 1])
def test_verilator_has_nothing_to_say(tmp_path: Path, multicast: int) -> None:
    for name in SOURCES:
        (tmp_path / name).write_text(source(name), encoding="utf-8")
    command = [
        "verilator",
        "--lint-only",
        f"-GMULTICAST={multicast}",
        "-GWIDTH=3",
        "-GCORES=2",
        "--top-module",
    ]
    said = subprocess.run(
        [*command, "mesh_bench", *SOURCES[1:]], cwd=tmp_path, capture_output=True, text=True
    )
    assert said.returncode == 0 and not said.stderr
