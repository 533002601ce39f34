"""A run in few lines, for tests that read it with something changed."""

SMALL = """
[network]
layers = [784, 20, 10]

[learning]
rates = [0.1, 0.05]
epochs = 2
"""
