"""Figures as files: SVG, PDF or PNG, and the numbers of each as CSV beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from neurochip.durable.atomic import replacing
from neurochip.errors import ConfigError, OutputError
from neurochip.figures.kinds import Figure
from neurochip.figures.style import COLUMN, matplotlib, styled

__all__ = ["Format", "csv_of", "image_of", "write_figures"]

Format = Literal["svg", "pdf", "png", "csv"]
_METADATA: dict[str, dict[str, Any]] = {  # no date: the same figure is the same file
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
_WIDTHS = (1.0, 20.0)  # inches


def write_figures(
    figures: Iterable[Figure], out: Path | str, formats: Sequence[Format] = ("svg",), *, width: float = COLUMN
) -> list[Path]:
    """Write every figure in every format, and its numbers; what stands there under the same names is replaced.

    Parameters
    ----------
    out
        Folder, which is made.
    formats
        ``csv`` alone writes the numbers only, and needs no Matplotlib.
    width
        Inches.

    Returns
    -------
    list of Path
        The files, in order.

    Raises
    ------
    ConfigError
        Where Matplotlib is needed and missing, or the width is none.
    OutputError
        When a file cannot be written.
    """
    if not _WIDTHS[0] <= width <= _WIDTHS[1]:
        raise ConfigError("width", f"must be {_WIDTHS[0]:g} to {_WIDTHS[1]:g} inches, got {width:g}")
    unknown = set(formats) - set(get_args(Format))
    if unknown:
        raise ConfigError("format", f"must be svg, pdf, png or csv, got {', '.join(sorted(unknown))}")
    images = [name for name in dict.fromkeys(formats) if name != "csv"]
    if images:
        matplotlib()
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
    written = []
    for figure in figures:
        files = {"csv": csv_of(figure)} | images_of(figure, images, width)
        for suffix, content in files.items():
            path = folder / f"{figure.name}.{suffix}"
            with replacing(path) as file:
                file.write(content)
            written.append(path)
    return written


def csv_of(figure: Figure) -> bytes:
    """Return the numbers of a figure as CSV with a line of headings."""
    head, rows = figure.table()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def image_of(figure: Figure, format: str = "svg", width: float = COLUMN) -> bytes:
    """Return a figure as one file."""
    return images_of(figure, [format], width)[format]


def images_of(figure: Figure, formats: Sequence[str], width: float) -> dict[str, bytes]:
    """Return a figure in several formats; it is drawn once."""
    if not formats:
        return {}
    from neurochip.figures.drawing import drawn

    found = {}
    with styled():
        paper = drawn(figure, width)
        for name in formats:
            memory = io.BytesIO()
            paper.savefig(memory, format=name, metadata=_METADATA[name])
            found[name] = memory.getvalue()
    return found
