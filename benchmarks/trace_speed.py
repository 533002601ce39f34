"""What tracing every signal costs, for each format: `neurochip bench traces`.

    python -m benchmarks.trace_speed [--json FILE] [--repeats N]

The measuring is in the package.
"""

from benchmarks.rows import measure

if __name__ == "__main__":
    measure(__doc__, ("traces",))
