"""Chips for one workload: the same spikes on many chips, each counted, timed and costed; fronts and sensitivities."""

from neurochip.exploration.exploring import Explored, explore
from neurochip.exploration.workload import NetworkWorkload, TrafficWorkload, Workload

__all__ = ["Explored", "NetworkWorkload", "TrafficWorkload", "Workload", "explore"]
