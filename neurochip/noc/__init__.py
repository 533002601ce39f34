"""The network on chip, cycle by cycle (docs/network-on-chip.md): packets in, times out; it never sees a spike."""

from neurochip.noc.packets import Packets
from neurochip.noc.traffic import Traffic, simulate_traffic

__all__ = ["Packets", "Traffic", "simulate_traffic"]
