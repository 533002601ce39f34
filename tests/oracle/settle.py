"""Presentations on the slow chip: phases, sample after sample, and what the learning compares."""

from __future__ import annotations

from tests.oracle.events import PhaseEvents
from tests.oracle.slow_chip import Address, Matrix, SlowChip


class Settled:
    """What every sample did.

    ``spikes``, ``states``, ``epsilons`` are [layer][sample][tick][unit]; ``free``, ``minus`` and ``plus`` are
    states [layer][sample][unit]: at the end of the free phase, and the two that the weight change compares.
    ``span`` is the difference of beta between the two, ``received`` the bits of every axon,
    [sample][core][address][tick].
    """

    def __init__(self, layers: int, span: float, counters: dict[str, PhaseEvents]) -> None:
        self.spikes: list[list[list[list[int]]]] = [[] for _ in range(layers)]
        self.states: list[list[list[list[float]]]] = [[] for _ in range(layers)]
        self.epsilons: list[list[list[list[float]]]] = [[] for _ in range(layers)]
        self.free: list[Matrix] = [[] for _ in range(layers)]
        self.minus: list[Matrix] = [[] for _ in range(layers)]
        self.plus: list[Matrix] = [[] for _ in range(layers)]
        self.received: list[dict[int, dict[Address, list[int]]]] = []
        self.span = span
        self.counters = counters


def settle(
    chip: SlowChip,
    xs: Matrix,
    ys: Matrix | None = None,
    *,
    n_free: int,
    n_nudged: int = 0,
    beta: float = 0.0,
    reference: str = "before",
) -> Settled:
    """Present every sample, free, then nudged.

    With ``reference="opposite"`` a second nudged phase, by -beta, starts from the same free state. With
    ``"parallel"`` the free run goes on, from the same state, for as long as the nudged one, and the weight change
    compares with its end.
    """
    layers = range(len(chip.sizes))
    out = Settled(len(chip.sizes), 2.0 * beta if reference == "opposite" else beta, chip.counters)
    for sample, x in enumerate(xs):
        y = None if ys is None else ys[sample]
        chip.begin(x, sample)
        chip.run("free", n_free)
        free = end = [chip.states[k][-1] for k in layers]
        rest = chip.snapshot()
        if n_nudged:
            chip.run("nudged", n_nudged, beta=beta, y=y)
            end = [chip.states[k][-1] for k in layers]
        minus = free
        if n_nudged and reference == "opposite":
            chip.restore(rest)
            chip.run("nudged_negative", n_nudged, beta=-beta, y=y)
            minus = [chip.states[k][-1] for k in layers]
        elif n_nudged and reference == "parallel":
            chip.restore(rest)
            chip.run("free", n_nudged)
            minus = [chip.states[k][-1] for k in layers]
        for k in layers:
            out.spikes[k].append(chip.spikes[k])
            out.states[k].append(chip.states[k])
            out.epsilons[k].append(chip.epsilons[k])
            out.free[k].append(free[k])
            out.minus[k].append(minus[k])
            out.plus[k].append(end[k])
        out.received.append({core.index: core.received for core in chip.cores.values()})
    return out
