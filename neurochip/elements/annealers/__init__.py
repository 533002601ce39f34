"""Step size over time: one file each, Spec and step kernel; `table` gives each its opcode."""
