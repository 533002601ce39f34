"""Traces: what each signal of a chip was at each tick, as a waveform, a timeline or arrays (docs/trace.md)."""

from neurochip.trace.signals import Chunk, SignalGroup, select

__all__ = ["Chunk", "SignalGroup", "select"]
