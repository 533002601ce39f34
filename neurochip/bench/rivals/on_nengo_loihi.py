"""The LIF network in the emulator of nengo-loihi, driven by its blocks: hidden neurons on four, in floating point.

Nothing is rounded to Loihi's integers, so that its spikes can be compared with ours.
"""

from __future__ import annotations

from typing import Any


def prepare(given):
    """Return version, reset and work: the emulator is made anew each time, which is not part of the work."""
    import nengo_loihi
    import numpy as np
    from nengo_loihi.block import Axon, LoihiBlock, Synapse
    from nengo_loihi.builder import Model
    from nengo_loihi.emulator import EmulatorInterface
    from nengo_loihi.inputs import SpikeInput

    raster, weights = given["raster"], [given["w0"].astype(np.float32), given["w1"].astype(np.float32)]
    made: list[Any] = []

    def block(size):
        one = LoihiBlock(size)
        lif = one.compartment
        lif.decay_v[:] = 1 - float(given["leak"])
        lif.vth[:] = float(given["threshold"])
        lif.vmin, lif.scale_u, lif.scale_v = -np.inf, False, False
        return one

    def connect(source, target, matrix):
        synapse = Synapse(len(matrix))
        synapse.set_weights(matrix)
        target.add_synapse(synapse)
        axon = Axon(len(matrix))
        axon.target = synapse
        axon.set_compartment_axon_map(np.arange(len(matrix)))
        source.add_axon(axon)

    def reset():
        made.clear()
        model = Model(dt=0.001)
        source = SpikeInput(raster.shape[1])
        model.add_input(source)
        parts = np.array_split(np.arange(weights[0].shape[1]), 4)
        hidden, output = [block(len(part)) for part in parts], block(weights[1].shape[1])
        for part, layer in zip(parts, hidden):
            connect(source, layer, weights[0][:, part])
            connect(layer, output, weights[1][part])
        for layer in (*hidden, output):
            model.add_block(layer)
        for tick, bits in enumerate(raster, start=1):
            source.add_spikes(tick, np.flatnonzero(bits))
        made.append(EmulatorInterface(model, seed=1))

    def work():
        emulator = made[0]
        emulator.run_steps(len(raster))
        counts = emulator.compartment.spike_count
        return {
            "spikes": [int(counts[: weights[0].shape[1]].sum()), int(counts[weights[0].shape[1] :].sum())]
        }

    return "nengo-loihi " + nengo_loihi.__version__, reset, work
