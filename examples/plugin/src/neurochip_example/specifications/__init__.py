"""Chip specifications; the file name is the name."""
