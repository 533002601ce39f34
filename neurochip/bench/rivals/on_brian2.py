"""The LIF network in Brian 2 (Stimberg et al. 2019): Cython, one clock tick per step, no counters of any kind."""

import os
import shutil
import tempfile
import time


def prepare(given):
    """Return version, reset and work: the spikes of both layers are counted, not recorded."""
    import atexit

    import brian2 as b
    import numpy as np

    # Brian keeps what it compiles in the user's home; here it is thrown away.
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    b.prefs.codegen.target = "cython"
    b.prefs.codegen.runtime.cython.cache_dir = os.path.join(folder, "cython")
    b.defaultclock.dt = dt = 1 * b.ms
    raster, weights = given["raster"], [given["w0"].astype(float), given["w1"].astype(float)]
    threshold, leak = float(given["threshold"]), float(given["leak"])
    ticks, units = np.nonzero(raster)
    source = b.SpikeGeneratorGroup(raster.shape[1], units, ticks * dt)
    layers = []
    names = {"leak": leak, "threshold": threshold}
    for matrix in weights:
        layer = b.NeuronGroup(
            matrix.shape[1], "v : 1", threshold="v > threshold", reset="v = 0", namespace=names
        )
        layer.run_regularly("v *= leak", when="start")
        layers.append(layer)
    groups, synapses = [source, *layers], []
    for k, matrix in enumerate(weights):
        joint = b.Synapses(groups[k], groups[k + 1], "w : 1", on_pre="v_post += w")
        pre, post = (axis.ravel() for axis in np.indices(matrix.shape))
        joint.connect(i=pre, j=post)
        joint.w = matrix.ravel()
        synapses.append(joint)
    counters = [b.SpikeMonitor(layer, record=False) for layer in layers]
    # Before its first tick a run is generated anew, which is not what is measured: an operation that is due only then
    # notes the time.
    began = []
    first = b.NetworkOperation(lambda: began.append(time.process_time()), dt=len(raster) * dt, when="start")
    network = b.Network(source, *layers, *synapses, *counters, first)
    # A spike of tick t acts in t + 1, after the leak and before the threshold is looked at.
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    network.store()

    def work():
        network.run(len(raster) * dt, namespace={})
        used = time.process_time() - began[-1]
        return {"cpu_s": used, "spikes": [int(counter.num_spikes) for counter in counters]}

    def reset():
        network.restore()

    return "Brian2 " + b.__version__, reset, work
