"""What faults cost the emulation: `neurochip bench faults`.

    python -m benchmarks.fault_cost [--json FILE] [--repeats N]

The measuring is in the package.
"""

from benchmarks.rows import measure

if __name__ == "__main__":
    measure(__doc__, ("faults",))
