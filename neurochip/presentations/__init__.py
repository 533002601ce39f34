"""One presentation of a run or of an imported network, as a trace shows it."""
