"""What counting cycles costs a run that learns: `neurochip bench time`.

    python -m benchmarks.timed_runs [--json FILE] [--repeats N]

The measuring is in the package.
"""

from benchmarks.rows import measure

if __name__ == "__main__":
    measure(__doc__, ("time",))
