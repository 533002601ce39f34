"""CSV: rows under named columns, one at a time."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

from neurochip.files.door import Foreign, briefly, opened
from neurochip.files.limits import MOST_ROWS_TEXT

__all__ = ["read_cells", "read_rows"]

_DELIMITERS = ",;\t"
_LONGEST_LINE = 1 << 26  # characters of the first line, by which cells are told apart


def read_cells(file: Foreign) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of each row of a CSV that is not empty.

    Cells are parted by commas, semicolons or tabs, whichever the first row has most of; by blanks, one or several,
    where it has none of these and the second row has as many words. Lines above it that begin with # are left aside;
    the last of them, with as many cells as the row, has the names of the columns.

    Raises
    ------
    NeurochipError
        Of the file's kind, with the row that is no text or no CSV.
    """
    with opened(file, most=MOST_ROWS_TEXT) as raw:
        with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            line = 0
            try:
                first, said, above = _below_comments(text)
                second = text.readline(_LONGEST_LINE)
                by = _parted_by(first, second)
                names = next(csv.reader([said[1:].strip()], delimiter=by, skipinitialspace=True), [])
                rows: Iterable[str] = itertools.chain((given for given in (first, second) if given), text)
                if by == " ":  # those at the ends of a row part nothing
                    rows = (row.strip() + "\n" for row in rows)
                reader = csv.reader(rows, delimiter=by, skipinitialspace=True)
                for row in reader:
                    line = above + reader.line_num
                    if not row:
                        continue
                    if names and len(names) == len(row):
                        yield above, [cell.strip() for cell in names]
                    names = []
                    yield line, [cell.strip() for cell in row]
            except UnicodeDecodeError as error:
                raise file.error(
                    f"{file.path}: row {line + 1}",
                    f"is no text in UTF-8 ({briefly(str(error))}); save it as that",
                ) from None
            except csv.Error as error:
                raise file.error(
                    f"{file.path}: row {line + 1}", f"cannot be read: {briefly(str(error))}"
                ) from None


def _parted_by(first: str, second: str) -> str:
    """Return what parts the cells of rows that begin so."""
    by = max(_DELIMITERS, key=first.count)
    words = len(first.split())
    return " " if by not in first and words > 1 and len(second.split()) in (0, words) else by


def _below_comments(text: io.TextIOWrapper) -> tuple[str, str, int]:
    """Return the first line that is no comment, the comment above it, and how many lines stand above."""
    said, above = "", 0
    while (line := text.readline(_LONGEST_LINE)).startswith("#"):
        said, above = line, above + 1
    return line, said, above


def read_rows(
    file: Foreign, columns: Sequence[str], *, optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and cells of each row of a CSV; what a row leaves out at its end is empty.

    Parameters
    ----------
    columns
        Those that must be there, in any order; others are left aside.
    optional
        Those that a row has only where the file has them.

    Raises
    ------
    NeurochipError
        Of the file's kind, when a column is missing or the text is no CSV.
    """
    with opened(file, most=MOST_ROWS_TEXT) as raw:
        with io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
            reader = csv.DictReader(text, restval="")
            try:
                missing = [name for name in columns if name not in (reader.fieldnames or ())]
                if missing:
                    raise file.error(
                        str(file.path),
                        f"has no column {', '.join(missing)}; the first line must be {','.join(columns)}",
                    )
                there = [name for name in optional if name in (reader.fieldnames or ())]
                for row in reader:
                    yield reader.line_num, {name: row[name].strip() for name in (*columns, *there)}
            except (UnicodeDecodeError, csv.Error) as error:
                raise file.error(
                    f"{file.path}: line {reader.line_num + 1}", f"cannot be read: {briefly(str(error))}"
                ) from None
