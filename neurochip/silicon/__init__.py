"""Chips that others built and whose Verilog is open: ODIN and tinyODIN, event by event and cycle by cycle."""
