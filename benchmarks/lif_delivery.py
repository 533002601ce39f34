"""Speed of integrate-and-fire networks on the chip, with the full counters: `neurochip bench delivery`.

    python -m benchmarks.lif_delivery [--json FILE] [--repeats N]

The measuring is in the package.
"""

from benchmarks.rows import measure

if __name__ == "__main__":
    measure(__doc__, ("delivery",))
