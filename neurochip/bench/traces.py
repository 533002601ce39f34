"""What tracing every signal costs: CPU time of the same ticks without and with all signals written to a file.

A LIF network [784-500-10] of `run_spiking`, 13 % Bernoulli input, on `loihi`, events only counted or flit
by flit; and the settle loop of one presentation of mnist-small with fresh weights. Text takes so long that it gets
fewer ticks, with its own "without". The file is in the system's temporary folder, and gone afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.bench.loads import LIF_SIZES, lif_network
from neurochip.bench.rounds import timed
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.description import read_chip
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.presentations.presenting import Presentation, SpikingPresentation
from neurochip.presentations.tracing import Format, Source, write_trace
from neurochip.replays.spiking import run_spiking

__all__ = ["FAMILY"]

_FORMATS: tuple[Format, ...] = ("npz", "vcd", "perfetto")
_LOADS = {
    "lif": "a LIF network, counted",
    "lif-cycle": "a LIF network, flit by flit",
    "settle": "the settle loop",
}
_ROWS = tuple(
    Row(
        f"trace-{load}-{format_}",
        f"{words}, all signals as {format_}",
        "ms",
        "without",
        form="quick" if format_ == "npz" or load == "lif" else "full",
    )
    for load, words in _LOADS.items()
    for format_ in _FORMATS
)


def spiking(ticks: int) -> tuple[SpikingNetwork, NDArray[np.uint8]]:
    """Return the network of `loads` in the words of NIR: leak 0.9 is τ = 10 dt, and R = 10 its gain; and its raster."""
    raster, weights = lif_network(1000)
    groups = [NeuronGroup(name="input", kind="Input", size=LIF_SIZES[0])]
    for name, size in (("hidden", LIF_SIZES[1]), ("output", LIF_SIZES[2])):
        ones = np.ones(size)
        numbers = {"tau": ones * 1e-2, "r": ones * 10, "v_leak": ones * 0, "v_threshold": ones * 600}
        groups.append(
            NeuronGroup(name=name, kind="LIF", size=size, parameters=numbers | {"v_reset": ones * 0})
        )
    joints = [
        Connection(name=f"w{k}", source=groups[k].name, target=groups[k + 1].name, weights=w)
        for k, w in enumerate(weights)
    ]
    network = SpikingNetwork(groups=tuple(groups), connections=tuple(joints))
    return network, np.tile(raster, (-(-ticks // 1000), 1))[:ticks]


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        for load in _LOADS:
            for format_ in _FORMATS:
                if f"trace-{load}-{format_}" in wanted:
                    yield _row(effort, load, format_, Path(folder) / "trace")


def _row(effort: Effort, load: str, format_: Format, path: Path) -> Figure:
    if load == "settle":
        free = effort.pick(10, 400, 4000) if format_ == "npz" else effort.pick(4, 40, 200)
        ticks, make, alone = _presentation(free)
    else:
        walked = load == "lif-cycle"
        many = effort.pick(20, 10_000, 10_000) if format_ == "npz" else effort.pick(4, 50, 200)
        ticks = min(many, 40) if walked else many
        make, alone = _spiking(ticks, "cycle" if walked else "tick")
    signals = () if format_ == "npz" else ("*",)

    def traced() -> tuple[float, int]:
        source = make()  # not timed: the source's own making
        path.unlink(missing_ok=True)
        seconds = timed(lambda: write_trace(source, format=format_, signals=signals, out=path))[0]
        return seconds, path.stat().st_size

    alone(), traced()
    without, together, size = [], [], 0
    for _ in range(effort.times(3, 5)):
        without.append(alone())
        seconds, size = traced()
        together.append(seconds)
    extra = {"ticks": ticks, "file_bytes": size, "without_ms": 1e3 * float(np.median(without))}
    return Figure(
        f"trace-{load}-{format_}",
        tuple(1e3 * s for s in together),
        within_rounds(without, together),
        f"{ticks} ticks, {size / 1e6:.1f} MB",
        extra,
    )


def _spiking(ticks: int, model: Literal["tick", "cycle"]) -> tuple[Callable[[], Source], Callable[[], float]]:
    network, raster = spiking(ticks)
    chip = read_chip("loihi")
    return (
        lambda: SpikingPresentation(network, raster, chip, name="lif", timing=model),
        lambda: timed(lambda: run_spiking(network, raster, chip, timing=model))[0],
    )


def _presentation(free: int) -> tuple[int, Callable[[], Source], Callable[[], float]]:
    nudged = free // 2

    def make() -> Source:
        return Presentation("mnist-small", [f"phases.free={free}", f"phases.nudged={nudged}"])

    def alone() -> float:
        source = make()
        return timed(lambda: source.skip(source.n_ticks))[0]

    return free + nudged, make, alone


FAMILY = Family("traces", "all signals written to a file", _ROWS, _measure)
