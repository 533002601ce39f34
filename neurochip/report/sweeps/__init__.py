"""Reports of a sweep: JSON, CSV, a page and a summary, all made from one document. Renders, never recomputes."""

from neurochip.report.sweeps.schema import SweepDocument
from neurochip.report.sweeps.write import SWEEP, drawing_stored_sweep, read_sweep, write_sweep

__all__ = ["SWEEP", "SweepDocument", "drawing_stored_sweep", "read_sweep", "write_sweep"]
