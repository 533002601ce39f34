"""Speed of the settle loop against plain NumPy: `neurochip bench settle`.

    python -m benchmarks.settle_loop [--fresh] [--json FILE] [--repeats N]

Weights are those after 100 minibatches; with --fresh they are untrained.
"""

from benchmarks.rows import measure

TRAINED = (
    "settle-float32",
    "settle-int8",
    "settle-float64",
    "settle-cmos45",
    "settle-8-bit-gain",
    "settle-loihi",
    "settle-two-threads",
    "settle-two-threads-int8",
    "two-threads-arithmetic",
)

if __name__ == "__main__":
    measure(__doc__, TRAINED, {"fresh": ("settle-fresh-float32", "settle-fresh-int8")})
