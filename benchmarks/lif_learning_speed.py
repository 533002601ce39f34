"""How fast two-compartment neurons learn: `neurochip bench lif-learning`.

    python -m benchmarks.lif_learning_speed [--json FILE] [--repeats N]

The measuring is in the package.
"""

from benchmarks.rows import measure

if __name__ == "__main__":
    measure(__doc__, ("lif-learning",))
