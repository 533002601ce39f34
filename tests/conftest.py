"""Settings of every test run."""

from __future__ import annotations

import gc
import os

# Before NumPy is imported anywhere: BLAS threads fight those of numba.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

# Times vary with compilation and with what else the machine does, so no example has a deadline.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "local"))


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: nobody has to look there for garbage, again and again."""
    gc.collect()
    gc.freeze()
