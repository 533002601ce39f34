"""Chips explored: what stands in the files, on the page and in the terminal."""

from neurochip.report.explorations.files import (
    drawing_stored_exploration,
    is_exploration,
    read_exploration,
    write_exploration,
)

__all__ = ["drawing_stored_exploration", "is_exploration", "read_exploration", "write_exploration"]
