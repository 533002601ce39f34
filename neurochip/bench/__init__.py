"""The benchmark table: speed and memory of everything here on this machine, as ratios measured within one run.

`row` says what is measured, `rounds` times variants in turn, one file per family measures,
`table` names them all, `run_bench` puts them together. `rivals` are other tools, each called as a program in an
environment of its own.
"""

from neurochip.bench.document import BenchDocument
from neurochip.bench.running import BenchProgress, run_bench
from neurochip.bench.table import FAMILIES

__all__ = ["FAMILIES", "BenchDocument", "BenchProgress", "run_bench"]
