"""Search of the keys of a run for what is best: which keys, towards what, and by which method."""
