"""What the mesh brings the cores of an exported chip, against traffic that is due when neurons are updated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip import read_run
from neurochip.compile import ChipImage
from neurochip.noc import Packets, simulate_traffic
from neurochip.rtl.chip_mesh import ChipMesh, chip_mesh
from neurochip.rtl.chip_time import ticks_of
from neurochip.rtl.core_text import CoreText, InputText, cores_of, cycles_of_tick, inputs_of
from neurochip.rtl.mesh_time import MeshTime
from neurochip.rtl.presentation_text import _shown
from neurochip.runs.building import build

Senders = list[CoreText | InputText]
LANES = 2
INTEGER = (
    "network.precision=int5", "numbers.state=Q2.8", "coding.decoder.lambda=0.25", "coding.annealer.nu_bar=0.0625",
    "learning.minibatch=4", "learning.rates=[0.125,0.0625]", "data.train=16", "data.test=4",
)  # fmt: skip
# Cores of a tile, neurons of a core, cycles of a router, places of a queue.
CHIPS = [("cmos45", 1, 3, 2, 4), ("cmos45", 3, 2, 1, 1), ("cmos45-multicast", 2, 2, 1, 1)]


def image_of(folder: Path, name: str, per_tile: int, neurons: int, router: int, places: int) -> ChipImage:
    text = (resources.files("neurochip.description") / "chips" / f"{name}.toml").read_text(encoding="utf-8")
    for key, value in (
        ("cores_per_tile", per_tile), ("neurons", neurons), ("router_cycles", router), ("fifo_depth", places),
    ):  # fmt: skip
        text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert found == 1
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    image = build(read_run("stripes", [*INTEGER, f"chip={path}"])).image
    assert image is not None
    return image


def tick_by_tick(
    mesh: ChipMesh, spikes: Sequence[Any], cycles: Sequence[int], late: int = 0
) -> list[list[int]]:
    """Return what each core is brought in one tick, from the bits of each and the cycles of its tick."""
    source, destination, lengths, due, axon = [], [], [], [], []
    for core, (bits, end) in enumerate(zip(spikes, cycles, strict=True)):
        heard = mesh.axons[core]
        copies = [list(heard)] if mesh.multicast else [[receiver] for receiver in heard]
        for neuron in np.flatnonzero(bits).tolist() if heard else ():
            for copy in copies:
                source.append(mesh.site[core])
                destination += [mesh.site[receiver] for receiver in copy]
                axon += [heard[receiver] + neuron for receiver in copy]
                lengths.append(len(copy))
                due.append(end - len(bits) + neuron + 1 + late)
    if not source:
        return [[0, 0, 0]] * len(spikes)
    packets = Packets(np.array(source), np.array(destination), np.concatenate([[0], np.cumsum(lengths)]))
    arrival = simulate_traffic(mesh.mesh, mesh.timing, packets, np.array(due)).arrival
    words = arrival * (np.array(axon) + 1)
    found = []
    for site in mesh.site:
        here = packets.destination == site
        word = int(words[here].sum()) & 0xFFFFFFFF
        found.append(
            [int(here.sum()), int(arrival[here].max(initial=0)), word - (1 << 32) if word >> 31 else word]
        )
    return found


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: f"{chip[0]}, {chip[1]} cores a tile")
def test_each_tick_is_that_of_the_mesh_by_itself(
    tmp_path: Path, chip: tuple[str, int, int, int, int]
) -> None:
    image = image_of(tmp_path, *chip)
    cores = cores_of(image)
    inputs = inputs_of(image, len(cores))
    senders: Senders = [*cores, *inputs]
    mesh = chip_mesh(image, cores, inputs)
    assert mesh is not None and mesh.multicast == (chip[0] == "cmos45-multicast") and len(senders) > 5
    time = MeshTime(image, cores, inputs, mesh, LANES)
    rng = np.random.default_rng(1)
    differs = 0
    for share in (0.0, 0.1, 0.6, 1.0):
        spikes = [(rng.random((6, size)) < share).astype(np.uint8) for size in image.network.sizes]
        spikes[0][3] = 0
        cycles, brought = time.of(spikes)
        assert cycles.tolist() == ticks_of(image, spikes, LANES)
        heard = [0] * len(senders)
        for t in range(6):
            if t:
                heard = [
                    sum(int(spikes[source.population][t - 1].sum()) for source in core.sources)
                    for core in cores
                ] + [0] * len(inputs)
            own = [cycles_of_tick(core, LANES, n) for core, n in zip(senders, heard, strict=True)]
            bits = [spikes[core.population][t, core.first : core.first + core.size] for core in senders]
            assert brought[t].tolist() == tick_by_tick(mesh, bits, own)[: len(cores)]
            differs += brought[t].tolist() != tick_by_tick(mesh, bits, own, late=1)[: len(cores)]
    assert differs == 3 * 6  # the control: packets a cycle later are other words, where there are any


def test_words_that_neurons_show() -> None:
    rng = np.random.default_rng(2)
    for size, bits in ((1, 9), (16, 13), (17, 11), (40, 12)):
        spikes, values = rng.integers(0, 2, (3, size)), rng.integers(0, 1 << bits, (3, size))
        digits = -(-(bits + 1) // 4)
        for t, line in enumerate(_shown(spikes, values, bits)):
            told = [f"{s << bits | v:0{digits}x}" for s, v in zip(spikes[t], values[t], strict=True)]
            told += ["f" * digits] * (-size % 16)
            assert line.split(" ") == ["".join(reversed(told[k : k + 16])) for k in range(0, len(told), 16)]
