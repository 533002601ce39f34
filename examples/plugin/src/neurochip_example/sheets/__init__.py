"""Chip sheets; the file name is the name."""
