"""What driving a chip through its firmware costs in time: `neurochip bench firmware`.

``python benchmarks/firmware_link.py [--repeats N] [--part ways|image]``
"""

import argparse

from neurochip._cli.main import neurochip

PARTS = {
    "all": ("firmware",),
    "ways": ("firmware-in-process", "firmware-tcp"),
    "image": ("firmware-image", "firmware-round-trips"),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", default="3", metavar="N")
    parser.add_argument("--part", choices=PARTS, default="all")
    given = parser.parse_args()
    neurochip(["bench", *PARTS[given.part], "--rounds", given.repeats], prog_name="neurochip")
