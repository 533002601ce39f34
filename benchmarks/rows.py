"""Rows of `neurochip bench` under the names that docs/results.md cites: the measuring is in the package."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

__all__ = ["measure"]


def measure(
    about: str | None, rows: Sequence[str], choices: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Measure rows and print them; ``choices`` are options that take other rows instead."""
    from neurochip._cli.main import neurochip

    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the document here as well")
    parser.add_argument("--repeats", metavar="N", help="rounds")
    for option in choices or {}:
        parser.add_argument(f"--{option}", action="store_true")
    given = vars(parser.parse_args())
    wanted = next((names for option, names in (choices or {}).items() if given[option]), rows)
    options = [("--out", given["json"]), ("--rounds", given["repeats"])]
    words = [word for name, value in options if value is not None for word in (name, value)]
    neurochip(["bench", *wanted, *words], prog_name="neurochip")
