"""Samples one after the other, each from rest, through the loop over ticks: Python asks for them once."""

from __future__ import annotations

import numpy as np

from neurochip.cores.arrays import Chip, Function, Pull, Recorder, Samples, Scratch, Span
from neurochip.cores.layerwise import Seen, add, write
from neurochip.kernels._jit import entry
from neurochip.kernels.calls import invoke
from neurochip.kernels.types import Cube, Vector

__all__ = ["run_samples"]

_NOTHING = np.uint64(0)


@entry
def run_samples(
    loop: Vector[Function],
    first: int,
    last: int,
    span: Span,
    chip: Chip,
    sample: Samples,
    scratch: Scratch,
    pull: Pull,
    recorder: Recorder,
    played: Cube[np.uint8],
    bits: Cube[np.uint8],
    seen: Seen,
) -> None:
    """Run samples ``first`` … ``last`` − 1 from rest; writes ``seen``.

    Parameters
    ----------
    loop
        `tick.run_ticks`, as `invoke` calls it.
    span, pull, recorder
        Of one sample; what each plays, and where its spikes and idle updates are recorded, are put in their place.
        ``recorder.states`` has room for a sample where populations are recorded.
    played
        u8[sample, tick, unit] of the input.
    bits
        u8[tick, 1, slot], those of ``seen``.
    """
    each, populations = span.schedule.shape[0], chip.wiring.populations
    for i in range(first, last):
        begin, end = i * each, (i + 1) * each
        invoke(
            loop,
            recorder.row,
            span,
            chip,
            sample,
            scratch,
            Pull(pull.nudge, pull.target, played[i : i + 1], pull.shown_from, pull.shown),
            Recorder(
                bits[begin:end],
                recorder.states,
                recorder.steps,
                recorder.per_core,
                recorder.row,
                recorder.variables,
                recorder.idle,
                seen.idle_per_tick[begin:end],
            ),
        )
        for p in range(populations.shape[0]):
            if seen.column[p] >= 0:
                for t in range(each):
                    write(
                        recorder.states[t, 0],
                        populations[p, 0],
                        seen.size[p],
                        seen.states[begin + t, seen.column[p] :],
                    )
        if seen.summed >= 0:
            total = seen.total
            add(sample.state.words[0, seen.summed], _NOTHING, np.uint64(total.shape[0]), total)
