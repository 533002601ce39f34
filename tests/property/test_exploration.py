"""Every point of an exploration is what `neurochip simulate` says of that chip alone, to the digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import ConfigError, MappingError
from neurochip.exploration import explore
from neurochip.exploration.given import given
from neurochip.inference.replay_run import replay_run
from neurochip.runs.exporting import write_network

KEYS = {
    "chip.core.neurons": ["6", "9", "20"],
    "chip.core.input_axons": ["40", "4096"],
    "chip.core.synapse_memory": ["1 KiB", "16 KiB"],
    "chip.mesh.width": ["2", "5"],
    "chip.mesh.height": ["3", "7"],
    "chip.mesh.cores_per_tile": ["1", "2"],
    "chip.packet.routing": ["unicast", "multicast"],
    "chip.packet.header_bits": ["0", "11"],
    "chip.timing.clock": ["100 MHz", "700 MHz"],
    "chip.timing.sops_per_cycle": ["0.5", "3"],
    "chip.timing.cycles_per_packet_in": ["0", "7"],
    "chip.timing.barrier_cycles": ["3", "50"],
    "chip.timing.fifo_depth": ["1", "4"],
    "chip.energies.packet_out": ["0.3 pJ", "17 pJ"],
    "chip.energies.link_bit": ["0.01 pJ/bit", "3.3 pJ/bit"],
    "chip.energies.op.add.float32": ["0.1 pJ", "0.7 pJ"],
    "chip.energies.core_static": ["1 mW", "3 uW"],
    "chip.weights.bits": ["3", "8"],
}
SIZES = (12, 14, 4)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explored")
    rng = np.random.default_rng(3)
    groups, connections = [NeuronGroup(name="in", kind="Input", size=SIZES[0])], []
    for k, (a, b) in enumerate(zip(SIZES, SIZES[1:], strict=False), start=1):
        ones = np.ones(b)
        numbers = {
            "tau": 1e-2 * ones,
            "r": 10 * ones,
            "v_leak": 0 * ones,
            "v_threshold": ones,
            "v_reset": 0 * ones,
        }
        groups.append(NeuronGroup(name=f"n{k}", kind="LIF", size=b, parameters=numbers, begins=k))
        weights = rng.normal(0.1, 0.3, (a, b)).astype(np.float32)
        connections.append(Connection(name=f"w{k}", source=groups[-2].name, target=f"n{k}", weights=weights))
    network = SpikingNetwork(groups=tuple(groups), connections=tuple(connections), outputs={"out": "n2"})
    write_network(network, folder / "net.npz")
    spikes = (rng.random((6, 9, SIZES[0])) < 0.4).astype(np.uint8)
    np.savez(folder / "test.npz", spikes=spikes, labels=rng.integers(0, 4, 6))
    np.savez(folder / "input.npz", **{"spikes.0": spikes.reshape(54, -1)})
    np.savez(folder / "all.npz", **{f"spikes.{k}": rng.random((20, n)) < 0.3 for k, n in enumerate(SIZES)})
    return folder


def alone(files: Path, form: str, changes: dict[str, str], timing: Any, out: Path) -> dict[str, float]:
    """What the report of one chip says."""
    replay_run(
        files / f"{form}.npz",
        run=None if form == "all" else str(files / "net.npz"),
        overrides=[f"{key}={value}" for key, value in changes.items()],
        timing=timing,
        out=out,
        labelled=form == "test",
    )
    table = json.loads((out / "report.json").read_text())
    n = table["inference"]["samples"] if form == "test" else 1
    found = {
        "cores": float(len(table["chip"]["layout"])),
        "memory_bits": float(sum(core["synapse_bits"] for core in table["chip"]["layout"])),
        "bits": table["bits"]["symbols"] / n,
        "aer_bits": table["bits"]["aer"] / n,
        **{name: table["totals"][name] / n for name in ("packets", "hops", "sops")},
    }
    if form == "test":
        means = {name: entry["mean"] for name, entry in table["inference"]["per_inference"].items()}
        found |= {k: means[k] for k in ("energy_j", "seconds", "energy_delay_js") if k in means}
        found["error"] = 1.0 - table["inference"]["accuracy"]
    else:
        found["energy_j"] = table["energy_j"]["total"]
        if table["time"]["seconds"] is not None:
            found["seconds"] = table["time"]["seconds"]
            found["energy_delay_js"] = found["energy_j"] * found["seconds"]
    if table["time"]["cycles"] is not None:
        found["cycles"] = table["time"]["cycles"] / n
    return found


@settings(max_examples=12)
@drawn(
    st.sampled_from(["test", "input", "all"]),
    st.sampled_from(["tick", "analytic", "cycle"]),
    st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3, unique=True),
    st.data(),
)
def test_each_point_is_the_chip_alone(
    files: Path,
    tmp_path_factory: pytest.TempPathFactory,
    form: str,
    timing: Any,
    keys: list[str],
    data: st.DataObject,
) -> None:
    out = tmp_path_factory.mktemp("points")
    what = given(
        None if form == "all" else str(files / "net.npz"),
        **{"data" if form == "test" else "raster": files / f"{form}.npz"},  # type: ignore[arg-type]
    )
    try:
        found = explore(
            what.workload,
            what.chip,
            [f"{key}={','.join(KEYS[key])}" for key in keys],
            name="x",
            timing=timing,
            out=out / "all",
        )
    except ConfigError as error:  # a key that plays no part
        assert error.place.startswith("--vary chip.")
        return
    points = found.document["points"]
    point = points[data.draw(st.integers(0, len(points) - 1))]
    if point["failure"] is not None:
        with pytest.raises(MappingError) as refused:
            alone(files, form, point["values"], timing, out / "one")
        assert str(refused.value) == point["failure"]
        return
    wanted = alone(files, form, point["values"], timing, out / "one")
    figures = dict(point["metrics"])
    assert figures.pop("busiest_link") <= figures["hops"]
    assert figures.pop("busiest_core") <= figures["sops"]
    assert figures == wanted


def test_a_chip_that_differs_is_another_point(files: Path, tmp_path: Path) -> None:
    """Control: the figures do depend on the keys, and each on its own."""
    what = given(str(files / "net.npz"), data=files / "test.npz")
    found = explore(
        what.workload,
        what.chip,
        [
            "chip.core.neurons=6,20",
            "chip.timing.clock=100 MHz,700 MHz",
            "chip.energies.packet_out=0.3 pJ,17 pJ",
        ],
        name="x",
        timing="analytic",
        out=tmp_path / "x",
    )
    points = found.document["points"]
    assert len({point["metrics"]["energy_delay_js"] for point in points}) == 8
    assert found.document["work"] == {"spikes": 1, "counted": 2, "costed": 8}
    slopes = {(e["key"], e["metric"]): e["slope"] for e in found.document["sensitivity"]}
    assert slopes["chip.core.neurons", "cores"] < -0.5  # type: ignore[operator]
    ratios = {(e["key"], e["metric"]): e["ratio"] for e in found.document["sensitivity"]}
    assert ratios["chip.timing.clock", "seconds"] == pytest.approx(7.0, rel=1e-12)
