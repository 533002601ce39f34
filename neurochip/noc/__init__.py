"""The network on chip, cycle by cycle (docs/network-on-chip.md): packets in, times out; it never sees a spike."""

from neurochip.noc.counts import cycles_from_counts
from neurochip.noc.packets import Packets
from neurochip.noc.pipeline import CoreStages, TickTiming, TimingModel, core_pipeline
from neurochip.noc.traffic import Traffic, simulate_traffic

__all__ = [
    "CoreStages",
    "Packets",
    "TickTiming",
    "TimingModel",
    "Traffic",
    "core_pipeline",
    "cycles_from_counts",
    "simulate_traffic",
]
