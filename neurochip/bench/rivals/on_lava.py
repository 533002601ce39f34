"""The LIF network in Lava (Intel): its floating-point processes on the CPU, each in a process of its own."""

from __future__ import annotations

from typing import Any


def _seconds(numbers):
    """Return the CPU seconds of processes, of which Linux tells by number."""
    import os

    ticks = 0
    for number in numbers:
        with open(f"/proc/{number}/stat", encoding="ascii") as said:
            words = said.read().rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def prepare(given):
    """Return version, reset and work: every process is made anew each time, which is not part of the work."""
    import multiprocessing
    import os
    from importlib.metadata import version

    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.dense.process import Dense
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source
    from lava.proc.lif.process import LIF

    raster, leak, threshold = given["raster"], float(given["leak"]), float(given["threshold"])
    running: list[tuple[Any, Any]] = []

    def stop():
        while running:
            running.pop()[0].stop()

    def reset():
        stop()
        source = Source(data=raster.T.astype(float))
        last, sinks = source.s_out, []
        for matrix in (given["w0"], given["w1"]):
            n = matrix.shape[1]
            dense = Dense(weights=matrix.T.astype(float))
            layer = LIF(shape=(n,), du=1.0, dv=1 - leak, vth=threshold, bias_mant=0.0)
            sink = Sink(shape=(n,), buffer=len(raster))
            last.connect(dense.s_in)
            dense.a_out.connect(layer.a_in)
            layer.s_out.connect(sink.a_in)
            last = layer.s_out
            sinks.append(sink)
        source.create_runtime(run_cfg=Loihi2SimCfg(select_tag="floating_pt"))
        running.append((source, sinks))

    def work():
        source, sinks = running[0]
        numbers = [os.getpid()] + [child.pid for child in multiprocessing.active_children()]
        before = _seconds(numbers)
        source.run(RunSteps(num_steps=len(raster)))
        used = _seconds(numbers) - before
        return {"cpu_s": used, "spikes": [int(sink.data.get().sum()) for sink in sinks]}

    import atexit

    atexit.register(stop)
    return "Lava " + version("lava-nc"), reset, work
