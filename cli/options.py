"""Options that several commands have: one word, one meaning, one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["ALLOW_CODE", "QUIET", "SET", "THREADS", "json_option", "out_folder", "seed_option", "set_option"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def set_option(example: str) -> Decorator:
    """Return ``--set`` with an example of a key and value."""
    return click.option(
        "--set",
        "overrides",
        metavar="KEY=VALUE",
        multiple=True,
        help=f"Change a value of the run, e.g. {example}; KEY= takes it out; may be repeated.",
    )


def seed_option(about: str) -> Decorator:
    """Return ``--seed``; without it the run's own counts."""
    return click.option("--seed", type=int, metavar="N", help=f"{about}  [default: the run's]")


def out_folder(default: str) -> Decorator:
    """Return ``--out`` for a folder of results, and where they go without it."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help=f"Folder for the results, which must not exist.  [default: {default}]",
    )


def json_option(what: str) -> Decorator:
    """Return ``--json``, which prints one document and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print {what} and nothing else.")


SET = set_option("learning.beta=0.3 or network.precision=int8")
QUIET = click.option("--quiet", is_flag=True, help="Print nothing but the folder of the results.")
THREADS = click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Threads; they do not change the result."
)
ALLOW_CODE = click.option(
    "--allow-code",
    is_flag=True,
    help="Let the run execute the Python file that it names (analog.vector_field); read it first.",
)
