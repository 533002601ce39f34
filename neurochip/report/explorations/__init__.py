"""Chips explored: what stands in the files, on the page and in the terminal."""

from neurochip.report.explorations.files import is_exploration, read_exploration, write_exploration

__all__ = ["is_exploration", "read_exploration", "write_exploration"]
