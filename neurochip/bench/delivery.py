"""Integrate-and-fire networks with the full counters: [784-500-10], 13 % Bernoulli input, one thread.

A figure is the CPU time of a whole call of `neurochip.replay`: input checked, weights put into rows, dynamics,
counts, joules. NumPy is `numpy_lif` in float32, without counters; both fire the same spikes. Cycle by cycle there are
fewer ticks, since each costs as much.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurochip.bench.loads import NEURON, lif_network, placement
from neurochip.bench.numpy_lif import integrate_numpy
from neurochip.bench.rounds import Work, in_turn
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.description import read_chip
from neurochip.replays.replaying import Replay, Timing, replay

__all__ = ["FAMILY"]

_NUMPY = "plain NumPy, without counters"
_SOP = "10⁹ SOP/s"
_ONE, _SIX, _ALL = (1, 1, 1), (1, 4, 1), (64, 62, 2)
# row: weights, chip, cores of each layer, dynamics, model of time; words
_VARIANTS: dict[str, tuple[str, str, tuple[int, int, int], bool, Timing, str]] = {
    "lif-float32": ("float32", "ideal-bits", _ONE, True, "tick", "LIF, float32, counted"),
    "lif-int8": ("int8", "ideal-bits", _ONE, True, "tick", "LIF, 8-bit weights, counted"),
    "lif-loihi": ("int8", "loihi", _SIX, True, "tick", "LIF on six cores of loihi, counted"),
    "lif-loihi-128": ("int8", "loihi", _ALL, True, "tick", "LIF on all 128 cores of loihi, counted"),
    "replay-loihi": ("int8", "loihi", _SIX, False, "tick", "recorded spikes on six cores, counted"),
    "lif-analytic": ("int8", "loihi", _SIX, True, "analytic", "LIF on six cores, cycles from counts"),
    "lif-analytic-128": ("int8", "loihi", _ALL, True, "analytic", "LIF on 128 cores, cycles from counts"),
    "lif-cycle": ("int8", "loihi", _SIX, True, "cycle", "LIF on six cores, flit by flit"),
    "lif-cycle-128": ("int8", "loihi", _ALL, True, "cycle", "LIF on 128 cores, flit by flit"),
}
_HOPS = "lif-cycle-128-hops"
_ROWS = (
    *(
        Row(
            name,
            words,
            _SOP,
            _NUMPY if timing == "tick" else "counted only",
        )
        for name, (*_, timing, words) in _VARIANTS.items()
    ),
    Row(_HOPS, "the same: links crossed", "10⁶ flit-hops/s"),
)
# Of a model of time: the row that only counts, on the same cores.
_COUNTED = {"lif-analytic": "lif-loihi", "lif-cycle": "lif-loihi"}
_COUNTED |= {f"{name}-128": f"{base}-128" for name, base in _COUNTED.items()}


def _variant(name: str, ticks: int) -> Work:
    """Return a function that runs one variant once."""
    kind, chip, cores, dynamics, timing, *_ = _VARIANTS[name]
    raster, weights = lif_network(ticks)
    held = [w.astype(kind) for w in weights]
    specification, on = read_chip(chip), placement(cores)
    if dynamics:
        return lambda: replay([raster], held, specification, on, neuron=NEURON, timing=timing)
    spikes = replay([raster], held, "ideal-bits", placement(_ONE), neuron=NEURON).spikes
    return lambda: replay(spikes, held, specification, on, timing=timing)


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    walked = {name for name in wanted if "cycle" in name}
    if counted := wanted - walked:
        yield from _timed(effort, counted, effort.pick(20, 1000, 1000), effort.times(9, 25))
    for name in ("lif-cycle", "lif-cycle-128"):
        rows = walked & {name, f"{name}-hops"}
        if rows:
            many = name == "lif-cycle-128"
            ticks = effort.pick(4, 20 if many else 100, 100 if many else 1000)
            yield from _timed(effort, frozenset(rows), ticks, effort.times(3, 5))


def _timed(effort: Effort, wanted: frozenset[str], ticks: int, rounds: int) -> Iterator[Figure]:
    names = {name.removesuffix("-hops") for name in wanted}
    variants = {name: _variant(name, ticks) for name in names | {_COUNTED[n] for n in names if n in _COUNTED}}
    seen: dict[str, Replay] = {name: variants[name]() for name in names}
    raster, weights = lif_network(ticks)
    wide = [w.astype(np.float32) for w in weights]
    if names - set(_COUNTED):
        variants["numpy"] = lambda: integrate_numpy(raster, wide, NEURON.threshold, NEURON.leak)
    found = in_turn(variants, rounds)
    for name in sorted(names):
        counters, seconds = seen[name].counters, found[name].cpu
        ratios = within_rounds(found[_COUNTED.get(name, "numpy")].cpu, seconds)
        extra = {"ticks": ticks, "sops": counters.sops, "packets": counters.packets, "hops": counters.hops}
        if name in wanted:
            speeds = tuple(counters.sops / s / 1e9 for s in seconds)
            yield Figure(name, speeds, ratios, _rate(seen[name]), extra)
        if f"{name}-hops" in wanted:
            yield Figure(f"{name}-hops", tuple(counters.hops / s / 1e6 for s in seconds), extra=extra)


def _rate(seen: Replay) -> str:
    return f"{100 * float(seen.spikes[1].mean()):.1f} % of hidden neurons fire in a tick"


FAMILY = Family(
    "delivery",
    "integrate-and-fire networks and replay, [784-500-10], 13 % input, full counters",
    _ROWS,
    _measure,
)
