"""Makes `sanafe_sparse_K.npz`: sparse recurrent networks with inhibition, run by SANA-FE on four cores of its Loihi.

    python tests/golden/make_sanafe_sparse.py           # pip install sanafe==2.2.9 numpy; writes beside itself

Three layers (an input that plays spikes back, a hidden layer with a loop, and a last layer that feeds back), each
neuron on any of four cores, half of the synapses negative, thresholds that differ by layer. Every array is the input of
SANA-FE or what it reported.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import sanafe

SIZES = (40, 60, 30)
STEPS = 150
CORES = (9, 14, 42, 77)  # of 128; four to a tile
# density, share of negative weights, thresholds, leak, reset
CASES = (
    (0.1, 0.5, (50.0, 70.0), 0.875, "hard"),
    (0.25, 0.5, (80.0, 100.0), 0.5, "soft"),
    (0.05, 0.6, (20.0, 35.0), 1.0, "hard"),
)
PROJECTIONS = {"in_hid": (0, 1), "hid_hid": (1, 1), "hid_out": (1, 2), "out_hid": (2, 1)}


def main() -> None:
    for k, case in enumerate(CASES):
        np.savez_compressed(Path(__file__).parent / f"sanafe_sparse_{k}.npz", **made(k, *case))


def made(
    seed: int, density: float, negative: float, thresholds: tuple[float, ...], leak: float, reset: str
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(100 + seed)
    placement = [rng.choice(CORES, n) for n in SIZES]
    raster = (rng.random((STEPS, SIZES[0])) < 0.15).astype(np.uint8)
    arch = sanafe.load_arch(str(files("sanafe.examples").joinpath("loihi.yaml")))
    cores, network, groups = arch.cores(), sanafe.Network(), []
    for k, (name, n) in enumerate(zip(("in", "hid", "out"), SIZES, strict=True)):
        what = {} if k == 0 else {
            "model_attributes": {
                "threshold": thresholds[k - 1], "leak_decay": leak, "reset_mode": reset, "reset": 0.0
            },
            "soma_hw_name": "loihi_lif",
        }  # fmt: skip
        group = network.create_neuron_group(name, n, default_synapse_hw_name="loihi_dense_synapse", **what)
        for i, neuron in enumerate(group.neurons):
            if k == 0:
                neuron.set_attributes(
                    soma_hw_name=f"loihi_inputs[{i}]",
                    model_attributes={"spikes": [bool(bit) for bit in raster[:, i]]},
                )
            neuron.set_attributes(log_spikes=True)
            neuron.map_to_core(cores[placement[k][i]])
        groups.append(group)
    found: dict[str, np.ndarray] = {}
    for name, (a, b) in PROJECTIONS.items():
        pre, post = np.nonzero(rng.random((SIZES[a], SIZES[b])) < density)
        weight = rng.integers(5, 60, pre.size)
        weight[rng.random(pre.size) < negative] *= -1
        for i, j, w in zip(pre.tolist(), post.tolist(), weight.tolist(), strict=True):
            groups[a].neurons[i].connect_to_neuron(groups[b].neurons[j], {"weight": float(w)})
        found |= {f"{name}.pre": pre, f"{name}.post": post, f"{name}.weight": weight.astype(np.int16)}
    chip = sanafe.SpikingChip(arch)
    chip.load(network)
    seen = chip.sim(STEPS, timing_model="simple", spike_trace=True, perf_trace=True)
    rasters = [np.zeros((STEPS, n), dtype=np.uint8) for n in SIZES]
    names = ("in", "hid", "out")
    for step, spikes in enumerate(seen["spike_trace"]):
        for spike in spikes:
            rasters[names.index(spike.group_name)][step, spike.neuron_offset] = 1
    assert np.array_equal(rasters[0], raster)
    perf = seen["perf_trace"]
    found |= {f"spikes.{k}": np.packbits(bits, axis=1) for k, bits in enumerate(rasters)}
    found |= {f"placement.{k}": on for k, on in enumerate(placement)}
    found |= {
        "thresholds": np.array(thresholds),
        "leak": np.array(leak),
        "reset": np.array(reset),
        "hops": np.array(perf["hops"]),
        "synaptic_events": np.array(perf["spikes"]),
        "updated": np.array(perf["updated"]),
        "packets": np.array(seen["packets_sent"]),
    }
    for part in ("total", "synapse", "soma", "network", "dendrite"):
        found[f"energy.{part}"] = np.array(seen["energy"][part])
    for part in ("synapse", "soma", "network"):
        found[f"energy_per_step.{part}"] = np.array(perf[f"{part}_energy"])
    print({name: v.tolist() for name, v in found.items() if v.ndim == 0}, [int(r.sum()) for r in rasters])
    return found


if __name__ == "__main__":
    main()
