"""A page that cannot be drawn costs nothing but the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurochip.errors import NeurochipError, OutputError

__all__ = ["drawn"]


@contextmanager
def drawn(page: Path, numbers: Path) -> Iterator[None]:
    """Turn what goes wrong in drawing the page of a run that has just ended into a sentence that names its numbers.

    These are written first. A stored document that cannot be drawn again is another matter: there the file is at fault.
    """
    try:
        yield
    except NeurochipError:
        raise
    except Exception as error:
        raise OutputError(
            str(page), f"cannot be drawn ({type(error).__name__}: {error}); all numbers are in {numbers}"
        ) from error
