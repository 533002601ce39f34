"""What cores, links and queues did in each tick, from the spikes of a placed network and a model of its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.replay_timing import RasterClock
from neurochip.cores.tick_clock import count_by_way
from neurochip.description.chip import TimingSpec
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime
from neurochip.trace.signals import SignalGroup

__all__ = ["CoreTraffic", "TimingModel"]

TimingModel = Literal["tick", "analytic", "cycle"]
Array = NDArray[np.number]

PS = 1e12
NOMINAL_PS = 1_000_000  # of a tick whose time is not modelled
_DIRECTIONS = ("east", "west", "north", "south")


class CoreTraffic:
    """Turns spikes of consecutive ticks into signals of cores, links and queues.

    Parameters
    ----------
    placed
        The network on its chip.
    timing
        Clock and delays of the chip; `None` where only events are counted.
    model
        As in `neurochip.replay`.
    updates
        Whether neurons but the input's are updated.
    """

    def __init__(
        self, placed: PlacedNetwork, timing: TimingSpec | None, model: TimingModel, *, updates: bool
    ) -> None:
        self._placed, self._timing, self._model, self._updates = placed, timing, model, updates
        mesh = placed.chip.mesh
        self._cores = placed.cores
        self._raster = LayeredRaster(placed.sizes, 0)
        # What one spike of a way is to each core: packets sent, packets taken in, synaptic operations.
        shape = placed.ways.pieces.size, mesh.n_cores
        self._out, self._in, self._sops = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        ways = np.arange(shape[0])
        self._out[ways, placed.pieces.site[placed.ways.pieces]] = placed.sending.packets
        np.add.at(self._in.T, placed.pieces.site, placed.sending.delivered[placed.ways.rows].T)
        np.add.at(self._sops.T, placed.pieces.site, placed.ways.operations[placed.ways.rows].T)

    def groups(self) -> list[SignalGroup]:
        """Return the signals there are."""
        mesh, walked = self._placed.chip.mesh, self._model == "cycle"

        def cores(what: str, kind: str, unit: str) -> SignalGroup:
            names = tuple(f"core.{core}.{what}" for core in self._cores.tolist())
            return SignalGroup(f"core.{what}", names, kind, unit)  # type: ignore[arg-type]

        found = [
            cores(
                "packets_out", "count", "packets made in the tick, one for each core that receives the spike"
            ),
            cores("packets_in", "count", "packets taken in for spikes of the tick"),
            cores("sops", "count", "synaptic operations for spikes of the tick"),
        ]
        if self._model != "tick":
            found.append(SignalGroup("chip.cycles", ("chip.cycles",), "count", "cycles of the tick"))
        if walked:
            found += [cores(what, "real", "cycles of the tick") for what in ("busy", "stalled", "idle")]
            places = [(x, y) for x in range(mesh.width) for y in range(mesh.height)]
            links = tuple(f"link.{x}.{y}.{way}" for x, y in places for way in _DIRECTIONS)
            ports = [f"from_{way}" for way in ("west", "east", "south", "north")]
            ports += [f"from_core{k}" for k in range(mesh.cores_per_tile)]
            queues = tuple(f"router.{x}.{y}.{port}" for x, y in places for port in ports)
            found += [
                SignalGroup("link.flits", links, "count", "flits that left the tile this way in the tick"),
                SignalGroup("router.queue_max", queues, "count", "most flits in the FIFO during the tick"),
                SignalGroup(
                    "chip.latency_max", ("chip.latency_max",), "count", "cycles of the slowest delivery"
                ),
            ]
        return found

    def values(
        self,
        layers: list[NDArray[np.uint8]],
        wanted: set[str],
        before: Sequence[NDArray[np.uint8]] | None = None,
    ) -> tuple[dict[str, Array], NDArray[np.int64]]:
        """Return [tick, signal] by name of group, and how long each tick takes in picoseconds.

        ``layers`` is a list over layers of u8[tick, unit], ``before`` one of u8[unit], the tick before the first, which
        cores with one engine add up in it; `None`: there was none.
        """
        ticks = len(layers[0])
        raster = self._raster if len(self._raster.bits) == ticks else LayeredRaster(self._placed.sizes, ticks)
        self._raster = raster
        for k, bits in enumerate(layers):
            raster.layer(k)[:] = bits
        found: dict[str, Array] = {}
        if wanted & {"core.packets_out", "core.packets_in", "core.sops"}:
            counts = count_by_way(raster.bits[:, None], raster.way_of(self._placed), len(self._out))
            spikes = counts[:, 0].astype(np.float64)
            for name, per_spike in (
                ("packets_out", self._out),
                ("packets_in", self._in),
                ("sops", self._sops),
            ):
                if f"core.{name}" in wanted:
                    found[f"core.{name}"] = np.rint(spikes @ per_spike[:, self._cores]).astype(np.int64)
        if self._model == "tick" or self._timing is None:
            return found, np.full(ticks, NOMINAL_PS, dtype=np.int64)
        clock = RasterClock(
            self._placed, raster, self._timing, self._model, updates=self._updates, before=before
        )
        if self._model == "analytic":
            cycles, _ = clock.all_ticks()
        else:
            each = clock.tick_by_tick()
            cycles = np.array([tick.cycles for tick in each], dtype=np.int64)
            found |= self._walked(each)
        found["chip.cycles"] = cycles[:, None]
        return found, np.rint(cycles * (PS / self._timing.clock)).astype(np.int64)

    def _walked(self, each: list[PhaseTime]) -> dict[str, Array]:
        """Return what cores, links and queues did in each tick, flit by flit."""
        found: dict[str, Array] = {
            f"core.{what}": np.array([getattr(tick, what) for tick in each], dtype=np.float64) / FRACTIONS
            for what in ("busy", "stalled", "idle")
        }
        found["link.flits"] = np.array([tick.link_load.reshape(-1) for tick in each])
        found["router.queue_max"] = np.array([tick.queue_max.reshape(-1) for tick in each])
        found["chip.latency_max"] = np.array([[max(len(tick.latencies) - 1, 0)] for tick in each])
        return found
