"""Samples × phases: the loop over a data set, its metrics and checkpoints, and the record of a run."""
