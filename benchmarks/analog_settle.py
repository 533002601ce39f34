"""Speed of the analog circuit: `neurochip bench analog`, on Glorot's weights, on trained ones, or a whole pilot die.

    python -m benchmarks.analog_settle [--trained | --pilot] [--json FILE] [--repeats N]

Weights are Glorot's, or those after an epoch; --pilot trains whole dies, for which it needs all of MNIST.
"""

from benchmarks.rows import measure

GLOROT = ("analog", "analog-products", "analog-die", "analog-residual", "analog-change")
if __name__ == "__main__":
    choices = {"trained": ("analog-trained", "analog-trained-residual"), "pilot": ("analog-pilot-die",)}
    measure(__doc__, GLOROT, choices)
