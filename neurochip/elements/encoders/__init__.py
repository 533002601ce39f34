"""Value → bit: one file each, Spec and step kernel; `table` gives each its opcode."""
