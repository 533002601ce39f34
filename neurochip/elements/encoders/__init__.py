"""Value → bit: one file each, Spec and step; `table` gives each its name."""
