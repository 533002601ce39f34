"""Analog dies as runs describe them: ``[analog]`` and its sections, and the tables that they name."""
