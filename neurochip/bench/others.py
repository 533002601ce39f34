"""Other tools on the same work, in turn with ours, each in a program of its own, one thread each; CPU time.

The work is the LIF network of `delivery` (ours: whole calls of `replay`, every event counted and costed) and, for
PyTorch, the untied Euler minibatch of `analog`. Making the network, and compiling, are not part of their time. Each row
says what the tool counts and whether it fires the same spikes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from neurochip.bench.analog import BETA, NETWORK, analog_minibatch
from neurochip.bench.loads import NEURON, digits, lif_network, placement
from neurochip.bench.numpy_euler import euler_numpy
from neurochip.bench.processes import peak_of
from neurochip.bench.rivals.program import Program, Worked
from neurochip.bench.rivals.table import RIVALS
from neurochip.bench.rounds import Work, timed
from neurochip.bench.row import Effort, Family, Figure, Missing, Row, within_rounds
from neurochip.description import read_chip
from neurochip.errors import NeurochipError
from neurochip.replays.replaying import Replay, Timing, replay
from neurochip.training.streams import glorot

__all__ = ["FAMILY"]

_SOP = "10⁹ SOP/s"


class _Contest(NamedTuple):
    """A row's work: whose, with which weights on which chip in which model of time, and what the tool leaves out."""

    tool: str
    kind: str
    chip: str
    timing: Timing
    said: str
    theirs: str = ""  # model of time of the tool
    ticks: tuple[int, int, int] = (20, 200, 1000)


_LIF = {
    "vs-brian2": _Contest("brian2", "float32", "ideal-bits", "tick", "counts spikes only"),
    "vs-lava": _Contest(
        "lava", "float32", "ideal-bits", "tick", "floating point, a process for each part, records spikes"
    ),
    "vs-nengo-loihi": _Contest("nengo-loihi", "int8", "loihi", "tick", "floating point, counts spikes only"),
    "vs-sana-fe": _Contest(
        "sana-fe", "int8", "loihi", "analytic", "energy and time too; cuts v off to 1/64", "simple"
    ),
    "vs-sana-fe-cycle": _Contest(
        "sana-fe", "int8", "loihi", "cycle", "Booksim; cuts v off to 1/64", "cycle", (3, 3, 5)
    ),
}
_ROWS = (
    Row("vs-brian2", "LIF, float32, counted, against Brian2 (Cython)", _SOP, "Brian2"),
    Row("vs-lava", "LIF, float32, counted, against Lava", _SOP, "Lava"),
    Row(
        "vs-nengo-loihi",
        "LIF on six cores of loihi, counted, against nengo-loihi's emulator",
        _SOP,
        "nengo-loihi",
    ),
    Row(
        "vs-sana-fe",
        "LIF on six cores of loihi, cycles from counts, against SANA-FE (simple)",
        _SOP,
        "SANA-FE",
    ),
    Row(
        "vs-sana-fe-cycle",
        "LIF on six cores of loihi, flit by flit, against SANA-FE (cycle)",
        _SOP,
        "SANA-FE",
        form="full",
    ),
    Row(
        "vs-sana-fe-memory",
        "peak memory of that network's process, against SANA-FE's",
        "MB",
        "SANA-FE",
    ),
    Row("vs-torch", "untied Euler minibatch, every step, against PyTorch", "ms", "PyTorch"),
)
_TOOLS = {name: contest.tool for name, contest in _LIF.items()} | {
    "vs-sana-fe-memory": "sana-fe",
    "vs-torch": "torch",
}
_MEMORY = """
from neurochip import replay
from neurochip.bench.loads import NEURON, lif_network, placement
raster, weights = lif_network({ticks})
replay([raster], weights, "loihi", placement((1, 4, 1)), neuron=NEURON, timing="analytic")
"""


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure | Missing]:
    for row in _ROWS:
        if row.name not in wanted:
            continue
        rival = RIVALS[_TOOLS[row.name]]
        python = effort.pythons.get(_TOOLS[row.name])
        if python is None:
            yield Missing(
                row.name,
                f"{rival.title} is not installed here; --with {_TOOLS[row.name]}=PYTHON names its environment",
            )
            continue
        try:
            yield _row(effort, row.name, python)
        except NeurochipError as error:  # a tool that fails costs its own row
            yield Missing(row.name, str(error))


def _row(effort: Effort, name: str, python: str) -> Figure:
    if name == "vs-torch":
        return _torch(effort, python)
    if name == "vs-sana-fe-memory":
        return _memory(effort, python)
    return _lif(effort, name, _LIF[name], python)


def _workload(ticks: int, timing: str) -> dict[str, object]:
    raster, (w0, w1) = lif_network(ticks)
    return {
        "raster": raster,
        "w0": w0,
        "w1": w1,
        "threshold": NEURON.threshold,
        "leak": NEURON.leak,
        "timing": timing,
    }


def _lif(effort: Effort, name: str, contest: _Contest, python: str) -> Figure:
    ticks = effort.pick(*contest.ticks)
    raster, weights = lif_network(ticks)
    held = [w.astype(contest.kind) for w in weights]
    on = placement((1, 4, 1) if contest.chip == "loihi" else (1, 1, 1))
    specification = read_chip(contest.chip)
    seen: list[Replay] = []

    def ours() -> None:
        seen[:] = [replay([raster], held, specification, on, neuron=NEURON, timing=contest.timing)]

    with Program(RIVALS[contest.tool], python, _workload(ticks, contest.theirs)) as program:
        mine, theirs = _in_turn(effort, ours, program)
        version = program.version
    sops = seen[0].counters.sops
    extra = {
        "ticks": ticks,
        "sops": sops,
        "theirs_sops_per_s": float(np.median([sops / w.cpu for w in theirs])),
    }
    note = f"{version}: {contest.said}; {_agreement(seen[0], theirs[-1].result)}"
    ratios = within_rounds([w.cpu for w in theirs], mine)
    return Figure(name, tuple(sops / s / 1e9 for s in mine), ratios, note, extra)


def _in_turn(effort: Effort, ours: Work, program: Program) -> tuple[list[float], list[Worked]]:
    """Return our CPU seconds and what the program did, round by round, after one that does not count."""
    mine: list[float] = []
    theirs: list[Worked] = []
    ours(), program.work()
    for _ in range(effort.times(3, 5)):
        mine.append(timed(ours)[0])
        theirs.append(program.work())
    return mine, theirs


def _agreement(seen: Replay, result: Mapping[str, Any]) -> str:
    """Say whether the tool counted what we did."""
    fired = [int(layer.sum()) for layer in seen.spikes]
    if "spikes" in result:
        same = list(result["spikes"]) == fired[1:]
        return "same spikes" if same else f"spikes {result['spikes']}, ours {fired[1:]}"
    events = (
        "same"
        if result.get("events") == seen.counters.sops
        else f"{result.get('events')} (ours {seen.counters.sops})"
    )
    return f"synaptic events {events}, spikes {result.get('fired')} (ours {sum(fired)})"


def _memory(effort: Effort, python: str) -> Figure:
    ticks = effort.pick(4, 20, 100)
    with Program(RIVALS["sana-fe"], python, _workload(ticks, "simple")) as program:
        theirs = program.work().peak_bytes
        version = program.version
    mine = peak_of(_MEMORY.format(ticks=ticks))
    return Figure("vs-sana-fe-memory", (mine / 1e6,), (mine / theirs,), f"{version}: {theirs / 1e6:.0f} MB")


def _torch(effort: Effort, python: str) -> Figure:
    free, nudged = effort.pick((10, 2), (150, 6), (150, 6))
    held = glorot(NETWORK, 1)
    x, y = digits()
    workload: dict[str, object] = {
        "x": x,
        "y": y,
        "layers": len(held.weights),
        "free": free,
        "nudged": nudged,
        "beta": BETA,
    }
    for letter, family in (("w", held.weights), ("f", held.feedback), ("b", held.biases)):
        workload |= {f"{letter}{k}": np.asarray(array, np.float32) for k, array in enumerate(family)}
    ours: Callable[[], object] = analog_minibatch(held, free, nudged)
    with Program(RIVALS["torch"], python, workload) as program:
        mine, theirs = _in_turn(effort, ours, program)
        version = program.version
    expected = euler_numpy(held, x, y, free, nudged, BETA)[-1].mean(0)
    furthest = float(np.abs(np.asarray(theirs[-1].result["output"]) - expected).max())
    note = f"{version}, eager; mean outputs within {furthest:.1g} of NumPy's"
    return Figure(
        "vs-torch", tuple(1e3 * s for s in mine), within_rounds([w.cpu for w in theirs], mine), note
    )


FAMILY = Family("others", "other tools on the same work, where they are installed", _ROWS, _measure)
