"""Membrane models: what a neuron does with the value that its decoder gives it."""
