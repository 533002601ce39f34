"""Names of runs, chips and data sets as arguments, with completion."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

__all__ = ["CHIP", "DATA_SET", "ENERGIES", "RUN", "RUN_NAME", "KnownName"]

Entries = Callable[[], list[tuple[str, str]]]  # name and one line about it


class KnownName(click.ParamType[str]):
    """A name that the shell can complete; whether there is such a thing is for the library to say."""

    def __init__(self, name: str, entries: Entries, *, or_file: bool = False) -> None:
        self.name = name
        self.entries = entries
        self.or_file = or_file

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin so, and ask the shell for files where a file will do."""
        found = [
            CompletionItem(name, help=about) for name, about in self.entries() if name.startswith(incomplete)
        ]
        # Files come first, because asking for them clears what bash has gathered before.
        return [CompletionItem(incomplete, type="file"), *found] if self.or_file else found


def _runs() -> list[tuple[str, str]]:
    from neurochip.description import runs

    return runs()


def _chips() -> list[tuple[str, str]]:
    from neurochip.description import chips

    return chips()


def _data_sets() -> list[tuple[str, str]]:
    from neurochip.data import FETCHABLE

    return [(name, "") for name in FETCHABLE]


RUN = KnownName("run", _runs, or_file=True)
RUN_NAME = KnownName("run", _runs)
CHIP = KnownName("chip", _chips, or_file=True)
ENERGIES = KnownName("energies", _chips, or_file=True)
DATA_SET = KnownName("data set", _data_sets)
