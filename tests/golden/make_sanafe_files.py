"""Makes `sanafe_files/NAME.yaml`, `NAME.net` and what SANA-FE computes of each, `NAME.npz`.

    python tests/golden/make_sanafe_files.py           # pip install sanafe==2.2.9 numpy; writes beside itself

Drawn networks for the architecture `sanafe_files/arch.yaml`, as files that SANA-FE itself loads: groups, ranges, dense,
sparse and convolved hyperedges, single edges, delays, biases, both resets, a resting time, and a netlist.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import sanafe

FOLDER = Path(__file__).parent / "sanafe_files"
STEPS = 80


def main() -> None:
    made = {
        "layers.yaml": layers(),
        "maps.yaml": maps(),
        "lines.net": lines(),
        "resting.net": lines(resting=True),
    }
    for name, text in made.items():
        path = FOLDER / name
        path.write_text(text)
        found = run(path)
        np.savez_compressed(path.with_suffix(".npz"), **found)
        print(name, {key: value.tolist() for key, value in found.items() if value.ndim == 0})


def arch_of(name: str) -> str:
    """Return the architecture of a network: of the one with delays, the buffer of a step is in the dendrite."""
    text = (FOLDER / "arch.yaml").read_text()
    if name != "layers.yaml":
        return text
    return text.replace("buffer_position: soma", "buffer_position: dendrite, buffer_inside_unit: true")


def run(path: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "arch.yaml")
        file.write_text(arch_of(path.name))
        arch = sanafe.load_arch(str(file))
    net = sanafe.load_net(str(path), arch, use_netlist_format=path.suffix == ".net")
    sizes = {name: len(group.neurons) for name, group in net.groups.items()}
    for group in net.groups.values():
        for neuron in group.neurons:
            neuron.set_attributes(log_spikes=True)
    chip = sanafe.SpikingChip(arch)
    chip.load(net)
    seen = chip.sim(STEPS, timing_model="simple", spike_trace=True, perf_trace=True)
    rasters = {name: np.zeros((STEPS, n), np.uint8) for name, n in sizes.items()}
    for step, spikes in enumerate(seen["spike_trace"]):
        for spike in spikes:
            rasters[spike.group_name][step, spike.neuron_offset] = 1
    found = {f"spikes.{name}": np.packbits(bits, axis=1) for name, bits in rasters.items()}
    found |= {f"size.{name}": np.array(n) for name, n in sizes.items()}
    perf = seen["perf_trace"]
    found |= {
        "hops": np.array(perf["hops"]),
        "synaptic_events": np.array(perf["spikes"]),
        "packets": np.array(seen["packets_sent"]),
        "version": np.array("2.2.9"),
    }
    for part in ("total", "synapse", "soma", "network", "dendrite"):
        found[f"energy.{part}"] = np.array(seen["energy"][part])
    return found


def train(rng: Any, rate: float) -> str:
    return "[" + ", ".join(map(str, (rng.random(STEPS) < rate).astype(int))) + "]"


def numbers(values: Any) -> str:
    return "[" + ", ".join(f"{value:g}" for value in values) + "]"


def layers() -> str:
    rng = np.random.default_rng(1)
    text = ["network:", "  name: layers", "  groups:"]
    text += ["    - name: in", "      attributes: [log_spikes: true]", "      neurons:"]
    text += [f"        - {k}: [soma_hw_name: 'play[{k}]', spikes: {train(rng, 0.2)}]" for k in range(12)]
    text += ["    - name: hid", "      attributes: {soma_hw_name: lif, dendrite_hw_name: late, threshold: 9}"]
    text += ["      neurons:", "        - 0..9: [soma: {reset: 1}]", "        - 10..17: {bias: 0.25}"]
    text += ["        - 18..19: [threshold: 4.5]"]
    text += [
        "    - name: out",
        "      attributes: [soma_hw_name: lif, dendrite_hw_name: late, threshold: 12, reset_mode: soft]",
    ]
    text += ["      neurons:", "        - 0..7: []", "  edges:"]
    text += [f"    - in -> hid: [type: dense, weight: {numbers(rng.integers(-3, 7, 240))}]"]
    pairs = [(i, j) for i in range(20) for j in range(20) if rng.random() < 0.1]
    listed = ", ".join(f"[{i}, {j}]" for i, j in pairs)
    weights, delays = rng.integers(-4, 4, len(pairs)) / 4, rng.integers(0, 4, len(pairs))
    text += [f"    - hid -> hid: {{type: sparse, source_target_pairs: [{listed}],"]
    text += [f"        weight: {numbers(weights)}, delay: {numbers(delays)}}}"]
    text += [
        f"    - hid.{i} -> out.{i % 8}: [weight: {rng.integers(2, 9)}, delay: {i % 3}]" for i in range(20)
    ]
    text += [f"    - hid.{i} -> out.{(3 * i + 1) % 8}: [synapse: {{weight: -1.5}}]" for i in range(20)]
    text += [
        "mappings:",
        "  - in.0..5: [core: 0.0]",
        "  - in.6..11: [core: 0.1]",
        "  - hid.0..9: [core: 1.1]",
    ]
    text += ["  - hid.10..19: [core: 4.0]", "  - out: [core: 5.1]"]
    return "\n".join(text) + "\n"


def maps() -> str:
    rng = np.random.default_rng(2)
    text = ["network:", "  name: maps", "  groups:", "    - name: seen", "      neurons:"]
    text += [f"        - {k}: [soma_hw_name: 'play[{k}]', spikes: {train(rng, 0.25)}]" for k in range(50)]
    text += ["    - name: map", "      attributes: {soma_hw_name: lif, threshold: 3, leak_decay: 0}"]
    text += ["      neurons:", "        - 0..11: []"]
    text += [
        "    - name: sum",
        "      attributes: {soma_hw_name: lif, threshold: 6}",
        "      neurons:",
        "        - 0..3: []",
    ]
    kernel = numbers(rng.integers(-2, 4, 3 * 3 * 2 * 3))
    text += [
        "  edges:",
        "    - seen -> map: [type: conv2d, input_height: 5, input_width: 5, input_channels: 2, kernel_height: 3,",
    ]
    text += [
        f"        kernel_width: 3, kernel_count: 3, stride_height: 2, stride_width: 2, weight: {kernel}]"
    ]
    text += [f"    - map -> sum: [type: dense, weight: {numbers(rng.integers(-1, 4, 48))}]"]
    text += [
        "mappings:",
        "  - seen: [core: 0.0]",
        "  - map.0..5: [core: 2.0]",
        "  - map.6..11: [core: 3.1]",
        "  - sum: [core: 2.1]",
    ]
    return "\n".join(text) + "\n"


def lines(*, resting: bool = False) -> str:
    rng = np.random.default_rng(3)
    text = [
        "# a netlist",
        "g 8 soma_hw_name=lif threshold=5 log_spikes=1",
        "g 6 soma_hw_name=lif threshold=7" + " refractory_delay=4" * resting,
    ]
    text += [f"n 0.{k} bias={rng.integers(0, 4)}" for k in range(7)] + ["n 0.7 { bias: 2.5, threshold: 6 }"]
    text += [
        f"e 0.{i}->1.{j} weight={rng.integers(-2, 5)}"
        for i in range(8)
        for j in range(6)
        if rng.random() < 0.6
    ]
    text += [f"e 1.{j}->0.{j} w=-1.5" for j in range(6)]
    text += [f"& 0.{k}@{k % 6}.{k % 2}" for k in range(8)] + [f"& 1.{k}@{5 - k}.1" for k in range(6)]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    main()
