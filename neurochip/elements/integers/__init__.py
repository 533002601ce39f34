"""The settling neuron in integers, down to what a digital designer would build (docs/fixed-point.md)."""
