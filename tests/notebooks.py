"""Runs the cells of a notebook in their order, and shows what a notebook would: the last value of each cell."""

from __future__ import annotations

import ast
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Shown", "run_notebook"]


class Shown(NamedTuple):
    """What a cell shows: what it printed, its last value, and that value as text and, where it has such, as HTML."""

    printed: str
    value: Any
    text: str
    html: str


def run_notebook(path: Path) -> list[Shown]:
    """Return what each code cell shows; the first exception ends it, with the number of its cell as a note."""
    names: dict[str, Any] = {"__name__": "__main__"}
    found = []
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        out, value = io.StringIO(), None
        try:
            with redirect_stdout(out):
                exec(compile(tree, f"{path.name}, cell {number}", "exec"), names)
                if isinstance(last, ast.Expr):
                    value = eval(
                        compile(ast.Expression(last.value), f"{path.name}, cell {number}", "eval"), names
                    )
        except Exception as error:
            error.add_note(f"in cell {number} of {path.name}")
            raise
        html = getattr(value, "_repr_html_", None)
        found.append(Shown(out.getvalue(), value, repr(value), "" if html is None else html()))
    return found
